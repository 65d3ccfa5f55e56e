#include "backend/gateways/hooks/kinds.h"

#include <algorithm>
#include <stdexcept>

namespace convoke::gateways::hooks {
namespace {

using Make = std::unique_ptr<Hook> (*)(const HookOptions&, const IdentityVault&);

/// Asks the shop itself, which needs its address and a token instead of a secret.
std::unique_ptr<Hook> make_pretix_on_network(const HookOptions& options, const IdentityVault& vault) {
  const auto api = std::make_shared<ShopApi>(options.api, "Token " + options.token);
  return make_pretix([api](const std::string& path) { return api->get(path); }, options.country, vault);
}
std::unique_ptr<Hook> make_eventbrite_on_network(const HookOptions& options, const IdentityVault& vault) {
  const auto api = std::make_shared<ShopApi>(options.api, "Bearer " + options.token);
  return make_eventbrite(
      options.api, [api](const std::string& path) { return api->get(path); }, vault);
}

struct Kind {
  const char* name;
  Make make;
  bool asks = false;  // its requests are not signed: it asks the shop
};

constexpr Kind kKinds[] = {{"stripe", make_stripe},
                           {"standard", make_standard},
                           {"shopify", make_shopify},
                           {"ticket_tailor", make_ticket_tailor},
                           {"twilio", make_twilio},
                           {"cloudevents", make_cloud_events},
                           {"pretix", make_pretix_on_network, true},
                           {"eventbrite", make_eventbrite_on_network, true}};

void expect(bool holds, const char* what) {
  if (!holds) throw std::runtime_error(what);
}

}  // namespace

std::vector<std::string> hook_kinds() {
  std::vector<std::string> names;
  for (const Kind& kind : kKinds) names.emplace_back(kind.name);
  return names;
}

std::unique_ptr<Hook> make_hook(const HookOptions& options, const IdentityVault& vault) {
  const auto kind = std::find_if(std::begin(kKinds), std::end(kKinds),
                                 [&](const Kind& k) { return options.kind == k.name; });
  expect(kind != std::end(kKinds), "kind: expected the name of a known kind");
  if (kind->asks) {
    expect(!options.token.empty(), "token_file: expected the token for the shop's API; this kind needs it");
    expect(ShopApi::is_allowed(options.api),
           "api: expected an address as https://shop.example; http is only for 127.0.0.1 and localhost");
  } else {
    const bool any =
        !options.secrets.empty() && std::none_of(options.secrets.begin(), options.secrets.end(),
                                                 [](const std::string& secret) { return secret.empty(); });
    expect(any, "secret_files: expected at least one file with a secret in it; this kind needs it");
  }
  return kind->make(options, vault);
}

}  // namespace convoke::gateways::hooks
