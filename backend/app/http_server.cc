#include "backend/app/http_server.h"

#include <httplib.h>

#include <algorithm>

#include <boost/json.hpp>
#include <stdexcept>
#include <thread>

#include "backend/app/clock.h"

namespace convoke::app {
namespace {

namespace json = boost::json;

constexpr std::size_t kThreads = 16 + EventHub::kMaxWatchers;
constexpr std::size_t kMaxBody = 65 << 20;
constexpr auto kPing = std::chrono::seconds(15);
constexpr auto kWatchStep = std::chrono::milliseconds(200);

void answer(httplib::Response& out, const ApiResponse& r) {
  out.status = r.status;
  out.set_content(r.body, "application/json");
}

ApiRequest to_request(const httplib::Request& in, topics::Principal who, const HttpServer::Hooks& hooks) {
  ApiRequest r{std::move(who), in.method, in.path,           in.get_header_value("Content-Type"),
               in.body,        {},        hooks.area_limits, hooks.vault};
  for (const auto& [key, value] : in.params) r.query[key] = value;
  return r;
}

}  // namespace

struct HttpServer::Impl {
  std::string site, version;
  const Keys& keys;
  EventHub& events;
  Hooks hooks;
  httplib::Server server;
  std::thread thread;

  /// Who the request speaks as; otherwise `out` says why not.
  std::optional<token::Verified> authenticate(const httplib::Request& in, httplib::Response& out) const {
    const std::string header = in.get_header_value("Authorization");
    constexpr std::string_view kBearer = "Bearer ";
    std::string detail = "expected the header Authorization: Bearer <token>";
    if (header.starts_with(kBearer)) {
      const token::Verdict v = token::verify(*keys.current(), std::string_view(header).substr(kBearer.size()),
                                             site, Clock::real_now() / 1000);
      if (v.verified) return v.verified;
      detail = "the token is refused: " + std::string(to_string(v.refusal));
    }
    out.set_header("WWW-Authenticate", "Bearer");
    answer(out, api_error(401, "unauthorized", detail));
    return std::nullopt;
  }

  void call(const httplib::Request& in, httplib::Response& out) const {
    auto who = authenticate(in, out);
    if (!who) return;
    carry_out(to_request(in, who->principal, hooks), out);
  }

  void carry_out(const ApiRequest& request, httplib::Response& out) const {
    auto parsed = parse_api(request);
    if (auto* refused = std::get_if<ApiResponse>(&parsed)) return answer(out, *refused);
    answer(out, hooks.call(request.who, std::get<Command>(std::move(parsed))));
  }

  /// Nothing of a body is kept before it is known who sends it and that they may; it is read to its end all
  /// the same, because the next request on the connection begins there.
  void call_with_body(const httplib::Request& in, httplib::Response& out,
                      const httplib::ContentReader& read) const {
    const auto who = authenticate(in, out);
    ApiRequest request = to_request(in, who ? who->principal : topics::Principal{}, hooks);
    const auto refused = who ? refuse_api(request) : std::nullopt;
    const std::size_t room = who && !refused ? max_body_bytes(in.path) + 1 : 0;
    const bool has_body = in.has_header("Content-Length") || in.has_header("Transfer-Encoding");
    const bool complete = !has_body || read([&](const char* data, std::size_t size) {
      request.body.append(data, std::min(size, room - request.body.size()));
      return true;
    });
    if (!who) return;
    if (refused) return answer(out, *refused);
    if (!complete)
      return answer(out, api_error(413, "too-large", "body: expected one that can be read whole"));
    carry_out(request, out);
  }

  void health(httplib::Response& out) const {
    const auto problems = hooks.problems();
    if (problems.empty()) return answer(out, {200, R"({"status":"ok"})"});
    answer(out, {503, json::serialize(
                          json::object{{"status", "degraded"}, {"problems", json::value_from(problems)}})});
  }

  void watch(const httplib::Request& in, httplib::Response& out) const {
    auto who = authenticate(in, out);
    if (!who) return;
    if (who->principal.role != topics::Role::operator_ && who->principal.role != topics::Role::staff)
      return answer(out, api_error(403, "forbidden", "expected a token of role operator or staff"));
    auto watcher = events.watch();
    if (!watcher)
      return answer(out, api_error(503, "too-many-watchers",
                                   "expected at most 16 watchers at a time; try again later"));
    auto hello =
        json::serialize(json::object{{"type", "hello"}, {"site", site}, {"version", version}}) + "\n";
    auto quiet_since = std::chrono::steady_clock::now();
    out.set_chunked_content_provider(
        "application/x-ndjson", [watcher, hello, quiet_since, expires_s = who->expires_s](
                                    std::size_t offset, httplib::DataSink& sink) mutable {
          if (offset == 0) return sink.write(hello.data(), hello.size());
          std::string text;
          while (auto line = watcher->next(text.empty() ? kWatchStep : std::chrono::milliseconds(0)))
            text += *line + "\n";
          const auto now = std::chrono::steady_clock::now();
          if (text.empty() && now - quiet_since >= kPing) text = "{\"type\":\"ping\"}\n";
          if (watcher->closed() || Clock::real_now() / 1000 >= expires_s) {
            sink.done();
            return true;
          }
          if (text.empty()) return sink.is_writable();
          quiet_since = now;
          return sink.write(text.data(), text.size());
        });
  }
};

HttpServer::HttpServer(std::string site, std::string version, const Keys& keys, EventHub& events, Hooks hooks)
    : impl_(new Impl{std::move(site), std::move(version), keys, events, std::move(hooks), {}, {}}) {
  httplib::Server& s = impl_->server;
  s.new_task_queue = [] { return new httplib::ThreadPool(kThreads); };
  s.set_payload_max_length(kMaxBody);
  s.set_tcp_nodelay(true);
  s.set_socket_options(
      [](socket_t socket) {  // not the library's SO_REUSEPORT: two servers would share the port unawares
        const int yes = 1;
        ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
      });
  s.set_keep_alive_max_count(1000);
  auto call = [this](const httplib::Request& in, httplib::Response& out) { impl_->call(in, out); };
  s.Get("/v1/health", [this](const httplib::Request&, httplib::Response& out) { impl_->health(out); });
  s.Get("/v1/events", [this](const httplib::Request& in, httplib::Response& out) { impl_->watch(in, out); });
  s.Get(".*", call);
  auto with_body = [this](const httplib::Request& in, httplib::Response& out,
                          const httplib::ContentReader& read) { impl_->call_with_body(in, out, read); };
  s.Put(".*", with_body);
  s.Post(".*", with_body);
  s.Delete(".*", with_body);
}

HttpServer::~HttpServer() { stop(); }

void HttpServer::start(const std::string& host, int port) {
  if (!impl_->server.bind_to_port(host.c_str(), port))
    throw std::runtime_error("http.port: " + host + ":" + std::to_string(port) +
                             " cannot be listened on: is it taken?");
  impl_->thread = std::thread([this] { impl_->server.listen_after_bind(); });
  while (!impl_->server.is_running()) std::this_thread::yield();  // a stop before that would be missed
}

void HttpServer::stop() {
  impl_->server.stop();
  if (impl_->thread.joinable()) impl_->thread.join();
}

}  // namespace convoke::app
