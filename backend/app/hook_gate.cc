#include "backend/app/hook_gate.h"

#include <spdlog/spdlog.h>

#include <fstream>
#include <set>
#include <stdexcept>

#include "backend/app/clock.h"

namespace convoke::app {
namespace {

using gateways::hooks::HookOptions;
using gateways::hooks::HookService;

constexpr std::size_t kMaxSecrets = 16;  // in one file

/// One a line; what ends it is no part of the secret.
std::vector<std::string> read_secrets(const std::string& hook, const char* key, const std::string& path) {
  std::ifstream in(path);
  std::vector<std::string> secrets;
  for (std::string line; std::getline(in, line);) {
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.pop_back();
    if (!line.empty()) secrets.push_back(std::move(line));
  }
  if (secrets.empty() || secrets.size() > kMaxSecrets)
    throw std::runtime_error("hook " + hook + ": " + key +
                             ": expected a file with 1 to 16 secrets in it, one a line: " + path);
  return secrets;
}

std::vector<HookOptions> options_of(const std::vector<HookConfig>& hooks, const std::string& public_url) {
  std::vector<HookOptions> all;
  for (const HookConfig& had : hooks) {
    HookOptions options{.name = had.name,
                        .kind = had.kind,
                        .public_url = public_url,
                        .say = had.say,
                        .country = had.country,
                        .api = had.api,
                        .per_second = had.per_second};
    for (const std::string& path : had.secret_files)
      for (std::string& secret : read_secrets(had.name, "secret_files", path))
        options.secrets.push_back(std::move(secret));
    if (!had.token_file.empty()) options.token = read_secrets(had.name, "token_file", had.token_file)[0];
    all.push_back(std::move(options));
  }
  return all;
}

/// Anybody can send what is not signed, so that is counted but not told.
void note(Metrics& metrics, const std::string& hook, const std::string& result, const std::string& detail) {
  static const std::set<std::string> kTold = {"refused", "unavailable", "kept", "given-up"};
  metrics.count_hook(hook, result);
  if (kTold.contains(result))
    spdlog::warn("hook {}: {}: {}", hook, result, detail);
  else
    spdlog::debug("hook {}: {} {}", hook, result, detail);
}

auto noting(Metrics& metrics) {
  return [&metrics](const std::string& hook, const std::string& result, const std::string& detail) {
    note(metrics, hook, result, detail);
  };
}

}  // namespace

HookGate::HookGate(const Config& config, const gateways::IdentityVault& vault, Metrics& metrics,
                   Outside outside)
    : host_(config.hooks_host),
      port_(config.hooks_port),
      public_url_(config.hooks_public_url),
      hooks_(config.hooks),
      outside_(std::move(outside)),
      service_(options_of(hooks_, public_url_), vault,
               {outside_.take,
                [this](const std::string& hook, const std::string& about, std::int64_t told_ms) {
                  return keep(hook, about, told_ms);
                },
                noting(metrics)}),
      asker_(service_, {outside_.drop, noting(metrics), Clock::real_now}),
      server_(service_, Clock::real_now) {}

void HookGate::reload() { service_.replace(options_of(hooks_, public_url_)); }

void HookGate::start(std::vector<gateways::hooks::KeptHint> kept) {
  for (gateways::hooks::KeptHint& hint : kept) asker_.put(std::move(hint));
  server_.start(host_, port_);
  asker_.start();
}

void HookGate::stop() {
  server_.stop();
  asker_.stop();
}

bool HookGate::keep(const std::string& hook, const std::string& about, std::int64_t told_ms) {
  const auto number = outside_.keep(hook, about, told_ms);
  if (number) asker_.put({hook, about, *number, told_ms});
  return number.has_value();
}

std::unique_ptr<HookGate> make_hook_gate(const Config& config, const gateways::IdentityVault* vault,
                                         Metrics& metrics, HookGate::Outside outside) {
  if (config.hooks.empty() || config.hooks_port == 0) return nullptr;
  if (!vault)
    throw std::runtime_error(
        "identities.key_file: expected one, because there are hooks: without it nobody is "
        "known by number, address or code");
  return std::make_unique<HookGate>(config, *vault, metrics, std::move(outside));
}

}  // namespace convoke::app
