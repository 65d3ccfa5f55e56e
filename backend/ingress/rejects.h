#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>

namespace convoke::ingress {

/// Counts refused input by reason, and says which refusals are worth a line in the log: one for each sender
/// and minute, of at most 10,000 senders.
class Rejects {
 public:
  /// Counts; true if this one should be logged.
  bool add(const std::string& reason, const std::string& sender, std::int64_t real_ms);
  const std::map<std::string, std::uint64_t>& counts() const { return counts_; }

 private:
  std::map<std::string, std::uint64_t> counts_;
  std::unordered_map<std::string, std::int64_t> logged_;
};

}  // namespace convoke::ingress
