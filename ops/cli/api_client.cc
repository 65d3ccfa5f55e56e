#include "ops/cli/api_client.h"

#include <httplib.h>

#include <boost/json.hpp>

#include "ops/cli/failure.h"
#include "ops/cli/fields.h"
#include "ops/cli/files.h"
#include "ops/cli/text.h"

namespace convoke::cli {
namespace {

constexpr std::size_t kMaxTokenBytes = 4096;
constexpr std::size_t kMaxLineBytes = 1 << 20;
constexpr int kConnectSeconds = 5;
constexpr int kAnswerSeconds = 60;  // longer than the ping of the event stream, and than a large import takes

std::string read_token(const std::string& path) {
  std::string token = read_file(path, kMaxTokenBytes);
  while (!token.empty() && (token.back() == '\n' || token.back() == '\r' || token.back() == ' '))
    token.pop_back();
  for (const char c : token) {
    if (c <= ' ' || c > '~') throw Failure(kFailed, path + ": expected a token on one line");
  }
  if (token.empty()) throw Failure(kFailed, path + ": expected a token, found nothing");
  return token;
}

std::string what_next(int status, std::string_view code) {
  if (code == "no-members")
    return "See where people are and whom the plan asks for: convokectl area list, convokectl plan list";
  switch (status) {
    case 401:
      return "The token has expired or is not for this site. Make a new one: convokectl token issue --help";
    case 403:
      return "Use a token of a role that may do this (operator may do most): convokectl token issue --help";
    case 404:
      return "See what there is: convokectl area list, plan list, group list";
    case 503:
      return "The server is not ready; try again in a moment. convokectl status says what is missing.";
    default:
      return {};
  }
}

/// The server's error object as a sentence; its `problems` one a line.
Failure refusal(int status, const std::string& body) {
  std::string text = "the server refused (" + std::to_string(status) + ")";
  std::string word;
  boost::system::error_code error;
  const auto value = boost::json::parse(body, error);
  const auto* outer = error ? nullptr : value.if_object();
  const auto* inner = outer == nullptr ? nullptr : outer->if_contains("error");
  if (const auto* fields = inner == nullptr ? nullptr : inner->if_object()) {
    if (const auto* code = fields->if_contains("code"); code && code->is_string())
      text += " " + (word = printable(code->get_string()));
    if (const auto* detail = fields->if_contains("detail"); detail && detail->is_string())
      text += ": " + printable(detail->get_string());
    if (const auto* problems = fields->if_contains("problems"); problems && problems->is_array()) {
      for (const auto& problem : problems->get_array()) {
        text += "\n  " + printable(problem.is_string() ? std::string(problem.get_string())
                                                       : boost::json::serialize(problem));
      }
    }
  }
  return Failure(kFailed, text, what_next(status, word));
}

/// Of a server that is not ready: what it says is amiss.
std::string health_problems(httplib::Client& client) {
  const auto health = client.Get("/v1/health");
  if (!health) return {};
  boost::system::error_code error;
  const auto value = boost::json::parse(health->body, error);
  std::string text;
  if (error) return text;
  for (const auto& problem : list(value, "problems")) text += "\n  " + printable(show(problem));
  return text;
}

Failure unreachable(const std::string& url, httplib::Error error) {
  return Failure(kUnreachable, "cannot reach the server at " + url + " (" + httplib::to_string(error) + ")",
                 "Is it running? Start one with ops/run, or name another with --server or CONVOKE_URL.");
}

/// Cuts what arrives into lines.
class LineReader {
 public:
  explicit LineReader(const std::function<bool(std::string_view)>& on_line) : on_line_(on_line) {}

  bool take(const char* data, std::size_t size) {
    rest_.append(data, size);
    std::size_t from = 0;
    for (std::size_t end; (end = rest_.find('\n', from)) != std::string::npos; from = end + 1) {
      if (!on_line_(std::string_view(rest_).substr(from, end - from))) return false;
    }
    rest_.erase(0, from);
    return rest_.size() <= kMaxLineBytes;
  }

 private:
  const std::function<bool(std::string_view)>& on_line_;
  std::string rest_;
};

}  // namespace

struct ApiClient::Http {
  explicit Http(const std::string& url) : client(url) {}
  httplib::Client client;
};

ApiClient::ApiClient(std::string url, const std::string& token_file) : url_(std::move(url)) {
  if (url_.rfind("http://", 0) != 0 && url_.rfind("https://", 0) != 0) {
    throw Failure(kUsage, "--server: expected http://HOST:PORT or https://HOST:PORT, got " + printable(url_));
  }
  http_ = std::make_unique<Http>(url_);
  if (!http_->client.is_valid()) throw Failure(kUsage, "--server: cannot be understood: " + printable(url_));
  http_->client.set_default_headers({{"Authorization", "Bearer " + read_token(token_file)}});
  http_->client.set_connection_timeout(kConnectSeconds);
  http_->client.set_read_timeout(kAnswerSeconds);
  http_->client.set_write_timeout(kAnswerSeconds);
}

ApiClient::~ApiClient() = default;

boost::json::value ApiClient::call(const std::string& method, const std::string& path, std::string body,
                                   const std::string& content_type) {
  httplib::Request request;
  request.method = method;
  request.path = path;
  if (!body.empty()) request.set_header("Content-Type", content_type);
  request.body = std::move(body);
  const auto result = http_->client.send(request);
  if (!result) throw unreachable(url_, result.error());
  if (result->status == 503) {
    const Failure failure = refusal(503, result->body);
    throw Failure(failure.code, failure.what() + health_problems(http_->client), failure.next);
  }
  if (result->status < 200 || result->status > 299) throw refusal(result->status, result->body);
  if (result->body.empty()) return nullptr;
  boost::system::error_code error;
  auto value = boost::json::parse(result->body, error);
  if (error)
    throw Failure(kFailed, url_ + path + ": expected JSON in the answer", "Is this a Convoke server?");
  return value;
}

bool ApiClient::stream(const std::string& path, const std::function<bool(std::string_view)>& on_line) {
  LineReader lines(on_line);
  int status = 0;
  bool stopped = false;
  std::string refused;
  const auto result = http_->client.Get(
      path, httplib::Headers{},
      [&status](const httplib::Response& response) {
        status = response.status;
        return true;
      },
      [&](const char* data, std::size_t size) {
        if (status == 200) {
          stopped = !lines.take(data, size);
          return !stopped;
        }
        refused.append(data, std::min(size, kMaxLineBytes - std::min(kMaxLineBytes, refused.size())));
        return true;
      });
  if (stopped) return true;
  if (status != 0 && status != 200) throw refusal(status, refused);
  if (!result && status == 0) throw unreachable(url_, result.error());
  return false;
}

}  // namespace convoke::cli
