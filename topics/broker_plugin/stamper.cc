#include "topics/broker_plugin/stamper.h"

namespace convoke::broker_plugin {

messages::Stamp Stamper::next(std::string_view group, std::int64_t now_ms) {
  auto at = last_n_.find(group);
  if (at == last_n_.end()) at = last_n_.emplace(std::string(group), 0).first;
  return {site_, epoch_, ++at->second, dev_clock_ ? dev_clock_->now(now_ms) : now_ms};
}

void Stamper::forget(std::string_view group) {
  const auto at = last_n_.find(group);
  if (at != last_n_.end()) last_n_.erase(at);
}

}  // namespace convoke::broker_plugin
