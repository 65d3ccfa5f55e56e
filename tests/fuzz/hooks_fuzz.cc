// Hooks: each kind's reader, and the signatures, whose headers are foreign too. The first byte says which;
// for kinds that ask the shop, the rest up to a line feed is the hint and what follows it the shop's answer.

#include <cstdint>
#include <memory>
#include <string_view>

#include "backend/gateways/hooks/kinds.h"
#include "tests/fuzz/check.h"

namespace {

using namespace convoke::gateways::hooks;

constexpr std::int64_t kNow = 1'767'225'600'000;

const convoke::gateways::IdentityVault& vault() {
  static const convoke::gateways::IdentityVault kVault(std::string(32, 'k'));
  return kVault;
}

/// What the core may rely on.
void check(const Reading& reading) {
  const auto* act = std::get_if<convoke::core::Act>(&reading);
  if (!act) return;
  FUZZ_CHECK(!act->id.empty() && act->id.size() <= kMaxTextBytes);
  FUZZ_CHECK(!act->subject.empty() && act->subject.size() <= kMaxTextBytes);
  FUZZ_CHECK(act->who.size() <= kMaxWho && act->products.size() <= kMaxProducts);
  for (const auto& product : act->products) FUZZ_CHECK(!product.empty() && product.size() <= kMaxTextBytes);
  FUZZ_CHECK(act->proof.size() <= convoke::core::kMaxProofBytes);
  FUZZ_CHECK(act->source != convoke::core::kByCall || !act->to.empty());
}

std::unique_ptr<Hook> make(std::size_t which) {
  static const char* const kKinds[] = {"stripe",        "standard", "shopify",
                                       "ticket_tailor", "twilio",   "cloudevents"};
  return make_hook({.name = "h",
                    .kind = kKinds[which],
                    .secrets = {"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"},
                    .public_url = "https://a.example",
                    .country = "49"},
                   vault());
}

/// Signatures: nobody finds a good one.
void check_signatures(std::string_view text) {
  const Secrets secrets = {"secret"};
  const std::string body = "body";
  FUZZ_CHECK(check_timed(text, ".", body, secrets, kNow) != Signed::good);
  FUZZ_CHECK(check_standard("id", "1767225600", text, body, secrets, kNow) != Signed::good);
  FUZZ_CHECK(check_base64(Digest::sha256, text, body, secrets) != Signed::good);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::unique_ptr<Hook> kHooks[] = {make(0), make(1), make(2), make(3), make(4), make(5)};
  if (size == 0) return 0;
  const std::size_t which = static_cast<std::size_t>(data[0] - '0') % 9;
  const std::string text(reinterpret_cast<const char*>(data + 1), size - 1);
  if (which == 8) {
    check_signatures(text);
    return 0;
  }
  Request request{"POST",
                  "/hooks/h?" + text.substr(0, 100),
                  {{"content-type", "application/cloudevents+json"}},
                  text,
                  kNow};
  request.headers["webhook-id"] = "msg";
  if (which < 6) {
    FUZZ_CHECK(kHooks[which]->verify(request) != Signed::good);
    check(kHooks[which]->read(request));
    return 0;
  }
  const auto end = text.find('\n');
  request.body = text.substr(0, end);
  const ShopApi::Fetch fetch = [&](const std::string& path) -> ShopApi::Answer {
    FUZZ_CHECK(path[0] == '/' && path.find("..") == std::string::npos && path.find('@') == std::string::npos);
    return end == std::string::npos ? std::string() : text.substr(end + 1);
  };
  const auto hook = which == 6 ? make_pretix(fetch, "49", vault())
                               : make_eventbrite("https://e.example/v3", fetch, vault());
  const Reading reading = hook->read(request);
  if (const auto* hint = std::get_if<Hint>(&reading)) {
    FUZZ_CHECK(!hint->about.empty() && hint->about.size() <= kMaxHintBytes);
    check(hook->ask(hint->about));
  }
  check(hook->ask(text.substr(0, end).substr(0, kMaxHintBytes)));  // as a damaged store might have it
  return 0;
}
