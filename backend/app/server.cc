#include "backend/app/server.h"

#include <openssl/rand.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "backend/app/api_outside.h"
#include "backend/app/export_answer.h"
#include "backend/app/overload.h"
#include "backend/app/peer_answers.h"
#include "backend/app/reports_answer.h"
#include "backend/app/why_answers.h"
#include "topics/messages/area_event.h"
#include "topics/messages/limits.h"
#include "topics/topic.h"

#ifndef CONVOKE_VERSION
#define CONVOKE_VERSION "0"
#endif

namespace convoke::app {
namespace {

constexpr std::size_t kMaxTurn =
    2'000;  // things in one turn, so that timers and answers do not wait for a flood
constexpr std::size_t kMaxMail = 200'000;  // beyond it what will come again is dropped
constexpr std::int64_t kHousekeepingEveryMs = 5000;
constexpr auto kStoreRetry = std::chrono::milliseconds(500);
constexpr auto kCallTimeout = std::chrono::seconds(10);

topics::GroupId random_group_id() {
  unsigned char bytes[16];
  if (RAND_bytes(bytes, sizeof bytes) != 1) throw std::runtime_error("no random numbers from OpenSSL");
  static constexpr char kHex[] = "0123456789abcdef";
  std::string text;
  for (unsigned char b : bytes) {
    text += kHex[b >> 4];
    text += kHex[b & 15];
  }
  return topics::GroupId::parse(text);
}

/// One that can sign.
token::KeySet load_federation_key(const std::string& path) {
  token::KeySet keys = token::KeySet::load(path);
  if (!token::sign(keys, {}))
    throw std::runtime_error("federation.key_file " + path + ": expected a JWK Set with a private key");
  return keys;
}

egress::LinkOptions link_options(const Config& c) {
  return {c.broker_host, c.broker_port, c.site.str() + ":" + c.server_id.str() + ":server",
          topics::server_status_topic(c.site, c.server_id),
          encode(messages::ServerStatus{false, CONVOKE_VERSION, 0})};
}

const char* kind_name(topics::Kind kind) {
  switch (kind) {
    case topics::Kind::position:
    case topics::Kind::owntracks:
      return "position";
    case topics::Kind::presence:
      return "presence";
    case topics::Kind::request:
      return "request";
    case topics::Kind::group_chat:
    case topics::Kind::group_notice:
      return "chat";
    case topics::Kind::staff_request:
    case topics::Kind::staff_event:
      return "staff";
    default:
      return "other";
  }
}

void log_link(const egress::LinkEvent& event) {
  if (const auto* up = std::get_if<egress::LinkUp>(&event))
    spdlog::info("broker connected, session_present={}", up->session_present);
}

}  // namespace

Server::Server(Config config)
    : config_(std::move(config)),
      clock_(config_.dev_clock),
      keys_(config_.keys_file),
      vault_(config_.identity_key_file.empty()
                 ? std::nullopt
                 : std::optional(gateways::IdentityVault::load(config_.identity_key_file))),
      federation_key_(config_.federation_key_file.empty()
                          ? std::nullopt
                          : std::optional(load_federation_key(config_.federation_key_file))),
      store_(store::open_rocksdb(config_.data_dir)),
      metrics_(config_.metrics_host, config_.metrics_port),
      link_(link_options(config_),
            [this](egress::LinkEvent event) {
              if (mailbox_.size() < kMaxMail || !is_repeated(event))
                mailbox_.push(std::move(event));
              else
                ++dropped_;
            }),
      loop_({config_.site, config_.server_id, config_.rule, CONVOKE_VERSION}, *store_, link_, hooks(),
            clock_.now()),
      hook_gate_(make_hook_gate(config_, vault_ ? &*vault_ : nullptr, metrics_, hook_outside())),
      staff_desk_(config_.site, config_.area_limits, vault_ ? &*vault_ : nullptr) {
  staff_desk_.load(loop_.journal().staff_answers());
  const core::State& state = loop_.engine().state();
  spdlog::info("store loaded: users={} plans={} groups={} outbox={}", state.users.size(), state.plans.size(),
               state.groups.size(), loop_.outbox().size());
  require_federation_key();
}

Loop::Hooks Server::hooks() {
  return {
      .read_token = [this] { return read_token(); },
      .fresh_id = random_group_id,
      .time_of = [this](std::int64_t real_ms) { return clock_.at(real_ms); },
      .warn = [](const std::string& line) { spdlog::warn("{}", line); },
      .try_again =
          [this](const std::string&) {
            if (!stopping_) std::this_thread::sleep_for(kStoreRetry);
            return !stopping_;
          },
      .problem =
          [this](const std::string& what, const std::string& detail) {
            if (detail.empty()) spdlog::info("{}: well again", what);
            set_problem(what, detail);
          },
      .arrived = [this](topics::Kind kind) { metrics_.count_message(kind_name(kind)); },
      .staff =
          [this](const auto& topic, const auto& message, core::Context& ctx) {
            staff_desk_.take(
                topic, message, Clock::real_now(),
                [&](const topics::Principal& who, Command command) {
                  return carry_out(who, std::move(command), ctx);
                },
                ctx);
          },
      .released =
          [this](const core::Effects& fx) {
            for (const core::Event& event : fx.events) metrics_.count_event(event_type(event));
            events_.publish(fx.events);
          },
      .mark =
          [this](const core::UserId& user) { return token::subject_mark(config_.site.str(), user.str()); },
      .compact =
          [this] { compaction_ = std::async(std::launch::async, [this] { return store_->compact(); }); },
      .compacted = [this] { return compacted(); },
      .outside = outside(),
      .signed_in = sign_ins(),
      .peer_link = [this](const core::Peer& peer, std::uint64_t number) { return peer_link(peer, number); },
      .peer_token = [this](const topics::SiteId& site) { return peer_token(site); }};
}

ingress::Decoder::Outside Server::outside() {
  return [this](std::string_view json, core::Context& ctx) {
    return take_outside(loop_.engine(), json, vault_ ? &*vault_ : nullptr, ctx);
  };
}

decltype(Loop::Hooks::signed_in) Server::sign_ins() {
  if (!vault_) return {};
  return [this](const messages::SignIn& told, core::TimeMs issued_ms, core::Context& ctx) {
    sign_in(loop_.engine(), *vault_, told, issued_ms, ctx);
  };
}

Server::~Server() = default;

void Server::run(const std::function<void()>& ready) {
  http_ = std::make_unique<HttpServer>(
      config_.site.str(), CONVOKE_VERSION, keys_, events_,
      HttpServer::Hooks{[this](const topics::Principal& who, Command c) { return call(who, std::move(c)); },
                        [this] {
                          const MutexLock lock(problems_mutex_);
                          std::vector<std::string> out;
                          for (const auto& [what, detail] : problems_) out.push_back(what + ": " + detail);
                          return out;
                        },
                        config_.area_limits, vault_ ? &*vault_ : nullptr});
  set_problem("broker", "not connected yet");
  http_->start(config_.http_host, config_.http_port);
  if (hook_gate_) hook_gate_->start(kept_hints());
  if (config_.mail) mail_ = std::make_unique<gateways::MailGateway>(*config_.mail, *vault_, mail_hooks());
  while (!stopping_) {
    egress::BrokerSession& session = loop_.session();
    session.tick(Clock::real_now());
    turn(mailbox_.take(patience(), kMaxTurn));
    if (session.drained() && !std::exchange(was_drained_, true)) session.publish_status(true, clock_.now());
    was_drained_ = session.drained();
    if (was_drained_ && !std::exchange(announced_ready_, true)) ready();
    housekeeping(Clock::real_now());
  }
  mailbox_.take({}, kMaxMail);  // whoever still waits for an answer is to know
  mail_.reset();
  events_.close();
  http_->stop();
  if (hook_gate_) hook_gate_->stop();
  loop_.close({clock_.now(), Clock::real_now()});
}

void Server::reload_keys() {
  try {
    if (hook_gate_) hook_gate_->reload();
    if (hook_gate_) spdlog::info("hooks: secrets loaded again");
  } catch (const std::exception& e) {
    spdlog::error("{}; the secrets of before stay in force", e.what());
  }
  try {
    keys_.reload();
    spdlog::info("auth.keys: loaded again");
  } catch (const std::exception& e) {
    spdlog::error("auth.keys: {}; the keys of before stay in force", e.what());
  }
}

void Server::stop() {
  stopping_ = true;
  mailbox_.wake();
}

std::chrono::milliseconds Server::patience() const {
  std::int64_t wait = 100;  // the session's retries, and the store's writes of positions
  if (loop_.session().drained())
    if (auto next = loop_.engine().next_deadline()) wait = std::min(wait, clock_.until(*next));
  return std::chrono::milliseconds(wait);
}

void Server::turn(std::deque<Mail> mail) {
  Answers answers;
  const bool written = loop_.turn({clock_.now(), Clock::real_now()}, [&](core::Context& ctx) {
    for (Mail& item : mail) {
      loop_.refill_ids();
      if (auto* event = std::get_if<egress::LinkEvent>(&item)) {
        log_link(*event);
        loop_.take(*event);
        continue;
      }
      if (auto* event = std::get_if<PeerEvent>(&item)) {
        loop_.take_peer(event->link, event->event);
        continue;
      }
      auto& c = std::get<std::unique_ptr<ApiCall>>(item);
      ApiResponse response = carry_out(c->who, std::move(c->command), ctx);
      answers.emplace_back(std::move(c), std::move(response));
    }
  });
  if (!written) return;  // stopping with a store that cannot be written: nothing is acknowledged
  for (auto& [c, response] : answers) c->answer.set_value(std::move(response));
  loop_.session().pump();
}

ApiResponse Server::carry_out(const topics::Principal& who, Command command, core::Context& ctx) {
  if (const auto* list = std::get_if<ListReports>(&command)) {
    if (!loop_.engine().state().group(list->id)) return api_error(404, "not-found", "no such group");
    return reports_answer(loop_.journal().reports(list->id, list->after, kMaxReports + 1));
  }
  if (const auto* asked = std::get_if<ShowGroupWhy>(&command))
    return group_why(loop_.engine().state(), loop_.journal(), *asked, ctx.now);
  if (const auto* c = std::get_if<ExportGroup>(&command))
    return export_group(loop_.engine(), loop_.journal().store(), *c);
  if (const auto* c = std::get_if<ExportUser>(&command))
    return export_user(loop_.engine(), loop_.journal().store(), *c);
  if (std::holds_alternative<PutPeer>(command) && !federation_key_)
    return api_error(409, "no-federation", "this server has no other sites: set [federation] key_file");
  if (std::holds_alternative<ListPeers>(command)) return list_peers(loop_, ctx.now, Clock::real_now());
  if (std::holds_alternative<MakeBackup>(command)) return make_backup();
  if (std::holds_alternative<ShowErasures>(command)) return show_erasures();
  return execute(loop_.engine(), who, std::move(command), status(), ctx);
}

void Server::housekeeping(std::int64_t real_ms) {
  const bool set_back = real_ms < housekeeping_ms_;
  if (!set_back && real_ms - housekeeping_ms_ < kHousekeepingEveryMs) return;
  housekeeping_ms_ = real_ms;
  const core::Engine& engine = loop_.engine();
  std::size_t live = 0;
  for (const auto& [id, group] : engine.state().groups) live += group.state == core::GroupState::open;
  metrics_.set_gauge("users", static_cast<double>(engine.state().users.size()));
  metrics_.set_gauge("plans", static_cast<double>(engine.state().plans.size()));
  metrics_.set_gauge("areas", static_cast<double>(engine.tracker().index().size()));
  metrics_.set_gauge("live_groups", static_cast<double>(live));
  metrics_.set_gauge("outbox", static_cast<double>(loop_.outbox().size()));
  std::size_t hints = 0;
  for (const auto& [hook, kept] : engine.state().hints) hints += kept.size();
  metrics_.set_gauge("hook_hints", static_cast<double>(hints));
  std::uint64_t waiting = 0;
  for (const auto& [site, peer] : engine.state().peers) waiting += peer.waiting();
  metrics_.set_gauge("peer_items", static_cast<double>(waiting));
  metrics_.set_gauge("dropped", static_cast<double>(dropped_));
  metrics_.set_gauge("too_large", static_cast<double>(loop_.session().too_large()));
  metrics_.set_gauge("broker_connected", loop_.session().drained() ? 1 : 0);
  metrics_.set_rejects(loop_.rejects().counts());
  metrics_.set_broker_counters(loop_.session().counters());
  loop_.session().ask_counters();
}

void Server::set_problem(const std::string& what, const std::string& detail) {
  const MutexLock lock(problems_mutex_);
  if (detail.empty())
    problems_.erase(what);
  else
    problems_[what] = detail;
}

ApiResponse Server::call(const topics::Principal& who, Command command) {
  if (stopping_) return api_error(503, "unavailable", "the server stops");
  auto c = std::make_unique<ApiCall>(ApiCall{who, std::move(command), {}});
  auto answer = c->answer.get_future();
  mailbox_.push(std::move(c));
  if (answer.wait_for(kCallTimeout) == std::future_status::ready) {
    try {
      return answer.get();
    } catch (const std::future_error&) {
      // The server stopped before it came to this call.
    }
  }
  return api_error(503, "unavailable",
                   "the server could not carry this out in time; it may still do so. See /v1/health");
}

std::string Server::status() const {
  namespace json = boost::json;
  const core::State& state = loop_.engine().state();
  json::object rejected, plugin;
  for (const auto& [reason, n] : loop_.rejects().counts()) rejected[reason] = n;
  for (const auto& [name, n] : loop_.session().counters()) plugin[name] = n;
  return json::serialize(json::object{{"version", CONVOKE_VERSION},
                                      {"site", config_.site.str()},
                                      {"server", config_.server_id.str()},
                                      {"now_ms", clock_.now()},
                                      {"broker_connected", loop_.session().drained()},
                                      {"broker_epoch", loop_.broker_epoch()},
                                      {"users", state.users.size()},
                                      {"plans", state.plans.size()},
                                      {"areas", loop_.engine().tracker().index().size()},
                                      {"groups", state.groups.size()},
                                      {"outbox", loop_.outbox().size()},
                                      {"dropped", dropped_.load()},
                                      {"too_large", loop_.session().too_large()},
                                      {"rejected", std::move(rejected)},
                                      {"broker_plugin", std::move(plugin)}});
}

/// A compaction that failed (a full disk) is tried again.
bool Server::compacted() {
  if (!compaction_.valid() || compaction_.wait_for(std::chrono::seconds(0)) != std::future_status::ready)
    return false;
  const store::Failure failure = compaction_.get();
  if (!failure) return true;
  spdlog::error("store: cannot be compacted: {}", *failure);
  compaction_ = std::async(std::launch::async, [this] {
    std::this_thread::sleep_for(kStoreRetry);
    return store_->compact();
  });
  return false;
}

ApiResponse Server::show_erasures() const {
  boost::json::array sites;
  for (const core::SiteId& site : loop_.eraser().waits_for()) sites.emplace_back(site.str());
  return {200, boost::json::serialize(boost::json::object{{"running", loop_.eraser().running()},
                                                          {"waits_for", std::move(sites)},
                                                          {"backups", boost::json::value_from(backups())}})};
}

/// The store as it is on the disk now.
ApiResponse Server::make_backup() {
  if (config_.backup_dir.empty())
    return api_error(409, "no-folder", "expected backup_dir in the server's configuration");
  const std::string name = "backup-" + std::to_string(Clock::real_now());
  std::error_code error;
  std::filesystem::create_directories(config_.backup_dir, error);
  if (const auto failure = store_->backup(config_.backup_dir + "/" + name))
    return api_error(503, "unavailable", "the backup cannot be made: " + *failure);
  return {201, boost::json::serialize(boost::json::object{{"backup", name}})};
}

/// Names of the backups that are there, the oldest first.
std::vector<std::string> Server::backups() const {
  std::vector<std::string> names;
  std::error_code error;
  if (!config_.backup_dir.empty())
    for (const auto& entry : std::filesystem::directory_iterator(config_.backup_dir, error))
      names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

/// Signed with our own key, which the other site knows us by. Good for one connection.
std::string Server::peer_token(const topics::SiteId& site) const {
  constexpr std::int64_t kLifetimeS = 3600, kSkewS = 25;
  const std::int64_t now_s = Clock::real_now() / 1000;
  if (!federation_key_) return {};
  return token::sign(*federation_key_, {config_.site.str(), site.str(), topics::Role::peer, "link",
                                        now_s - kSkewS, now_s + kLifetimeS})
      .value_or("");
}

/// Without our key nothing could be said to sites that still have a part in our chats.
void Server::require_federation_key() const {
  const auto& peers = loop_.engine().state().peers;
  if (federation_key_ || peers.empty()) return;
  throw std::runtime_error("federation.key_file: missing, though this site is joined with " +
                           peers.begin()->first.str() + "; to part, run convokectl peer remove first");
}

std::unique_ptr<egress::Link> Server::peer_link(const core::Peer& peer, std::uint64_t number) {
  const std::string id = peer.site.str() + ":" + config_.site.str() + ":link";
  return std::make_unique<egress::BrokerLink>(
      egress::LinkOptions{
          peer.host,
          peer.port,
          id,
          {},
          {},
          false,
          true,
          {config_.federation_ca_file, config_.federation_cert_file, config_.federation_cert_key_file}},
      [this, number](egress::LinkEvent event) {
        mailbox_.push(PeerEvent{number, std::move(event)});
      });
}

std::string Server::read_token() {
  std::ifstream in(config_.broker_token_file);
  std::string token;
  if (!(in >> token)) spdlog::error("broker.token_file {}: cannot be read", config_.broker_token_file);
  return token;
}

}  // namespace convoke::app
