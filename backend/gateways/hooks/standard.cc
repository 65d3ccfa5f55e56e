#include <stdexcept>

#include "backend/gateways/hooks/cloud_event.h"
#include "backend/gateways/hooks/kinds.h"

/// Standard Webhooks 1.0.0 (https://www.standardwebhooks.com) with bodies in words of ours, as
/// {"type","timestamp","data"} or as a CloudEvent.
namespace convoke::gateways::hooks {
namespace {

class Standard : public Hook {
 public:
  Standard(const HookOptions& options, const IdentityVault& vault)
      : secrets_(options.secrets), country_(options.country), vault_(vault) {}

  Signed verify(const Request& r) const override {
    return check_standard(r.header("webhook-id"), r.header("webhook-timestamp"),
                          r.header("webhook-signature"), r.body, secrets_, r.now_ms);
  }
  std::string_view expected() const override {
    return "webhook-signature: expected one made with this hook's secret over id, timestamp and body, at "
           "most "
           "300 s ago";
  }

  Reading read(const Request& r) const override {
    const std::string id(r.header("webhook-id"));
    if (id.size() > kMaxTextBytes) return Refusal{400, "webhook-id: expected 1 to 200 bytes"};
    JsonReader reader(r.body, kMaxBodyBytes);
    const Field& root = reader.root();
    if (reader.ok() && root["specversion"].present())
      return read_cloud_event(r.body, r.now_ms, country_, vault_);
    const Field type = root["type"], time = root["timestamp"], data = root["data"];
    const Envelope envelope{id, type.line(1, kMaxTextBytes), date_time(time)};
    if (!reader.ok()) return finish(reader, Nothing{});
    return finish(reader, read_generic(envelope, data, country_, vault_));
  }

 private:
  Secrets secrets_;
  std::string country_;
  const IdentityVault& vault_;
};

}  // namespace

std::unique_ptr<Hook> make_standard(const HookOptions& options, const IdentityVault& vault) {
  for (const std::string& secret : options.secrets)
    if (!is_standard_secret(secret))
      throw std::runtime_error(
          "secret_files: expected whsec_ and 24 to 64 bytes in base64, or whpk_ and a public key of 32");
  return std::make_unique<Standard>(options, vault);
}

}  // namespace convoke::gateways::hooks
