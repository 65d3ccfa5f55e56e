#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "topics/token/token.h"

namespace convoke::test {

/// A fresh Ed25519 key of a site, and tokens signed with it. Tokens are on real time.
class TestTokens {
 public:
  explicit TestTokens(std::string site = "demo")
      : site_(std::move(site)),
        jwks_(token::KeySet::generate_ed25519("test")),
        keys_(token::KeySet::parse(jwks_)) {}

  const std::string& site() const { return site_; }
  const token::KeySet& keys() const { return keys_; }
  /// For programs that make tokens themselves.
  const std::string& private_jwks() const { return jwks_; }
  /// For the broker and the server: enough to verify.
  std::string public_jwks() const { return keys_.public_jwks(); }

  static std::int64_t now_s() {
    using namespace std::chrono;
    return duration_cast<seconds>(system_clock::now().time_since_epoch()).count();
  }

  /// A token that holds for `lifetime_s` from now on; with a negative one it is over already.
  std::string make(topics::Role role, const std::string& subject, const std::string& device = "d1",
                   std::int64_t lifetime_s = 3600) const {
    return make_for_site(site_, role, subject, device, lifetime_s);
  }
  std::string make_for_site(const std::string& site, topics::Role role, const std::string& subject,
                            const std::string& device = "d1", std::int64_t lifetime_s = 3600) const {
    const std::int64_t now = now_s();
    const auto proofs = proofs_.find(subject);
    return sign(keys_, {subject, site, role, device, now - 60, now + lifetime_s,
                        proofs == proofs_.end() ? token::Proofs{} : proofs->second})
        .value();
  }
  /// The user's tokens say from now on that this is proven.
  void prove(const std::string& subject, token::Proofs proofs) { proofs_[subject] = std::move(proofs); }

  /// The client id that goes with `make(role, subject, device)`.
  std::string client_id(const std::string& subject, const std::string& device = "d1") const {
    return site_ + ":" + subject + ":" + device;
  }

 private:
  std::string site_;
  std::string jwks_;
  token::KeySet keys_;
  std::map<std::string, token::Proofs> proofs_;
};

}  // namespace convoke::test
