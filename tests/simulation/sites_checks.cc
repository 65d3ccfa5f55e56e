#include "tests/simulation/sites_checks.h"

#include <algorithm>
#include <set>

#include "backend/core/blocks.h"
#include "backend/core/roster.h"
#include "backend/core/sites.h"
#include "backend/store/eraser.h"
#include "tests/simulation/rest_checks.h"
#include "tests/simulation/violation.h"

namespace convoke::simulation {
namespace {

using core::Group;
using core::GroupState;
using topics::GroupId;
using topics::UserId;

/// What was said before a site's time went back may come to another one so much later.
constexpr std::int64_t kOnItsWayMs = 60'000;

Site& site_named(const Sites& sites, const core::SiteId& name) {
  for (const auto& site : sites)
    if (site->name == name.str()) return *site;
  fail("there is no site " + name.str());
}

const Group* open_group(Site& site, const GroupId& id) {
  const Group* group = site.state().group(id);
  return group && group->state == GroupState::open ? group : nullptr;
}

// ---- Links
// ----------------------------------------------------------------------------------------------------

/// Honest servers have no reason to refuse one another these.
void check_links(Site& site) {
  static const std::set<std::string> kMayBe = {"unknown-group", "not-member", "muted", "unknown-user"};
  for (const auto& [name, peer] : site.state().peers) {
    const std::string where = site.name + ", its link with " + name.str() + ": ";
    if (!peer.shut.empty()) fail(where + "shut, " + peer.shut);
    if (peer.waiting() > 0) fail(where + std::to_string(peer.waiting()) + " items wait");
    for (const auto& [why, count] : peer.refused)
      if (!kMayBe.contains(why)) fail(where + "an item was refused, " + why);
  }
}

void check_strangers(Site& site) {
  for (const auto& [id, user] : site.state().users)
    if (core::is_remote(id) && user.groups.empty() && user.invited.empty() && user.blocked.empty())
      fail(site.name + " knows " + id.str() + " still, of whom no group is left");
}

// ---- Who is in
// ------------------------------------------------------------------------------------------------

/// Whether the site has parted from the user's since the group was opened there, and so has taken them out,
/// which is no business of home's.
bool has_parted(const Site& site, const std::string& group, const std::string& user) {
  const auto parted = site.parted.find(user.substr(user.find('@') + 1));
  const auto known = site.known.find(group);
  return parted != site.parted.end() && known != site.known.end() &&
         parted->second >= known->second.opened_ms;
}

/// Whether the user and somebody else keep apart: then a small chat may have one of the two.
bool keeps_apart(Site& site, const std::string& full) {
  return !core::blocked_with(site.state(), core::as_here(site.state(), full)).empty();
}

/// Of the list and the header, as both sites must have them. How somebody of a third site is, home may have
/// told from before.
std::string shown(Site& site, const Group& group, Site& home, Site& mirror) {
  std::string text = "ends " + std::to_string(group.ends_ms.value_or(0)) + ", slow " +
                     std::to_string(group.rules.slow_ms) + ", only announcements " +
                     std::to_string(group.rules.announcement_only) + ":";
  std::set<std::string> members;
  for (const auto& [user, member] : group.members) {
    const messages::Buddy b = core::buddy_of(site.state(), group, user);
    const std::string full = site.in_full(user.str());
    const bool third = !full.ends_with("@" + home.name) && !full.ends_with("@" + mirror.name);
    if (third && has_parted(mirror, group.id.str(), full)) continue;
    if (keeps_apart(home, full) || keeps_apart(mirror, full)) continue;
    members.insert(full + " " + (third ? "" : std::string(to_string(b.presence)) + " ") +
                   std::string(to_string(b.standing)));
  }
  for (const std::string& member : members) text += " " + member;
  return text;
}

void check_mirrors(const Sites& sites, Site& home, const Group& group) {
  for (const auto& [name, count] : group.sites) {
    Site& other = site_named(sites, name);
    const Group* mirror = open_group(other, group.id);
    const std::string what = "group " + group.id.str() + " of " + home.name;
    if (!mirror) fail(what + " has members of " + other.name + ", where it is not open");
    const std::string here = shown(home, group, home, other), there = shown(other, *mirror, home, other);
    if (here != there) fail(what + " differs: " + here + " there, " + there + " at " + other.name);
  }
}

void check_has_home(const Sites& sites, Site& site, const Group& mirror) {
  const Group* group = open_group(site_named(sites, mirror.home), mirror.id);
  const std::string what = "group " + mirror.id.str() + " is open at " + site.name + ", but ";
  if (!group) fail(what + "not at its home " + mirror.home.str());
  if (!group->sites.contains(core::SiteId::parse(site.name)) && core::members_here(mirror) > 0)
    fail(what + "its home knows nobody there");
}

/// Of a chat that follows its audience: those of the site are in who are guests, and, at another site, let
/// others.
void check_followed(Site& home, const Group& group, Site& site) {
  if (!home.state().plan_of(group).audience.follow_ms) return;
  if (&home != &site && !home.is_joined(site.name)) return;
  if (site.state().group(group.id) && !open_group(site, group.id))
    return;  // over there, since they had parted
  for (const auto& [id, user] : site.state().users) {
    if (core::is_remote(id)) continue;
    const auto known = &home == &site ? id : UserId::parse(site.in_full(id.str()));
    const auto member = group.members.find(known);
    const bool qualifies = user.attributes.contains("guest") && (&home == &site || user.other_sites);
    const std::string who = known.str() + " in " + group.id.str() + " of " + home.name;
    if (member != group.members.end() && !qualifies && !member->second.by_hand)
      fail(who + " does not qualify any more");
    if (member == group.members.end() && qualifies && !group.kept_out.contains(known) &&
        !group.banned.contains(known) && !site.erased.contains(id.str()) &&
        !keeps_apart(home, site.in_full(id.str())) && !keeps_apart(site, site.in_full(id.str())))
      fail(who + " qualifies, and is not drawn in");
  }
}

// ---- What was said
// --------------------------------------------------------------------------------------------

using Key = std::pair<std::string, std::string>;  // sender in full, id
using Archive = std::map<Key, messages::ArchivedMessage>;

Archive archive(Site& site, const GroupId& group) {
  Archive all;
  for (messages::ArchivedMessage& m : archive_of(site.server.loop().journal(), group)) {
    const Key key{site.in_full(m.from), m.message.id};
    if (m.from != site.name) all.emplace(key, std::move(m));
  }
  return all;
}

bool is_erased(const Sites& sites, const Key& key) {
  if (key.first.starts_with(store::kErasedUser)) return true;
  const auto at = key.first.find('@');
  return site_named(sites, core::SiteId::parse(key.first.substr(at + 1)))
      .erased.contains(key.first.substr(0, at));
}

std::string name_of(const Key& key) { return "message " + key.second + " of " + key.first; }

bool disturbed(const Sites& sites, const GroupId& group, const std::string& user) {
  return std::any_of(sites.begin(), sites.end(), [&](const auto& site) {
    return site->disturbed.contains({group.str(), user}) || site->disturbed.contains({group.str(), ""});
  });
}

/// Whether what `from`'s user said then must have come to `to`: both knew of one another's part in the group.
bool must_have(Site& from, Site& to, const std::string& group, std::int64_t said_ms) {
  const auto sender = from.known.find(group), receiver = to.known.find(group);
  if (sender == from.known.end() || receiver == to.known.end()) return false;
  const auto knows = sender->second.sites.find(to.name);
  return knows != sender->second.sites.end() && knows->second <= said_ms &&
         receiver->second.opened_ms <= said_ms;
}

/// Whether what was said then may have been given up where a link began to count anew, or is lost since the
/// time of a site went back.
bool may_be_lost(const std::map<std::string, Archive>& archives, const Sites& sites, std::int64_t said_ms) {
  for (const auto& site : sites) {
    if (site->restored_ms >= said_ms) return true;
    if (!archives.contains(site->name)) continue;
    for (const auto& [other, at_ms] : site->anew)
      if (archives.contains(other) && at_ms >= said_ms) return true;
  }
  return false;
}

/// As the sender's own site knows, where it has it.
core::TimeMs said_ms(const std::map<std::string, Archive>& archives, const Key& key,
                     const messages::ArchivedMessage& m) {
  const auto own = archives.find(key.first.substr(key.first.find('@') + 1));
  if (own == archives.end() || !own->second.contains(key)) return m.stamp.time_ms;
  return own->second.at(key).stamp.time_ms;
}

/// What changes a message that is not there is not there either.
bool changes_unknown(const Archive& archive, const Key& key, const messages::ArchivedMessage& m) {
  return m.message.changes_another() && !archive.contains({key.first, *m.message.of});
}

/// When it was said, or changed the last time.
core::TimeMs changed_ms(const messages::ArchivedMessage& m) {
  core::TimeMs at = m.stamp.time_ms;
  if (m.edited) at = std::max(at, m.edited->time_ms);
  if (m.deleted) at = std::max(at, m.deleted->time_ms);
  return at;
}

void same_text(const std::string& what, const messages::ArchivedMessage& a,
               const messages::ArchivedMessage& b) {
  if (a.deleted.has_value() != b.deleted.has_value()) fail(what + " is deleted in one archive only");
  if (!a.deleted && a.message.text != b.message.text)
    fail(what + " reads " + a.message.text + " there, " + b.message.text);
}

/// The place in home's order.
const messages::Stamp* place(Site& site, const Group& group, const messages::ArchivedMessage& m) {
  if (!group.home || group.home.str() == site.name) return &m.stamp;
  return m.message.home ? &*m.message.home : nullptr;
}

void check_chat(const Sites& sites, Site& home, const Group& group) {
  std::map<std::string, Archive> archives;
  for (const auto& site : sites)
    if (open_group(*site, group.id)) archives.emplace(site->name, archive(*site, group.id));
  const Archive& order = archives.at(home.name);
  for (const auto& [here, messages] : archives)
    for (const auto& [key, m] : messages) {
      const std::string what = name_of(key) + " in " + group.id.str();
      Site& site = site_named(sites, core::SiteId::parse(here));
      const std::string from = key.first.substr(key.first.find('@') + 1);
      const auto own = archives.find(from);
      if (m.message.type == messages::kAnnouncement || is_erased(sites, key)) continue;
      if (keeps_apart(site, site.in_full(m.from)) || keeps_apart(home, key.first)) continue;
      const core::TimeMs restored_ms = site_named(sites, core::SiteId::parse(from)).restored_ms;
      if (restored_ms > 0 && restored_ms + kOnItsWayMs >= m.stamp.time_ms) continue;
      const bool replaced = m.message.changes_another();  // by a later change
      if (own != archives.end() && !own->second.contains(key) && !replaced)
        fail(what + " is at " + here + ", but not at its sender's site");
      if (disturbed(sites, group.id, key.first) || may_be_lost(archives, sites, said_ms(archives, key, m)))
        continue;
      const auto stands = order.find(key);
      if (stands != order.end()) {
        const Group& there = *open_group(site, group.id);
        const messages::Stamp* at = place(site, there, m);
        if (!at) fail(what + " has no place of home's at " + here);
        if (at->epoch != stands->second.stamp.epoch || at->n != stands->second.stamp.n)
          fail(what + " has another place at " + here + " than at home");
        if (must_have(site_named(sites, core::SiteId::parse(from)), site, group.id.str(),
                      changed_ms(stands->second)))
          same_text(what + " at " + here, stands->second, m);
      } else if (from != here && !changes_unknown(order, key, m)) {
        fail(what + " is at " + here + ", but not at home");
      }
      if (from != here) continue;
      for (const auto& [other, there] : archives)
        if (other != here && !there.contains(key) && !changes_unknown(there, key, m) &&
            must_have(site, site_named(sites, core::SiteId::parse(other)), group.id.str(), m.stamp.time_ms))
          fail(what + ", said at " + here + ", is not at " + other);
    }
}

/// The phone of a mirror shows the chat in home's order: what has no place there yet comes last.
void check_order(Site& site, const Site& home, const Group& mirror, const Archive& order, const Phone& phone,
                 const Chat& chat) {
  const Archive here = archive(site, mirror.id);
  const std::string where = "at " + phone.user() + " of " + site.name + ", ";
  std::optional<sdk::HomePlace> last, first_without;
  for (const auto& [message, shown] : chat.messages) {
    const Key key{site.in_full(message.first), message.second};
    const auto at = here.find(key), stands = order.find(key);
    if (!shown.told || at == here.end() || stands == order.end() || !place(site, mirror, at->second))
      continue;
    const core::TimeMs said_ms = at->second.stamp.time_ms;
    if (home.restored_ms >= said_ms || site.checks.were_apart_since(phone.user(), message.first, said_ms))
      continue;
    const sdk::HomePlace there{stands->second.stamp.epoch, stands->second.stamp.n};
    if (shown.home && *shown.home != there)
      fail(where + name_of(key) + " in " + mirror.id.str() + " stands at another place than at home");
    if (shown.home)
      last = std::max(there, last.value_or(there));
    else
      first_without = std::min(there, first_without.value_or(there));
  }
  if (last && first_without && *first_without < *last)
    fail(where + "a message in " + mirror.id.str() + " has no place of home's, and later ones have");
}

void check_phones(const Sites& sites, Site& home, const Group& group) {
  const Archive order = archive(home, group.id);
  for (const auto& site : sites) {
    const Group* mirror = open_group(*site, group.id);
    if (!mirror || site.get() == &home) continue;
    for (const auto& phone : site->phones)
      if (const auto chat = phone->chats().find(group.id.str()); chat != phone->chats().end())
        check_order(*site, home, *mirror, order, *phone, chat->second);
  }
}

/// Who is erased at their own site is so at all that knew them.
void check_gone(const Sites& sites) {
  for (const auto& site : sites)
    for (const auto& [user, at_ms] : site->erased)
      for (const auto& other : sites)
        check_erased(other == site ? user : user + "@" + site->name, at_ms, other->server.loop().engine(),
                     other->server.loop().journal());
}

void check_waiting(Site& site, const Group& group) {
  for (const auto& [key, relayed] : group.relayed)
    if (relayed.step == core::Relayed::Step::said)
      fail("a message of " + relayed.from.str() + " in " + group.id.str() + " never comes back at " +
           site.name);
}

/// What a plan waits for at another site is what is so there.
void check_levels(const Sites& sites, Site& site) {
  for (const auto& [id, plan] : site.state().plans)
    for (const auto& [there, told] : plan.watched) {
      const std::string what =
          site.name + ", plan " + id.str() + ": whether " + there.second.of + " is available ";
      const auto user = there.second.of.substr(0, there.second.of.find('@'));
      const core::User* known = site_named(sites, there.first).state().user(topics::UserId::parse(user));
      const bool holds = known && known->presence == messages::PresenceState::available;
      const bool joined = site.is_joined(there.first.str());
      if (joined != told.holds.has_value())
        fail(what + (joined ? "is not told: " + told.why : "is still told"));
      if (joined && holds != *told.holds) fail(what + "is told wrongly");
    }
}

}  // namespace

void check_sites(const Sites& sites) {
  check_gone(sites);
  for (const auto& site : sites) {
    check_links(*site);
    check_strangers(*site);
    check_levels(sites, *site);
    for (const auto& [id, group] : site->state().groups) {
      if (group.state != GroupState::open) continue;
      check_waiting(*site, group);
      if (group.home) {
        check_has_home(sites, *site, group);
        continue;
      }
      check_mirrors(sites, *site, group);
      for (const auto& other : sites) check_followed(*site, group, *other);
      check_chat(sites, *site, group);
      check_phones(sites, *site, group);
    }
  }
}

}  // namespace convoke::simulation
