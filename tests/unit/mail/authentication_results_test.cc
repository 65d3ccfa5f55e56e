#include "backend/gateways/mail/authentication_results.h"

#include <gmock/gmock.h>

#include "backend/gateways/mail/dkim_signature.h"

namespace convoke::gateways {
namespace {

using testing::ElementsAre;

/// "id|method=result name=value …|…", or "nothing".
std::string read(std::string_view text) {
  const auto got = parse_authentication_results(text);
  if (!got) return "nothing";
  std::string out = got->authserv_id;
  for (const MethodResult& r : got->results) {
    out += "|" + r.method + "=" + r.result;
    for (const auto& [name, value] : r.properties) out += " " + name + "=" + value;
  }
  return out;
}

// RFC 8601, appendix B.
TEST(AuthenticationResults, ReadsTheExamplesOfItsStandard) {
  EXPECT_EQ(read(" example.org 1; none"), "example.org");
  EXPECT_EQ(read(" example.com; spf=pass smtp.mailfrom=example.net"),
            "example.com|spf=pass smtp.mailfrom=example.net");
  EXPECT_EQ(read(" example.com; auth=pass (cram-md5) smtp.auth=sender@example.net; spf=pass "
                 "smtp.mailfrom=example.net"),
            "example.com|auth=pass smtp.auth=sender@example.net|spf=pass smtp.mailfrom=example.net");
  EXPECT_EQ(read(" example.com; dkim=pass (good signature) header.d=example.com"),
            "example.com|dkim=pass header.d=example.com");
  EXPECT_EQ(
      read(
          " foo.example.net (foobar) 1 (baz); dkim (Because I like it) / 1 (One yay) = (wait for it) fail "
          "policy (A dot can go here) . (like that) expired (this surprised me) = (as I wasn't expecting it) "
          "1362471462"),
      "foo.example.net|dkim=fail policy.expired=1362471462");
}

// What OpenDKIM 2.11 and OpenDMARC 1.4 write.
TEST(AuthenticationResults, ReadsWhatTheFiltersWrite) {
  EXPECT_EQ(read(" mx.club.example;\tdkim=pass (2048-bit key) header.d=club.example header.i=@club.example "
                 "header.a=rsa-sha256 header.s=convoke header.b=\"Mm/YsW6c\";\tdkim-atps=neutral"),
            "mx.club.example|dkim=pass header.a=rsa-sha256 header.b=Mm/YsW6c header.d=club.example "
            "header.i=@club.example header.s=convoke|dkim-atps=neutral");
  EXPECT_EQ(read(" mx.club.example; dmarc=pass (p=reject dis=none) header.from=club.example"),
            "mx.club.example|dmarc=pass header.from=club.example");
}

TEST(AuthenticationResults, ComparesNamesInOneForm) {
  EXPECT_EQ(read("MX.Club.Example.; DKIM=Pass Header.D=Club.Example"),
            "mx.club.example|dkim=pass header.d=Club.Example");
  EXPECT_EQ(read("\"mx.club.example\"; dkim=pass"), "mx.club.example|dkim=pass");
  EXPECT_EQ(plain_domain("Club.Example."), "club.example");
}

TEST(AuthenticationResults, CommentsAndQuotesHideNothing) {
  EXPECT_EQ(read("a (; dkim=pass header.d=x (nested \\) still)); dkim=fail"), "a|dkim=fail");
  EXPECT_EQ(read("a; dkim=fail reason=\"; dkim=pass header.d=x\""),
            "a|dkim=fail reason=; dkim=pass header.d=x");
  EXPECT_EQ(read("a; dkim=pass header.i=\"x \\\"y\"@b"), "a|dkim=pass header.i=x \"y@b");
}

TEST(AuthenticationResults, WhatItDoesNotWhollyUnderstandSaysNothing) {
  for (const char* bad : {"",
                          ";",
                          "a",
                          "a 1",
                          "a 2; dkim=pass",
                          "a 1 2; dkim=pass",
                          "a b; dkim=pass",
                          "a; dkim",
                          "a; dkim=",
                          "a; =pass",
                          "a; dkim=pass;",
                          "a;; dkim=pass",
                          "a; none; dkim=pass",
                          "a; dkim=pass header",
                          "a; dkim=pass header.d",
                          "a; dkim=pass header.d=",
                          "a; dkim=pass header=x",
                          "a; dkim/2=pass",
                          "a; dkim=pass header.d=x header.d=y",
                          "a (; dkim=pass",
                          "a; dkim=pass \"x",
                          "a; dkim=pass header.d=\"x",
                          "a; dkim=pass, dkim=fail",
                          "(a); dkim=pass",
                          "a; dkim=pass header.d=x)",
                          "a@b; dkim=pass",
                          "\"\"; dkim=pass",
                          "a..; dkim=pass"})
    EXPECT_EQ(read(bad), "nothing") << bad;
}

TEST(AuthenticationResults, IsBounded) {
  std::string many = "a";
  for (int i = 0; i < 65; ++i) many += "; dkim=pass";
  EXPECT_EQ(read(many), "nothing");
  EXPECT_EQ(read("a " + std::string(100, '(') + std::string(100, ')') + "; dkim=pass"), "nothing");
}

// RFC 6376, 3.5.
TEST(DkimSignature, SaysWhatItCovers) {
  const auto got = parse_dkim_signature(
      " v=1; a=rsa-sha256; d=Club.Example;\ts=x; h=From : Subject:\tDate:Message-ID; b=a=b c;");
  ASSERT_TRUE(got);
  EXPECT_EQ(got->domain, "club.example");
  EXPECT_THAT(got->fields, ElementsAre("date", "from", "message-id", "subject"));
  EXPECT_TRUE(got->whole);
  EXPECT_FALSE(parse_dkim_signature("d=a; h=from; l=10")->whole);
}

TEST(DkimSignature, WhatIsNoneIsNone) {
  for (const char* bad : {"", "d=a", "h=from", "d=a; d=b; h=from", "d=a; h=from; x"})
    EXPECT_FALSE(parse_dkim_signature(bad)) << bad;
}

}  // namespace
}  // namespace convoke::gateways
