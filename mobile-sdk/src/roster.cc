#include "mobile-sdk/src/roster.h"

#include <algorithm>

namespace convoke::sdk {

using messages::Buddy;
using messages::RosterChanges;
using messages::RosterHead;
using messages::RosterPage;

void Roster::reload(std::int64_t now_ms) {
  loading_ = true;
  head_read_ = page_read_ = false;
  resubscribe_ = true;
  due_ = now_ms + reload_pause_ms_;
  reload_pause_ms_ = std::min(reload_pause_ms_ * 2, kMaxReloadMs);
}

void Roster::head(const RosterHead& head, std::int64_t now_ms) {
  if (head.version < head_.version) return;  // an old one, overtaken
  head_ = head;
  changed_ = true;
  if (loading_) {
    head_read_ = true;
    finish_loading();
  }
  settle(now_ms);
}

void Roster::page(const RosterPage& page, std::int64_t now_ms) {
  take_page(page);
  if (loading_ && page.page == 0) {
    page_read_ = true;
    finish_loading();
  }
  settle(now_ms);
}

void Roster::answered(const RosterPage& page, std::int64_t now_ms) {
  take_page(page);
  settle(now_ms);
}

void Roster::take_page(const RosterPage& page) {
  const auto held = pages_.find(page.page);
  if (held == pages_.end() || held->second.version <= page.version) {
    pages_[page.page] = page;
    changed_ = true;
  }
  if (const auto want = wanted_.find(page.page); want != wanted_.end()) {
    if (want->second.state == Want::asked_and_changed_since)
      want->second.state = Want::to_ask;
    else
      wanted_.erase(want);
  }
}

void Roster::page_unknown(std::uint32_t page, std::int64_t now_ms) {
  wanted_.erase(page);
  pages_.erase(page);
  settle(now_ms);
}

void Roster::finish_loading() {
  if (!head_read_ || (!page_read_ && head_.pages > 0)) return;
  if (newest_page() > head_.version) return;  // the header that belongs to this page is on its way
  loading_ = false;
  known_ = head_.version;
  reload_pause_ms_ = kReloadMs;
  due_.reset();
  for (const auto& [number, page] : pages_)
    if (number > 0) wanted_[number] = {};
}

void Roster::changes(const RosterChanges& changes, std::int64_t now_ms, std::int64_t wait_ms) {
  now_ms_ = now_ms;
  if (loading_ || changes.version <= known_) return;  // what is being read shows it already
  const bool entries = !changes.put.empty() || !changes.gone.empty();
  if (changes.from != known_ || (entries && head_.pages > 1)) return reload(now_ms);
  apply(changes);
  want_changed_pages(changes, now_ms + wait_ms);
  known_ = changes.version;
  head_.version = std::max(head_.version, changes.version);
  head_.members = changes.members;
  head_.available = changes.available;
  head_.ends_ms = changes.ends_ms;
  changed_ = true;
  settle(now_ms);
}

void Roster::apply(const RosterChanges& changes) {
  if (changes.put.empty() && changes.gone.empty()) return;
  RosterPage& page = pages_[0];
  page.version = changes.version;
  const auto is = [](std::string_view user) { return [user](const Buddy& b) { return b.user == user; }; };
  for (const std::string& user : changes.gone) std::erase_if(page.buddies, is(user));
  for (const Buddy& buddy : changes.put) {
    std::erase_if(page.buddies, is(buddy.user));
    const auto place = std::lower_bound(page.buddies.begin(), page.buddies.end(), buddy,
                                        [](const Buddy& a, const Buddy& b) { return a.user < b.user; });
    page.buddies.insert(place, buddy);
  }
}

void Roster::want_changed_pages(const RosterChanges& changes, std::int64_t from_ms) {
  for (const auto& [number, page] : pages_) {
    const auto& named = changes.pages_changed;
    if (!changes.all && std::find(named.begin(), named.end(), number) == named.end()) continue;
    const auto want = wanted_.find(number);
    if (want == wanted_.end())
      wanted_[number] = {Want::to_ask, from_ms};
    else if (want->second.state !=
             Want::to_ask)  // an answer that is under way may have left before the change
      want->second = {Want::asked_and_changed_since, from_ms};
  }
}

void Roster::settle(std::int64_t now_ms) {
  if (loading_) return;
  const bool ahead = head_.version > known_ || newest_page() > known_;
  if (!ahead)
    due_.reset();
  else if (!due_)
    due_ = now_ms + kGapMs;
  if (!settled()) return;
  if (head_.version == known_) {  // the roster may have shrunk
    std::erase_if(pages_, [this](const auto& p) { return p.first >= std::max(head_.pages, 1U); });
  }
  if (version_ != known_) changed_ = true;
  version_ = known_;
}

bool Roster::settled() const { return !loading_ && wanted_.empty() && newest_page() <= known_; }

void Roster::tick(std::int64_t now_ms) {
  now_ms_ = now_ms;
  if (due_ && *due_ <= now_ms) reload(now_ms);
}

std::optional<std::int64_t> Roster::next_due() const {
  std::optional<std::int64_t> next = due_;
  for (const auto& [number, want] : wanted_)
    if (want.state == Want::to_ask && want.from_ms > now_ms_)
      next = std::min(want.from_ms, next.value_or(want.from_ms));
  return next;
}

bool Roster::take_resubscribe() { return std::exchange(resubscribe_, false); }

std::vector<std::uint32_t> Roster::pages_to_ask() const {
  std::vector<std::uint32_t> pages;
  for (const auto& [number, want] : wanted_)
    if (want.state == Want::to_ask && want.from_ms <= now_ms_) pages.push_back(number);
  return pages;
}

bool Roster::load_more() {
  for (std::uint32_t number = 0; number < head_.pages; ++number) {
    if (pages_.contains(number) || wanted_.contains(number)) continue;
    wanted_[number] = {};
    return true;
  }
  return false;
}

bool Roster::take_changed() { return settled() && std::exchange(changed_, false); }

std::vector<Buddy> Roster::buddies() const {
  std::vector<Buddy> all;
  for (const auto& [number, page] : pages_) all.insert(all.end(), page.buddies.begin(), page.buddies.end());
  std::stable_sort(all.begin(), all.end(), [](const Buddy& a, const Buddy& b) { return a.user < b.user; });
  return all;
}

std::uint64_t Roster::newest_page() const {
  std::uint64_t newest = 0;
  for (const auto& [number, page] : pages_) newest = std::max(newest, page.version);
  return newest;
}

}  // namespace convoke::sdk
