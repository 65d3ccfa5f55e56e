#include "topics/messages/roster.h"

#include "topics/messages/limits.h"
#include "topics/messages/parts_json.h"

namespace convoke::messages {
namespace {

constexpr std::size_t kMaxPagesNamed = 32;

constexpr GroupState kGroupStates[] = {GroupState::scheduled, GroupState::gathering, GroupState::open,
                                       GroupState::ending, GroupState::retired};

std::vector<Buddy> read_buddies(const Field& field) {
  std::vector<Buddy> buddies;
  field.each(0, kPageBuddies, [&](const Field& buddy) { buddies.push_back(read_buddy(buddy)); });
  return buddies;
}

}  // namespace

std::string_view to_string(GroupState state) {
  switch (state) {
    case GroupState::scheduled:
      return "scheduled";
    case GroupState::gathering:
      return "gathering";
    case GroupState::open:
      return "open";
    case GroupState::ending:
      return "ending";
    case GroupState::retired:
      return "retired";
  }
  return "retired";
}

std::optional<GroupState> parse_group_state(std::string_view text) {
  for (const GroupState state : kGroupStates) {
    if (text == to_string(state)) return state;
  }
  return std::nullopt;
}

Buddy read_buddy(const Field& field) {
  Buddy buddy;
  buddy.user = field["u"].user_id();
  if (const Field name = field["n"]; name.present()) buddy.name = name.line(0, kMaxNameBytes);
  buddy.presence = read_presence_state(field["p"]);
  buddy.ends_ms = field["e"].optional_time_ms();
  if (const Field standing = field["s"]; standing.present())
    buddy.standing = standing.choice(topics::parse_standing, "one of member, muted, staff");
  return buddy;
}

void write(JsonWriter& json, const Buddy& buddy) {
  json.begin_object();
  json.member("u", buddy.user);
  if (!buddy.name.empty()) json.member("n", buddy.name);
  json.member("p", to_string(buddy.presence));
  json.member("e", buddy.ends_ms);
  if (buddy.standing != topics::Standing::member) json.member("s", to_string(buddy.standing));
  json.end_object();
}

RosterHead read_roster_head(const Field& field) {
  RosterHead head;
  head.group = field["group"].group_id();
  head.plan = field["plan"].plain_id();
  head.name = field["name"].line(0, kMaxNameBytes);
  head.state = field["state"].choice(parse_group_state, "one of scheduled, gathering, open, ending, retired");
  head.started_ms = field["started"].time_ms();
  head.ends_ms = field["ends"].optional_time_ms();
  head.version = field["version"].integer();
  head.pages = field["pages"].small_integer();
  head.members = field["members"].small_integer();
  head.available = field["available"].small_integer();
  head.rules.announcement_only = field["announcement_only"].flag();
  if (const Field slow = field["slow_ms"]; slow.present())
    head.rules.slow_ms = slow.small_integer(0, kMaxSlowMs);
  if (const Field rate = field["per_minute"]; rate.present())
    head.rules.per_minute = rate.small_integer(0, kMaxPerMinute);
  if (const Field home = field["home"]; home.present()) head.home = home.plain_id();
  return head;
}

void write(JsonWriter& json, const RosterHead& head) {
  json.begin_object();
  json.member("group", head.group);
  json.member("plan", head.plan);
  json.member("name", head.name);
  json.member("state", to_string(head.state));
  json.member("started", head.started_ms);
  json.member("ends", head.ends_ms);
  json.member("version", head.version);
  json.member("pages", head.pages);
  json.member("members", head.members);
  json.member("available", head.available);
  if (head.rules.announcement_only) json.member("announcement_only", true);
  if (head.rules.slow_ms) json.member("slow_ms", head.rules.slow_ms);
  if (head.rules.per_minute) json.member("per_minute", head.rules.per_minute);
  if (!head.home.empty()) json.member("home", head.home);
  json.end_object();
}

RosterPage read_roster_page(const Field& field) {
  RosterPage page;
  page.group = field["group"].group_id();
  page.version = field["version"].integer();
  page.page = field["page"].small_integer();
  page.buddies = read_buddies(field["buddies"]);
  return page;
}

void write(JsonWriter& json, const RosterPage& page) {
  json.begin_object();
  json.member("group", page.group);
  json.member("version", page.version);
  json.member("page", page.page);
  write_list(json, "buddies", page.buddies);
  json.end_object();
}

Result<RosterHead> decode_roster_head(std::string_view payload) {
  JsonReader json(payload);
  return json.finish(read_roster_head(json.root()));
}

std::string encode(const RosterHead& head) {
  JsonWriter json(512);
  write(json, head);
  return json.take();
}

Result<RosterPage> decode_roster_page(std::string_view payload) {
  JsonReader json(payload);
  return json.finish(read_roster_page(json.root()));
}

std::string encode(const RosterPage& page) {
  JsonWriter json(kPageBytes);
  write(json, page);
  return json.take();
}

Result<RosterChanges> decode_roster_changes(std::string_view payload) {
  JsonReader json(payload);
  const Field& root = json.root();
  RosterChanges changes;
  changes.group = root["group"].group_id();
  changes.from = root["from"].integer();
  changes.version = root["version"].integer();
  changes.members = root["members"].small_integer();
  changes.available = root["available"].small_integer();
  changes.ends_ms = root["ends"].optional_time_ms();
  if (const Field put = root["put"]; put.present()) changes.put = read_buddies(put);
  if (const Field gone = root["gone"]; gone.present()) {
    gone.each(0, kPageBuddies, [&](const Field& user) { changes.gone.push_back(user.user_id()); });
  }
  if (const Field pages = root["pages"]; pages.present()) {
    pages.each(0, kMaxPagesNamed,
               [&](const Field& page) { changes.pages_changed.push_back(page.small_integer()); });
  }
  changes.all = root["all"].flag();
  return json.finish(std::move(changes));
}

std::string encode(const RosterChanges& changes) {
  JsonWriter json(1024);
  json.begin_object();
  json.member("group", changes.group);
  json.member("from", changes.from);
  json.member("version", changes.version);
  json.member("members", changes.members);
  json.member("available", changes.available);
  json.member("ends", changes.ends_ms);
  if (!changes.put.empty()) write_list(json, "put", changes.put);
  if (!changes.gone.empty()) {
    json.key("gone").begin_list();
    for (const std::string& user : changes.gone) json.string(user);
    json.end_list();
  }
  if (!changes.pages_changed.empty()) {
    json.key("pages").begin_list();
    for (const std::uint32_t page : changes.pages_changed) json.number(page);
    json.end_list();
  }
  if (changes.all) json.member("all", true);
  json.end_object();
  return json.take();
}

}  // namespace convoke::messages
