#include <rocksdb/db.h>
#include <rocksdb/options.h>
#include <rocksdb/write_batch.h>

#include <array>
#include <filesystem>
#include <stdexcept>

#include "backend/store/store.h"

namespace convoke::store {
namespace {

constexpr std::array<const char*, kFamilies> kNames = {"meta", "users", "positions", "areas", "plans", "groups", "members", "chat", "outbox"};

class RocksDbStore final : public Store {
 public:
  RocksDbStore(rocksdb::DB* db, std::vector<rocksdb::ColumnFamilyHandle*> handles) : db_(db), handles_(std::move(handles)) {}

  ~RocksDbStore() override {
    for (auto* handle : handles_) db_->DestroyColumnFamilyHandle(handle).PermitUncheckedError();
  }

  Failure write(const std::vector<Write>& writes, bool sync) override {
    rocksdb::WriteBatch batch;
    for (const Write& w : writes) {
      auto* family = handles_[static_cast<std::size_t>(w.family) + 1];
      const rocksdb::Status s = w.value ? batch.Put(family, w.key, *w.value) : batch.Delete(family, w.key);
      if (!s.ok()) return s.ToString();
    }
    rocksdb::WriteOptions options;
    options.sync = sync;
    rocksdb::Status status = db_->Write(options, &batch);
    if (status.ok()) return std::nullopt;
    // After a full disk the database stays read-only until told that there may be room again.
    if (db_->Resume().ok()) status = db_->Write(options, &batch);
    return status.ok() ? Failure() : Failure(status.ToString());
  }

  void scan(Family family, std::string_view prefix, std::string_view from,
            const std::function<bool(std::string_view, std::string_view)>& f) const override {
    std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator({}, handles_[static_cast<std::size_t>(family) + 1]));
    // Strings, not views: a default view has no address, which RocksDB's memcmp must not get.
    const std::string start(from > prefix ? from : prefix), common(prefix);
    for (it->Seek(start); it->Valid(); it->Next()) {
      if (!it->key().starts_with(common)) return;
      if (!f(it->key().ToStringView(), it->value().ToStringView())) return;
    }
  }

 private:
  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> handles_;  // [0] is RocksDB's unused "default"
};

rocksdb::Options options() {
  rocksdb::Options o;
  o.create_if_missing = true;
  o.create_missing_column_families = true;
  o.max_total_wal_size = 64 << 20;
  o.keep_log_file_num = 3;
  o.max_background_jobs = 2;
  return o;
}

}  // namespace

std::unique_ptr<Store> open_rocksdb(const std::string& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) throw std::runtime_error("data_dir " + directory + ": cannot be made: " + error.message());
  std::vector<rocksdb::ColumnFamilyDescriptor> families{{rocksdb::kDefaultColumnFamilyName, {}}};
  for (const char* name : kNames) families.emplace_back(name, rocksdb::ColumnFamilyOptions());
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* db = nullptr;
  const rocksdb::Status status = rocksdb::DB::Open(options(), directory, families, &handles, &db);
  if (!status.ok()) throw std::runtime_error("data_dir " + directory + ": cannot be opened: " + status.ToString());
  return std::make_unique<RocksDbStore>(db, std::move(handles));
}

}  // namespace convoke::store
