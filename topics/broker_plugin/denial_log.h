#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace convoke::broker_plugin {

/// Keeps a refused client from filling the log: each (client, reason) is let through once a minute. Bounded:
/// with more than kMaxEntries pairs in a minute the further ones are not logged; the counters still count
/// them.
class DenialLog {
 public:
  static constexpr std::int64_t kQuietMs = 60'000;
  static constexpr std::size_t kMaxEntries = 4096;

  /// True if this refusal should be logged now.
  bool should_log(std::string_view client, std::string_view reason, std::int64_t now_ms);

 private:
  bool make_room(std::int64_t now_ms);

  std::int64_t swept_ms_ = 0;
  std::map<std::pair<std::string, std::string>, std::int64_t> last_ms_;
};

/// A client id as a stranger sent it, made fit for one line of a log: at most 100 bytes, others than
/// printable ASCII replaced by `?`.
std::string printable(std::string_view text);

}  // namespace convoke::broker_plugin
