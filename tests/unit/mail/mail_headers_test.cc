#include "backend/gateways/mail/mail_headers.h"

#include <gmock/gmock.h>

#include "backend/gateways/mail/header_fields.h"
#include "backend/gateways/mail/mime.h"

namespace convoke::gateways {
namespace {

using testing::ElementsAre;

std::string from(std::string_view value) {
  const auto one = one_mailbox(value);
  return one ? one->address + " of " + one->domain : "nobody";
}

TEST(Mailbox, IsTheOneThatIsPlainlyThere) {
  EXPECT_EQ(from(" anna@club.example"), "anna@club.example of club.example");
  EXPECT_EQ(from("Anna B <Anna.B+x@Club.Example>"), "anna.b+x@club.example of club.example");
  EXPECT_EQ(from("\"B, Anna\" <anna@club.example> (at work)"), "anna@club.example of club.example");
  EXPECT_EQ(from("=?utf-8?q?J=C3=BCrgen?= <j@club.example>"), "j@club.example of club.example");
  EXPECT_EQ(from("<j\xC3\xBCrgen@b\xC3\xBC"
                 "cher.example>"),
            "j\xC3\xBCrgen@b\xC3\xBC"
            "cher.example of xn--bcher-kva.example");
  EXPECT_EQ(from("\"anna@club.example\" <m@evil.example>"), "m@evil.example of evil.example");
}

TEST(Mailbox, IsNobodyWhereReadersCouldDiffer) {
  for (const char* odd : {"",
                          "anna",
                          "<anna>",
                          "a@b, c@d",
                          "a@b c@d",
                          "anna@club.example <m@evil.example>",
                          "<a@b> <c@d>",
                          "friends: anna@club.example;",
                          "<@evil.example:anna@club.example>",
                          "anna@[127.0.0.1]",
                          "\"a b\"@club.example",
                          "anna @ club.example",

                          "anna@.example",
                          "anna@club.example.",
                          "anna@club.example>",
                          "<anna@club.example> x",
                          "anna..b@club.example",
                          "an(x)na@club.example",
                          "anna@club(x).example",
                          "=?utf-8?q?anna=40club.example?=",
                          "<=?utf-8?q?anna?=@club.example>",
                          "\"anna@club.example",
                          "(anna@club.example",
                          "anna@\xFF.example",
                          "undisclosed-recipients:;"})
    EXPECT_EQ(from(odd), "nobody") << odd;
}

TEST(Mailbox, DatesAndSubjects) {
  EXPECT_EQ(parse_date(" Sat, 28 Nov 2026 14:51:16 +0100 (CET)"), 1'795'873'876'000);
  EXPECT_FALSE(parse_date("soon"));
  EXPECT_EQ(decode_text(" =?utf-8?q?gr=C3=BC=C3=9Fe?= =?utf-8?b?IQ==?=", 100),
            "gr\xC3\xBC\xC3\x9F"
            "e!");
  EXPECT_EQ(decode_text("a\xC3\xA4", 2), "a") << "cut between characters";
  EXPECT_EQ(decode_text("=?utf-8?q?a=0D=0Ab=00?=", 100).find_first_of("\r\n"), std::string::npos);
}

// RFC 5322, 2.2.3.
TEST(HeaderFields, UnfoldsAndSplits) {
  const auto got = split_message("A: b\r\n c\r\nD:\r\n\r\nbody: x\r\n");
  ASSERT_TRUE(got);
  ASSERT_EQ(got->fields.size(), 2u);
  EXPECT_EQ(got->fields[0].name, "a");
  EXPECT_EQ(got->fields[0].value, " b c");
  EXPECT_EQ(got->body, "body: x\r\n");
  EXPECT_EQ(split_message("A: b\r\n")->body, "");
}

TEST(HeaderFields, RefusesWhatOthersWouldReadOtherwise) {
  const std::string nul("A: b\0c\r\n\r\n", 10);
  for (const std::string& bad :
       {std::string("A : b\r\n\r\n"), std::string(" A: b\r\n\r\n"), std::string("A: b\nC: d\r\n\r\n"),
        std::string("A: b\rC: d\r\n\r\n"), std::string("From x\r\nA: b\r\n\r\n"), std::string(": b\r\n\r\n"),
        std::string("A\xC3\xA4: b\r\n\r\n"), nul, std::string("A: b"),
        "A: " + std::string(kMaxHeaderBytes, 'x') + "\r\n\r\n"})
    EXPECT_FALSE(split_message(bad)) << bad.substr(0, 20);
}

MailHeaders headers(const std::string& text) {
  auto got = read_mail(text + "\r\nbody\r\n");
  EXPECT_TRUE(std::holds_alternative<MailHeaders>(got)) << text;
  return std::get<MailHeaders>(std::move(got));
}

TEST(MailHeaders, AreWhatCounts) {
  const MailHeaders mail = headers(
      "Authentication-Results: one\r\nReceived: by us; Sat, 28 Nov 2026 14:00:00 "
      "+0000\r\nAuthentication-Results: two\r\n"
      "Received: by them; Sat, 28 Nov 2026 13:00:00 +0000\r\nAuthentication-Results: "
      "three\r\nDKIM-Signature: d=a; h=from\r\n"
      "Message-ID: <1@club.example>\r\nFrom: anna@club.example\r\nSubject: =?utf-8?q?stop?=\r\n"
      "List-Id: The club <News.club.example>\r\nAuto-Submitted: Auto-Generated; x\r\nPrecedence: bulk\r\n"
      "Date: Sat, 28 Nov 2026 12:00:00 +0000\r\n");
  EXPECT_EQ(mail.id, "1@club.example");
  EXPECT_EQ(mail.from->address, "anna@club.example");
  EXPECT_EQ(mail.subject, "stop");
  EXPECT_EQ(mail.list, "news.club.example");
  EXPECT_EQ(mail.auto_submitted, "auto-generated");
  EXPECT_EQ(mail.precedence, "bulk");
  EXPECT_TRUE(mail.of_list);
  EXPECT_EQ(mail.hops, 2u);
  EXPECT_THAT(mail.authentication_results, ElementsAre(" one", " two"));
  EXPECT_EQ(mail.dkim_signatures.size(), 1u);
  EXPECT_EQ(*mail.received - *mail.date, 7'200'000);
}

TEST(MailHeaders, WhatComesTwiceIsRefused) {
  for (const char* name : {"From", "Sender", "Subject", "Date", "Message-ID", "List-Id", "Auto-Submitted"}) {
    const std::string field = std::string(name) + ": x\r\n";
    const auto got = read_mail(field + field + "\r\n");
    ASSERT_TRUE(std::holds_alternative<const char*>(got)) << name;
    EXPECT_STREQ(std::get<const char*>(got), "twice");
  }
}

TEST(MailHeaders, R9_FurtherFieldsAreThoseThatComeOnceAndPlansMayAskFor) {
  const MailHeaders mail = headers(
      "Received: by us; x\r\nFrom: a@b.c\r\nTo: c@b.c\r\nReply-To: a@b.c\r\nARC-Seal: x\r\nX-Campaign: 1\r\n "
      "2\r\n"
      "X-Twice: 1\r\nx-twice: 1\r\nX-Thrice: 1\r\nX-Thrice: 2\r\nX-THRICE: 3\r\nX-Long: " +
      std::string(1000, 'x') + "\r\nX!Odd: 1\r\n" + std::string(65, 'n') + ": 1\r\n");
  EXPECT_THAT(mail.others, ElementsAre(testing::Pair("x-campaign", " 1 2")));
}

TEST(MailHeaders, MoreSignaturesThanWeLookAtAreRefused) {
  std::string many;
  for (int i = 0; i < 17; ++i) many += "DKIM-Signature: d=a; h=from\r\n";
  EXPECT_TRUE(std::holds_alternative<const char*>(read_mail(many + "\r\n")));
}

TEST(MailHeaders, ContentIsTheSameWhateverBlanksTheWayChanges) {
  const auto content = [](const std::string& text) { return std::get<MailHeaders>(read_mail(text)).content; };
  const std::string one = content("From: a@b.c\r\nSubject: x y\r\n\r\nbody text\r\n");
  EXPECT_EQ(content("Received: x\r\nFrom:  a@b.c\r\nSubject: x\r\n y\r\n\r\nbody  text\r\n\r\n"), one);
  EXPECT_NE(content("From: a@b.c\r\nSubject: x z\r\n\r\nbody text\r\n"), one);
  EXPECT_NE(content("From: a@b.c\r\nSubject: x y\r\n\r\nother text\r\n"), one);
}

TEST(MailHeaders, AnUnfitMessageIdIsNone) {
  EXPECT_EQ(headers("Message-ID: <" + std::string(101, 'a') + ">\r\n").id, "");
  EXPECT_EQ(headers("Message-ID: <a b>\r\n").id, "");
  EXPECT_EQ(headers("Message-ID: a\r\n").id, "");
  EXPECT_EQ(headers("From: a@b.c\r\n").id, "");
}

}  // namespace
}  // namespace convoke::gateways
