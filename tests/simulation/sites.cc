#include "tests/simulation/sites.h"

#include "backend/core/sites.h"
#include "tests/simulation/disk_checks.h"
#include "tests/simulation/rest_checks.h"
#include "tests/simulation/violation.h"
#include "topics/token/token.h"

namespace convoke::simulation {
namespace {

constexpr std::int64_t kLifetimeS = 86'400, kSooner = 60'000;

const token::KeySet& keys() {
  static const token::KeySet kKeys = token::KeySet::parse(
      R"({"keys":[{"kty":"oct","alg":"HS256","kid":"s","k":"MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE"}]})");
  return kKeys;
}

/// With which servers speak for their sites.
constexpr const char* kLinkKeys =
    R"({"keys":[{"kty":"oct","alg":"HS256","kid":"l","k":"bGlua2xpbmtsaW5rbGlua2xpbmtsaW5rbGlua2xpbms"}]})";

std::string make_token(const std::string& site, topics::Role role, const std::string& subject,
                       const std::string& device, std::int64_t issued_ms) {
  const std::int64_t issued_s = issued_ms / 1000;
  return sign(keys(), {subject, site, role, device, issued_s, issued_s + kLifetimeS}).value();
}

}  // namespace

Site::Site(Agenda& agenda, Random& random, std::string site, std::size_t count, Sabotage sabotage, Told told)
    : name(std::move(site)),
      disk(store::make_memory_store(), random.split()),
      broker(agenda, random.split(), topics::SiteId::parse(name), keys(), {20'000}),
      checks(name),
      server(agenda, random.split(), broker, disk,
             make_token(name, topics::Role::server, "main", "server", agenda.now() - kSooner), watch(told),
             place(random.split())),
      agenda_(agenda) {
  disk.loses = sabotage.loses_write;
  server.sabotage(std::move(sabotage));
  broker.lost_for_server = [this](const Message& message) { checks.lost(message.topic, message.stamp); };
  broker.handing_out = [this, trace = told.trace](const std::string& client, const Message& message) {
    trace(name + ": " + message.topic + " to " + client + " " + message.payload);
    checks.handing_out(client, message);
  };
  for (std::size_t i = 0; i < count; ++i) {
    const std::string user = "u" + std::to_string(i);
    phones.push_back(std::make_unique<Phone>(
        agenda, random.split(), broker, user,
        make_token(name, topics::Role::terminal, user, "phone", agenda.now() - kSooner),
        phone_watch(i, told.trace), name));
  }
}

SimServer::Watch Site::watch(Told told) {
  return {
      .released =
          [this, told](const core::Effects& fx) {
            if (!fx.groups.empty() || !fx.members.empty() || !fx.peers.empty() || !fx.archive.empty())
              told.changed();
            checks.released(state(), fx, agenda_.now());
            note(fx);
            if (!fx.peers_cleared.empty()) check_parted();
          },
      .turned =
          [this] {
            if (server.drained()) checks.turned(state(), agenda_.now(), extended);
          },
      .loaded =
          [this] {
            checks.loaded(state(), agenda_.now());
            for (const auto& [user, at_ms] : state().erased_ms) checks.erased(user.str(), agenda_.now());
            for (const auto& [id, group] : state().groups) note(group);
          },
      .died = [this, told] { agenda_.in(told.starts_in_ms(), [this] { server.start(); }); },
      .lost = [this](const std::string& topic, const auto& stamp) { checks.lost(topic, stamp); },
      .said = [this](const std::string& topic, const std::string& payload) { said_.note(topic, payload); },
      .trace = [this, told](const std::string& line) { told.trace(name + ": " + line); }};
}

ServerPlace Site::place(Random random) {
  return {topics::SiteId::parse(name),
          [this, random](const core::Peer& peer, std::uint64_t link) mutable {
            const std::string id = peer.site.str() + ":" + name + ":link";
            return std::make_unique<PeerWire>(
                agenda_, random.split(), ways.at(peer.site.str()), id, [this] { server.count_send(); },
                [this, link](egress::LinkEvent event) { server.tell_peer(link, std::move(event)); });
          },
          [this](const topics::SiteId& site) {
            const std::int64_t now_s = agenda_.now() / 1000;
            return sign(token::KeySet::parse(kLinkKeys),
                        {name, site.str(), topics::Role::peer, "link", now_s - 25, now_s + 3600})
                .value();
          }};
}

Phone::Watch Site::phone_watch(std::size_t number, const std::function<void(const std::string&)>& trace) {
  const std::string user = "u" + std::to_string(number);
  return {.archived = [this, user](const auto& group, const auto& id,
                                   std::int64_t said_ms) { checks.archived(group, user, id, said_ms); },
          .registered = [](const auto&, bool) {},
          .blocked = [](const auto&, bool) {},
          .heard =
              [this, number](const std::string& topic) {
                if (topic.find("/chat/") != std::string::npos) return;
                const sdk::Session& session = phones[number]->session();
                for (const sdk::Group& group : session.groups())
                  said_.check(phones[number]->user(), group, session.buddies(group.id), session.hidden());
              },
          .fresh_token =
              [this, user] { return make_token(name, topics::Role::terminal, user, "phone", agenda_.now()); },
          .trace = [this, trace](const std::string& line) { trace(name + ": " + line); }};
}

void Site::join() {
  for (const auto& [site, way] : ways) join(site);
}

void Site::join(const std::string& other) {
  server.call(
      app::PutPeer{topics::SiteId::parse(other), other + ".example", 1883, kLinkKeys,
                   std::set<std::string>{core::kAllMay.begin(), core::kAllMay.end()}},
      [](const app::ApiResponse& response) { require(response.status == 200, "a peer was refused"); });
}

void Site::part(const std::string& other) {
  server.call(app::DeletePeer{topics::SiteId::parse(other)}, [](const app::ApiResponse& response) {
    require(response.status == 200 || response.status == 404, "a peer cannot be removed");
  });
}

/// Of what happened since then nothing is promised but what other sites can tell. Broker and phones begin
/// anew too: what phones that know more than their own server make of it is no matter of several sites.
void Site::go_back_to(const std::vector<store::Write>& backup) {
  if (server.running()) server.kill(false);
  for (auto& phone : phones) phone->reinstall();
  restart_broker(1000);
  disk.go_back_to(backup);
  restored_ms = agenda_.now();
  checks = StepChecks(name);
  said_ = {};
}

void Site::restart_broker(std::int64_t after_ms) {
  if (!broker.running()) return;
  broker.stop();
  agenda_.in(after_ms, [this] { broker.start(); });
}

// ---- What it knows of groups over time
// ----------------------------------------------------------------------

void Site::note(const core::Effects& fx) {
  for (const core::SiteId& site : fx.peers_cleared) {
    anew[site.str()] = agenda_.now();
    if (!state().peers.contains(site)) parted[site.str()] = agenda_.now();
  }
  for (const core::UserId& user : fx.erased)
    if (!core::is_remote(user)) erased[user.str()] = agenda_.now();
  for (const core::GroupId& id : fx.groups)
    if (const core::Group* group = state().group(id)) note(*group);
  for (const auto& [id, user] : fx.members) {
    const core::Group* group = state().group(id);
    if (!group || !group->members.contains(user)) disturbed.insert({id.str(), in_full(user.str())});
    if (group) note(*group);
  }
}

/// With a site that is no peer any more no chat is shared.
void Site::check_parted() {
  for (const auto& [id, group] : state().groups) {
    if (group.state != core::GroupState::open) continue;
    for (const auto& [other, at_ms] : parted)
      if (const auto gone = core::SiteId::parse(other); !state().peers.contains(gone))
        if (group.home == gone || (!group.home && group.sites.contains(gone)))
          throw Violation(name + " has parted from " + other + ", which has a part in group " + id.str());
  }
}

void Site::note(const core::Group& group) {
  if (group.state != core::GroupState::open) return;
  const auto [entry, fresh] = known.try_emplace(group.id.str());
  if (fresh) entry->second.opened_ms = agenda_.now();
  auto& sites = entry->second.sites;
  std::erase_if(sites,
                [&](const auto& site) { return !group.sites.contains(core::SiteId::parse(site.first)); });
  for (const auto& [site, count] : group.sites) sites.try_emplace(site.str(), agenda_.now());
  for (const auto& [user, standing] : group.standings)
    disturbed.insert({group.id.str(), in_full(user.str())});
  if (group.rules.announcement_only) disturbed.insert({group.id.str(), ""});
}

// ---- At rest
// --------------------------------------------------------------------------------------------------

void Site::check_rest() {
  const core::Engine& engine = server.loop().engine();
  disk.scan(store::Family::outbox, {}, {}, [](auto, auto value) -> bool {
    throw Violation("a message stays in the outbox on the disk: " + std::string(value));
  });
  disk.scan(store::Family::peer_items, {}, {}, [](auto key, auto value) -> bool {
    throw Violation("an item for another site stays on the disk: " + std::string(key) + " " +
                    std::string(value));
  });
  check_memory_against_disk(engine, disk, agenda_.now());
  check_start_keys(state());
  check_archive(checks, engine, server.loop().journal());
  check_retained(state(), broker);
  check_plugin(state(), server.loop().session());
  for (const auto& phone : phones) {
    if (!phone->connected()) throw Violation("the phone of " + phone->user() + " does not come online");
    check_phone(checks, engine, server.loop().journal(), *phone);
  }
}

}  // namespace convoke::simulation
