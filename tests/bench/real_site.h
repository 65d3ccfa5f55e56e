#pragma once

#include <boost/json.hpp>
#include <cstddef>
#include <cstdint>
#include <string>

#include "tests/support/mosquitto_process.h"
#include "tests/support/server_process.h"
#include "tests/support/test_tokens.h"

namespace convoke::bench {

/// The real broker with our plugin and the real server, and an area "hall" around Phones::kPlace.
class RealSite {
 public:
  explicit RealSite(const test::TestTokens& tokens);

  std::uint16_t port() const { return broker_.port(); }
  std::string broker_url() const { return broker_.url(); }
  double broker_s() const { return broker_.cpu_s(); }
  double server_s() const { return server_.cpu_s(); }

  /// Calls the server's HTTP interface; throws std::runtime_error on anything but success.
  boost::json::value call(const std::string& method, const std::string& path,
                          const std::string& body = {}) const;
  void wait_until_inside(std::size_t users) const;

 private:
  test::MosquittoProcess broker_;
  test::ServerProcess server_;
};

/// Each phone is a connection.
void raise_file_limit();

}  // namespace convoke::bench
