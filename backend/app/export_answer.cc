#include "backend/app/export_answer.h"

#include <boost/json.hpp>
#include <stdexcept>

#include "backend/app/why_answers.h"
#include "backend/store/records.h"

namespace convoke::app {
namespace {

namespace json = boost::json;
using store::Family;

constexpr std::size_t kMaxLines = 500;
constexpr std::size_t kMaxLooks = 20'000;  // records looked at for one page

/// Lines out of sections that follow one another, from a cursor "section/key" on.
class Page {
 public:
  explicit Page(const std::string& after) : cursor_(after) {
    const auto slash = after.find('/');
    section_ = after.substr(0, slash);
    if (slash != std::string::npos) key_ = after.substr(slash + 1);
    reached_ = after.empty();
  }

  /// The records of a section for which `line` gives something.
  template <class F>
  void records(const std::string& section, const store::Store& store, Family family,
               const std::string& prefix, F line) {
    if (!enter(section)) return;
    const std::string from = std::exchange(key_, {});
    store.scan(family, prefix, from, [&](auto key, auto value) {
      if (key == from) return true;
      if (lines_.size() == kMaxLines || looks_ == kMaxLooks) {
        next_ = section + "/" + last_;
        return false;
      }
      ++looks_;
      last_ = key;
      if (json::object o = line(key, value); !o.empty()) lines_.push_back(std::move(o));
      return true;
    });
  }
  /// A section that is small and comes whole.
  template <class F>
  void whole(const std::string& section, F add) {
    if (!enter(section)) return;
    key_.clear();
    add(lines_);
    last_.clear();
  }

  ApiResponse answer() {
    json::object o{{"lines", std::move(lines_)}};
    if (!next_.empty()) o["after"] = next_;
    return {200, json::serialize(o)};
  }

 private:
  /// Whether the page goes on with this section.
  bool enter(const std::string& section) {
    if (!next_.empty()) return false;
    if (!reached_ && section == section_) return reached_ = true;
    return reached_;
  }

  std::string cursor_, section_, key_, last_, next_;
  bool reached_ = false;
  json::array lines_;
  std::size_t looks_ = 0;
};

json::value time_or_null(const std::optional<core::TimeMs>& t) {
  return t ? json::value(*t) : json::value(nullptr);
}

json::object past_line(const core::State& state, std::string_view key, std::string_view value) {
  const auto ids = store::decode_member_key(key);
  const auto member = store::decode_past_member(value);
  if (!ids || !member) return {};
  json::object line{{"type", "past-member"},   {"group", ids->first.str()},   {"user", ids->second.str()},
                    {"why", member->why},      {"joined", member->joined_ms}, {"left", member->left_ms},
                    {"reason", member->reason}};
  if (const core::Group* group = state.group(ids->first); group && !member->unmet.empty())
    line["unmet"] = conditions_at(group->selected, member->unmet);
  return line;
}

json::object message_line(std::string_view key, const messages::ArchivedMessage& message) {
  return {{"type", "message"},
          {"group", key.substr(0, key.find('/'))},
          {"message", json::parse(encode(message))}};
}

json::object report_line(std::string_view key, const store::Report& report) {
  key.remove_prefix(std::string_view("reports/").size());
  return {{"type", "report"},        {"group", key.substr(0, key.find('/'))},
          {"t", report.time_ms},     {"reporter", report.reporter},
          {"reason", report.reason}, {"message", json::parse(encode(report.message))}};
}

json::object chat_line(std::string_view key, std::string_view value) {
  const auto message = messages::decode_archived_message(value);
  return message ? message_line(key, *message) : json::object();
}

json::object any_report_line(std::string_view key, std::string_view value) {
  const auto report = store::decode_report(value);
  return report ? report_line(key, *report) : json::object();
}

json::object member_line(const core::Group& group, const topics::UserId& user, const core::Member& member) {
  return {{"type", "member"},         {"group", group.id.str()},    {"user", user.str()},
          {"why", member.why},        {"joined", member.joined_ms}, {"ends", time_or_null(member.ends_ms)},
          {"by_hand", member.by_hand}};
}

json::object group_line(const core::Group& g) {
  json::object o{{"type", "group"},
                 {"group", g.id.str()},
                 {"plan", g.plan.str()},
                 {"name", g.name},
                 {"state", to_string(g.state)},
                 {"started", g.started_ms},
                 {"ends", time_or_null(g.ends_ms)},
                 {"reasons", json::value_from(g.reasons)},
                 {"messages", g.messages}};
  if (g.ended_ms) {
    o["ended"] = g.ended_ms;
    o["end_reason"] = g.end_reason;
    o["kept_until"] = g.keep_until_ms;
  }
  json::array banned;
  for (const auto& user : g.banned) banned.emplace_back(user.str());
  o["banned"] = std::move(banned);
  return o;
}

json::object record_line(const core::Engine& e, const topics::UserId& id) {
  json::object o{{"type", "user"}, {"user", id.str()}};
  if (const core::User* user = e.state().user(id)) o["record"] = json::parse(store::encode_user(*user));
  if (const auto last = e.tracker().last(id.str()))
    o["position"] = json::parse(store::encode_position(*last));
  return o;
}

/// What groups say of the user, besides messages.
void add_groups(const core::Engine& e, const topics::UserId& id, json::array& lines) {
  for (const auto& [group_id, g] : e.state().groups) {
    if (const auto m = g.members.find(id); m != g.members.end())
      lines.push_back(member_line(g, id, m->second));
    if (const auto i = g.invited.find(id); i != g.invited.end())
      lines.push_back({{"type", "invitation"}, {"group", group_id.str()}, {"why", i->second.why}});
    json::array standings;
    if (const auto s = g.standings.find(id); s != g.standings.end())
      standings.emplace_back(to_string(s->second));
    if (g.banned.contains(id)) standings.emplace_back("banned");
    if (g.kept_out.contains(id)) standings.emplace_back("left");
    if (!standings.empty())
      lines.push_back({{"type", "standing"}, {"group", group_id.str()}, {"standings", std::move(standings)}});
  }
}

void add_outside(const core::Engine& e, const topics::UserId& id, const gateways::IdentityVault* vault,
                 json::array& lines) {
  for (const auto& [plan_id, plan] : e.state().plans)
    if (const auto all = plan.registrations.find(id); all != plan.registrations.end())
      lines.push_back({{"type", "registration"},
                       {"plan", plan_id.str()},
                       {"registrations", json::parse(store::encode_registrations(all->second))}});
  const core::User* user = e.state().user(id);
  if (!user) return;
  for (const std::string& key : user->identities) {
    const core::IdentityRecord& record = e.state().identities.at(key);
    const auto value = vault ? vault->open(key, record.sealed) : std::nullopt;
    lines.push_back({{"type", "identity"},
                     {"id", key},
                     {"value", value ? json::value(*value) : json::value(nullptr)},
                     {"proven", record.proven},
                     {"source", record.source},
                     {"t", record.at_ms}});
  }
}

ApiResponse unreadable() { return api_error(503, "unavailable", "the archive cannot be read"); }

}  // namespace

ApiResponse export_group(const core::Engine& e, const store::Store& store, const ExportGroup& c) try {
  const core::Group* g = e.state().group(c.id);
  if (!g) return api_error(404, "not-found", "no such group, or its details are not kept any more");
  Page page(c.after);
  page.whole("group", [&](json::array& lines) {
    lines.push_back(group_line(*g));
    for (const auto& [user, member] : g->members)
      if (g->state == core::GroupState::open) lines.push_back(member_line(*g, user, member));
  });
  const std::string prefix = c.id.str() + "/";
  page.records("past", store, Family::past, prefix,
               [&](auto key, auto value) { return past_line(e.state(), key, value); });
  page.records("messages", store, Family::chat, prefix, chat_line);
  page.records("reports", store, Family::chat, store::report_prefix(c.id), any_report_line);
  return page.answer();
} catch (const std::runtime_error&) {
  return unreadable();
}

ApiResponse export_user(const core::Engine& e, const store::Store& store, const ExportUser& c) try {
  Page page(c.after);
  page.whole("user", [&](json::array& lines) {
    lines.push_back(record_line(e, c.id));
    add_outside(e, c.id, c.vault, lines);
    add_groups(e, c.id, lines);
  });
  const std::string& id = c.id.str();
  page.records("past", store, Family::past, "", [&](auto key, auto value) {
    return key.ends_with("/" + id) ? past_line(e.state(), key, value) : json::object();
  });
  page.records("messages", store, Family::chat, "", [&](auto key, auto value) {
    if (key.starts_with("reports/")) {
      const auto report = store::decode_report(value);
      const bool theirs = report && (report->reporter == id || report->message.from == id);
      return theirs ? report_line(key, *report) : json::object();
    }
    const auto message = messages::decode_archived_message(value);
    return message && message->from == id ? message_line(key, *message) : json::object();
  });
  return page.answer();
} catch (const std::runtime_error&) {
  return unreadable();
}

}  // namespace convoke::app
