#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "ops/crowd/light_phone.h"
#include "ops/crowd/options.h"
#include "ops/crowd/tokens.h"
#include "topics/sync/mutex.h"

namespace convoke::crowd {

/// Light phones on one thread of their own, over epoll. They come back after a lost connection.
class LightCrowd {
 public:
  /// `venue_now` gives the venue's time in Unix ms; called on the own thread. Throws std::runtime_error if
  /// the broker's address cannot be resolved.
  LightCrowd(const Options& options, const Tokens& tokens, const Venue& venue,
             std::function<std::int64_t()> venue_now);
  ~LightCrowd();

  LightCounts counts() const;

 private:
  struct Line;
  void run();
  void open(Line& line);
  void lose(Line& line, std::int64_t now_ms);
  void serve(Line& line, std::uint32_t what, std::int64_t now_ms);
  void read(Line& line, std::int64_t now_ms);
  void write(Line& line, std::string bytes, std::int64_t now_ms);
  void step(std::int64_t now_ms);

  const Options options_;
  const Tokens& tokens_;
  const std::function<std::int64_t()> venue_now_;
  std::string address_;  // a sockaddr's bytes
  std::vector<std::unique_ptr<Line>> lines_;
  int epoll_ = -1;
  std::size_t next_ = 0;  // whose second it is
  double owed_ = 0;       // seconds that phones have not had yet
  std::int64_t stepped_ms_ = 0;
  std::atomic<bool> stopping_ = false;
  mutable Mutex mutex_;
  LightCounts shown_ CONVOKE_GUARDED_BY(mutex_);
  LightCounts counts_;  // of the thread
  std::thread thread_;
};

}  // namespace convoke::crowd
