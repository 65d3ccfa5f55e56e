#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace convoke::store {

/// One family for each kind of record; docs/protocol/store.md has the keys and values. Never renumber.
enum class Family : std::uint8_t {
  meta,
  users,
  positions,
  areas,
  plans,
  groups,
  members,
  chat,
  outbox,
  invitations,
  registrations,
  identities,
  waiting,
  acts,
  past,
  revocations,
  erasures,
  peers,
  peer_items,
  relayed,
  staff_answers,
  hints,
  questions,
  met,
  watches
};
inline constexpr std::size_t kFamilies = 25;

/// One put (value set) or removal (value absent); with `end`, the removal of all keys from `key` on that come
/// before it.
struct Write {
  Family family;
  std::string key;
  std::optional<std::string> value = {};
  std::string end = {};
};

/// What a write did: nothing, or why it failed ("no space left on device").
using Failure = std::optional<std::string>;

/// The state of record: ordered keys and values in families. A batch is written whole or not at all.
/// For one thread. Implementations: RocksDB (open_rocksdb) and memory (for tests).
class Store {
 public:
  virtual ~Store() = default;

  /// Writes the batch. With `sync` it is on the disk when this returns without failure. After a failure
  /// nothing of it is there; calling again with the same batch is right.
  [[nodiscard]] virtual Failure write(const std::vector<Write>& batch, bool sync) = 0;

  /// Removes from the files what has been removed from the records. May take long; from any thread, beside
  /// the others' calls.
  [[nodiscard]] virtual Failure compact() { return std::nullopt; }
  /// Makes a copy of the whole in `directory`, which must not be there yet. Opened, it knows that it is one.
  [[nodiscard]] virtual Failure backup(const std::string& directory) { return "not possible: " + directory; }
  /// This was a backup: what was written after it was made is not there.
  virtual bool is_from_backup() const { return false; }
  /// What follows from that has been written.
  virtual void forget_backup() {}

  /// Calls `f(key, value)` in order of key for every key that is >= `from` and begins with `prefix`, until it
  /// returns false. Throws std::runtime_error where the keys cannot be read: what came is not all then.
  virtual void scan(Family family, std::string_view prefix, std::string_view from,
                    const std::function<bool(std::string_view, std::string_view)>& f) const = 0;
};

/// Opens or creates the database in `directory`. Throws std::runtime_error saying what is wrong and with what
/// path.
std::unique_ptr<Store> open_rocksdb(const std::string& directory);

/// A store that forgets everything with its process.
std::unique_ptr<Store> make_memory_store();

}  // namespace convoke::store
