#pragma once

#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "backend/core/registrars.h"
#include "backend/gateways/hooks/signature.h"

/// Hooks: what telephone companies and shops tell us by calling a URL of ours. Each kind has a file of its
/// own that knows how its provider signs and what its words mean; all of them end in a core::Act.
namespace convoke::gateways::hooks {

inline constexpr std::size_t kMaxBodyBytes = 512 << 10;
inline constexpr std::size_t kMaxTextBytes = 200;  // of each text of an act
inline constexpr std::size_t kMaxWho = 200;        // people in one act
inline constexpr std::size_t kMaxProducts = 200;   // in one act
inline constexpr std::size_t kMaxItems = 1000;     // in one order

struct Request {
  std::string method;
  std::string target;                               // path and query, as they were sent
  std::map<std::string, std::string> headers = {};  // names in small letters
  std::string body = {};
  std::int64_t now_ms = 0;  // real time

  std::string_view header(const std::string& name) const {
    const auto it = headers.find(name);
    return it == headers.end() ? std::string_view() : std::string_view(it->second);
  }
  std::string_view query() const {
    const auto mark = target.find('?');
    return mark == std::string::npos ? std::string_view() : std::string_view(target).substr(mark + 1);
  }
};

/// The answer, word for word.
struct Reply {
  int status = 200;
  std::string body = {};
  std::string content_type = "text/plain";
  std::map<std::string, std::string> headers = {};
};

/// Understood, but it means nothing to us: of another type, unpaid, by nobody.
struct Nothing {
  std::string why;
};
/// Not as it should be; `detail` names the field and holds nothing that the sender sent.
struct Refusal {
  int status = 400;
  std::string detail;
  int retry_after_s = 0;
  bool away = false;  // the shop has no answer now, whatever it is asked
};
/// The shop is to be asked about this; only the hook that says so knows how to read it. At most
/// kMaxHintBytes.
struct Hint {
  std::string about;
};
inline constexpr std::size_t kMaxHintBytes = 200;
using Reading = std::variant<core::Act, Nothing, Refusal, Hint>;

/// What all hooks set the same: by which it came, and of tickets that the shop of that name vouches for them.
inline void fill_in(core::Act& act, const std::string& name) {
  act.provider = name;
  if (!act.source.empty()) return;
  act.source = core::kByTicket;
  act.to = name;
  act.verified = true;
}

/// One hook of the configuration. Immutable; any thread.
class Hook {
 public:
  virtual ~Hook() = default;

  /// Whether the provider sent this. Hooks of providers that do not sign say `good`, and ask the provider.
  virtual Signed verify(const Request& request) const = 0;
  /// What a good signature is, for the provider's log.
  virtual std::string_view expected() const = 0;
  /// What a request with a good signature means. Fields that all hooks set the same are left out: provider,
  /// and for tickets source, shop and `verified`.
  virtual Reading read(const Request& request) const = 0;
  /// What the shop says to a hint. Of hooks that give some; waits for the shop.
  virtual Reading ask(const std::string&) const { return Nothing{"this hook asks no shop"}; }

  /// The methods that it takes, as in the header Allow.
  virtual std::string_view methods() const { return "POST"; }
  /// What the provider hears when all is well.
  virtual Reply thanks() const { return {200, "taken\n"}; }
  /// The answer to OPTIONS.
  virtual Reply handshake(const Request&) const { return {204, "", "text/plain", {}}; }
};

}  // namespace convoke::gateways::hooks
