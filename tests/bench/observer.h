#pragma once

#include <mqtt/async_client.h>

#include <cstdint>
#include <string>
#include <vector>

#include "tests/support/test_tokens.h"
#include "topics/sync/mutex.h"

namespace convoke::bench {

/// A member of many chats who notes when each of them starts, by the clock of the phones' side.
class Observer {
 public:
  struct Start {
    std::string plan;
    std::int64_t at_ms = 0;  // when it came in, Unix time
  };

  /// Connects and says that the user is available. Throws std::runtime_error if the broker refuses.
  Observer(const std::string& broker_url, const test::TestTokens& tokens, const std::string& user);

  /// The starts that came in since the last call, in order.
  std::vector<Start> take();

 private:
  void note(const std::string& payload);

  mqtt::async_client client_;
  Mutex mutex_;
  std::vector<Start> starts_ CONVOKE_GUARDED_BY(mutex_);
};

}  // namespace convoke::bench
