#include "tests/simulation/world.h"

#include <algorithm>
#include <utility>

#include "tests/simulation/agenda.h"
#include "tests/simulation/broker.h"
#include "tests/simulation/checks.h"
#include "tests/simulation/desk.h"
#include "tests/simulation/disk.h"
#include "tests/simulation/disk_checks.h"
#include "tests/simulation/outside.h"
#include "tests/simulation/phone.h"
#include "tests/simulation/plans.h"
#include "tests/simulation/random.h"
#include "tests/simulation/rest_checks.h"
#include "tests/simulation/said.h"
#include "tests/simulation/sim_server.h"
#include "tests/simulation/staff.h"
#include "tests/simulation/violation.h"
#include "tests/support/temp_dir.h"
#include "topics/token/token.h"

namespace convoke::simulation {
namespace {

constexpr std::uint64_t kMaxSteps = 50'000'000;
constexpr std::int64_t kBreathMs = 2000;
constexpr std::int64_t kAnswerMs = 20'000;  // there and back over the slowest connection; below kStableMs
constexpr std::int64_t kQuietMs = 150'000, kStableMs = 25'000, kMaxQuietMs = 3'600'000;

const token::KeySet& keys() {
  static const token::KeySet kKeys = token::KeySet::parse(
      R"({"keys":[{"kty":"oct","alg":"HS256","kid":"s","k":"MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE"}]})");
  return kKeys;
}

std::string make_token(topics::Role role, const std::string& subject, const std::string& device,
                       std::int64_t issued_s = kStart / 1000 - 60) {
  return sign(keys(), {subject, "demo", role, device, issued_s, kStart / 1000 + 86'400}).value();
}

/// What goes wrong in this world, by its seed.
struct Faults {
  bool network = false, broker = false, server = false, disk = false, sessions = false, short_queues = false;
};

class World {
 public:
  explicit World(const Options& options);
  Outcome run();

 private:
  Faults draw_faults();
  std::unique_ptr<store::Store> beneath();
  SimServer::Watch server_watch();
  Phone::Watch phone_watch(std::size_t number);
  void trace(const std::string& line);

  void round();
  void act();
  void act_on_phone(Phone& phone);
  void chat(Phone& phone);
  void fault();
  void restart_broker();
  void arm_crash();

  void come_to_rest();
  void check_rest();
  void check_lists(const Phone& phone, const std::string& topic);
  void step_until(std::int64_t time_ms);
  void check_places();
  void check_outbox();

  const Options options_;
  Random random_;
  Agenda agenda_{kStart};
  std::unique_ptr<test::TempDir> folder_;
  std::size_t count_;
  Faults faults_;
  Disk disk_;
  Broker broker_;
  StepChecks checks_;
  Said said_;
  SimServer server_;
  Desk desk_;
  Staff staff_;
  Outside outside_;
  std::vector<std::unique_ptr<Phone>> phones_;
  std::vector<int> places_;
  std::map<std::string, std::set<std::string, std::less<>>> hidden_;  // whom each phone hid last
  std::int64_t changed_ms_ = 0;                                       // when a group changed last
  bool resting_ = false;
  Outcome outcome_;
};

World::World(const Options& options)
    : options_(options),
      random_(options.seed),
      count_(options.phones ? options.phones : static_cast<std::size_t>(random_.between(100, 300))),
      faults_(draw_faults()),
      disk_(beneath(), random_.split()),
      broker_(agenda_, random_.split(), topics::SiteId::parse("demo"), keys(),
              {faults_.short_queues ? static_cast<std::size_t>(random_.between(1, 20)) : 20'000}),
      server_(agenda_, random_.split(), broker_, disk_, make_token(topics::Role::server, "main", "server"),
              server_watch()),
      desk_(agenda_, broker_, make_token(topics::Role::staff, "eve", "desk")),
      staff_(agenda_, random_.split(), server_, desk_, count_,
             [this](const std::string& line) { trace(line); }),
      outside_(agenda_, random_.split(), server_, count_, [this](const std::string& line) { trace(line); }) {
  staff_.plan_changes = [this](const std::string& plan) { outside_.plan_changed(plan); };
  broker_.lost_for_server = [this](const Message& message) { checks_.lost(message.topic, message.stamp); };
  disk_.loses = options_.sabotage.loses_write;
  server_.sabotage(options_.sabotage);
  broker_.handing_out = [this](const std::string& client, const Message& message) {
    if (options_.trace > 0) trace(message.topic + " to " + client + " " + message.payload);
    checks_.handing_out(client, message);
    if (server_.drained() && server_.loop().outbox().size() == 0)
      checks_.handing_out_between(server_.loop().engine().state(), client, message);
  };
  for (std::size_t i = 0; i < count_; ++i) {
    const std::string user = "u" + std::to_string(i);
    phones_.push_back(std::make_unique<Phone>(agenda_, random_.split(), broker_, user,
                                              make_token(topics::Role::terminal, user, "phone"),
                                              phone_watch(i)));
    places_.push_back(kAreas);
  }
}

Faults World::draw_faults() {
  if (options_.calm) return {};
  Faults f;
  f.network = random_.percent(70);
  f.broker = random_.percent(25);
  f.server = random_.percent(25);
  f.disk = random_.percent(20);
  f.sessions = random_.percent(30);
  f.short_queues = random_.percent(20);
  return f;
}

std::unique_ptr<store::Store> World::beneath() {
  if (!options_.disk) return store::make_memory_store();
  folder_ = std::make_unique<test::TempDir>();
  return store::open_rocksdb(*folder_ / "store");
}

SimServer::Watch World::server_watch() {
  return {
      .released =
          [this](const core::Effects& fx) {
            const core::State& state = server_.loop().engine().state();
            if (!fx.groups.empty() || !fx.members.empty()) changed_ms_ = agenda_.now();
            checks_.released(state, fx, agenda_.now());
            for (const core::UserId& user : fx.erased) staff_.erased(user.str());
          },
      .turned =
          [this] {
            if (server_.drained())
              checks_.turned(server_.loop().engine().state(), agenda_.now(), staff_.extended());
          },
      .loaded =
          [this] {
            checks_.loaded(server_.loop().engine().state(), agenda_.now());
            for (const auto& [user, at_ms] : server_.loop().engine().state().erased_ms) {
              checks_.erased(user.str(), agenda_.now());
              staff_.erased(user.str());
            }
            staff_.check_promises(server_.loop().engine().state());
            outside_.check_promises(server_.loop().engine().state());
          },
      .died =
          [this] {
            staff_.server_died();
            outside_.server_died();
            agenda_.in(resting_ ? 1000 : random_.between(50, 20'000), [this] { server_.start(); });
          },
      .lost = [this](const std::string& topic, const auto& stamp) { checks_.lost(topic, stamp); },
      .said = [this](const std::string& topic, const std::string& payload) { said_.note(topic, payload); },
      .trace = [this](const std::string& line) { trace(line); }};
}

Phone::Watch World::phone_watch(std::size_t number) {
  const std::string user = "u" + std::to_string(number);
  return {
      .archived = [this, user](const auto& group, const auto& id,
                               std::int64_t said_ms) { checks_.archived(group, user, id, said_ms); },
      .registered = [this, user](const auto& plan,
                                 bool registered) { staff_.self_registered(user, plan, registered); },
      .blocked = [this, user](const auto& other, bool blocked) { staff_.blocked(user, other, blocked); },
      .heard = [this, number](const auto& topic) { check_lists(*phones_[number], topic); },
      .fresh_token =
          [this, user] { return make_token(topics::Role::terminal, user, "phone", agenda_.now() / 1000); },
      .trace = [this](const std::string& line) { trace(line); }};
}

void World::trace(const std::string& line) { note(outcome_, options_, agenda_, line); }

// ---- The story --------------------------------------------------------------------------------------------

Outcome World::run() {
  outcome_.phones = count_;
  try {
    arm_crash();
    server_.start();
    staff_.put_areas();
    staff_.put_plans(6);
    for (auto& phone : phones_)
      if (random_.percent(85)) agenda_.in(random_.between(0, 15'000), [&p = *phone] { p.open(); });
    for (std::size_t rounds = random_.percent(30) ? 2 : 1; rounds > 0; --rounds) {
      round();
      come_to_rest();
      check_rest();
    }
  } catch (const std::exception& e) {
    outcome_.failure = failure_at(agenda_, e.what());
  }
  outcome_.steps = agenda_.steps();
  outcome_.writes = server_.writes();
  outcome_.sends = server_.sends();
  outcome_.deaths = server_.deaths();
  outcome_.archived = checks_.archived().size();
  if (!server_.running()) return outcome_;
  const core::State& state = server_.loop().engine().state();
  outcome_.groups = state.groups.size();
  for (const auto& [id, group] : state.groups) outcome_.ended += group.state == core::GroupState::retired;
  return outcome_;
}

/// Every other seed has a crash of its own.
void World::arm_crash() {
  std::optional<CrashPoint> crash = options_.crash;
  if (!crash && !options_.calm && options_.seed % 2 == 1) {
    crash.emplace();
    crash->at = static_cast<CrashPoint::At>(random_.below(3));
    crash->n = 1 + random_.below(crash->at == CrashPoint::At::send ? 3000 : 1500);
  }
  if (!crash) return;
  if (crash->at == CrashPoint::At::send)
    server_.die_at_send(crash->n);
  else
    server_.die_at_write(crash->n, crash->at == CrashPoint::At::after_write);
}

void World::round() {
  resting_ = false;
  if (faults_.network) broker_.weather = {5, 400, 3};
  const std::int64_t until = agenda_.now() + random_.between(60'000, options_.calm ? 90'000 : 150'000);
  const std::int64_t pace = options_.calm ? 900 : 500;
  while (agenda_.now() < until) {
    step_until(agenda_.now() + random_.between(0, pace));
    act();
    if (random_.percent(1) && server_.drained())
      check_memory_against_disk(server_.loop().engine(), disk_, agenda_.now());
  }
}

void World::act() {
  const std::size_t dice = random_.below(100);
  if (dice < 14) return staff_.act();
  if (dice < 20) return outside_.act();
  if (dice < 28) return fault();
  act_on_phone(*random_.pick(phones_));
}

void World::act_on_phone(Phone& phone) {
  if (!phone.wants_connection()) return phone.open();
  const std::size_t dice = random_.below(100);
  if (dice < 30) {
    const auto number = std::stoul(phone.user().substr(1));
    places_[number] = static_cast<int>(random_.below(kAreas + 2));
    return phone.go_to(spot(places_[number]).lat, spot(places_[number]).lon);
  }
  if (dice < 42) {
    static constexpr sdk::Presence kAll[] = {sdk::Presence::available, sdk::Presence::available,
                                             sdk::Presence::away, sdk::Presence::busy};
    return phone.set_presence(kAll[random_.below(4)]);
  }
  if (dice < 46) return phone.close();
  if (dice < 49) {
    checks_.killed(phone.user(), agenda_.now());
    return phone.kill();
  }
  if (dice < 57) {
    const std::string plan = "p" + std::to_string(random_.below(6));
    staff_.self_registers(phone.user(), plan);
    return phone.set_registered(plan, random_.percent(70));
  }
  if (dice < 60) {
    const std::string other = random_.pick(phones_)->user();
    if (other == phone.user()) return;
    staff_.blocks(phone.user(), other);
    return phone.set_blocked(other, random_.percent(70));
  }
  if (dice < 61) {
    trace(phone.user() + " erases themselves");
    return phone.erase();
  }
  chat(phone);
}

/// Whoever is drawn may be in no chat: then somebody else who is in one.
void World::chat(Phone& drawn) {
  Phone* phone = &drawn;
  for (int tries = 0; tries < 30 && (!phone->running() || phone->chats().empty()); ++tries)
    phone = random_.pick(phones_).get();
  if (!phone->running() || phone->chats().empty()) return;
  const auto& chats = phone->chats();
  const std::string group =
      std::next(chats.begin(), static_cast<std::ptrdiff_t>(random_.below(chats.size())))->first;
  const std::size_t dice = random_.below(100);
  if (dice < 55) return phone->send(group, "text " + std::to_string(random_.below(1'000'000)));
  if (dice < 70) return phone->edit_own(group, "edit " + std::to_string(random_.below(1'000'000)));
  if (dice < 78) return phone->delete_own(group);
  if (dice < 83) return phone->report_other(group);
  if (dice < 90) return phone->load_more(group);
  if (dice < 95) return phone->signal(group);
  phone->leave(group);
}

void World::fault() {
  Phone& phone = *random_.pick(phones_);
  const std::size_t dice = random_.below(100);
  if (faults_.network && dice < 60) return phone.cut(random_.between(0, 30'000));
  if (faults_.network && dice < 70) return server_.cut(random_.between(0, 5'000));
  if (faults_.sessions && dice < 85) return broker_.expire(phone.client_id());
  if (faults_.disk && dice < 90) return disk_.fill(static_cast<int>(random_.between(1, 5)));
  if (faults_.broker && dice < 93) return restart_broker();
  if (faults_.server && dice < 96 && server_.running()) {
    trace("kill -9");
    return server_.kill(random_.percent(30));
  }
}

void World::restart_broker() {
  if (!broker_.running()) return;
  trace("broker stops");
  broker_.stop();
  agenda_.in(random_.between(10, 15'000), [this] {
    trace("broker starts");
    broker_.start();
  });
}

// ---- Rest -------------------------------------------------------------------------------------------------

void World::step_until(std::int64_t time_ms) {
  while (agenda_.step(time_ms))
    if (agenda_.steps() > kMaxSteps) throw Violation("the world does not come to rest");
}

/// The network is well, everybody is online, nothing new starts; until nothing has changed for a while.
void World::come_to_rest() {
  trace("all comes to rest");
  resting_ = true;
  broker_.weather = {};
  const std::int64_t since = agenda_.now();
  step_until(since + 20'000);  // whoever is to start again has
  staff_.disable_plans();
  for (auto& phone : phones_)
    if (!phone->wants_connection()) phone->open();
  for (const std::int64_t at : {10'000, 60'000, 100'000}) {
    step_until(since + 20'000 + at);
    for (auto& phone : phones_) phone->report_position();
  }
  step_until(since + kQuietMs);
  const auto settled = [&] {
    return server_.drained() && agenda_.now() - changed_ms_ >= kStableMs &&
           server_.loop().outbox().size() == 0;
  };
  const auto told = [&] { return !server_.loop().session().counters().empty(); };
  for (bool asked = false; !asked || !settled() || !told();) {
    if (agenda_.now() - since > kMaxQuietMs) throw Violation("the server does not come to rest");
    asked = settled() && server_.ask_counters();  // for check_plugin
    step_until(agenda_.now() + (asked ? kAnswerMs : kBreathMs));
  }
}

/// A phone has got this: it shows nothing that the server has not said.
void World::check_lists(const Phone& phone, const std::string& topic) {
  const sdk::Session& session = phone.session();
  auto& before = hidden_[phone.user()];
  before.insert(session.hidden().begin(), session.hidden().end());
  for (const std::string& other : before) checks_.apart(phone.user(), other, agenda_.now());
  before = session.hidden();
  if (topic.find("/chat/") != std::string::npos || topic.find("/signal/") != std::string::npos) return;
  for (const sdk::Group& group : session.groups())
    said_.check(phone.user(), group, session.buddies(group.id), session.hidden());
}

/// What was sent is off the disk.
void World::check_outbox() {
  disk_.scan(store::Family::outbox, {}, {}, [](auto, auto value) -> bool {
    throw Violation("a message stays in the outbox on the disk: " + std::string(value));
  });
}

void World::check_rest() {
  check_outbox();
  app::Loop& loop = server_.loop();
  const core::Engine& engine = loop.engine();
  check_memory_against_disk(engine, disk_, agenda_.now());
  check_start_keys(engine.state());
  check_forgotten(engine.state(), disk_);
  staff_.check_promises(engine.state());
  outside_.check_promises(engine.state());
  for (const auto& [user, at_ms] : staff_.erasures())
    check_erased(user, at_ms, engine, server_.loop().journal());
  check_archive(checks_, engine, server_.loop().journal());
  check_retained(engine.state(), broker_);
  check_plugin(engine.state(), loop.session());
  check_places();
  for (const auto& phone : phones_) {
    if (!phone->connected()) throw Violation("the phone of " + phone->user() + " does not come online");
    check_phone(checks_, engine, server_.loop().journal(), *phone);
  }
}

/// Of whom was erased the server knows no place until their phone tells the next one.
void World::check_places() {
  const core::Engine& engine = server_.loop().engine();
  for (std::size_t i = 0; i < count_; ++i) {
    const std::string name = "u" + std::to_string(i);
    const core::User* user = engine.state().user(topics::UserId::parse(name));
    std::string known, real = places_[i] < kAreas ? "a" + std::to_string(places_[i]) + " " : "";
    if (user)
      for (const auto& area : user->areas) known += area.str() + " ";
    if (known != real && !(known.empty() && checks_.is_placeless(name)))
      throw Violation(name + " is in \"" + real + "\", the server says \"" + known + "\"");
  }
}

}  // namespace

Outcome run(Options options) { return play<World>(std::move(options)); }

}  // namespace convoke::simulation
