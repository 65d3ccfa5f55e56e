#include "mobile-sdk/src/home_order.h"

#include <algorithm>

namespace convoke::sdk {
namespace {

std::string_view site_of(std::string_view user) {
  const auto at = user.find('@');
  return at == std::string_view::npos ? std::string_view() : user.substr(at);
}

}  // namespace

std::vector<HomeOrder::Placed> HomeOrder::came(std::string_view from, std::string_view id, Place own,
                                               std::optional<Place> home, std::int64_t now_ms) {
  if (!home) {
    waiting_.try_emplace(own, Waiting{std::string(from), std::string(id)});
    if (waiting_.size() > kMaxWaiting) waiting_.erase(waiting_.begin());
    watch(now_ms);
    return {};
  }
  newest_placed_ = std::max(newest_placed_, own);
  const bool waited = forget(from, id);
  std::vector<Placed> told = pass_over(site_of(from), own, *home);
  if (waited) told.push_back({std::string(from), std::string(id), own, *home});
  watch(now_ms);
  return told;
}

void HomeOrder::came_again(std::string_view from, std::string_view id, Place own, std::int64_t now_ms) {
  if (own <= newest_placed_) return;
  waiting_.try_emplace(own, Waiting{std::string(from), std::string(id), true});
  if (waiting_.size() > kMaxWaiting) waiting_.erase(waiting_.begin());
  watch(now_ms);
}

std::vector<HomeOrder::Placed> HomeOrder::placed(Place own, Place home, std::int64_t now_ms) {
  if (const auto it = waiting_.find(own); it != waiting_.end()) {
    const Waiting message = it->second;
    return came(message.from, message.id, own, home, now_ms);
  }
  newest_placed_ = std::max(newest_placed_, own);
  watch(now_ms);
  return {};
}

/// Twice, where it was said once more.
bool HomeOrder::forget(std::string_view from, std::string_view id) {
  return std::erase_if(waiting_, [&](const auto& entry) {
           return entry.second.from == from && entry.second.id == id;
         }) > 0;
}

std::vector<HomeOrder::Placed> HomeOrder::pass_over(std::string_view site, Place own, Place home) {
  std::vector<Placed> told;
  for (auto it = waiting_.begin(); it != waiting_.end() && it->first < own; ++it) {
    Waiting& waiting = it->second;
    if (waiting.passed_over || site_of(waiting.from) != site) continue;
    waiting.passed_over = true;
    told.push_back({waiting.from, waiting.id, it->first, home});
  }
  return told;
}

/// Others have places already that came here later: then the own ones are overdue.
void HomeOrder::watch(std::int64_t now_ms) {
  const bool overdue = !waiting_.empty() && waiting_.begin()->first < newest_placed_;
  if (!overdue) {
    due_.reset();
    gap_ms_ = kGapMs;
  } else if (!due_) {
    due_ = now_ms + gap_ms_;
  }
}

bool HomeOrder::take_due(std::int64_t now_ms) {
  if (!due_ || *due_ > now_ms) return false;
  gap_ms_ = std::min(gap_ms_ * 2, kMaxGapMs);
  due_ = now_ms + gap_ms_;
  look_again();
  return true;
}

void HomeOrder::look_again() {
  if (waiting_.empty()) return;
  const Place first = waiting_.begin()->first;
  looking_ = Place{first.epoch, first.n - 1};
}

void HomeOrder::looked(std::optional<Place> upto, bool more) {
  if (!looking_) return;
  if (more && upto) {
    looking_ = std::max(*looking_, *upto);
    return;
  }
  looking_.reset();
  std::erase_if(waiting_, [&](const auto& entry) {
    return entry.second.passed_over && entry.first < newest_placed_;  // there they stay
  });
}

}  // namespace convoke::sdk
