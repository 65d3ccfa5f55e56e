#include "tests/support/server_process.h"

#include <httplib.h>
#include <signal.h>

#include <chrono>
#include <fstream>
#include <stdexcept>

#include "tests/support/free_port.h"
#include "tests/support/until.h"

namespace convoke::test {
ServerProcess::ServerProcess(const TestTokens& tokens, std::uint16_t broker_port, std::string more_config,
                             std::string data_dir)
    : operator_token_(tokens.make(topics::Role::operator_, "op", "test")), http_port_(free_port()) {
  std::ofstream(dir_ / "server.token") << tokens.make(topics::Role::server, "s1", "server");
  std::ofstream(dir_ / "verify.jwks") << tokens.public_jwks();
  std::ofstream(dir_ / "server.toml")
      << "mode = \"development\"\nsite = \"" << tokens.site() << "\"\nserver_id = \"s1\"\ndata_dir = \""
      << (data_dir.empty() ? dir_ / "store" : data_dir) << "\"\nbackup_dir = \"" << dir_ / "backups"
      << "\"\n[broker]\nport = " << broker_port << "\ntoken_file = \"" << dir_ / "server.token"
      << "\"\n[http]\nport = " << http_port_ << "\n[auth]\nkeys = \"" << dir_ / "verify.jwks"
      << "\"\n"
      // One fix decides, so that a test sends as many as it means.
      << (more_config.find("[areas]") == std::string::npos ? "[areas]\nrule = \"strict\"\n" : "")
      << more_config;
}

std::string ServerProcess::reload_keys(const std::string& jwks) {
  const std::size_t before = log().size();
  std::ofstream(dir_ / "verify.jwks") << jwks;
  ::kill(process_.pid(), SIGHUP);
  if (!until([&] { return log().find("auth.keys: ", before) != std::string::npos; })) return "";
  return log().substr(log().find("auth.keys: ", before));
}

void ServerProcess::spawn() {
  process_.start({CONVOKED, "--config", dir_ / "server.toml"}, dir_ / "server.log");
}

void ServerProcess::start() {
  const std::size_t before = log().size();
  spawn();
  if (until([&] {
        return log().find("convoked ready", before) != std::string::npos || process_.has_ended();
      }) &&
      log().find("convoked ready", before) != std::string::npos)
    return;
  throw std::runtime_error("the server did not get ready:\n" + log());
}

bool ServerProcess::wait_for_health(int status) const {
  return until([&] { return call_as("", "GET", "/health").status == status; });
}

void ServerProcess::kill9() { process_.end(SIGKILL); }
int ServerProcess::stop() { return process_.end(SIGTERM); }

HttpAnswer ServerProcess::call(const std::string& method, const std::string& path, const std::string& body,
                               const std::string& content_type) const {
  return call_as(operator_token_, method, path, body, content_type);
}

HttpAnswer ServerProcess::call_as(const std::string& token, const std::string& method,
                                  const std::string& path, const std::string& body,
                                  const std::string& content_type) const {
  httplib::Client client("127.0.0.1", http_port_);
  client.set_read_timeout(std::chrono::seconds(15));
  httplib::Request request;
  request.method = method;
  request.path = "/v1" + path;
  request.body = body;
  request.headers = {{"Content-Type", content_type}};
  if (!token.empty()) request.headers.emplace("Authorization", "Bearer " + token);
  auto result = client.send(request);
  return result ? HttpAnswer{result->status, result->body} : HttpAnswer{};
}

int run_server(const std::string& config_path, const std::string& log_path) {
  ChildProcess process;
  process.start({CONVOKED, "--config", config_path}, log_path);
  return process.wait();
}

std::string ServerProcess::log() const { return read_file(dir_ / "server.log"); }

}  // namespace convoke::test
