#include "ops/crowd/crowd.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <stdexcept>
#include <thread>
#include <utility>

#include "ops/crowd/clock.h"

namespace convoke::crowd {
namespace {

constexpr std::int64_t kStatsEveryMs = 1'000;
constexpr std::int64_t kLongestWaitMs = 200;  // so that a signal is noticed
constexpr std::int64_t kLeaveAfterMs = 3'000;
constexpr std::int64_t kProbeEveryMs = 500;
constexpr std::int64_t kSilentMs = 30'000;  // a phone that does not move reports this often
constexpr std::int64_t kGoodbyeMs = 3'000;
constexpr std::int64_t kAfterTracksMs = 3'000;  // the last fixes go out, and the venue answers to them

/// Seeds of different phones must not be neighbours.
std::uint64_t mix(std::uint64_t seed, std::uint64_t phone) {
  std::seed_seq sequence{seed, phone};
  std::uint32_t words[2];
  sequence.generate(words, words + 2);
  return (static_cast<std::uint64_t>(words[0]) << 32) | words[1] | 1;
}

const char* text_for(std::mt19937_64& random) {
  static constexpr const char* kTexts[] = {
      "Hello everyone!", "Where are you all?",           "See you at the bar",
      "Great view here", "Anybody near the entrance?",   "On my way",
      "What a crowd",    "Who is going next door later?"};
  return kTexts[std::uniform_int_distribution<std::size_t>(0, std::size(kTexts) - 1)(random)];
}

}  // namespace

Crowd::Crowd(Options options)
    : options_(std::move(options)),
      tokens_(options_.keys_file, options_.site),
      began_ms_(steady_ms()),
      runtime_(std::make_shared<sdk::Runtime>()) {
  if (!options_.areas_file.empty()) venue_ = Venue::load(options_.areas_file);
  if (!options_.fixes_file.empty()) recording_ = load_recording(options_.fixes_file, nullptr);
  if (options_.phones + options_.light > 0 && !venue_)
    throw std::runtime_error("--areas: expected a file, for the phones to walk in");
  if (!options_.script_file.empty()) plan_script();
  if (options_.stats_file != "-") write_stats();  // or say now that it cannot be written
  add_phones();
  tally_.phones = phones_.size();
  if (options_.one_life) life_.emplace(phones_.size(), options_.other_sites);
  if (options_.light > 0)
    light_ = std::make_unique<LightCrowd>(options_, tokens_, *venue_, [this] { return venue_now_ms(); });
}

std::int64_t Crowd::now_ms() const { return steady_ms() - began_ms_; }

std::int64_t Crowd::venue_now_ms() const {
  return options_.dev_clock ? options_.dev_clock->now(unix_ms()) : unix_ms();
}

// ---- Phones -----------------------------------------------------------------------------------------------

void Crowd::add_phones() {
  const std::size_t width = std::to_string(options_.phones).size();
  phones_.reserve(options_.phones + (recording_ ? recording_->fixes.size() : 0));
  if (recording_) {
    for (const auto& [user, fixes] : recording_->fixes) {
      add_phone(user, mix(options_.seed, phones_.size()));
      phones_.back().track = &fixes;
    }
    tracks_playing_ = phones_.size();
  }
  for (std::size_t i = 1; i <= options_.phones; ++i) {
    const std::uint64_t seed = mix(options_.seed, phones_.size());
    add_phone(fmt::format("{}{:0{}}", options_.user_prefix, i, width), seed);
    phones_.back().walker.emplace(*venue_, seed, habit_of(i), options_.walk_speed);
  }
  for (std::size_t i = 0; i < phones_.size(); ++i) {
    const auto start_ms = static_cast<std::int64_t>(static_cast<double>(i) * 1000 / options_.connect_rate);
    at(start_ms, [this, i] {
      if (!phones_[i].off) phones_[i].client->open();
    });
    if (phones_[i].walker)
      at(start_ms, [this, i] { walk(i); });
    else
      replay(i);
    if (options_.chat_rate > 0) chat(i);
  }
  at(kStatsEveryMs, [this] { report(); });
}

/// With a recording the others are already there; for one life most go to one place, so that a chat starts
/// soon.
Walker::Habit Crowd::habit_of(std::size_t number) const {
  if (recording_) return Walker::Habit::stands;
  return options_.one_life && number % 4 != 0 ? Walker::Habit::gathers : Walker::Habit::walks;
}

void Crowd::add_phone(std::string user, std::uint64_t seed) {
  const std::size_t index = phones_.size();
  sdk::Options options;
  options.brokers = {options_.broker_uri()};
  options.site = options_.site.str();
  options.user = user;
  options.device = "sim";
  options.token = [this, user] { return tokens_.issue(user, "sim"); };
  options.clock = [this] { return venue_now_ms(); };
  options.seed = seed;
  options.on_events = [this, index] {
    const MutexLock lock(mutex_);
    ready_.push_back(index);
    if (ready_.size() == 1) wake_.notify_one();
  };
  Phone phone;
  phone.user = std::move(user);
  phone.random.seed(seed);
  phone.client = std::make_unique<sdk::Client>(std::move(options), runtime_);
  phones_.push_back(std::move(phone));
}

// ---- What phones do ---------------------------------------------------------------------------------------

/// Before the phones' own tasks: what is due at 0 is done before they connect.
void Crowd::plan_script() {
  if (options_.light > 0) throw std::runtime_error("--script: expected no --light with it");
  if (options_.phones == 0) throw std::runtime_error("--script: expected --phones to be at least 1 with it");
  script_ = load_script(options_.script_file, options_.phones, *venue_);
  for (const Step& step : script_) at(step.at_ms, [this, &step] { follow(step); });
}

void Crowd::follow(const Step& step) {
  const std::size_t recorded = phones_.size() - options_.phones;  // they come first, and follow their tracks
  for (std::size_t number = step.first; number <= step.last; ++number)
    act(phones_[recorded + number - 1], step);
}

void Crowd::act(Phone& phone, const Step& step) {
  switch (step.deed) {
    case Deed::go:
      return phone.walker->go(step.place);
    case Deed::stop:
      return phone.walker->stop();
    case Deed::walk:
      return phone.walker->walk();
    case Deed::say:
      return say(phone, step.text);
    case Deed::leave:
      for (const sdk::Group& group : phone.client->groups()) phone.client->leave(group.id);
      return;
    case Deed::available:
      return phone.client->set_presence(sdk::Presence::available);
    case Deed::away:
      return phone.client->set_presence(sdk::Presence::away);
    case Deed::busy:
      return phone.client->set_presence(sdk::Presence::busy);
    case Deed::offline:
      phone.off = true;
      set_connected(phone, false);
      return phone.client->close();
    case Deed::online:
      phone.off = false;
      return phone.client->open();
  }
}

/// In every chat that the phone holds.
void Crowd::say(Phone& phone, const std::string& text) {
  for (const sdk::Group& group : phone.client->groups())
    if (phone.client->send(group.id, text)) ++tally_.sent;
}

void Crowd::walk(std::size_t index) {
  Phone& phone = phones_[index];
  const double venue_seconds = options_.fix_every_s * (options_.dev_clock ? options_.dev_clock->speed : 1);
  phone.walker->advance(venue_seconds);
  const bool moved = geo::distance_m(phone.walker->sighting().at, phone.reported) >= options_.fix_distance_m;
  if (moved || now_ms() - phone.reported_ms >= kSilentMs) report_walker(phone);
  at(now_ms() + static_cast<std::int64_t>(options_.fix_every_s * 1000), [this, index] { walk(index); });
}

void Crowd::report_walker(Phone& phone) {
  if (phone.off) return;
  const Sighting seen = phone.walker->sighting();
  phone.reported = seen.at;
  phone.reported_ms = now_ms();
  phone.client->report_position(
      {.time_ms = venue_now_ms(), .lat = seen.at.lat, .lon = seen.at.lon, .acc_m = seen.acc_m});
  ++tally_.fixes;
}

void Crowd::replay(std::size_t index) {
  Phone& phone = phones_[index];
  const topics::DevClock& clock = *options_.dev_clock;
  const std::int64_t venue_now = venue_now_ms();
  while (phone.next_fix < phone.track->size() && (*phone.track)[phone.next_fix].time_ms <= venue_now) {
    phone.client->report_position((*phone.track)[phone.next_fix++]);
    ++tally_.fixes;
  }
  if (phone.next_fix == phone.track->size()) {
    if (--tracks_playing_ == 0) at(now_ms() + kAfterTracksMs, [this] { tracks_over_ = true; });
    return;
  }
  const double left_ms =
      static_cast<double>((*phone.track)[phone.next_fix].time_ms - venue_now) / clock.speed;
  at(now_ms() + static_cast<std::int64_t>(left_ms) + 1, [this, index] { replay(index); });
}

void Crowd::chat(std::size_t index) {
  Phone& phone = phones_[index];
  std::exponential_distribution<double> pause_min(options_.chat_rate);
  const auto pause_ms = static_cast<std::int64_t>(pause_min(phone.random) * 60'000);
  at(now_ms() + pause_ms, [this, index] {
    Phone& writer = phones_[index];
    if (!writer.off) say(writer, text_for(writer.random));
    chat(index);
  });
}

void Crowd::report() {
  const double at_s = static_cast<double>(now_ms()) / 1000;
  if (light_) tally_.light = light_->counts();
  write_stats();
  if (!options_.json) story_.tell(tally_, at_s);
  tally_.forget_ended();
  at(now_ms() + kStatsEveryMs, [this] { report(); });
}

/// On stdout a line each second; a file holds the last one only, and is replaced as a whole.
void Crowd::write_stats() {
  if (options_.stats_file.empty()) return;
  const std::string line = tally_.to_json(static_cast<double>(now_ms()) / 1000);
  if (options_.stats_file == "-") {
    fmt::print("{}\n", line);
    std::fflush(stdout);
    return;
  }
  const std::string draft = options_.stats_file + ".new";
  std::ofstream(draft) << line << '\n';
  if (std::rename(draft.c_str(), options_.stats_file.c_str()) != 0)
    throw std::runtime_error(options_.stats_file + ": cannot be written");
}

// ---- What phones see --------------------------------------------------------------------------------------

void Crowd::drain_phones() {
  std::vector<std::size_t> ready;
  {
    const MutexLock lock(mutex_);
    ready.swap(ready_);
  }
  for (const std::size_t index : ready)
    phones_[index].client->poll([this, index](const sdk::Event& event) { on_event(index, event); });
}

void Crowd::on_event(std::size_t index, const sdk::Event& event) {
  Phone& phone = phones_[index];
  std::optional<sdk::Group> held;
  if (const auto* started = std::get_if<sdk::ChatStarted>(&event))
    held = phone.client->group(started->group.id);
  if (const auto* changed = std::get_if<sdk::BuddyListChanged>(&event))
    held = phone.client->group(changed->group);
  tally_.count(index, event, held);
  // One that was under way when the script closed the phone does not count.
  if (std::holds_alternative<sdk::Connected>(event)) set_connected(phone, !phone.off);
  if (std::holds_alternative<sdk::Disconnected>(event) && phone.connected) {
    set_connected(phone, false);
    ++tally_.disconnects;
  }
  if (const auto* refused = std::get_if<sdk::Refused>(&event))
    fmt::print(stderr, "{}: {} {} refused ({}): {}\n", phone.user, refused->what, refused->topic,
               refused->code, refused->detail);
  if (const auto* down = std::get_if<sdk::Disconnected>(&event); down != nullptr && down->code != 0)
    fmt::print(stderr, "{}: disconnected ({}): {}\n", phone.user, down->code, down->reason);
  if (const auto* started = std::get_if<sdk::ChatStarted>(&event);
      started != nullptr && left_ < options_.leave_first) {
    ++left_;
    at(now_ms() + kLeaveAfterMs,
       [client = phone.client.get(), group = started->group.id] { client->leave(group); });
  }
  if (std::holds_alternative<sdk::PositionWanted>(event) && phone.walker) report_walker(phone);
  if (life_) observe_life(index, event);
}

void Crowd::set_connected(Phone& phone, bool connected) {
  if (std::exchange(phone.connected, connected) == connected) return;
  connected ? ++tally_.connected : --tally_.connected;
}

void Crowd::observe_life(std::size_t index, const sdk::Event& event) {
  const Phone& phone = phones_[index];
  const std::int64_t now = now_ms();
  if (std::holds_alternative<sdk::Connected>(event)) life_->connected(phone.user, now);
  if (const auto* started = std::get_if<sdk::ChatStarted>(&event))
    life_->started(phone.user, started->group, now);
  if (const auto* changed = std::get_if<sdk::BuddyListChanged>(&event)) {
    if (life_->step() <= OneLife::Step::list) observe_list(index, changed->group);
  }
  if (const auto* message = std::get_if<sdk::MessageReceived>(&event))
    life_->received(phone.user, message->message, now);
  if (const auto* end = std::get_if<sdk::ChatEnded>(&event)) {
    const bool deleted = !phone.client->group(end->group) && phone.client->buddies(end->group).empty();
    life_->ended(phone.user, end->group, deleted, now);
  }
}

/// Compares whole lists only: fetches the pages that are missing, and takes a list only if it did not change
/// while it was read.
void Crowd::observe_list(std::size_t index, const std::string& id) {
  const Phone& phone = phones_[index];
  while (phone.client->load_more_buddies(id)) {
  }
  const std::optional<sdk::Group> before = phone.client->group(id);
  std::vector<sdk::Buddy> buddies = phone.client->buddies(id);
  const std::optional<sdk::Group> after = phone.client->group(id);
  if (!before || !after || !before->settled || !after->settled) return;
  if (before->version != after->version || before->pages_held != before->pages) return;
  life_->list(phone.user, id, before->version, std::move(buddies), now_ms());
}

void Crowd::act_for_life() {
  const auto phone_of = [this](const std::string& user) {
    return std::find_if(phones_.begin(), phones_.end(), [&](const Phone& p) { return p.user == user; });
  };
  if (const auto writer = life_->wants_message()) {
    const auto phone = phone_of(*writer);
    if (phone == phones_.end()) return;
    if (const auto id = phone->client->send(life_->group(), "Can everyone read this?")) {
      ++tally_.sent;
      life_->sent(*writer, *id);
    }
  }
  const auto late = life_->wants_probe();
  if (!late || now_ms() < next_probe_ms_) return;
  const LateProbe probe =
      probe_closed_chat(options_.broker, options_.site, topics::UserId::parse(*late),
                        topics::GroupId::parse(life_->group()), tokens_.issue(*late, kLateDevice));
  life_->probed(probe, now_ms());
  next_probe_ms_ = now_ms() + kProbeEveryMs;
}

// ---- The loop ---------------------------------------------------------------------------------------------

bool Crowd::over() const {
  if (stopping_) return true;
  if (life_) {
    return life_->step() == OneLife::Step::done || !life_->failure().empty() ||
           now_ms() > static_cast<std::int64_t>(options_.timeout_s * 1000);
  }
  if (options_.duration_s > 0 && now_ms() > static_cast<std::int64_t>(options_.duration_s * 1000))
    return true;
  return tracks_over_;
}

void Crowd::wait_for_work() {
  const MutexLock lock(mutex_);
  const std::int64_t until = tasks_.empty() ? kLongestWaitMs : tasks_.top().due_ms - now_ms();
  wake_.wait_for(mutex_, std::chrono::milliseconds(std::clamp<std::int64_t>(until, 0, kLongestWaitMs)),
                 [this]() CONVOKE_REQUIRES(mutex_) { return !ready_.empty(); });
}

void Crowd::run_due_tasks() {
  const std::int64_t now = now_ms();
  while (!tasks_.empty() && tasks_.top().due_ms <= now) {
    const auto run = tasks_.top().run;
    tasks_.pop();
    run();
  }
}

int Crowd::run() {
  while (!over()) {
    run_due_tasks();
    drain_phones();
    if (life_) act_for_life();
    wait_for_work();
  }
  const double at_s = static_cast<double>(now_ms()) / 1000;
  if (!options_.json) story_.tell(tally_, at_s);
  write_stats();
  const int code = verdict();
  close_all();
  return code;
}

int Crowd::verdict() {
  if (!life_) return 0;
  if (life_->step() == OneLife::Step::done) {
    fmt::print("{}\n", life_->to_json());
    return 0;
  }
  std::string why = life_->failure();
  if (why.empty()) why = (stopping_ ? "stopped during " : "time is over during ") + life_->missing();
  fmt::print(stderr, "convoke-crowd: {}\n", why);
  fmt::print("{}\n", life_->to_json(why));
  return 1;
}

/// Says goodbye on all phones together, or each would wait for its own.
void Crowd::close_all() {
  std::fflush(stdout);
  for (Phone& phone : phones_) phone.client->close();
  const std::int64_t deadline = now_ms() + kGoodbyeMs;
  const auto gone = [](const Phone& phone) { return phone.client->closed(); };
  while (now_ms() < deadline && !std::all_of(phones_.begin(), phones_.end(), gone))
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  phones_.clear();
}

}  // namespace convoke::crowd
