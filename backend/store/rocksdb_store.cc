#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/options.h>
#include <rocksdb/utilities/checkpoint.h>
#include <rocksdb/write_batch.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <stdexcept>

#include "backend/store/store.h"

namespace convoke::store {
namespace {

constexpr std::array<const char*, kFamilies> kNames = {
    "meta",  "users",       "positions",   "areas",         "plans",      "groups",  "members",
    "chat",  "outbox",      "invitations", "registrations", "identities", "waiting", "acts",
    "past",  "revocations", "erasures",    "peers",         "peer_items", "relayed", "staff_answers",
    "hints", "questions",   "met",         "watches"};

/// Beside the files of a backup, and of a store that was one and does not know it yet.
constexpr const char* kFromBackup = "FROM_BACKUP";

/// RocksDB's own log file is not wanted: it would hold keys, and on a full disk the writer of it aborts the
/// process.
class NoLog final : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char*, va_list) override {}
};

rocksdb::Options options() {
  rocksdb::Options o;
  o.info_log = std::make_shared<NoLog>();
  o.create_if_missing = true;
  o.create_missing_column_families = true;
  o.max_total_wal_size = 64 << 20;
  o.max_background_jobs = 2;
  // What was erased can then be looked for in the bytes of the files.
  o.compression = rocksdb::kNoCompression;
  // The manifest names keys of files that are gone until a new one is begun: at every change.
  o.max_manifest_file_size = 1;
  // The log has it all, and after a full disk a flush could not succeed.
  o.avoid_flush_during_shutdown = true;
  return o;
}

class RocksDbStore final : public Store {
 public:
  explicit RocksDbStore(std::string directory) : directory_(std::move(directory)) {
    if (auto failure = open())
      throw std::runtime_error("data_dir " + directory_ + ": cannot be opened: " + *failure);
  }
  ~RocksDbStore() override { close(); }

  Failure write(const std::vector<Write>& writes, bool sync) override {
    if (!db_)
      if (auto failure = open()) return failure;
    rocksdb::WriteBatch batch;
    for (const Write& w : writes) {
      auto* family = handles_[static_cast<std::size_t>(w.family) + 1];
      const rocksdb::Status s = w.value         ? batch.Put(family, w.key, *w.value)
                                : w.end.empty() ? batch.Delete(family, w.key)
                                                : batch.DeleteRange(family, w.key, w.end);
      if (!s.ok()) return s.ToString();
    }
    rocksdb::WriteOptions options;
    options.sync = sync;
    const rocksdb::Status status = db_->Write(options, &batch);
    if (status.ok()) return std::nullopt;
    // After a failed write (a full disk) RocksDB goes on only when it is opened anew; the next call tries
    // that.
    close();
    return status.ToString();
  }

  Failure compact() override {
    const std::lock_guard lock(open_mutex_);
    if (!db_) return "closed after a failed write";
    rocksdb::CompactRangeOptions whole;
    whole.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
    if (auto failure = flush()) return failure;
    for (auto* family : handles_)
      if (const auto s = db_->CompactRange(whole, family, nullptr, nullptr); !s.ok()) return s.ToString();
    // Each manifest begins with the files of before its first change: two changes leave none of the old.
    for (int i = 0; i < 2; ++i) {
      rocksdb::WriteOptions options;
      if (const auto s = db_->Put(options, handles_[0], "compacted", std::to_string(i)); !s.ok())
        return s.ToString();
      if (auto failure = flush()) return failure;
    }
    return std::nullopt;
  }

  Failure backup(const std::string& directory) override {
    const std::lock_guard lock(open_mutex_);
    if (!db_) return "closed after a failed write";
    rocksdb::Checkpoint* made = nullptr;
    rocksdb::Status s = rocksdb::Checkpoint::Create(db_.get(), &made);
    const std::unique_ptr<rocksdb::Checkpoint> checkpoint(made);
    if (s.ok()) s = checkpoint->CreateCheckpoint(directory);
    if (!s.ok()) return s.ToString();
    std::ofstream mark(std::filesystem::path(directory) / kFromBackup);
    return mark << "see docs/protocol/store.md\n" << std::flush ? Failure() : Failure("cannot be marked");
  }
  bool is_from_backup() const override {
    return std::filesystem::exists(std::filesystem::path(directory_) / kFromBackup);
  }
  void forget_backup() override {
    std::error_code ignored;  // then the next start forgets it
    std::filesystem::remove(std::filesystem::path(directory_) / kFromBackup, ignored);
  }

  void scan(Family family, std::string_view prefix, std::string_view from,
            const std::function<bool(std::string_view, std::string_view)>& f) const override {
    if (!db_) throw std::runtime_error("store: closed after a failed write");
    std::unique_ptr<rocksdb::Iterator> it(
        db_->NewIterator({}, handles_[static_cast<std::size_t>(family) + 1]));
    // Strings, not views: a default view has no address, which RocksDB's memcmp must not get.
    const std::string start(from > prefix ? from : prefix), common(prefix);
    for (it->Seek(start); it->Valid(); it->Next()) {
      if (!it->key().starts_with(common)) return;
      if (!f(it->key().ToStringView(), it->value().ToStringView())) return;
    }
    if (!it->status().ok())
      throw std::runtime_error("store: " + std::string(kNames[static_cast<std::size_t>(family)]) + " in " +
                               directory_ + " cannot be read: " + it->status().ToString());
  }

 private:
  Failure open() {
    const std::lock_guard lock(open_mutex_);
    const rocksdb::ColumnFamilyOptions of_family(options());
    std::vector<rocksdb::ColumnFamilyDescriptor> families{{rocksdb::kDefaultColumnFamilyName, of_family}};
    for (const char* name : kNames) families.emplace_back(name, of_family);
    rocksdb::DB* db = nullptr;
    const rocksdb::Status status = rocksdb::DB::Open(options(), directory_, families, &handles_, &db);
    db_.reset(db);
    return status.ok() ? Failure() : Failure(status.ToString());
  }

  Failure flush() {
    const auto s = db_->Flush({}, handles_);
    return s.ok() ? Failure() : Failure(s.ToString());
  }

  void close() {
    const std::lock_guard lock(open_mutex_);  // not while it is compacted
    if (!db_) return;
    for (auto* handle : handles_) db_->DestroyColumnFamilyHandle(handle).PermitUncheckedError();
    handles_.clear();
    db_.reset();
  }

  std::string directory_;
  std::mutex open_mutex_;            // opening, closing, and what other threads do meanwhile
  std::unique_ptr<rocksdb::DB> db_;  // null after a failed write, until it can be opened again
  std::vector<rocksdb::ColumnFamilyHandle*> handles_;  // [0] is RocksDB's unused "default"
};

}  // namespace

std::unique_ptr<Store> open_rocksdb(const std::string& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) throw std::runtime_error("data_dir " + directory + ": cannot be made: " + error.message());
  return std::make_unique<RocksDbStore>(directory);
}

}  // namespace convoke::store
