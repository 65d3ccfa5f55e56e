#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <variant>

#include "backend/gateways/hooks/hook.h"

namespace convoke::gateways::hooks {

/// Asks a shop about what a hint of it says. It goes to the one configured address and nowhere else: no
/// redirect is followed, and nothing that a hint says becomes part of the address but names that the adapter
/// has checked. Time and size are bounded. Any thread.
class ShopApi {
 public:
  static constexpr std::size_t kMaxAtATime = 8;  // so that a shop that hangs holds up nobody else's hook

  using Answer = std::variant<std::string, Refusal>;  // JSON, or what to tell the provider
  using Fetch = std::function<Answer(const std::string& path)>;

  /// `base`: "https://shop.example", perhaps with a path. `authorization`: the header's value.
  ShopApi(std::string base, std::string authorization, int patience_s = 8);

  /// Https, or on this machine http; without user, query or a "/" at the end.
  static bool is_allowed(const std::string& base);

  /// GET of base + path.
  Answer get(const std::string& path);

 private:
  std::string origin_, prefix_, authorization_;
  int patience_s_;
  std::atomic<std::size_t> under_way_ = 0;
};

}  // namespace convoke::gateways::hooks
