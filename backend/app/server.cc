#include "backend/app/server.h"

#include <openssl/rand.h>
#include <spdlog/spdlog.h>

#include <boost/json.hpp>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "backend/app/history_page.h"
#include "backend/app/overload.h"
#include "backend/app/reports_answer.h"
#include "backend/core/organizer.h"
#include "backend/store/records.h"
#include "topics/messages/area_event.h"
#include "topics/messages/limits.h"
#include "topics/messages/request.h"
#include "topics/topic.h"

#ifndef CONVOKE_VERSION
#define CONVOKE_VERSION "0"
#endif

namespace convoke::app {
namespace {

// In stock before each step, besides one for each plan: a step starts one group of a plan at most, and one
// call brings up to 1000 new plans.
constexpr std::size_t kFreshIds = 1024;
constexpr std::size_t kMaxMail = 200'000;  // beyond it what will come again is dropped
constexpr std::int64_t kPositionsEveryMs = 1000;
constexpr std::int64_t kHousekeepingEveryMs = 5000;
constexpr std::size_t kMaxStaffAnswer = 60'000;  // over MQTT
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
      return "staff";
    default:
      return "other";
  }
}

std::string to_message(std::optional<std::string> id, const ApiResponse& response) {
  return encode(
      messages::StaffResponse{std::move(id), static_cast<std::uint32_t>(response.status), response.body});
}

}  // namespace

Server::Server(Config config)
    : config_(std::move(config)),
      clock_(config_.dev_clock),
      keys_(config_.keys_file),
      store_(store::open_rocksdb(config_.data_dir)),
      journal_(*store_),
      engine_(config_.site, config_.rule),
      decoder_(engine_, [](const std::string& line) { spdlog::warn("{}", line); }),
      metrics_(config_.metrics_host, config_.metrics_port),
      link_(link_options(config_),
            [this](egress::LinkEvent event) {
              if (mailbox_.size() < kMaxMail || !is_repeated(event))
                mailbox_.push(std::move(event));
              else
                ++dropped_;
            }),
      session_(config_.site, config_.server_id, CONVOKE_VERSION, link_, outbox_,
               {[this] { return read_token(); }, [this] { return core::full_feed(engine_.state()); },
                [this](std::uint64_t epoch) { broker_fed(epoch); },
                [this](const core::FeedChange& change) { feed_confirmed(change); },
                [](const std::string& line) { spdlog::warn("{}", line); }}) {
  const core::TimeMs now = clock_.now();
  for (auto& [seq, message] : journal_.load(engine_, now)) outbox_.push({seq, std::move(message)});
  engine_.loaded(now);
  spdlog::info("store loaded: users={} plans={} groups={} outbox={}", engine_.state().users.size(),
               engine_.state().plans.size(), engine_.state().groups.size(), outbox_.size());
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
                        config_.area_limits});
  set_problem("broker", "not connected yet");
  http_->start(config_.http_host, config_.http_port);
  while (!stopping_) {
    session_.tick(Clock::real_now());
    turn(mailbox_.take(patience()));
    if (session_.drained() && !std::exchange(was_drained_, true)) session_.publish_status(true, clock_.now());
    was_drained_ = session_.drained();
    if (was_drained_ && !std::exchange(announced_ready_, true)) ready();
    housekeeping(Clock::real_now());
  }
  events_.close();
  http_->stop();
  journal_.add_positions(engine_);
  journal_.remove_outgoing(outbox_.take_finished());
  if (auto failure = journal_.commit()) spdlog::error("store: {}", *failure);
  session_.close(clock_.now());
}

void Server::reload_keys() {
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
  if (session_.drained())
    if (auto next = engine_.next_deadline()) wait = std::min(wait, clock_.until(*next));
  return std::chrono::milliseconds(wait);
}

void Server::turn(std::deque<Mail> mail) {
  core::Effects fx;
  core::Context ctx{clock_.now(), fresh_ids_, fx};
  ctx_ = &ctx;
  Answers answers;
  for (Mail& item : mail) {
    refill_ids();
    if (auto* event = std::get_if<egress::LinkEvent>(&item)) {
      handle(*event, ctx);
      continue;
    }
    auto& c = std::get<std::unique_ptr<ApiCall>>(item);
    ApiResponse response = carry_out(c->who, std::move(c->command), ctx);
    answers.emplace_back(std::move(c), std::move(response));
  }
  refill_ids();
  if (session_.drained()) engine_.tick(ctx);
  engine_.finish(ctx);
  const auto seqs = journal_.add(engine_, fx);
  if (fx.graced_since) journal_.put_meta(store::kBrokerEpochKey, std::to_string(broker_epoch_));
  if (!commit()) return;  // stopping with a store that cannot be written: nothing is acknowledged
  release(fx, seqs);
  for (auto& [c, response] : answers) c->answer.set_value(std::move(response));
  session_.pump();
}

void Server::handle(egress::LinkEvent& event, core::Context& ctx) {
  const std::int64_t real = Clock::real_now();
  if (auto* up = std::get_if<egress::LinkUp>(&event)) {
    spdlog::info("broker connected, session_present={}", up->session_present);
    return session_.link_up(*up, real);
  }
  if (auto* down = std::get_if<egress::LinkDown>(&event)) {
    set_problem("broker", down->why);
    return session_.link_down(*down, real);
  }
  if (auto* done = std::get_if<egress::LinkDone>(&event)) return session_.link_done(*done);
  auto& message = std::get<egress::LinkMessage>(event);
  if (message.stamp && !session_.stamp_holds(*message.stamp))
    message.stamp.reset();  // counted by the decoder
  if (!session_.message(message)) handle(message, ctx);
}

void Server::handle(const egress::LinkMessage& message, core::Context& ctx) {
  auto topic = topics::parse_topic(message.topic);
  const bool of_a_site = topic && topic->kind != topics::Kind::owntracks;
  if (!topic || (of_a_site && topic->site != config_.site)) return decoder_.unknown_topic(Clock::real_now());
  metrics_.count_message(kind_name(topic->kind));
  if (topic->kind == topics::Kind::staff_request) return handle_staff(*topic, message, ctx);
  decoder_.handle(*topic, {message.topic, message.payload, message.correlation, message.stamp},
                  Clock::real_now(), ctx);
}

/// The staff interface over MQTT. The broker has checked that the sender has the role staff or operator;
/// which of the two does not show in the topic, so it acts as staff.
void Server::handle_staff(const topics::Topic& topic, const egress::LinkMessage& message,
                          core::Context& ctx) {
  const bool echo = message.correlation.size() <= messages::kMaxCorrelationBytes;
  const auto answer = [&](std::string body) {
    ctx.publish({topics::staff_response_topic(config_.site, topic.user, topic.device), std::move(body), 1,
                 false, false, echo ? message.correlation : ""});
  };
  if (const std::string* had = staff_answers_.find(message.topic, message.payload, Clock::real_now()))
    return answer(*had);
  const auto request = messages::decode_staff_request(message.payload);
  if (!request) {
    const std::string id = messages::request_id(message.payload);
    return answer(to_message(id.empty() ? std::nullopt : std::optional(id),
                             api_error(400, "bad-request", request.error().to_string())));
  }
  ApiResponse response = carry_out(*request, topic, ctx);
  if (response.body.size() > kMaxStaffAnswer)
    response = api_error(413, "too-large", "the answer is too large for a message; use HTTP");
  std::string body = to_message(request->id, response);
  if (request->method != messages::Method::get)
    staff_answers_.remember(message.topic, message.payload, body, Clock::real_now());
  answer(std::move(body));
}

ApiResponse Server::carry_out(const messages::StaffRequest& request, const topics::Topic& topic,
                              core::Context& ctx) {
  const ApiRequest call{{config_.site, topics::Role::staff, topic.user.str(), topic.device},
                        std::string(to_string(request.method)),
                        request.path,
                        "application/json",
                        request.body,
                        {},
                        config_.area_limits};
  auto parsed = parse_api(call);
  if (auto* refused = std::get_if<ApiResponse>(&parsed)) return *refused;
  return carry_out(call.who, std::get<Command>(std::move(parsed)), ctx);
}

ApiResponse Server::carry_out(const topics::Principal& who, Command command, core::Context& ctx) {
  if (const auto* list = std::get_if<ListReports>(&command)) {
    if (!engine_.state().group(list->id)) return api_error(404, "not-found", "no such group");
    return reports_answer(journal_.reports(list->id, list->after, kMaxReports + 1));
  }
  return execute(engine_, who, std::move(command), status(), ctx);
}

bool Server::commit() {
  journal_.remove_outgoing(outbox_.take_finished());
  if (const auto real = Clock::real_now(); real - positions_written_ms_ >= kPositionsEveryMs) {
    journal_.add_positions(engine_);
    positions_written_ms_ = real;
  }
  auto failure = journal_.commit();
  if (failure) spdlog::error("store: {}; nothing is acknowledged until it can be written again", *failure);
  while (failure && !stopping_) {
    set_problem("store", *failure);
    std::this_thread::sleep_for(kStoreRetry);
    failure = journal_.commit();
    if (!failure) spdlog::info("store: can be written again");
  }
  set_problem("store", "");
  return !failure;
}

void Server::release(core::Effects& fx, const std::vector<std::uint64_t>& seqs) {
  for (std::size_t i = 0; i < fx.out.size(); ++i) outbox_.push({seqs[i], std::move(fx.out[i])});
  for (const core::HistoryQuery& query : fx.history) answer_history(query);
  for (const core::Event& event : fx.events) metrics_.count_event(event_type(event));
  events_.publish(fx.events);
}

void Server::answer_history(const core::HistoryQuery& query) {
  auto found = journal_.history(query.group, query.epoch, query.n, query.limit);
  messages::Response response{query.request_id,
                              messages::RequestError{"unavailable", "the archive cannot be read", {}}};
  if (found)
    response.result = history_page(*std::move(found), query.limit);
  else
    spdlog::error("store: the archive of {} cannot be read", query.group.str());
  core::Publish p{query.response_topic, encode(response), 1, false, false, query.correlation};
  outbox_.push({0, std::move(p)});
}

void Server::broker_fed(std::uint64_t epoch) {
  const std::string seen = journal_.meta(store::kBrokerEpochKey);
  const bool restarted = seen != std::to_string(epoch);
  broker_epoch_ = epoch;
  spdlog::info("broker plugin fed, epoch={} restarted={}", epoch, restarted);
  engine_.broker_connected(
      restarted ? std::optional(clock_.at(static_cast<std::int64_t>(epoch))) : std::nullopt, *ctx_);
  set_problem("broker", "");
}

void Server::feed_confirmed(const core::FeedChange& change) {
  if (change.retires) engine_.feed_confirmed(*change.retires, *ctx_);
}

void Server::refill_ids() {
  const std::size_t wanted = kFreshIds + engine_.state().plans.size();
  while (fresh_ids_.size() < wanted) fresh_ids_.push_back(random_group_id());
}

void Server::housekeeping(std::int64_t real_ms) {
  if (real_ms - housekeeping_ms_ < kHousekeepingEveryMs) return;
  housekeeping_ms_ = real_ms;
  std::size_t live = 0;
  for (const auto& [id, group] : engine_.state().groups) live += group.state == core::GroupState::open;
  metrics_.set_gauge("users", static_cast<double>(engine_.state().users.size()));
  metrics_.set_gauge("plans", static_cast<double>(engine_.state().plans.size()));
  metrics_.set_gauge("areas", static_cast<double>(engine_.tracker().index().size()));
  metrics_.set_gauge("live_groups", static_cast<double>(live));
  metrics_.set_gauge("outbox", static_cast<double>(outbox_.size()));
  metrics_.set_gauge("dropped", static_cast<double>(dropped_));
  metrics_.set_gauge("too_large", static_cast<double>(session_.too_large()));
  metrics_.set_gauge("broker_connected", session_.drained() ? 1 : 0);
  metrics_.set_rejects(decoder_.rejects().counts());
  metrics_.set_broker_counters(session_.counters());
  session_.ask_counters();
}

void Server::set_problem(const std::string& what, const std::string& detail) {
  const MutexLock lock(problems_mutex_);
  if (detail.empty())
    problems_.erase(what);
  else
    problems_[what] = detail;
}

ApiResponse Server::call(const topics::Principal& who, Command command) {
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
  json::object rejected, plugin;
  for (const auto& [reason, n] : decoder_.rejects().counts()) rejected[reason] = n;
  for (const auto& [name, n] : session_.counters()) plugin[name] = n;
  return json::serialize(json::object{{"version", CONVOKE_VERSION},
                                      {"site", config_.site.str()},
                                      {"server", config_.server_id.str()},
                                      {"now_ms", clock_.now()},
                                      {"broker_connected", session_.drained()},
                                      {"broker_epoch", broker_epoch_},
                                      {"users", engine_.state().users.size()},
                                      {"plans", engine_.state().plans.size()},
                                      {"areas", engine_.tracker().index().size()},
                                      {"groups", engine_.state().groups.size()},
                                      {"outbox", outbox_.size()},
                                      {"dropped", dropped_.load()},
                                      {"too_large", session_.too_large()},
                                      {"rejected", std::move(rejected)},
                                      {"broker_plugin", std::move(plugin)}});
}

std::string Server::read_token() {
  std::ifstream in(config_.broker_token_file);
  std::string token;
  if (!(in >> token)) spdlog::error("broker.token_file {}: cannot be read", config_.broker_token_file);
  return token;
}

}  // namespace convoke::app
