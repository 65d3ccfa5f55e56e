#pragma once

#include <memory>
#include <string>
#include <vector>

#include "backend/gateways/hooks/hook.h"
#include "backend/gateways/hooks/shop_api.h"
#include "backend/gateways/identity_vault.h"

namespace convoke::gateways::hooks {

/// One `[[hook]]` of the configuration.
struct HookOptions {
  std::string name;
  std::string kind;
  Secrets secrets = {};
  std::string public_url = {};  // twilio: how the provider sees us, without the path
  std::string say = {};         // twilio: what the caller hears; empty: the call is rejected, free of charge
  std::string country = {};     // calling code of local numbers ("030 …")
  std::string api = {};         // pretix, eventbrite: base URL of the shop's API
  std::string token = {};       // to ask it with
  int per_second = 0;           // how many it takes a second; 0: 1000, or 20 of kinds that ask the shop
};

/// The kinds' names, for error messages.
std::vector<std::string> hook_kinds();

/// Throws std::runtime_error saying which key is missing or wrong: "secret_files: expected …".
/// `vault` must outlive it.
std::unique_ptr<Hook> make_hook(const HookOptions& options, const IdentityVault& vault);

std::unique_ptr<Hook> make_stripe(const HookOptions& options, const IdentityVault& vault);
std::unique_ptr<Hook> make_standard(const HookOptions& options, const IdentityVault& vault);
std::unique_ptr<Hook> make_shopify(const HookOptions& options, const IdentityVault& vault);
std::unique_ptr<Hook> make_ticket_tailor(const HookOptions& options, const IdentityVault& vault);
std::unique_ptr<Hook> make_twilio(const HookOptions& options, const IdentityVault& vault);
std::unique_ptr<Hook> make_cloud_events(const HookOptions& options, const IdentityVault& vault);
std::unique_ptr<Hook> make_pretix(ShopApi::Fetch fetch, const std::string& country,
                                  const IdentityVault& vault);
std::unique_ptr<Hook> make_eventbrite(const std::string& api, ShopApi::Fetch fetch,
                                      const IdentityVault& vault);

}  // namespace convoke::gateways::hooks
