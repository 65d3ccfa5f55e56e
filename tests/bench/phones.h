#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "convoke/client.h"
#include "ops/crowd/light_crowd.h"
#include "ops/crowd/tokens.h"
#include "ops/crowd/venue.h"
#include "topics/sync/mutex.h"

namespace convoke::bench {

/// Many phones at one broker, all standing in one place: some on the real SDK, most of them light.
class Phones {
 public:
  struct Sizes {
    std::size_t sdk = 500, light = 9500;
    std::size_t all() const { return sdk + light; }
  };
  /// What the light ones do beside being there.
  struct Habits {
    double walk_speed = 0;           // times a pedestrian's
    std::uint32_t flip_every_s = 0;  // change of presence
  };
  static constexpr geo::LatLon kPlace{52.5, 13.4};

  /// `keys`: what signs their tokens (a private JWK Set). Opens all connections; see until_connected.
  Phones(Sizes sizes, std::uint16_t broker_port, const std::string& keys, Habits habits);
  Phones(Sizes sizes, std::uint16_t broker_port, const std::string& keys)
      : Phones(sizes, broker_port, keys, Habits()) {}
  ~Phones();

  /// How many have, since they were made: a connection, taken a start, held a list, taken an end; and how
  /// many requests of light phones were answered.
  struct Counts {
    std::size_t connected = 0, held = 0, ended = 0, answered = 0, fixes = 0, flips = 0;
    std::uint64_t light_bytes = 0;  // on the light phones' connections, both ways
  };
  Counts counts();
  /// Polls until `condition(counts())` holds; throws std::runtime_error(what) after `patience_s`.
  void until(const std::string& what, const std::function<bool(const Counts&)>& condition,
             int patience_s = 120);

  std::vector<std::string> users() const;

 private:
  struct SdkPhone {
    std::unique_ptr<sdk::Client> client;
    bool connected = false;
  };
  static crowd::Options options(const Sizes& sizes, std::uint16_t broker_port, const Habits& habits);
  void add(std::size_t index);
  void poll();
  void note(std::size_t index, const sdk::Event& event);

  const crowd::Options options_;
  const std::string keys_file_;
  const crowd::Tokens tokens_;
  const crowd::Venue venue_;
  std::shared_ptr<sdk::Runtime> runtime_;
  Counts sdk_;
  Mutex mutex_;
  std::condition_variable_any wake_;
  std::vector<std::size_t> ready_ CONVOKE_GUARDED_BY(mutex_);
  std::vector<SdkPhone> phones_;
  std::vector<std::string> holding_;  // by SDK phone: the group that it holds
  std::unique_ptr<crowd::LightCrowd> light_;
};

}  // namespace convoke::bench
