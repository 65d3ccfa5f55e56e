#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <queue>
#include <random>
#include <string>
#include <vector>

#include "convoke/client.h"
#include "ops/crowd/light_crowd.h"
#include "ops/crowd/one_life.h"
#include "ops/crowd/options.h"
#include "ops/crowd/replay.h"
#include "ops/crowd/script.h"
#include "ops/crowd/tally.h"
#include "ops/crowd/tokens.h"
#include "ops/crowd/venue.h"
#include "ops/crowd/walker.h"
#include "topics/sync/mutex.h"

namespace convoke::crowd {

/// The phones and what they do: one thread that runs what is due, and what the phones have seen.
class Crowd {
 public:
  /// Throws std::runtime_error if a file is not usable.
  explicit Crowd(Options options);

  /// Runs until the duration, the recording or the one life is over, or `stop` was called. Returns the exit
  /// code.
  int run();
  /// From any thread and from signal handlers.
  void stop() { stopping_ = true; }

 private:
  struct Phone {
    std::string user;
    std::unique_ptr<sdk::Client> client;
    std::optional<Walker> walker;                  // a simulated one
    const std::vector<sdk::Fix>* track = nullptr;  // a recorded one
    std::size_t next_fix = 0;
    std::mt19937_64 random;
    bool connected = false;
    bool off = false;      // the script has closed it
    geo::LatLon reported;  // a simulated one's last fix, and when
    std::int64_t reported_ms = std::numeric_limits<std::int64_t>::min() / 2;
  };
  struct Task {
    std::int64_t due_ms = 0;
    std::uint64_t order = 0;
    std::function<void()> run;
    bool operator<(const Task& other) const {  // the greatest is the earliest
      return due_ms != other.due_ms ? due_ms > other.due_ms : order > other.order;
    }
  };

  void add_phones();
  Walker::Habit habit_of(std::size_t number) const;
  void add_phone(std::string user, std::uint64_t seed);
  void at(std::int64_t due_ms, std::function<void()> run) { tasks_.push({due_ms, ++order_, std::move(run)}); }
  std::int64_t now_ms() const;  // since the program began
  std::int64_t venue_now_ms() const;

  void plan_script();
  void follow(const Step& step);
  void act(Phone& phone, const Step& step);
  void say(Phone& phone, const std::string& text);
  void report_walker(Phone& phone);

  // Tasks; each puts itself back.
  void walk(std::size_t phone);
  void replay(std::size_t phone);
  void chat(std::size_t phone);
  void report();

  void write_stats();
  bool over() const;
  void wait_for_work();
  void run_due_tasks();
  void drain_phones();
  void on_event(std::size_t phone, const sdk::Event& event);
  void set_connected(Phone& phone, bool connected);
  void observe_life(std::size_t phone, const sdk::Event& event);
  void observe_list(std::size_t phone, const std::string& group);
  void act_for_life();
  int verdict();
  void close_all();

  const Options options_;
  const Tokens tokens_;
  std::optional<Venue> venue_;
  std::optional<Recording> recording_;
  std::vector<Step> script_;
  const std::int64_t began_ms_;
  std::atomic<bool> stopping_ = false;

  std::shared_ptr<sdk::Runtime> runtime_;
  std::vector<Phone> phones_;
  std::priority_queue<Task> tasks_;
  std::uint64_t order_ = 0;
  std::size_t tracks_playing_ = 0;
  bool tracks_over_ = false;  // every track has sent all its fixes, a while ago
  std::size_t left_ = 0;      // phones that have left a chat for --leave-first
  Tally tally_;
  Story story_;
  std::optional<OneLife> life_;
  std::unique_ptr<LightCrowd> light_;
  std::int64_t next_probe_ms_ = 0;

  Mutex mutex_;
  std::condition_variable_any wake_;
  std::vector<std::size_t> ready_ CONVOKE_GUARDED_BY(mutex_);  // phones with events
};

}  // namespace convoke::crowd
