#pragma once

#include <boost/json/value.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace convoke::cli {

/// The server's HTTP interface (docs/protocol/http.md) as the commands see it; the one place that knows the
/// HTTP library. Every call waits for its answer and throws Failure: kUnreachable if no server answers,
/// kFailed with the server's own words if it refuses. Not thread-safe.
class ApiClient {
 public:
  /// `url` "http://host:port" or "https://…". Throws Failure if it is neither, or the token file cannot be
  /// read.
  ApiClient(std::string url, const std::string& token_file);
  ~ApiClient();

  /// `body` empty: none is sent. The answer's JSON; null if it is empty.
  boost::json::value call(const std::string& method, const std::string& path, std::string body = {},
                          const std::string& content_type = "application/json");

  /// Reads a stream of lines until the server closes it or `on_line` returns false (then it returns true).
  bool stream(const std::string& path, const std::function<bool(std::string_view line)>& on_line);

 private:
  struct Http;
  std::string url_;
  std::unique_ptr<Http> http_;
};

}  // namespace convoke::cli
