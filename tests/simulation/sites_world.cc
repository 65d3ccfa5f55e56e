#include "tests/simulation/sites_world.h"

#include <utility>

#include "tests/simulation/rest_checks.h"
#include "tests/simulation/sites.h"
#include "tests/simulation/sites_checks.h"
#include "tests/simulation/sites_staff.h"
#include "tests/simulation/violation.h"

namespace convoke::simulation {
namespace {

constexpr std::uint64_t kMaxSteps = 20'000'000;
constexpr std::int64_t kBreathMs = 2000;
constexpr std::int64_t kAnswerMs = 5'000;
constexpr std::int64_t kQuietMs = 60'000, kStableMs = 25'000, kMaxQuietMs = 1'800'000;

struct Faults {
  bool ways = false, again = false, phones = false, broker = false, server = false, disk = false;
  bool parts = false, restores = false;   // sites part and join again; one is restored from a backup
  bool blocks = false, erasures = false;  // users block one another, and are erased
};

class SitesWorld {
 public:
  explicit SitesWorld(const Options& options);
  SitesWorld(const SitesWorld&) = delete;
  SitesWorld& operator=(const SitesWorld&) = delete;
  /// Servers first: each has connections to the others' brokers.
  ~SitesWorld() {
    for (auto& site : sites_)
      if (site->server.running()) site->server.kill(false);
  }
  Outcome run();

 private:
  Faults draw_faults();
  void trace(const std::string& line);
  void begin();
  void round();
  void act();
  void act_on_phone(Phone& phone);
  void act_on_guests();
  bool keeps_apart(Phone& phone);
  void chat(Phone& phone);
  void fault(Site& site);
  void cut_way(Way& way, std::int64_t for_ms);
  void part_or_join();
  void back_up_or_restore();
  bool agree_who_is_joined();
  void step_until(std::int64_t time_ms);
  void come_to_rest();
  bool settled();

  const Options options_;
  Random random_, more_;  // the latter for what not each world has
  Agenda agenda_{kStart};
  Faults faults_;
  Sites sites_;
  std::vector<std::unique_ptr<SiteStaff>> staff_;
  std::optional<std::pair<Site*, std::vector<store::Write>>> backup_;
  std::set<std::pair<Site*, Site*>> parting_;  // at rest, for good
  std::int64_t changed_ms_ = 0;
  bool resting_ = false;
  Outcome outcome_;
};

SitesWorld::SitesWorld(const Options& options)
    : options_(options), random_(options.seed), more_(~options.seed), faults_(draw_faults()) {
  const std::size_t count = 2 + random_.below(2);
  const std::size_t phones =
      options.phones ? options.phones : static_cast<std::size_t>(random_.between(2, 6));
  const Site::Told told{[this] { changed_ms_ = agenda_.now(); },
                        [this] { return resting_ ? 1000 : random_.between(50, 20'000); },
                        [this](const std::string& line) { trace(line); }};
  for (std::size_t i = 0; i < count; ++i)
    sites_.push_back(std::make_unique<Site>(agenda_, random_, std::string(1, static_cast<char>('a' + i)),
                                            phones, options.sabotage, told));
  for (auto& site : sites_) {
    std::vector<std::string> others;
    for (auto& other : sites_) {
      if (site == other) continue;
      others.push_back(other->name);
      Way& way = site->ways[other->name];
      way.to = &other->broker;
      if (faults_.again) way.again_percent = static_cast<unsigned>(random_.between(5, 40));
    }
    staff_.push_back(std::make_unique<SiteStaff>(random_.split(), *site, std::move(others), told.trace));
  }
}

Faults SitesWorld::draw_faults() {
  if (options_.calm) return {};
  Faults f;
  f.ways = random_.percent(85);
  f.again = random_.percent(50);
  f.phones = random_.percent(30);
  f.broker = random_.percent(40);
  f.server = random_.percent(50);
  f.disk = random_.percent(15);
  f.parts = options_.seed % 4 == 3;
  f.restores = options_.seed % 8 == 6;
  f.blocks = options_.seed % 4 == 1;
  f.erasures = options_.seed % 4 == 0;
  return f;
}

void SitesWorld::trace(const std::string& line) { note(outcome_, options_, agenda_, line); }

// ---- The story --------------------------------------------------------------------------------------------

Outcome SitesWorld::run() {
  try {
    begin();
    for (std::size_t rounds = 1 + random_.below(2); rounds > 0; --rounds) {
      round();
      come_to_rest();
      for (auto& site : sites_) {
        try {
          site->check_rest();
        } catch (const Violation& v) {
          throw Violation(site->name + ": " + v.what());
        }
      }
      check_sites(sites_);
    }
  } catch (const std::exception& e) {
    outcome_.failure = failure_at(agenda_, e.what());
  }
  outcome_.steps = agenda_.steps();
  for (auto& site : sites_) {
    outcome_.phones += site->phones.size();
    outcome_.writes += site->server.writes();
    outcome_.sends += site->server.sends();
    outcome_.deaths += site->server.deaths();
    outcome_.archived += site->checks.archived().size();
    if (!site->server.running()) continue;
    for (const auto& [id, group] : site->state().groups) {
      outcome_.groups += !group.home;
      outcome_.ended += group.state == core::GroupState::retired;
    }
  }
  return outcome_;
}

void SitesWorld::begin() {
  for (std::size_t i = 0; i < sites_.size(); ++i) {
    Site& site = *sites_[i];
    site.server.start();
    agenda_.in(random_.between(0, 5'000), [&site] { site.join(); });
    staff_[i]->put_plans();
    for (auto& phone : site.phones)
      if (random_.percent(90)) agenda_.in(random_.between(0, 10'000), [&p = *phone] { p.open(); });
  }
  step_until(agenda_.now() + 10'000);
}

void SitesWorld::round() {
  resting_ = false;
  parting_.clear();
  const std::int64_t until = agenda_.now() + random_.between(60'000, 150'000);
  while (agenda_.now() < until) {
    step_until(agenda_.now() + random_.between(0, 500));
    act();
  }
}

void SitesWorld::act() {
  if (faults_.parts && more_.percent(2)) part_or_join();
  if (faults_.restores && more_.percent(1)) back_up_or_restore();
  if (more_.percent(10)) act_on_guests();
  const std::size_t dice = random_.below(100), at = random_.below(sites_.size());
  if (dice < 10) return staff_[at]->act(agenda_.now());
  if (dice < 15) return fault(*sites_[at]);
  act_on_phone(*random_.pick(sites_[at]->phones));
}

void SitesWorld::act_on_guests() {
  const std::size_t at = more_.below(sites_.size()), dice = more_.below(100);
  Phone& phone = *more_.pick(sites_[at]->phones);
  if (dice < 15) return staff_[at]->start_following();
  if (dice < 40) return phone.let_other_sites(more_.percent(80));
  staff_[at]->make_guest(phone.user(), more_.percent(60));
}

void SitesWorld::act_on_phone(Phone& phone) {
  if (!phone.wants_connection()) return phone.open();
  if (keeps_apart(phone)) return;
  const std::size_t dice = random_.below(100);
  if (dice < 10) {
    static constexpr sdk::Presence kAll[] = {sdk::Presence::available, sdk::Presence::available,
                                             sdk::Presence::away, sdk::Presence::busy};
    return phone.set_presence(kAll[random_.below(4)]);
  }
  if (dice < 12) return phone.close();
  if (dice < 14) {
    for (auto& site : sites_)
      for (auto& its : site->phones)
        if (its.get() == &phone) site->checks.killed(phone.user(), agenda_.now());
    return phone.kill();
  }
  chat(phone);
}

/// Blocks somebody of any site, or takes that back; or its user goes for good.
bool SitesWorld::keeps_apart(Phone& phone) {
  if (faults_.erasures && more_.percent(1)) {
    trace(phone.user() + " erases themselves");
    phone.erase();
    return true;
  }
  if (!faults_.blocks || !more_.percent(3)) return false;
  const Site& site = *more_.pick(sites_);
  const bool own =
      std::any_of(site.phones.begin(), site.phones.end(), [&](const auto& p) { return p.get() == &phone; });
  const std::string other = more_.pick(site.phones)->user();
  if (own && other == phone.user()) return false;
  phone.set_blocked(own ? other : other + "@" + site.name, more_.percent(60));
  return true;
}

void SitesWorld::chat(Phone& phone) {
  if (!phone.running() || phone.chats().empty()) return;
  const auto& chats = phone.chats();
  const std::string group =
      std::next(chats.begin(), static_cast<std::ptrdiff_t>(random_.below(chats.size())))->first;
  const std::size_t dice = random_.below(100);
  if (dice < 75) return phone.send(group, "text " + std::to_string(random_.below(1'000'000)));
  if (dice < 85) return phone.edit_own(group, "edit " + std::to_string(random_.below(1'000'000)));
  if (dice < 90) return phone.delete_own(group);
  if (dice < 97) return phone.load_more(group);
  phone.leave(group);
}

// ---- What goes wrong -------------------------------------------------------------------------------------

void SitesWorld::fault(Site& site) {
  const std::size_t dice = random_.below(100);
  if (faults_.ways && dice < 45) {
    const std::int64_t for_ms = random_.between(500, 60'000);
    Site& other = *random_.pick(sites_);
    if (&other == &site) return;
    trace("cut off: " + other.name + " from " + site.name + " for " + std::to_string(for_ms));
    cut_way(site.ways.at(other.name), for_ms);
    if (random_.percent(60)) cut_way(other.ways.at(site.name), for_ms + random_.between(0, 10'000));
    return;
  }
  if (faults_.phones && dice < 65) return random_.pick(site.phones)->cut(random_.between(0, 30'000));
  if (faults_.phones && dice < 70) return site.server.cut(random_.between(0, 5'000));
  if (faults_.disk && dice < 78) return site.disk.fill(static_cast<int>(random_.between(1, 5)));
  if (faults_.broker && dice < 88) {
    trace(site.name + ": broker stops");
    return site.restart_broker(random_.between(10, 15'000));
  }
  if (!faults_.server || !site.server.running()) return;
  if (random_.percent(50)) return site.server.die_at_send(1 + random_.below(50));
  if (random_.percent(50)) return site.server.die_at_write(1 + random_.below(50), random_.percent(50));
  site.server.kill(random_.percent(30));
}

void SitesWorld::cut_way(Way& way, std::int64_t for_ms) {
  way.cut = true;
  way.break_off();
  agenda_.in(for_ms, [&way] { way.cut = false; });
}

/// As operators do: on one side first.
void SitesWorld::part_or_join() {
  Site& site = *more_.pick(sites_);
  Site& other = *more_.pick(sites_);
  if (&site == &other || !site.server.running()) return;
  if (!site.is_joined(other.name)) return site.join();
  trace(site.name + " parts from " + other.name);
  site.part(other.name);
}

void SitesWorld::back_up_or_restore() {
  if (!backup_) {
    Site& site = *more_.pick(sites_);
    trace(site.name + " is backed up");
    backup_ = {&site, site.disk.copy()};
    return;
  }
  trace(backup_->first->name + " is restored from its backup");
  backup_->first->go_back_to(backup_->second);
  faults_.restores = false;
}

/// Each two sites are joined on both sides or on none; else their operators see to it.
bool SitesWorld::agree_who_is_joined() {
  bool agree = true;
  for (auto& site : sites_)
    for (auto& other : sites_) {
      if (site->name >= other->name) continue;
      const bool joined[] = {site->is_joined(other->name), other->is_joined(site->name)};
      if (joined[0] && joined[1]) continue;
      const std::pair both{site.get(), other.get()};
      if (!joined[0] && !joined[1] && parting_.contains(both)) continue;
      agree = false;
      if (parting_.contains(both) || more_.percent(50)) {
        parting_.insert(both);
        site->part(other->name);
        other->part(site->name);
      } else {
        site->join(other->name);
        other->join(site->name);
      }
    }
  return agree;
}

// ---- Rest -------------------------------------------------------------------------------------------------

void SitesWorld::step_until(std::int64_t time_ms) {
  while (agenda_.step(time_ms))
    if (agenda_.steps() > kMaxSteps) throw Violation("the world does not come to rest");
}

bool SitesWorld::settled() {
  for (auto& site : sites_)
    if (!site->server.drained()) return false;
  for (auto& site : sites_)
    for (auto& phone : site->phones)
      if (!phone->connected()) return false;  // who is erased comes back with a new token
  if (!agree_who_is_joined()) return false;
  if (agenda_.now() - changed_ms_ < kStableMs) return false;
  for (auto& site : sites_) {
    if (!site->server.drained() || site->server.loop().outbox().size() > 0) return false;
    for (const auto& [name, peer] : site->state().peers)
      if (peer.waiting() > 0) return false;
  }
  return true;
}

/// All ways are open, everybody is online, and nothing new is done, until nothing has changed for a while.
void SitesWorld::come_to_rest() {
  trace("all comes to rest");
  resting_ = true;
  const std::int64_t since = agenda_.now();
  step_until(since + 20'000);  // whoever is to start again has
  for (auto& site : sites_) {
    for (auto& [name, way] : site->ways) way.cut = false, way.again_percent = 0;
    for (auto& phone : site->phones)
      if (!phone->wants_connection()) phone->open();
    site->server.die_at_send(0);
    site->server.die_at_write(0, false);
  }
  step_until(since + kQuietMs);
  for (bool asked = false; !asked || !settled();) {
    if (agenda_.now() - since > kMaxQuietMs) throw Violation("the servers do not come to rest");
    asked = settled();
    for (auto& site : sites_) asked = asked && site->server.ask_counters();  // for check_plugin
    step_until(agenda_.now() + (asked ? kAnswerMs : kBreathMs));
  }
}

}  // namespace

Outcome run_sites(Options options) {
  options.sites = true;
  return play<SitesWorld>(std::move(options));
}

}  // namespace convoke::simulation
