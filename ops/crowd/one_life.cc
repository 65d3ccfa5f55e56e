#include "ops/crowd/one_life.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/json.hpp>

namespace convoke::crowd {

const char* to_string(OneLife::Step step) {
  static constexpr const char* kNames[] = {"connect", "start", "list", "message", "end", "close", "done"};
  return kNames[static_cast<int>(step)];
}

void OneLife::fail(std::string why) {
  if (failure_.empty()) failure_ = std::move(why);
}

void OneLife::connected(const std::string& user, std::int64_t at_ms) {
  connected_.insert(user);
  advance(at_ms);
}

void OneLife::started(const std::string& user, const sdk::Group& group, std::int64_t at_ms) {
  if (group_.empty()) group_ = group.id;
  if (group.id != group_) return;
  started_.insert(user);
  head_members_ = std::max(head_members_, group.members);
  advance(at_ms);
}

void OneLife::list(const std::string& user, const std::string& group, std::uint64_t version,
                   std::vector<sdk::Buddy> buddies, std::int64_t at_ms) {
  if (group != group_) return;
  const auto [roster, first] = rosters_.try_emplace(version, buddies);
  if (first && version == rosters_.rbegin()->first) {
    members_.clear();
    sites_.clear();
    for (const sdk::Buddy& buddy : buddies) {
      const auto at = buddy.user.find('@');
      if (at == std::string::npos)
        members_.insert(buddy.user);
      else
        sites_.insert(buddy.user.substr(at + 1));
    }
  }
  if (!first && roster->second != buddies)
    fail(fmt::format("list: version {} shows {} buddies on the phone of {} and {} others on another", version,
                     buddies.size(), user, roster->second.size()));
  versions_[user] = version;
  advance(at_ms);
}

void OneLife::sent(const std::string& user, const std::string& id) {
  sender_ = user;
  message_id_ = id;
  for (const std::string& early : early_)
    if (early.ends_with("/" + id)) received_.insert(early.substr(0, early.find('/')));
  early_.clear();
}

void OneLife::received(const std::string& user, const sdk::Message& message, std::int64_t at_ms) {
  if (message.group != group_) return;
  if (const auto at = message.from.find('@'); at != std::string::npos) {
    heard_sites_.insert(message.from.substr(at + 1));
    return advance(at_ms);
  }
  if (step_ != Step::message) return;
  if (message_id_.empty()) early_.insert(user + "/" + message.id);
  if (message.id != message_id_ || message.from != sender_) return;
  received_.insert(user);
  advance(at_ms);
}

void OneLife::ended(const std::string& user, const std::string& group, bool list_deleted,
                    std::int64_t at_ms) {
  if (group != group_) return;
  ended_.insert(user);
  if (list_deleted)
    deleted_.insert(user);
  else
    fail("end: the phone of " + user + " still holds the list");
  advance(at_ms);
}

void OneLife::probed(const LateProbe& probe, std::int64_t at_ms) {
  probe_ = probe;
  advance(at_ms);
}

std::string OneLife::absent(const std::set<std::string>& present) const {
  std::vector<std::string> who;
  for (const std::string& user : members_)
    if (!present.contains(user)) who.push_back(user);
  const std::size_t count = who.size();
  if (count > 5) who.resize(5);
  return fmt::format("{} of {} member phones miss it: {}{}", count, members_.size(), fmt::join(who, ", "),
                     count > 5 ? ", …" : "");
}

bool OneLife::step_complete() const {
  const std::set<std::string>& all = members_;
  switch (step_) {
    case Step::connect:
      return connected_.size() == phones_;
    case Step::start:
      return !all.empty() && std::includes(started_.begin(), started_.end(), all.begin(), all.end());
    case Step::list:
      return sites_.size() >= other_sites_ &&
             std::all_of(all.begin(), all.end(), [this](const std::string& user) {
               const auto held = versions_.find(user);
               return held != versions_.end() && held->second == rosters_.rbegin()->first;
             });
    case Step::message:
      return has_reader() && !message_id_.empty() &&
             std::includes(heard_sites_.begin(), heard_sites_.end(), sites_.begin(), sites_.end()) &&
             std::all_of(all.begin(), all.end(), [this](const std::string& user) {
               return user == sender_ || received_.contains(user);
             });
    case Step::end:
      return std::includes(ended_.begin(), ended_.end(), all.begin(), all.end());
    case Step::close:
      return probe_ && probe_->refused();
    case Step::done:
      return false;
  }
  return false;
}

void OneLife::advance(std::int64_t at_ms) {
  // An end before every member has had its start, list and message is a failure, not an early success.
  if (!ended_.empty() && step_ > Step::connect && step_ < Step::end)
    fail("the chat ended during step " + missing());
  while (failure_.empty() && step_complete()) {
    done_ms_[step_] = at_ms;
    step_ = static_cast<Step>(static_cast<int>(step_) + 1);
  }
}

std::optional<std::string> OneLife::wants_message() const {
  if (step_ != Step::message || !message_id_.empty() || !has_reader()) return std::nullopt;
  return *members_.begin();
}

std::optional<std::string> OneLife::wants_probe() const {
  if (step_ != Step::close) return std::nullopt;
  return *members_.begin();
}

std::string OneLife::missing() const {
  const std::string step = std::string(to_string(step_)) + ": ";
  switch (step_) {
    case Step::connect:
      return fmt::format("{}{} of {} phones are connected", step, connected_.size(), phones_);
    case Step::start:
      return group_.empty() ? step + "no chat has started" : step + absent(started_);
    case Step::list: {
      if (sites_.size() < other_sites_)
        return fmt::format("{}{} of {} other sites are in it", step, sites_.size(), other_sites_);
      std::set<std::string> holding;
      for (const auto& [user, version] : versions_)
        if (version == rosters_.rbegin()->first) holding.insert(user);
      return step + absent(holding);
    }
    case Step::message: {
      if (!has_reader()) return step + "the chat has one member only, and nobody to read a message";
      if (message_id_.empty()) return step + "nobody has written";
      for (const std::string& site : sites_)
        if (!heard_sites_.contains(site)) return step + "nobody of site " + site + " was heard";
      std::set<std::string> have = received_;
      have.insert(sender_);
      return step + absent(have);
    }
    case Step::end:
      return step + absent(ended_);
    case Step::close:
      if (!probe_) return step + "nobody has knocked yet";
      if (!probe_->error.empty()) return step + probe_->error;
      return fmt::format("{}late publish answered {}, late subscribe {}, {} messages delivered", step,
                         probe_->publish_code, probe_->subscribe_refused ? "refused" : "allowed",
                         probe_->delivered);
    case Step::done:
      return "";
  }
  return step;
}

std::string OneLife::to_json() const { return to_json(""); }

std::string OneLife::to_json(const std::string& error) const {
  const auto time = [this](Step step) -> boost::json::value {
    const auto at = done_ms_.find(step);
    return at == done_ms_.end() ? boost::json::value(nullptr) : boost::json::value(at->second);
  };
  const bool ok = error.empty() && step_ == Step::done;
  boost::json::object out{{"ok", ok}};
  if (!ok) out["step"] = to_string(step_);
  if (!ok) out["error"] = error;
  out["phones"] = phones_;
  out["connected"] = connected_.size();
  out["connected_ms"] = time(Step::connect);
  out["group"] = group_;
  out["members"] = members_.size();
  out["other_sites"] = sites_.size();
  out["started"] = started_.size();
  out["start_ms"] = time(Step::start);
  out["roster_identical"] = step_ > Step::list;
  out["hold_ms"] = time(Step::list);
  out["message_received_by"] = received_.size();
  out["message_ms"] = time(Step::message);
  out["ended"] = ended_.size();
  out["end_ms"] = time(Step::end);
  out["deleted"] = deleted_.size();
  out["late_publish_refused"] = probe_ && probe_->publish_code >= 0x80;
  out["late_subscribe_refused"] = probe_ && probe_->subscribe_refused;
  out["late_delivered"] = probe_ ? probe_->delivered : 0;
  out["closed_ms"] = time(Step::close);
  return boost::json::serialize(out);
}

}  // namespace convoke::crowd
