#include "backend/gateways/hooks/shop_api.h"

#include <httplib.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <regex>
#include <thread>

namespace convoke::gateways::hooks {
namespace {

constexpr int kSoonS = 60, kLaterS = 300;

/// Stops the client when its time is over, whatever it waits for: its own timeouts are for each read, and a
/// shop that sends a byte a second would keep it for hours.
class Deadline {
 public:
  Deadline(httplib::Client& client, std::chrono::seconds patience)
      : thread_([this, &client, patience] {
          std::unique_lock lock(mutex_);
          if (!done_now_.wait_for(lock, patience, [this] { return done_; })) client.stop();
        }) {}
  ~Deadline() {
    {
      const std::lock_guard lock(mutex_);
      done_ = true;
    }
    done_now_.notify_one();
    thread_.join();
  }

 private:
  std::mutex mutex_;
  std::condition_variable done_now_;
  bool done_ = false;
  std::thread thread_;
};

struct CountedIn {
  explicit CountedIn(std::atomic<std::size_t>& count) : count_(count), before(count++) {}
  ~CountedIn() { --count_; }
  std::atomic<std::size_t>& count_;
  const std::size_t before;
};

/// What the provider is told about an answer that is none. `away`: whatever it was asked.
Refusal no_answer(const std::string& why, int retry_after_s, bool away = false) {
  return {503, "the shop's API " + why + ": try again later", retry_after_s, away};
}

bool is_away(int status) { return status == 401 || status == 429 || status >= 500; }

ShopApi::Answer judge(const httplib::Result& result, std::string body, bool too_large) {
  if (too_large) return no_answer("answers with too much", kLaterS);
  if (!result) return no_answer("does not answer", kSoonS, true);
  if (result->status == 404 || result->status == 410) return Refusal{400, "the shop knows no such order"};
  if (result->status == 401 || result->status == 403)
    return no_answer("refuses our token", kLaterS, is_away(result->status));
  if (result->status != 200) return no_answer("has no answer for us", kSoonS, is_away(result->status));
  if (result->get_header_value("Content-Type").rfind("application/json", 0) != 0)
    return no_answer("answers with something else than JSON", kLaterS);
  return body;
}

}  // namespace

ShopApi::ShopApi(std::string base, std::string authorization, int patience_s)
    : authorization_(std::move(authorization)), patience_s_(patience_s) {
  const auto slash = base.find('/', base.find("://") + 3);
  origin_ = base.substr(0, slash);
  prefix_ = slash == std::string::npos ? "" : base.substr(slash);
}

bool ShopApi::is_allowed(const std::string& base) {
  static const std::regex kAllowed(
      R"((https://[A-Za-z0-9.-]+|http://(127\.0\.0\.1|localhost))(:[0-9]{1,5})?(/[A-Za-z0-9._~-]+)*)");
  return base.size() <= 200 && std::regex_match(base, kAllowed);
}

ShopApi::Answer ShopApi::get(const std::string& path) {
  const CountedIn counted(under_way_);
  if (counted.before >= kMaxAtATime)
    return Refusal{429, "too many questions to the shop at a time", kSoonS, true};
  httplib::Client client(origin_);
  client.set_follow_location(false);
  client.set_keep_alive(false);
  client.set_connection_timeout(std::chrono::seconds(3));
  client.set_read_timeout(std::chrono::seconds(patience_s_));
  client.set_write_timeout(std::chrono::seconds(3));
  std::string body;
  bool too_large = false;
  const Deadline deadline(client, std::chrono::seconds(patience_s_));
  const auto result = client.Get((prefix_ + path).c_str(),
                                 {{"Authorization", authorization_}, {"Accept", "application/json"}},
                                 [&](const char* data, std::size_t size) {
                                   too_large = body.size() + size > kMaxBodyBytes;
                                   if (!too_large) body.append(data, size);
                                   return !too_large;
                                 });
  return judge(result, std::move(body), too_large);
}

}  // namespace convoke::gateways::hooks
