#include "tests/bench/phones.h"

#include <fmt/format.h>

#include <chrono>
#include <stdexcept>
#include <utility>

#include "ops/crowd/clock.h"

namespace convoke::bench {
namespace {

constexpr double kConnectRate = 2000;  // phones per second
constexpr auto kLook = std::chrono::milliseconds(5);

}  // namespace

crowd::Options Phones::options(const Sizes& sizes, std::uint16_t broker_port, const Habits& habits) {
  crowd::Options o;
  o.broker = "127.0.0.1:" + std::to_string(broker_port);
  o.site = topics::SiteId::parse("demo");
  o.light = sizes.light;
  o.connect_rate = kConnectRate;
  o.chat_rate = 0;
  o.walk_speed = habits.walk_speed;
  o.flip_every_s = habits.flip_every_s;
  return o;
}

Phones::Phones(Sizes sizes, std::uint16_t broker_port, const std::string& keys, Habits habits)
    : options_(options(sizes, broker_port, habits)),
      tokens_(keys, options_.site),
      venue_({{"hall", "", geo::Circle{kPlace, 100}}}),
      runtime_(std::make_shared<sdk::Runtime>()),
      holding_(sizes.sdk) {
  light_ = std::make_unique<crowd::LightCrowd>(options_, tokens_, venue_, [] { return crowd::unix_ms(); });
  for (std::size_t i = 0; i < sizes.sdk; ++i) add(i);
}

Phones::~Phones() {
  for (SdkPhone& phone : phones_) phone.client->close();
}

void Phones::add(std::size_t index) {
  const std::string user = fmt::format("sdk{:05}", index);
  sdk::Options o;
  o.brokers = {options_.broker_uri()};
  o.site = options_.site.str();
  o.user = user;
  o.device = "sdk";
  o.token = [this, user] { return tokens_.issue(user, "sdk"); };
  o.on_events = [this, index] {
    const MutexLock lock(mutex_);
    ready_.push_back(index);
    wake_.notify_one();
  };
  phones_.push_back({std::make_unique<sdk::Client>(std::move(o), runtime_)});
  phones_.back().client->open();
  phones_.back().client->report_position({.lat = kPlace.lat, .lon = kPlace.lon, .acc_m = 5});
}

void Phones::poll() {
  std::vector<std::size_t> ready;
  {
    const MutexLock lock(mutex_);
    wake_.wait_for(mutex_, kLook, [this]() CONVOKE_REQUIRES(mutex_) { return !ready_.empty(); });
    ready.swap(ready_);
  }
  for (const std::size_t i : ready)
    phones_[i].client->poll([this, i](const sdk::Event& event) { note(i, event); });
}

void Phones::note(std::size_t index, const sdk::Event& event) {
  const bool up = std::holds_alternative<sdk::Connected>(event);
  if (up || std::holds_alternative<sdk::Disconnected>(event))
    if (std::exchange(phones_[index].connected, up) != up) sdk_.connected += up ? 1 : -1;
  const auto* list = std::get_if<sdk::BuddyListChanged>(&event);
  if (list && std::exchange(holding_[index], list->group) != list->group) ++sdk_.held;
  if (std::holds_alternative<sdk::ChatEnded>(event)) ++sdk_.ended;
}

Phones::Counts Phones::counts() {
  const crowd::LightCounts light = light_->counts();
  Counts all = sdk_;
  all.connected += light.connected;
  all.held += light.held;
  all.ended += light.ended;
  all.answered = light.answered;
  all.fixes = light.fixes;
  all.flips = light.flips;
  all.light_bytes = light.bytes_in + light.bytes_out;
  return all;
}

void Phones::until(const std::string& what, const std::function<bool(const Counts&)>& condition,
                   int patience_s) {
  const std::int64_t deadline = crowd::steady_ms() + std::int64_t{1000} * patience_s;
  for (; !condition(counts()); poll()) {
    if (crowd::steady_ms() < deadline) continue;
    const Counts now = counts();
    throw std::runtime_error(fmt::format("{}: {} connected, {} held, {} ended, {} answered", what,
                                         now.connected, now.held, now.ended, now.answered));
  }
}

std::vector<std::string> Phones::users() const {
  std::vector<std::string> users;
  for (std::size_t i = 0; i < options_.light; ++i)
    users.push_back(fmt::format("{}light{:05}", options_.user_prefix, i + 1));
  for (std::size_t i = 0; i < phones_.size(); ++i) users.push_back(fmt::format("sdk{:05}", i));
  return users;
}

}  // namespace convoke::bench
