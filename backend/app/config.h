#pragma once

#include <optional>
#include <string>
#include <vector>

#include "backend/gateways/mail/mail_gateway.h"
#include "geo/area_file.h"
#include "geo/fence_tracker.h"
#include "topics/dev_clock.h"
#include "topics/ids.h"

namespace convoke::app {

/// One `[[hook]]`.
struct HookConfig {
  std::string name, kind;
  std::vector<std::string> secret_files;
  std::string token_file, api, say, country;
  int per_second = 0;  // 0: as its kind has it
};

/// Every setting of the server. docs/configuration.md is its page; `load_config` checks each.
struct Config {
  bool development = false;    // mode: "production" (default) or "development"
  topics::SiteId site;         // site
  topics::ServerId server_id;  // server_id
  std::string backup_dir;      // where copies of the store are made; empty: none
  std::string data_dir;        // data_dir: where the store is
  std::string broker_host = "127.0.0.1";
  int broker_port = 1883;
  std::string broker_token_file;  // [broker] token_file: of role server, read anew for each connection
  std::string http_host = "127.0.0.1";
  int http_port = 8080;
  std::string metrics_host = "127.0.0.1";
  int metrics_port = 0;             // 0: no metrics
  std::string keys_file;            // [auth] keys: JWK Set to verify tokens with
  std::string federation_key_file;  // [federation] key_file; empty: there are no other sites
  std::string federation_ca_file;   // ca_file, cert_file, cert_key_file: PEM; empty: links are plain MQTT
  std::string federation_cert_file, federation_cert_key_file;
  std::string identity_key_file;  // [identities] key_file; empty: no identities are kept
  std::string hooks_host = "127.0.0.1";
  int hooks_port = 0;            // 0: no hooks
  std::string hooks_public_url;  // [hooks] public_url: how providers see them
  std::vector<HookConfig> hooks;
  std::optional<gateways::MailGateway::Options> mail;  // [mail]; none: no mails are taken
  std::optional<topics::DevClock> dev_clock;           // [dev] clock; only in development
  geo::AreaLimits area_limits;                         // [areas] max_vertices
  geo::Rule rule;                                      // [areas] rule and what follows it
  std::string log_level = "info";
  std::string log_file;  // empty: stderr
};

/// Reads a TOML file. Throws std::runtime_error "FILE:LINE: KEY: expected …" for the first thing wrong,
/// unknown keys included.
Config load_config(const std::string& path);

}  // namespace convoke::app
