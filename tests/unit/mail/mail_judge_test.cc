#include "backend/gateways/mail/mail_judge.h"

#include <gmock/gmock.h>

#include "topics/rfc3339.h"

namespace convoke::gateways {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

const IdentityVault kVault(std::string(32, 'k'));
const MailTrust kTrust{"mx.club.example", 1};
constexpr core::TimeMs kNow = 1'795'877'476'000;  // 2026-11-28T14:51:16Z
constexpr const char* kPass = "mx.club.example; dkim=pass header.d=club.example";
constexpr const char* kSigned = "d=club.example; h=from:to:subject:date:message-id:list-id";

/// A mail of Anna's that the mail server found to be signed by her domain.
struct Letter {
  std::string results = kPass, signature = kSigned, from = "Anna <anna@club.example>", subject = "start",
              date = "Sat, 28 Nov 2026 14:50:00 +0000", written_to = "evening@club.example", more = {};
  std::string sender = "anna@club.example", to = "evening@club.example";
  MailTrust trust = kTrust;

  MailHeaders headers() const {
    const std::string text = "Authentication-Results: " + results + "\r\nDKIM-Signature: " + signature +
                             "\r\nReceived: by us; Sat, 28 Nov 2026 14:50:30 +0000\r\nFrom: " + from +
                             "\r\nTo: " + written_to + "\r\nSubject: " + subject +
                             "\r\nMessage-ID: <1@club.example>\r\n" +
                             (date.empty() ? "" : "Date: " + date + "\r\n") + more + "\r\nhello\r\n";
    return std::get<MailHeaders>(read_mail(text));
  }
  std::variant<core::Mail, const char*> judged() const {
    return judge_mail(headers(), {sender, to}, trust, kVault, kNow);
  }
  core::Mail mail() const { return std::get<core::Mail>(judged()); }
  std::string passed_over() const {
    const auto got = judged();
    return std::holds_alternative<core::Mail>(got) ? "" : std::get<const char*>(got);
  }
  bool verified() const {
    const Vouching v = vouch(headers(), trust);
    return v.verified;
  }
};

TEST(MailJudge, R6_R10_ASignedMailIsItsSenders) {
  const core::Mail mail = Letter{}.mail();
  EXPECT_EQ(mail.id, kVault.stand_in("1@club.example")) << "it could name somebody";
  EXPECT_EQ(mail.to, "evening@club.example");
  EXPECT_EQ(mail.from->key, kVault.mail("anna@club.example")->key);
  EXPECT_TRUE(mail.verified);
  EXPECT_EQ(mail.domain, "club.example");
  EXPECT_EQ(mail.proof, "dkim=pass club.example");
  EXPECT_EQ(mail.subject, "start");
  EXPECT_EQ(mail.at_ms, kNow - 46'000) << "when our mail server got it";
  EXPECT_FALSE(mail.stops);
}

// RFC 8601, 5: who may say so.
TEST(MailJudge, OnlyTheMailServerInFrontIsBelieved) {
  EXPECT_TRUE((Letter{.results = "MX.Club.Example. 1 (x); dkim=pass header.d=club.example"}.verified()));
  for (const char* results :
       {"evil.example; dkim=pass header.d=club.example",
        "mx.club.example.evil.example; dkim=pass header.d=club.example",
        "mx.club.example 2; dkim=pass header.d=club.example",
        "mx.club.example; dkim=fail header.d=club.example", "mx.club.example; none",
        "mx.club.example; dkim=pass", "mx.club.example; spf=pass smtp.mailfrom=anna@club.example",
        "(mx.club.example;) evil.example; dkim=pass header.d=club.example",
        "mx.club.example; dkim=temperror header.d=club.example",
        "mx.club.example; dkim=none (dkim=pass header.d=club.example)",
        "mx.club.example; dkim=none reason=\"; dkim=pass header.d=club.example\"",
        "mx.club.example; x-dkim=pass header.d=club.example",
        "mx.club.example; dkim=pass header.d=club.example; ("})
    EXPECT_FALSE(Letter{.results = results}.verified()) << results;
}

TEST(MailJudge, AFieldBelowTheTopmostWasInTheMailBefore) {
  Letter letter{.results = "mx.club.example; dkim=none",
                .more = std::string("Authentication-Results: ") + kPass + "\r\n"};
  EXPECT_FALSE(letter.verified());
  letter.trust.authentication_results = 2;
  EXPECT_TRUE(letter.verified()) << "a site whose filters add two";
  letter.results = "evil.example; none";
  letter.trust.authentication_results = 1;
  EXPECT_FALSE(letter.verified());
}

TEST(MailJudge, AFieldBelowTheSecondReceivedIsNotOurs) {
  Letter letter{
      .results = "evil.example; none",
      .more = std::string("Received: by them; Sat, 28 Nov 2026 14:50:00 +0000\r\nAuthentication-Results: ") +
              kPass + "\r\n"};
  letter.trust.authentication_results = 4;
  EXPECT_FALSE(letter.verified());
}

TEST(MailJudge, TheSignerMustBeTheSendersDomainOrAboveIt) {
  const auto by = [](const std::string& signer, const std::string& from) {
    return Letter{.results = "mx.club.example; dkim=pass header.d=" + signer,
                  .signature = "d=" + signer + "; h=from:subject:date:message-id",
                  .from = from}
        .verified();
  };
  EXPECT_TRUE(by("club.example", "a@club.example"));
  EXPECT_TRUE(by("club.example", "a@mail.club.example"));
  EXPECT_TRUE(by("xn--bcher-kva.example",
                 "a@b\xC3\xBC"
                 "cher.example"));
  EXPECT_FALSE(by("mail.club.example", "a@club.example"));
  EXPECT_FALSE(by("evil.example", "a@club.example"));
  EXPECT_FALSE(by("example", "a@club.example"));
  EXPECT_FALSE(by("lub.example", "a@club.example"));
}

TEST(MailJudge, ASignatureMustCoverWhatCounts) {
  const auto with = [](const char* signature) { return Letter{.signature = signature}; };
  EXPECT_FALSE(with("d=club.example; h=from:date:message-id").verified());
  EXPECT_FALSE(with("d=club.example; h=subject:date:message-id").verified());
  EXPECT_FALSE(with("d=club.example; h=from:subject:message-id").verified());
  EXPECT_FALSE(with("d=club.example; h=from:subject:date; l=5").verified());
  EXPECT_FALSE(with("d=other.example; h=from:subject:date").verified());
  EXPECT_FALSE(with("d=club.example").verified());
  const Letter two{.more = "DKIM-Signature: d=club.example; h=from\r\n"};
  EXPECT_FALSE(two.verified()) << "which of the two holds nobody says";
  const Letter odd{.more = "DKIM-Signature: d=club.example; d=x; h=from\r\n"};
  EXPECT_FALSE(odd.verified());
}

TEST(MailJudge, R6_R10_WhatWasWrittenToOthersMayNotBeSentOn) {
  const auto to = [](const std::string& written, const std::string& more = {}) {
    return Letter{.written_to = written, .more = more}.mail().verified;
  };
  EXPECT_TRUE(to("ben@club.example, The evening <Evening@Club.Example>"));
  EXPECT_TRUE(to("evening+tag@club.example"));
  EXPECT_FALSE(to("ben@club.example"));
  EXPECT_FALSE(to("\"evening@club.example\" <ben@club.example>"));
  EXPECT_FALSE(to("ben@club.example (evening@club.example)"));
  EXPECT_FALSE(to("evening@club.example.evil.example"));
  EXPECT_FALSE(to("ben@club.example", "To: evening@club.example\r\n"));
  EXPECT_FALSE(to("evening@club.example", "To: ben@club.example\r\n")) << "which of the two is signed?";
  EXPECT_FALSE(to("ben@club.example", "Cc: evening@club.example\r\n")) << "which is not signed";
  Letter copy{.signature = "d=club.example; h=from:to:cc:subject:date",
              .written_to = "ben@club.example",
              .more = "Cc: evening@club.example\r\n"};
  EXPECT_TRUE(copy.mail().verified);
  copy.signature = "d=club.example; h=from:subject:date";
  copy.written_to = "evening@club.example";
  EXPECT_FALSE(copy.mail().verified);
  copy.results = "mx.club.example; dmarc=pass header.from=club.example";
  EXPECT_FALSE(copy.mail().verified);
}

TEST(MailJudge, SentAgainItIsTheSameMail) {
  // With the Message-ID signed it cannot be changed; without, the content tells.
  const Letter letter{.signature = "d=club.example; h=from:subject:date"};
  Letter again = letter;
  again.more = "X-Again: 1\r\n";
  EXPECT_EQ(letter.mail().id, kVault.stand_in("sha256:" + letter.headers().content));
  EXPECT_EQ(letter.mail().id, again.mail().id);
  EXPECT_EQ((Letter{.results = "mx.club.example; none"}.mail().id), kVault.stand_in("?1@club.example"))
      << "takes no true one's id away";
}

TEST(MailJudge, DmarcVouchesToo) {
  Letter letter{.results = "mx.club.example; dmarc=pass header.from=club.example; spf=pass smtp.mailfrom=x"};
  EXPECT_TRUE(letter.verified());
  EXPECT_EQ(letter.mail().proof, "dmarc=pass club.example");
  EXPECT_EQ(letter.mail().domain, "") << "that says nothing of a signature";
  letter.results = "mx.club.example; dmarc=pass header.from=evil.example";
  EXPECT_FALSE(letter.verified());
  letter.results = "mx.club.example; dmarc=pass header.from=club.example";
  letter.signature = "d=club.example; h=from:date";
  EXPECT_FALSE(letter.verified()) << "it may rest on a signature that lets the subject change";
}

TEST(MailJudge, R9_AMailingMayStartAPlanButIsNobodysOwnAct) {
  const core::Mail mail = Letter{.more = "List-Id: <news.club.example>\r\nPrecedence: list\r\n"}.mail();
  EXPECT_EQ(mail.domain, "club.example");
  EXPECT_EQ(mail.list, "news.club.example");
  EXPECT_FALSE(mail.from);
  EXPECT_FALSE(mail.verified);
  Letter unsigned_list{.signature = "d=club.example; h=from:subject:date:message-id",
                       .more = "List-Id: <news.club.example>\r\n"};
  EXPECT_EQ(unsigned_list.mail().list, "") << "a List-Id that anybody can add names no list";
  for (const char* more :
       {"Precedence: bulk\r\n", "List-Unsubscribe: <x>\r\n", "Auto-Submitted: auto-generated\r\n"})
    EXPECT_FALSE(Letter{.more = more}.mail().from) << more;
  EXPECT_TRUE((Letter{.more = "Auto-Submitted: no\r\n"}.mail().from));
  EXPECT_EQ(
      (Letter{.results = "mx.club.example; none", .more = "List-Id: <news.club.example>\r\n"}.passed_over()),
      "nobody");
}

TEST(MailJudge, R9_OfFurtherFieldsOnlyWhatTheSignatureCoversCounts) {
  Letter letter{.signature = "d=club.example; h=from:subject:date:X-Campaign:x-long",
                .more = "X-Campaign: =?utf-8?q?gr=C3=BC=C3=9Fe?=\r\nX-Added: 1\r\nX-Long: " +
                        std::string(201, 'x') + "\r\n"};
  EXPECT_THAT(letter.mail().headers, ElementsAre(Pair("x-campaign",
                                                      "gr\xC3\xBC\xC3\x9F"
                                                      "e")));
  Letter twice = letter;
  twice.more += "X-Campaign: 1\r\n";
  EXPECT_THAT(twice.mail().headers, IsEmpty());
  Letter nobodys = letter;
  nobodys.results = "mx.club.example; none";
  EXPECT_THAT(nobodys.mail().headers, IsEmpty());
  Letter loose = letter;
  loose.more += "DKIM-Signature: d=club.example; h=from:subject:date\r\n";
  EXPECT_THAT(loose.mail().headers, IsEmpty()) << "which of the two holds nobody says";
  std::string signature = "d=club.example; h=from:subject:date", more;
  for (int i = 0; i < 60; ++i) {
    signature += ":x-" + std::to_string(i);
    more += "X-" + std::to_string(i) + ": 1\r\n";
  }
  EXPECT_EQ((Letter{.signature = signature, .more = more}.mail().headers.size()), 50u);
}

TEST(MailJudge, ProgramsThatAnswerAreNotHeard) {
  EXPECT_EQ((Letter{.sender = ""}.passed_over()), "null-sender");
  EXPECT_EQ((Letter{.more = "Auto-Submitted: auto-replied (vacation)\r\n"}.passed_over()), "auto-reply");
  EXPECT_EQ((Letter{.more = "Content-Type: multipart/report; report-type=delivery-status\r\n"}.passed_over()),
            "report");
  std::string hops;
  for (int i = 0; i < 60; ++i) hops += "Received: x\r\n";
  EXPECT_EQ((Letter{.more = hops}.passed_over()), "loop");
}

TEST(MailJudge, OldMailsWereSentBefore) {
  EXPECT_EQ((Letter{.date = "Sat, 14 Nov 2026 14:50:00 +0000"}.passed_over()), "old");
  EXPECT_EQ((Letter{.date = "Wed, 02 Dec 2026 14:50:00 +0000"}.passed_over()), "old");
  EXPECT_EQ((Letter{.date = ""}.passed_over()), "old");
  EXPECT_EQ((Letter{.date = "Mon, 23 Nov 2026 14:50:00 +0000"}.passed_over()), "");
}

TEST(MailJudge, R10_APersonalAddressIsAProofOfItsOwn) {
  const std::string tag = kVault.personal_tag(core::UserId::parse("anna"));
  const core::Mail mail =
      Letter{.results = "mx.club.example; none", .to = "evening+" + tag + "@club.example"}.mail();
  EXPECT_EQ(mail.to, "evening@club.example");
  EXPECT_EQ(mail.personal->key, kVault.personal(tag)->key);
  EXPECT_FALSE(mail.verified);
}

TEST(MailJudge, UnverifiedMailIsSaidToBe) {
  const core::Mail mail = Letter{.results = "mx.club.example; none"}.mail();
  EXPECT_TRUE(mail.from);
  EXPECT_FALSE(mail.verified);
  EXPECT_EQ(mail.domain, "");
  EXPECT_EQ(mail.proof, "");
}

TEST(MailJudge, StopAsksToBeLeftOut) {
  EXPECT_TRUE(Letter{.subject = " STOP "}.mail().stops);
  EXPECT_TRUE(Letter{.subject = "Re: stop"}.mail().stops);
  EXPECT_FALSE(Letter{.subject = "stop it"}.mail().stops);
}

}  // namespace
}  // namespace convoke::gateways
