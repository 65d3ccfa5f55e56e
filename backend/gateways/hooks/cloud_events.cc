#include "backend/gateways/hooks/cloud_event.h"
#include "backend/gateways/hooks/form.h"
#include "backend/gateways/hooks/kinds.h"

/// CloudEvents 1.0 over HTTP, with its webhook rules: for shops and exchanges that have no adapter of their
/// own.
namespace convoke::gateways::hooks {
namespace {

bool starts_with(std::string_view text, std::string_view start) {
  return text.substr(0, start.size()) == start;
}

class CloudEvents : public Hook {
 public:
  CloudEvents(const HookOptions& options, const IdentityVault& vault)
      : secrets_(options.secrets), country_(options.country), vault_(vault) {}

  Signed verify(const Request& r) const override { return check_bearer(r.header("authorization"), secrets_); }
  std::string_view expected() const override {
    return "Authorization: expected Bearer and one of this hook's secrets";
  }
  std::string_view methods() const override { return "POST, OPTIONS"; }

  /// Whoever has the secret may send, from wherever: so any origin is fine.
  Reply handshake(const Request& r) const override {
    Reply reply{200, "", "text/plain", {{"Allow", "POST, OPTIONS"}}};
    if (!r.header("webhook-request-origin").empty()) {
      reply.headers["WebHook-Allowed-Origin"] = "*";
      reply.headers["WebHook-Allowed-Rate"] = "*";
    }
    return reply;
  }

  Reading read(const Request& r) const override {
    const std::string_view type = r.header("content-type");
    if (starts_with(type, "application/cloudevents+json"))
      return read_cloud_event(r.body, r.now_ms, country_, vault_);
    if (starts_with(type, "application/cloudevents"))
      return Refusal{
          415, "Content-Type: expected application/cloudevents+json, or application/json with ce- headers"};
    return binary(r, type);
  }

 private:
  /// The event's names are headers, its data is the body.
  Reading binary(const Request& r, std::string_view content_type) const {
    const std::string version = attribute(r, "specversion"), id = attribute(r, "id"),
                      source = attribute(r, "source"), time = attribute(r, "time");
    if (version != "1.0") return Refusal{400, "ce-specversion: expected 1.0"};
    for (const auto& [name, value] : {std::pair("ce-id", &id), std::pair("ce-source", &source)})
      if (value->empty() || value->size() > kMaxTextBytes)
        return Refusal{400, std::string(name) + ": expected 1 to 200 bytes"};
    Envelope envelope{cloud_event_id(source, id), attribute(r, "type"), r.now_ms};
    if (!time.empty()) {
      const auto at = topics::parse_rfc3339(time);
      if (!at) return Refusal{400, "ce-time: expected a time as 2026-06-01T19:30:00Z"};
      envelope.at_ms = *at;
    }
    if (!is_generic_type(envelope.type)) return Nothing{"of a type that is no call and no ticket"};
    if (!starts_with(content_type, "application/json"))
      return Refusal{415, "Content-Type: expected application/json"};
    JsonReader reader(r.body, kMaxBodyBytes);
    if (!reader.ok()) return finish(reader, Nothing{});
    return finish(reader, read_generic(envelope, reader.root(), country_, vault_));
  }

  static std::string attribute(const Request& r, const std::string& name) {
    return percent_decode(r.header("ce-" + name), false);
  }

  Secrets secrets_;
  std::string country_;
  const IdentityVault& vault_;
};

}  // namespace

std::unique_ptr<Hook> make_cloud_events(const HookOptions& options, const IdentityVault& vault) {
  return std::make_unique<CloudEvents>(options, vault);
}

}  // namespace convoke::gateways::hooks
