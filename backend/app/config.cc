#include "backend/app/config.h"

#include <toml++/toml.h>

#include <algorithm>
#include <set>
#include <stdexcept>

#include "backend/core/safe_regions.h"
#include "backend/gateways/hooks/kinds.h"
#include "backend/gateways/mail/authentication_results.h"
#include "backend/gateways/phone_number.h"

namespace convoke::app {
namespace {

constexpr const char* kId = "an id: 1 to 64 characters out of A-Z a-z 0-9 . _ -";

/// One table of the file, read key by key; what was not read in the end is unknown.
class Section {
 public:
  Section(const std::string& file, const toml::table* table, std::string name)
      : file_(file), table_(table), name_(std::move(name)) {}

  std::vector<std::string> strings(const char* key) {
    std::vector<std::string> out;
    const toml::node* node = take(key);
    if (!node) return out;
    const auto* list = node->as_array();
    if (!list || list->size() > kMaxList) fail(node, key, "a list of at most 100 strings");
    for (const toml::node& element : *list) {
      const auto* text = element.as_string();
      if (!text || text->get().empty()) fail(&element, key, "strings that are not empty");
      out.push_back(text->get());
    }
    return out;
  }

  /// Each `[[key]]`.
  std::vector<Section> list(const char* key) {
    std::vector<Section> out;
    const toml::node* node = take(key);
    if (!node) return out;
    const auto* list = node->as_array();
    if (!list || list->size() > kMaxList) fail(node, key, "at most 100 tables in double brackets");
    for (const toml::node& element : *list) {
      if (!element.is_table()) fail(&element, key, "tables in double brackets");
      out.push_back({file_, element.as_table(), key});
    }
    return out;
  }

  std::string string(const char* key, const std::string& fallback, bool required = false) {
    const toml::node* node = take(key);
    if (!node && required) fail(table_, key, "a string; it is missing");
    if (!node) return fallback;
    const auto* value = node->as_string();
    if (!value || value->get().empty()) fail(node, key, "a string that is not empty");
    return value->get();
  }

  int port(const char* key, int fallback, int min) {
    return whole(key, fallback, min, 65535, "a port number");
  }

  int whole(const char* key, int fallback, int min, int max, const std::string& what = "a whole number") {
    const toml::node* node = take(key);
    if (!node) return fallback;
    const auto* value = node->as_integer();
    if (!value || value->get() < min || value->get() > max)
      fail(node, key, what + " from " + std::to_string(min) + " to " + std::to_string(max));
    return static_cast<int>(value->get());
  }

  template <class Parse>
  auto parsed(const char* key, Parse parse, const std::string& expected) {
    const std::string text = string(key, "", true);
    auto value = parse(text);
    if (!value) fail(table_->get(key), key, expected);
    return value;
  }

  bool has(const char* key) const { return table_ && table_->contains(key); }

  Section sub(const char* key) {
    const toml::node* node = take(key);
    if (node && !node->is_table()) fail(node, key, "a table");
    return {file_, node ? node->as_table() : nullptr, key};
  }

  void finish() const {
    if (!table_) return;
    for (auto&& [key, node] : *table_)
      if (!taken_.contains(std::string(key.str())))
        fail(&node, std::string(key.str()), "no such key; known are " + known());
  }

  [[noreturn]] void fail(const std::string& key, const std::string& expected) const {
    fail(table_ ? table_->get(key) : nullptr, key, expected);
  }
  [[noreturn]] void fail(const toml::node* node, const std::string& key, const std::string& expected) const {
    const std::string line =
        node && node->source().begin.line ? ":" + std::to_string(node->source().begin.line) : "";
    throw std::runtime_error(file_ + line + ": " + (name_.empty() ? "" : name_ + ".") + key + ": expected " +
                             expected);
  }

 private:
  static constexpr std::size_t kMaxList = 100;

  const toml::node* take(const char* key) {
    taken_.insert(key);
    return table_ ? table_->get(key) : nullptr;
  }
  std::string known() const {
    std::string out;
    for (const auto& key : taken_) out += (out.empty() ? "" : ", ") + key;
    return out;
  }

  const std::string& file_;
  const toml::table* table_;
  std::string name_;
  std::set<std::string> taken_;
};

void read_mode(Section& root, Config& c) {
  const std::string mode = root.string("mode", "production");
  if (mode != "production" && mode != "development") root.fail("mode", "\"production\" or \"development\"");
  c.development = mode == "development";
}

void read_dev(Section& root, Config& c) {
  Section dev = root.sub("dev");
  if (dev.has("clock")) {
    if (!c.development)
      dev.fail("clock", "no such setting in production; it is for replays, with mode = \"development\"");
    c.dev_clock = dev.parsed("clock", topics::DevClock::parse, "\"SIM_MS,REAL_MS,SPEED\"");
  }
  dev.finish();
}

void read_log(Section& root, Config& c) {
  static const std::set<std::string> kLevels = {"debug", "info", "warning", "error"};
  Section log = root.sub("log");
  c.log_level = log.string("level", c.log_level);
  if (!kLevels.contains(c.log_level)) log.fail("level", "\"debug\", \"info\", \"warning\" or \"error\"");
  c.log_file = log.string("file", "");
  log.finish();
}

void read_mail(Section& root, Config& c) {
  if (!root.has("mail")) return;
  Section mail = root.sub("mail");
  gateways::MailGateway::Options o;
  o.listen = mail.string("listen", "", true);
  if (!gateways::is_lmtp_address(o.listen))
    mail.fail("listen", "\"unix:/path\" or \"127.0.0.1:PORT\", not port 25");
  o.group = mail.string("group", "");
  o.domains = mail.strings("domains");
  if (o.domains.empty()) mail.fail("domains", "at least one");
  for (std::string& domain : o.domains) domain = gateways::plain_domain(domain);
  o.trust.authserv_id = gateways::plain_domain(mail.string("authserv_id", "", true));
  o.trust.authentication_results = static_cast<std::size_t>(mail.whole("authentication_results", 1, 1, 4));
  o.max_bytes = static_cast<std::size_t>(mail.whole("max_bytes", 1 << 20, 1 << 14, 1 << 26));
  mail.finish();
  if (c.identity_key_file.empty())
    root.fail("mail", "no such table without [identities] key_file, which tells senders apart");
  c.mail = std::move(o);
}

void read_listeners(Section& root, Config& c) {
  Section broker = root.sub("broker");
  c.broker_host = broker.string("host", c.broker_host);
  c.broker_port = broker.port("port", c.broker_port, 1);
  c.broker_token_file = broker.string("token_file", "", true);
  broker.finish();
  Section http = root.sub("http");
  c.http_host = http.string("host", c.http_host);
  c.http_port = http.port("port", c.http_port, 1);
  http.finish();
  Section metrics = root.sub("metrics");
  c.metrics_host = metrics.string("host", c.metrics_host);
  c.metrics_port = metrics.port("port", c.metrics_port, 0);
  metrics.finish();
  Section auth = root.sub("auth");
  c.keys_file = auth.string("keys", "", true);
  auth.finish();
  Section federation = root.sub("federation");
  c.federation_key_file = federation.string("key_file", "");
  c.federation_ca_file = federation.string("ca_file", "");
  c.federation_cert_file = federation.string("cert_file", "");
  c.federation_cert_key_file = federation.string("cert_key_file", "");
  federation.finish();
  if (c.federation_cert_file.empty() != c.federation_cert_key_file.empty())
    federation.fail("cert_file", "cert_file and cert_key_file, or neither");
  if (c.federation_ca_file.empty() && !c.federation_cert_file.empty())
    federation.fail("cert_file", "a ca_file beside it");
  Section identities = root.sub("identities");
  c.identity_key_file = identities.string("key_file", "");
  identities.finish();
}

HookConfig read_hook(Section& hook) {
  HookConfig c;
  c.name = hook.parsed("name", topics::PlanId::parse, kId).str();
  c.kind = hook.string("kind", "", true);
  const auto kinds = gateways::hooks::hook_kinds();
  if (std::find(kinds.begin(), kinds.end(), c.kind) == kinds.end()) {
    std::string known;
    for (const std::string& kind : kinds) known += (known.empty() ? "" : ", ") + kind;
    hook.fail("kind", "one of " + known);
  }
  c.secret_files = hook.strings("secret_files");
  c.token_file = hook.string("token_file", "");
  c.api = hook.string("api", "");
  c.say = hook.string("say", "");
  c.country = hook.string("country", "");
  if (!c.country.empty() && !gateways::is_calling_code(c.country))
    hook.fail("country", "a country's calling code as \"49\"");
  c.per_second = hook.whole("per_second", 0, 0, 100'000);
  hook.finish();
  return c;
}

void read_hooks(Section& root, Config& c) {
  Section hooks = root.sub("hooks");
  c.hooks_host = hooks.string("host", c.hooks_host);
  c.hooks_port = hooks.port("port", c.hooks_port, 0);
  c.hooks_public_url = hooks.string("public_url", "");
  hooks.finish();
  std::set<std::string> names;
  for (Section& hook : root.list("hook")) {
    c.hooks.push_back(read_hook(hook));
    if (!names.insert(c.hooks.back().name).second) hook.fail("name", "one that no other hook has");
  }
}

void read_areas(Section& root, Config& c) {
  Section areas = root.sub("areas");
  c.area_limits.max_vertices = static_cast<std::size_t>(areas.whole("max_vertices", 100'000, 4, 10'000'000));
  if (areas.has("rule"))
    c.rule.area = *areas.parsed("rule", geo::AreaRule::preset, "\"strict\", \"balanced\" or \"calm\"");
  geo::TrackRule& track = c.rule.track;
  const auto seconds = [&](const char* key, std::uint32_t ms, int min, int max) {
    return static_cast<std::uint32_t>(areas.whole(key, static_cast<int>(ms / 1000), min, max)) * 1000;
  };
  track.max_accuracy_m = areas.whole("max_accuracy_m", static_cast<int>(track.max_accuracy_m), 1, 100'000);
  track.max_speed_mps = areas.whole("max_speed_mps", static_cast<int>(track.max_speed_mps), 1, 100'000);
  track.reorder_ms = seconds("reorder_s", track.reorder_ms, 0, 60);
  track.stale_ms = seconds("stale_s", track.stale_ms, core::kSafeRegionAgeS + 1, 86'400);
  track.presence_grace_ms = seconds("presence_grace_s", track.presence_grace_ms, 0, 86'400);
  areas.finish();
}

}  // namespace

Config load_config(const std::string& path) {
  toml::table table;
  try {
    table = toml::parse_file(path);
  } catch (const toml::parse_error& e) {
    throw std::runtime_error(path + ":" + std::to_string(e.source().begin.line) +
                             ": expected TOML: " + std::string(e.description()));
  }
  Config c;
  Section root(path, &table, "");
  read_mode(root, c);
  c.site = root.parsed("site", topics::SiteId::parse, kId);
  c.server_id = root.parsed("server_id", topics::ServerId::parse, kId);
  c.data_dir = root.string("data_dir", "", true);
  c.backup_dir = root.string("backup_dir", "");
  read_listeners(root, c);
  read_hooks(root, c);
  read_mail(root, c);
  read_areas(root, c);
  read_dev(root, c);
  read_log(root, c);
  root.finish();
  return c;
}

}  // namespace convoke::app
