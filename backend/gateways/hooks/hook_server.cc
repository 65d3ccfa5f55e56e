#include "backend/gateways/hooks/hook_server.h"

#include <httplib.h>

#include <algorithm>
#include <stdexcept>
#include <thread>

namespace convoke::gateways::hooks {
namespace {

constexpr std::size_t kThreads = 64;  // each connection has one while it lasts
constexpr auto kPatience = std::chrono::seconds(5);
constexpr std::string_view kPath = "/hooks/";

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return text;
}

void send(const Reply& reply, httplib::Response& out) {
  out.status = reply.status;
  for (const auto& [name, value] : reply.headers) out.set_header(name, value);
  if (!reply.body.empty()) out.set_content(reply.body, reply.content_type);
}

}  // namespace

struct HookServer::Impl {
  HookService& service;
  std::function<std::int64_t()> now_ms;
  httplib::Server server;
  std::thread thread;

  void answer(const httplib::Request& in, std::string body, httplib::Response& out) const {
    Request request{in.method, in.target, {}, std::move(body), now_ms()};
    // Where a header is there twice, neither counts: a proxy and we might look at different ones.
    std::map<std::string, int> times;
    for (const auto& [name, value] : in.headers) {
      const std::string key = lower(name);
      request.headers[key] = ++times[key] == 1 ? value : std::string();
    }
    const std::string name = in.path.size() > kPath.size() ? in.path.substr(kPath.size()) : std::string();
    send(service.answer(name, request), out);
  }

  void answer_with_body(const httplib::Request& in, httplib::Response& out,
                        const httplib::ContentReader& read) const {
    std::string body;
    bool too_large = false;
    const bool has_body = in.has_header("Content-Length") || in.has_header("Transfer-Encoding");
    const bool complete = !has_body || read([&](const char* data, std::size_t size) {
      too_large |= body.size() + size > kMaxBodyBytes;
      if (!too_large) body.append(data, size);
      return !too_large;
    });
    if (too_large) return send({413, "body: expected at most 512 KiB\n"}, out);
    if (!complete) return send({400, "body: expected one that can be read whole\n"}, out);
    answer(in, std::move(body), out);
  }
};

HookServer::HookServer(HookService& service, std::function<std::int64_t()> now_ms)
    : impl_(new Impl{service, std::move(now_ms), {}, {}}) {
  httplib::Server& s = impl_->server;
  s.new_task_queue = [] { return new httplib::ThreadPool(kThreads); };
  s.set_payload_max_length(kMaxBodyBytes + 1);
  s.set_tcp_nodelay(true);
  s.set_read_timeout(kPatience);
  s.set_write_timeout(kPatience);
  s.set_keep_alive_timeout(5);
  s.set_keep_alive_max_count(1000);
  s.set_socket_options(
      [](socket_t socket) {  // not the library's SO_REUSEPORT: two servers would share the port unawares
        const int yes = 1;
        ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
      });
  const auto plain = [this](const httplib::Request& in, httplib::Response& out) {
    impl_->answer(in, "", out);
  };
  s.Get("/hooks/.*", plain);
  s.Options("/hooks/.*", plain);
  s.Post("/hooks/.*", [this](const httplib::Request& in, httplib::Response& out,
                             const httplib::ContentReader& read) { impl_->answer_with_body(in, out, read); });
}

HookServer::~HookServer() { stop(); }

void HookServer::start(const std::string& host, int port) {
  if (!impl_->server.bind_to_port(host.c_str(), port))
    throw std::runtime_error("hooks.port: " + host + ":" + std::to_string(port) +
                             " cannot be listened on: is it taken?");
  impl_->thread = std::thread([this] { impl_->server.listen_after_bind(); });
  while (!impl_->server.is_running()) std::this_thread::yield();  // a stop before that would be missed
}

void HookServer::stop() {
  impl_->server.stop();
  if (impl_->thread.joinable()) impl_->thread.join();
}

}  // namespace convoke::gateways::hooks
