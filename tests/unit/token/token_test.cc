#include "topics/token/token.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "topics/token/base64url.h"
#include "topics/token/key.h"

namespace convoke::token {
namespace {

constexpr std::int64_t kNow = 1'767'225'600;

const std::string kSecret = "0123456789abcdef0123456789abcdef";
const std::string kHeader = R"({"alg":"HS256","kid":"h"})";
const std::string kBody =
    R"({"sub":"anna","site":"demo","role":"terminal","dev":"phone","iat":1767225000,"exp":1767229200})";

/// A token of any header and body, rightly signed with the shared secret.
std::string forge(const std::string& header, const std::string& body) {
  const std::string input = encode_base64url(header) + "." + encode_base64url(body);
  return input + "." + encode_base64url(KeySet::Key::hs256(kSecret)->sign(input).value());
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

class Token : public testing::Test {
 protected:
  Verdict check(const std::string& token, std::int64_t now = kNow) const {
    return verify(keys, token, "demo", now);
  }
  void expect_refused(const std::string& token, Refusal why, std::int64_t now = kNow) const {
    const Verdict verdict = check(token, now);
    EXPECT_FALSE(verdict.verified);
    EXPECT_EQ(to_string(verdict.refusal), to_string(why)) << token;
  }

  const KeySet signer = KeySet::parse(KeySet::generate_ed25519("e"));
  // Both kinds of key, as a site has that moves from one to the other.
  const KeySet keys = KeySet::parse(replaced(
      signer.public_jwks(), "]", R"(,{"kty":"oct","kid":"h","k":")" + encode_base64url(kSecret) + R"("}])"));
};

TEST_F(Token, SaysWhoItsBearerIs) {
  const auto token = sign(signer, {"sam", "demo", topics::Role::operator_, "desk", kNow, kNow + 60});
  ASSERT_TRUE(token);
  const Verdict verdict = check(*token);
  ASSERT_TRUE(verdict.verified);
  const topics::Principal sam{topics::SiteId::parse("demo"), topics::Role::operator_, "sam",
                              topics::DeviceId::parse("desk")};
  EXPECT_EQ(verdict.verified->principal, sam);
  EXPECT_EQ(verdict.verified->issued_s, kNow);
  EXPECT_EQ(verdict.verified->expires_s, kNow + 60);
  EXPECT_TRUE(check(forge(kHeader, kBody)).verified);
}

TEST_F(Token, SaysWhatItsIssuerHasCheckedOfTheBearer) {
  const auto proofs = [&](const std::string& more) {
    const Verdict verdict = check(forge(kHeader, replaced(kBody, "{", "{" + more)));
    EXPECT_TRUE(verdict.verified) << more;
    const Proofs had = verdict.verified ? verdict.verified->proofs : Proofs{};
    return had.phone + "|" + had.mail;
  };
  EXPECT_EQ(proofs(R"("phone_number":"+4930110","phone_number_verified":true,)"), "+4930110|");
  EXPECT_EQ(proofs(R"("email":"anna@home.example","email_verified":true,)"), "|anna@home.example");
  // What is not said to be checked, or not in the form of OpenID Connect, proves nothing.
  EXPECT_EQ(proofs(R"("phone_number":"+4930110","email":"anna@home.example",)"), "|");
  EXPECT_EQ(proofs(R"("phone_number":"+4930110","phone_number_verified":"true",)"), "|");
  EXPECT_EQ(proofs(R"("phone_number":4930110,"phone_number_verified":true,)"), "|");
  EXPECT_EQ(proofs(R"("email_verified":true,"phone_number_verified":true,)"), "|");
  EXPECT_EQ(proofs("\"email\":\"" + std::string(255, 'a') + "\",\"email_verified\":true,"), "|");
  const Claims both{"anna", "demo",    topics::Role::terminal,     "phone",
                    kNow,   kNow + 60, {"+4930110", "a@b.example"}};
  const Verdict verdict = check(*sign(signer, both));
  ASSERT_TRUE(verdict.verified);
  EXPECT_EQ(verdict.verified->proofs.phone + verdict.verified->proofs.mail, "+4930110a@b.example");
}

TEST_F(Token, TheKeyDecidesTheAlgorithm) {
  expect_refused(forge(R"({"alg":"none","kid":"h"})", kBody), Refusal::wrong_algorithm);
  expect_refused(forge(R"({"alg":"EdDSA","kid":"h"})", kBody), Refusal::wrong_algorithm);
  expect_refused(forge(R"({"kid":"h"})", kBody), Refusal::wrong_algorithm);
  // The classic attack: the public key, which everyone has, used as the secret of HS256.
  const std::string input = encode_base64url(R"({"alg":"HS256","kid":"e"})") + "." + encode_base64url(kBody);
  const auto public_as_secret = KeySet::Key::hs256(KeySet::Key::generate_ed25519()->public_key());
  expect_refused(input + "." + encode_base64url(*public_as_secret->sign(input)), Refusal::wrong_algorithm);
}

TEST_F(Token, NeedsAKnownKeyAndItsSignature) {
  expect_refused(forge(R"({"alg":"HS256","kid":"x"})", kBody), Refusal::unknown_key);
  expect_refused(forge(R"({"alg":"HS256"})", kBody), Refusal::unknown_key);
  const std::string good = forge(kHeader, kBody);
  const std::string other_body = encode_base64url(replaced(kBody, "anna", "ben"));
  const auto first = good.find('.');
  const auto second = good.rfind('.');
  expect_refused(good.substr(0, first + 1) + other_body + good.substr(second), Refusal::bad_signature);
  expect_refused(good.substr(0, second + 1), Refusal::bad_signature);
}

TEST_F(Token, RefusesEveryTokenCutShort) {
  const std::string good = forge(kHeader, kBody);
  for (std::size_t length = 0; length < good.size(); ++length)
    EXPECT_FALSE(check(good.substr(0, length)).verified) << length;
}

TEST_F(Token, RefusesWhatIsNotACompactToken) {
  const std::string good = forge(kHeader, kBody);
  for (const std::string& bad :
       std::vector<std::string>{"", ".", "..", "a.b", good + ".x", good + "=", " " + good, good + "\n",
                                std::string(4097, 'a'), std::string(100, '.')}) {
    expect_refused(bad, Refusal::malformed);
  }
  expect_refused(forge("[]", kBody), Refusal::malformed);
  expect_refused(forge("{", kBody), Refusal::malformed);
  expect_refused(forge(kHeader, "7"), Refusal::malformed);
  expect_refused(forge(kHeader, R"({"a":[[[[[[[[1]]]]]]]]})"), Refusal::malformed);
  expect_refused(forge(R"({"alg":"HS256","kid":"h","crit":["x"],"x":1})", kBody), Refusal::malformed);
}

TEST_F(Token, ExpiresAtExpToTheSecond) {
  const std::string token = forge(kHeader, kBody);
  EXPECT_TRUE(check(token, 1'767'229'199).verified);
  expect_refused(token, Refusal::expired, 1'767'229'200);
}

TEST_F(Token, MayBeIssued30SecondsAheadOfThisClock) {
  const std::string token = forge(kHeader, kBody);
  EXPECT_TRUE(check(token, 1'767'225'000 - 30).verified);
  expect_refused(token, Refusal::not_yet_valid, 1'767'225'000 - 31);
}

// RFC 7519, 4.1.5: "The nbf (not before) claim identifies the time before which the JWT MUST NOT be
// accepted".
TEST_F(Token, IsNotAcceptedBeforeNbf) {
  const std::string token = forge(kHeader, replaced(kBody, "{", R"({"nbf":1767225600,)"));
  EXPECT_TRUE(check(token, kNow).verified);
  expect_refused(token, Refusal::not_yet_valid, kNow - 1);
  expect_refused(forge(kHeader, replaced(kBody, "{", R"({"nbf":"soon",)")), Refusal::bad_claim);
}

// RFC 7519, 4.1.3: if the principal "does not identify itself with a value in the aud claim … then the JWT
// MUST be rejected".
TEST_F(Token, IsRefusedWithAnAudience) {
  expect_refused(forge(kHeader, replaced(kBody, "{", R"({"aud":"shop",)")), Refusal::bad_claim);
}

TEST_F(Token, IsForOneSite) {
  expect_refused(forge(kHeader, replaced(kBody, "demo", "other")), Refusal::wrong_site);
}

TEST_F(Token, NeedsEveryClaimInItsForm) {
  const std::vector<std::pair<std::string, std::string>> changes{{R"("sub":"anna",)", ""},
                                                                 {R"("anna")", R"("")"},
                                                                 {R"("anna")", R"("an na")"},
                                                                 {R"("anna")", R"("anna@other")"},
                                                                 {R"("anna")", R"("anna:x")"},
                                                                 {R"("anna")", R"("anna/#")"},
                                                                 {R"("anna")", "7"},
                                                                 {R"("site":"demo",)", ""},
                                                                 {R"("demo")", R"("de/mo")"},
                                                                 {R"("role":"terminal",)", ""},
                                                                 {R"("terminal")", R"("admin")"},
                                                                 {R"("terminal")", R"(["terminal"])"},
                                                                 {R"("dev":"phone",)", ""},
                                                                 {R"("phone")", R"("ph one")"},
                                                                 {R"("iat":1767225000,)", ""},
                                                                 {"1767225000", R"("1767225000")"},
                                                                 {"1767225000", "-1"},
                                                                 {"1767229200", "1767229200.5"},
                                                                 {"1767229200", "18446744073709551615"},
                                                                 {"1767229200", "1e300"},
                                                                 {R"(,"exp":1767229200)", ""}};
  for (const auto& [from, to] : changes) {
    SCOPED_TRACE(from + " -> " + to);
    expect_refused(forge(kHeader, replaced(kBody, from, to)), Refusal::bad_claim);
  }
}

TEST_F(Token, IsSignedWithTheFirstPrivateKeyById) {
  const KeySet two =
      KeySet::parse(replaced(KeySet::generate_ed25519("b"), "]",
                             R"(,{"kty":"oct","kid":"a","k":")" + encode_base64url(kSecret) + R"("}])"));
  const auto token = sign(two, {"anna", "demo", topics::Role::terminal, "phone", kNow, kNow + 60});
  ASSERT_TRUE(token);
  const auto header = decode_base64url(token->substr(0, token->find('.')));
  EXPECT_EQ(header, R"({"alg":"HS256","kid":"a","typ":"JWT"})");
}

}  // namespace
}  // namespace convoke::token
