#pragma once

#include <httplib.h>

#include <deque>
#include <string>
#include <thread>

#include "topics/sync/mutex.h"

namespace convoke::cli {

/// A server on a free loopback port that keeps what it is asked and gives the answers it was told to give.
class FakeServer {
 public:
  struct Seen {
    std::string method, path, body, content_type, authorization;
  };

  FakeServer() {
    const auto handle = [this](const httplib::Request& request, httplib::Response& response) {
      answer(request, response);
    };
    http_.Get(".*", handle).Put(".*", handle).Post(".*", handle).Delete(".*", handle);
    port_ = http_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { http_.listen_after_bind(); });
    while (!http_.is_running()) std::this_thread::yield();  // stop() before that is lost
  }
  ~FakeServer() {
    http_.stop();
    thread_.join();
  }

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

  /// Answers are given in this order; after the last, 404.
  void will_answer(int status, std::string body) {
    const MutexLock lock(mutex_);
    answers_.emplace_back(status, std::move(body));
  }

  std::deque<Seen> seen() {
    const MutexLock lock(mutex_);
    return seen_;
  }

 private:
  void answer(const httplib::Request& request, httplib::Response& response) {
    const MutexLock lock(mutex_);
    seen_.push_back({request.method, request.target, request.body, request.get_header_value("Content-Type"),
                     request.get_header_value("Authorization")});
    if (answers_.empty()) {
      response.status = 404;
      return;
    }
    response.status = answers_.front().first;
    response.set_content(answers_.front().second, "application/json");
    answers_.pop_front();
  }

  httplib::Server http_;
  int port_ = 0;
  std::thread thread_;
  Mutex mutex_;
  std::deque<std::pair<int, std::string>> answers_ CONVOKE_GUARDED_BY(mutex_);
  std::deque<Seen> seen_ CONVOKE_GUARDED_BY(mutex_);
};

}  // namespace convoke::cli
