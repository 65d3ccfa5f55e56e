#include "tests/simulation/sim_server.h"

#include <algorithm>
#include <utility>

#include "tests/simulation/violation.h"
#include "topics/messages/area_event.h"
#include "topics/token/token.h"
#include "topics/topic.h"

namespace convoke::simulation {
namespace {

constexpr std::int64_t kIdleMs = 1000;    // between two turns in which nothing is due
constexpr std::int64_t kWaitingMs = 100;  // the same, while the session waits for something
constexpr std::int64_t kCountersMs = 30'000;

topics::GroupId hex_id(Random& random) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string text;
  for (int i = 0; i < 2; ++i)
    for (std::uint64_t bits = random.next(), k = 0; k < 16; ++k, bits >>= 4) text += kHex[bits & 15];
  return topics::GroupId::parse(text);
}

}  // namespace

SimServer::SimServer(Agenda& agenda, Random random, Broker& broker, Disk& disk, std::string token,
                     Watch watch, ServerPlace place)
    : agenda_(agenda),
      random_(random),
      broker_(broker),
      disk_(disk),
      token_(std::move(token)),
      watch_(std::move(watch)),
      place_(std::move(place)),
      desk_(place_.site, {}) {
  disk_.before_write = [this] { count_write(false); };
  disk_.after_write = [this] { count_write(true); };
}

// ---- Life and death ---------------------------------------------------------------------------------------

app::Loop::Hooks SimServer::hooks() {
  return {
      .read_token = [this] { return token_; },
      .fresh_id = [this] { return hex_id(random_); },
      .time_of = [](std::int64_t real_ms) { return real_ms; },
      .warn = [this](const std::string& line) { watch_.trace("server warns: " + line); },
      .try_again = [](const std::string&) { return true; },
      .problem = [](const std::string&, const std::string&) {},
      .arrived = [](topics::Kind) {},
      .staff =
          [this](const topics::Topic& topic, const egress::LinkMessage& message, core::Context& ctx) {
            desk_.take(
                topic, message, agenda_.now(),
                [&](const topics::Principal& who, app::Command command) {
                  return app::execute(loop_->engine(), who, std::move(command), "{}", ctx);
                },
                ctx);
          },
      .released = [this](const core::Effects& fx) { watch_.released(fx); },
      .mark = [this](const core::UserId& user) { return token::subject_mark(place_.site.str(), user.str()); },
      .peer_link = place_.peer_link,
      .peer_token = place_.peer_token};
}

void SimServer::start() {
  if (loop_) return;
  ++life_;
  was_drained_ = false;
  try {
    loop_ = std::make_unique<app::Loop>(
        app::Loop::Options{place_.site, topics::ServerId::parse("main"), geo::Rule::plain(), "0"}, disk_,
        *this, hooks(), agenda_.now());
  } catch (const Crash&) {
    return kill(false);
  }
  desk_.load(loop_->journal().staff_answers());
  watch_.trace("server starts");
  watch_.loaded();
  wake(agenda_.now());
}

void SimServer::kill(bool power) {
  ++deaths_;
  ++life_;
  loop_.reset();
  desk_ = app::StaffDesk(place_.site, {});
  for (const auto* mails : {&taken_, &mailbox_})
    for (const Mail& m : *mails)
      if (const auto* event = std::get_if<egress::LinkEvent>(&m))
        if (const auto* message = std::get_if<egress::LinkMessage>(event))
          watch_.lost(message->topic, message->stamp);
  taken_.clear();
  mailbox_.clear();
  wake_ms_ = 0;
  if (connection_) broker_.abandon(std::exchange(connection_, nullptr));
  if (power) disk_.lose_power();
  watch_.trace(power ? "server dies with its machine" : "server dies");
  watch_.died();
}

bool SimServer::ask_counters() {
  try {
    loop_->session().ask_counters();
    return true;
  } catch (const Crash&) {
    kill(false);
    return false;
  }
}

void SimServer::count_write(bool after) {
  if (!after) ++writes_;
  if (writes_ == die_at_write_ && after == die_after_) throw Crash{};
}

void SimServer::count_send() {
  if (++sends_ == die_at_send_) throw Crash{};
}

// ---- Turns ------------------------------------------------------------------------------------------------

void SimServer::call(app::Command command, Answer answer) {
  if (loop_) mail(Call{std::move(command), std::move(answer)});
}

void SimServer::mail(Mail item) {
  if (!loop_) return;
  mailbox_.push_back(std::move(item));
  wake(agenda_.now() + random_.between(0, 3));
}

void SimServer::wake(std::int64_t at_ms) {
  if (wake_ms_ != 0 && wake_ms_ <= at_ms) return;
  wake_ms_ = at_ms;
  agenda_.at(at_ms, [this, at_ms, life = life_] {
    if (life == life_ && wake_ms_ == at_ms) turn();
  });
}

void SimServer::turn() {
  wake_ms_ = 0;
  try {
    work();
  } catch (const Crash&) {
    return kill(random_.percent(50));
  }
  sleep();
  watch_.turned();
}

void SimServer::work() {
  egress::BrokerSession& session = loop_->session();
  session.tick(agenda_.now());
  std::vector<std::pair<Answer, app::ApiResponse>> answers;
  taken_ = std::exchange(mailbox_, {});
  loop_->turn(times(), [&](core::Context& ctx) {
    for (const Mail& m : taken_) {
      loop_->refill_ids();
      if (const auto* event = std::get_if<egress::LinkEvent>(&m)) {
        egress::LinkEvent copy = *event;
        loop_->take(copy);
        continue;
      }
      if (const auto* told = std::get_if<PeerEvent>(&m)) {
        loop_->take_peer(told->link, told->event);
        continue;
      }
      const Call& call = std::get<Call>(m);
      const topics::Principal eve{place_.site, topics::Role::staff, "eve", topics::DeviceId::parse("desk")};
      app::ApiResponse response = app::execute(loop_->engine(), eve, call.command, "{}", ctx);
      answers.emplace_back(call.answer, std::move(response));
    }
  });
  if (sabotage_.spoils) sabotage_.spoils(loop_->engine().state());
  taken_.clear();
  for (const auto& [answer, response] : answers) answer(response);
  session.pump();
  if (session.drained() && !std::exchange(was_drained_, true)) session.publish_status(true, agenda_.now());
  was_drained_ = session.drained();
  if (agenda_.now() - housekeeping_ms_ < kCountersMs) return;
  housekeeping_ms_ = agenda_.now();
  session.ask_counters();
}

void SimServer::sleep() {
  const egress::BrokerSession& session = loop_->session();
  std::int64_t at = agenda_.now() + (session.drained() ? kIdleMs : kWaitingMs);
  if (session.drained())
    if (const auto next = loop_->engine().next_deadline()) at = std::min(at, std::max(*next, agenda_.now()));
  wake(at);
}

// ---- The link ---------------------------------------------------------------------------------------------

void SimServer::connect(const std::string& token) {
  ++connection_number_;
  if (connection_) broker_.abandon(connection_);
  Message will{topics::server_status_topic(place_.site, topics::ServerId::parse("main")),
               encode(messages::ServerStatus{false, "0", 0}),
               "",
               true,
               {}};
  connection_ = broker_.connect(*this, place_.site.str() + ":main:server", token, std::move(will));
}

void SimServer::disconnect() {
  if (connection_) broker_.disconnect(connection_);
}

void SimServer::cut(std::int64_t notices_ms) {
  if (connection_) broker_.cut(connection_, notices_ms, random_.between(0, 30'000));
}

void SimServer::subscribe(const std::vector<Filter>& filters) {
  std::vector<Broker::Filter> asked;
  for (const Filter& filter : filters) asked.push_back({filter.text, filter.qos, filter.always_retained});
  broker_.subscribe(connection_, std::move(asked), 0);
}

void SimServer::publish(const std::string& topic, const std::string& payload, int qos, bool retain,
                        const std::string& correlation, std::uint64_t number) {
  count_send();
  if (sabotage_.loses_send && sabotage_.loses_send(topic, payload)) {
    if (qos > 0) published(number, 0);
    return;
  }
  watch_.said(topic, payload);
  Message message{topic, payload, correlation, retain, {}};
  if (sabotage_.garbles) sabotage_.garbles(topic, message.payload);
  broker_.publish(connection_, std::move(message), qos, number);
}

void SimServer::up(bool session_present) { mail(egress::LinkUp{connection_number_, session_present}); }
void SimServer::down(int) { mail(egress::LinkDown{connection_number_, "gone"}); }
void SimServer::arrived(const Message& m) {
  mail(egress::LinkMessage{connection_number_, m.topic, m.payload, m.correlation, m.stamp});
}
void SimServer::published(std::uint64_t ticket, int code) {
  mail(egress::LinkDone{connection_number_, ticket, code});
}

}  // namespace convoke::simulation
