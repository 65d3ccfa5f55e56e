#include "tests/support/mosquitto_process.h"

#include <pwd.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <thread>

#include "tests/support/free_port.h"
#include "tests/support/loopback.h"

namespace convoke::test {
namespace {

namespace fs = std::filesystem;

void write_file(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
  fs::permissions(path, fs::perms(0644));
}

void fill_in(std::string& text, const std::string& name, const std::string& value) {
  for (auto at = text.find(name); at != std::string::npos; at = text.find(name, at + value.size())) {
    text.replace(at, name.size(), value);
  }
}

/// Mosquitto started by root drops to this user by itself, but that would clear the "die with the parent"
/// flag, so we start it as this user. Null: stay who we are.
const passwd* broker_user() {
  if (::geteuid() != 0) return nullptr;
  const passwd* user = ::getpwnam("mosquitto");
  return user ? user : ::getpwnam("nobody");
}

}  // namespace

MosquittoProcess::MosquittoProcess(const std::string& site, const std::string& public_jwks,
                                   std::string more_config)
    : site_(site), more_config_(std::move(more_config)) {
  // Copies, because the broker's user may be unable to get to the build folder.
  fs::permissions(dir_.path(), fs::perms(0755));
  fs::copy_file(CONVOKE_BROKER_PLUGIN, dir_ / "libconvoke_broker.so");
  fs::permissions(dir_ / "libconvoke_broker.so", fs::perms(0644));
  write_file(dir_ / "verify.jwks", public_jwks);
}

MosquittoProcess::MosquittoProcess() { fs::permissions(dir_.path(), fs::perms(0755)); }

void MosquittoProcess::start() {
  const bool may_choose_port = port_ == 0;
  for (int attempt = 0; attempt < 5; ++attempt) {
    if (may_choose_port) port_ = free_port();
    write_config();
    spawn();
    if (wait_until_ready()) return;
    kill9();
    if (!may_choose_port) break;
  }
  throw std::runtime_error("mosquitto did not start on port " + std::to_string(port_) + ":\n" + log());
}

void MosquittoProcess::kill9() { process_.end(SIGKILL); }

void MosquittoProcess::stop() { process_.end(SIGTERM); }

void MosquittoProcess::write_config() const {
  std::string text = read_file(CONVOKE_BROKER_CONFIG);
  fill_in(text, "@PORT@", std::to_string(port_));
  fill_in(text, "@SITE@", site_);
  fill_in(text, "@PLUGIN@", dir_ / "libconvoke_broker.so");
  fill_in(text, "@KEYS@", dir_ / "verify.jwks");
  if (site_.empty()) {
    fill_in(text, "\nplugin", "\n#plugin");
    fill_in(text, "allow_anonymous false", "allow_anonymous true");
  }
  write_file(dir_ / "mosquitto.conf", text + more_config_ + "\n");
}

void MosquittoProcess::spawn() {
  process_.start({"/usr/sbin/mosquitto", "-c", dir_ / "mosquitto.conf"}, dir_ / "broker.log", broker_user());
}

bool MosquittoProcess::accepts_connections() const {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(port_);
  const bool connected = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::close(fd);
  return connected;
}

bool MosquittoProcess::wait_until_ready() {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!process_.has_ended() && std::chrono::steady_clock::now() < deadline) {
    // Another process may have taken the port: then ours ends at once, which the next round sees.
    if (accepts_connections()) return !process_.has_ended();
    std::this_thread::sleep_for(
        std::chrono::milliseconds(5));  // nothing to wait on: it is the broker that will listen
  }
  return false;
}

std::string MosquittoProcess::log() const { return read_file(dir_ / "broker.log"); }

}  // namespace convoke::test
