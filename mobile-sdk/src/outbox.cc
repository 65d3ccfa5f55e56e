#include "mobile-sdk/src/outbox.h"

#include <algorithm>

namespace convoke::sdk {
namespace {

bool is_missing(const messages::ArchivedUpTo& upto, std::uint64_t n) {
  return std::any_of(upto.missing.begin(), upto.missing.end(),
                     [n](const auto& range) { return range.first <= n && n <= range.second; });
}

void send_again(Outbox::Entry& entry) {
  entry.stamp.reset();
  entry.due_ms = 0;
}

}  // namespace

bool Outbox::add(std::string group, messages::ChatMessage message) {
  if (entries_.size() >= kMax) return false;
  const bool waits =
      std::any_of(entries_.begin(), entries_.end(), [&](const Entry& e) { return e.group == group; });
  if (const auto pace = paces_.find(group); pace != paces_.end() && !waits) pace->second.learned_ms = 0;
  entries_.push_back({std::move(group), std::move(message)});
  return true;
}

/// A change that overtook its message would be one of an unknown message.
bool Outbox::waits(const Entry& entry) const {
  return entry.message.changes_another() && entry.message.of && holds(entry.group, *entry.message.of);
}

bool Outbox::deletes(std::string_view group, std::string_view message) const {
  return std::any_of(entries_.begin(), entries_.end(), [&](const Entry& e) {
    return e.group == group && e.message.type == messages::kDelete && e.message.of == message;
  });
}

std::vector<std::string> Outbox::drop_changes(std::string_view group, const messages::ChatMessage& newer) {
  std::vector<std::string> dropped;
  if (!newer.changes_another()) return dropped;
  entries_.remove_if([&](const Entry& e) {
    const bool older = e.group == group && e.message.changes_another() && e.message.of == newer.of;
    if (older) dropped.push_back(e.message.id);
    return older;
  });
  return dropped;
}

std::vector<const Outbox::Entry*> Outbox::take_due(std::int64_t now_ms) {
  std::vector<const Entry*> due;
  for (Entry& entry : entries_) {
    if (entry.due_ms > now_ms || waits(entry)) continue;
    if (const auto pace = paces_.find(entry.group); pace != paces_.end()) {
      if (pace->second.next_ms > now_ms) continue;
      pace->second.next_ms = now_ms + std::max(pace->second.slow_ms, pace->second.learned_ms);
    }
    entry.due_ms = now_ms + entry.repeat_ms;
    entry.repeat_ms = std::min(entry.repeat_ms * 2, kMaxRepeatMs);
    due.push_back(&entry);
  }
  return due;
}

std::optional<std::int64_t> Outbox::next_due() const {
  std::optional<std::int64_t> next;
  for (const Entry& entry : entries_) {
    if (waits(entry)) continue;
    const auto pace = paces_.find(entry.group);
    const std::int64_t at =
        pace == paces_.end() ? entry.due_ms : std::max(entry.due_ms, pace->second.next_ms);
    next = std::min(next.value_or(at), at);
  }
  return next;
}

std::list<Outbox::Entry>::const_iterator Outbox::find(std::string_view group, std::string_view id) const {
  return std::find_if(entries_.begin(), entries_.end(),
                      [&](const Entry& e) { return e.group == group && e.message.id == id; });
}

void Outbox::set_pace(std::string_view group, std::int64_t ms) {
  const auto pace = paces_.find(group);
  if (pace == paces_.end()) {
    if (ms > 0) paces_.emplace(group, Pace{ms, 0, 0});
    return;
  }
  if (pace->second.slow_ms == ms) return;
  pace->second.next_ms -= std::max<std::int64_t>(pace->second.slow_ms - ms, 0);
  pace->second.slow_ms = ms;
  pace->second.learned_ms = 0;  // of a rule that is gone; what still holds the broker says again
}

void Outbox::put_off(std::string_view group, std::string_view id, std::int64_t now_ms) {
  const auto pace = paces_.find(group);
  const bool told = pace != paces_.end() && pace->second.learned_ms > 0;
  for (Entry& entry : entries_)
    if (entry.group == group && entry.message.id == id)
      entry.due_ms = told ? pace->second.next_ms : now_ms + kPutOffMs;
}

void Outbox::hold_back(std::string_view group, std::int64_t ms, std::int64_t now_ms) {
  Pace& pace = paces_[std::string(group)];
  pace.learned_ms = std::max(pace.learned_ms, ms);
  pace.next_ms = std::max(pace.next_ms, now_ms + ms);
  // Which of them it was is not told; those that have come back with a stamp were not.
  for (Entry& entry : entries_)
    if (entry.group == group && !entry.stamp) entry.due_ms = std::min(entry.due_ms, pace.next_ms);
}

void Outbox::taken(std::string_view group, std::string_view id, std::int64_t now_ms) {
  for (Entry& entry : entries_) {
    if (entry.group != group || entry.message.id != id) continue;
    entry.due_ms = std::max(entry.due_ms, now_ms + kTakenRepeatMs);
    entry.repeat_ms = std::max(entry.repeat_ms, 2 * kTakenRepeatMs);
  }
}

bool Outbox::holds(std::string_view group, std::string_view id) const {
  return find(group, id) != entries_.end();
}

bool Outbox::stamped(std::string_view group, std::string_view id, const messages::Stamp& stamp) {
  for (Entry& entry : entries_) {
    if (entry.group != group || entry.message.id != id) continue;
    return !std::exchange(entry.stamp, stamp).has_value();
  }
  return false;
}

std::vector<std::string> Outbox::archived(std::string_view group, const messages::ArchivedUpTo& upto) {
  std::vector<std::string> done;
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    const bool covered = entry->group == group && entry->stamp && entry->stamp->epoch <= upto.epoch &&
                         (entry->stamp->epoch < upto.epoch || entry->stamp->n <= upto.upto);
    if (!covered) {
      ++entry;
    } else if (entry->stamp->epoch < upto.epoch || is_missing(upto, entry->stamp->n)) {
      // Stamped before the broker's restart: nobody can say whether it reached the archive.
      send_again(*entry++);
    } else {
      done.push_back(entry->message.id);
      entry = entries_.erase(entry);
    }
  }
  return done;
}

bool Outbox::remove(std::string_view group, std::string_view id) {
  const auto entry = find(group, id);
  if (entry == entries_.end()) return false;
  entries_.erase(entry);
  return true;
}

std::vector<std::string> Outbox::drop_group(std::string_view group) {
  std::vector<std::string> dropped;
  for (const Entry& entry : entries_)
    if (entry.group == group) dropped.push_back(entry.message.id);
  entries_.remove_if([&](const Entry& e) { return e.group == group; });
  if (const auto pace = paces_.find(group); pace != paces_.end()) paces_.erase(pace);
  return dropped;
}

void Outbox::all_due_now() {
  for (Entry& entry : entries_) {
    entry.due_ms = 0;
    entry.repeat_ms = kFirstRepeatMs;
  }
}

}  // namespace convoke::sdk
