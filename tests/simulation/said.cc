#include "tests/simulation/said.h"

#include <algorithm>

#include "mobile-sdk/src/convert.h"
#include "tests/simulation/violation.h"
#include "topics/messages/inbox.h"
#include "topics/topic.h"

namespace convoke::simulation {
namespace {

using topics::Kind;

std::map<std::string, sdk::Buddy> by_user(const std::vector<messages::Buddy>& buddies) {
  std::map<std::string, sdk::Buddy> entries;
  for (const sdk::Buddy& buddy : sdk::from_wire(buddies)) entries.emplace(buddy.user, buddy);
  return entries;
}

/// A page as it was at that version.
template <class Page>
auto at(const Page& page, std::uint64_t version) {
  const auto behind = page.upper_bound(version);
  return behind == page.begin() ? typename Page::mapped_type() : std::prev(behind)->second;
}

/// Whether both say the same of the user, also that they are not there.
template <class Entries>
bool agree(const Entries& a, const Entries& b, const std::string& user) {
  const auto one = a.find(user), other = b.find(user);
  if (one == a.end() || other == b.end()) return one == a.end() && other == b.end();
  return one->second == other->second;
}

template <class Entries>
std::set<std::string> users_of(const Entries& a, const Entries& b) {
  std::set<std::string> users;
  for (const auto* entries : {&a, &b})
    for (const auto& [user, buddy] : *entries) users.insert(user);
  return users;
}

std::string number(std::uint64_t n) { return std::to_string(n); }

}  // namespace

// ---- What the server says ---------------------------------------------------------------------------------

void Said::note(const std::string& name, const std::string& payload) {
  const auto topic = topics::parse_topic(name);
  if (!topic || payload.empty()) return;
  if (topic->kind == Kind::group_head) {
    const auto head = messages::decode_roster_head(payload).value();
    if (head.state != messages::GroupState::retired) note_published(head);
  } else if (topic->kind == Kind::group_buddies) {
    note_published(messages::decode_roster_page(payload).value());
  } else if (topic->kind == Kind::group_changes) {
    note(messages::decode_roster_changes(payload).value());
  } else if (topic->kind == Kind::inbox) {
    const auto message = messages::decode_inbox(payload).value();
    if (const auto* start = std::get_if<messages::ChatStart>(&message)) note_told(start->head);
  } else if (topic->kind == Kind::response) {
    const auto response = messages::decode_response(payload).value();
    if (const auto* resumed = std::get_if<messages::ResumeAnswer>(&response.result))
      for (const auto& start : resumed->starts) note_told(start.head);
    if (const auto* page = std::get_if<messages::RosterPage>(&response.result)) note_answered(*page);
  }
}

void Said::note_told(const messages::RosterHead& head) {
  List& list = lists_[head.group];
  list.counts[head.version].insert({head.members, head.available, head.ends_ms});
  list.rules.insert({head.rules.announcement_only, head.rules.slow_ms, head.rules.per_minute});
}

void Said::note_published(const messages::RosterHead& head) {
  note_told(head);
  const auto [first, is_new] = lists_[head.group].pages.emplace(head.version, head.pages);
  if (!is_new && first->second != head.pages)
    throw Violation("version " + number(head.version) + " of " + head.group + " has two numbers of pages");
}

void Said::note(const messages::RosterChanges& changes) {
  lists_[changes.group].counts[changes.version].insert({changes.members, changes.available, changes.ends_ms});
}

void Said::note_published(const messages::RosterPage& page) {
  Entries entries = by_user(page.buddies);
  const auto [first, is_new] = lists_[page.group].entries[page.page].emplace(page.version, entries);
  if (!is_new && first->second != entries)
    throw Violation("version " + number(page.version) + " of page " + number(page.page) + " of " +
                    page.group + " shows two lists");
}

void Said::note_answered(const messages::RosterPage& page) {
  List& list = lists_[page.group];
  if (list.pages.empty()) throw Violation("a page of " + page.group + " is told before its header");
  const std::uint64_t newest = list.pages.rbegin()->first;
  const Entries published = at(list.entries[page.page], newest), told = by_user(page.buddies);
  Ahead ahead{page.version, newest, {}, told};
  for (const std::string& user : users_of(published, told))
    if (!agree(published, told, user)) ahead.users.insert(user);
  if (!ahead.users.empty()) list.ahead.push_back(std::move(ahead));
}

// ---- What a phone shows -----------------------------------------------------------------------------------

void Said::check(const std::string& user, const sdk::Group& held, const std::vector<sdk::Buddy>& shown,
                 const std::set<std::string, std::less<>>& hidden) {
  const std::string where = "at " + user + ", group " + held.id + ", version " + number(held.version) + ": ";
  const List& list = lists_[held.id];
  const Counts counts{held.members, held.available, held.ends_ms};
  if (std::none_of(list.counts.lower_bound(held.version), list.counts.end(),
                   [&](const auto& said) { return said.second.contains(counts); }))
    throw Violation(where + "the server never said that so many are members, or available, until then");
  if (!list.rules.contains({held.announcement_only, held.slow_ms, held.per_minute}))
    throw Violation(where + "the server never said these rules");
  if (held.version == 0) return;  // an app that was started anew
  std::uint64_t& newest = held_[{user, held.id}];
  if (held.version < newest) throw Violation(where + "the phone had version " + number(newest));
  newest = held.version;
  if (!held.settled) return;
  const auto pages = list.pages.find(held.version);
  if (pages == list.pages.end()) throw Violation(where + "the server never published it");

  Entries truth, shows;
  for (std::uint32_t page = 0; page < pages->second; ++page)
    truth.merge(at(list.entries.at(page), held.version));
  for (const sdk::Buddy& buddy : shown) shows.emplace(buddy.user, buddy);
  const bool whole = held.pages_held >= std::max(held.pages, pages->second);
  for (const std::string& other : users_of(truth, shows)) {
    if (agree(truth, shows, other)) continue;
    if (!shows.contains(other) && (!whole || hidden.contains(other))) continue;
    const bool told_ahead = std::any_of(list.ahead.begin(), list.ahead.end(), [&](const Ahead& a) {
      return a.from <= held.version && held.version <= a.to && a.users.contains(other) &&
             agree(a.entries, shows, other);
    });
    if (!told_ahead) throw Violation(where + "the server said something else of " + other);
  }
}

}  // namespace convoke::simulation
