#include "backend/gateways/mail/lmtp_session.h"

#include <gmock/gmock.h>

namespace convoke::gateways {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

/// A peer that says things, and what it hears.
struct Peer {
  explicit Peer(std::size_t max_bytes = 1000, std::size_t max_recipients = 3)
      : session({"mx.club.example", max_bytes, max_recipients,
                 [](const std::string& a) { return a.find("@club.example") != std::string::npos; }}) {}

  /// The replies to this; mails are kept, and answered with `verdicts`.
  std::string says(const std::string& text) {
    session.take(text);
    std::string heard;
    while (const auto step = session.next()) {
      heard += step->text;
      closed = closed || step->closes;
      if (!step->mail) continue;
      mails.push_back(*step->mail);
      heard += session.answer(verdicts);
    }
    return heard;
  }
  /// Up to the data of a mail to anna.
  void begins() {
    says("LHLO a\r\n");
    says("MAIL FROM:<ben@else.example>\r\nRCPT TO:<anna@club.example>\r\nDATA\r\n");
  }

  LmtpSession session;
  std::vector<LmtpVerdict> verdicts = std::vector<LmtpVerdict>(3, LmtpVerdict::taken);
  std::vector<LmtpMail> mails;
  bool closed = false;
};

TEST(LmtpSession, GreetsAndNamesItsExtensions) {
  Peer p;
  EXPECT_EQ(p.session.greeting(), "220 mx.club.example LMTP Convoke\r\n");
  EXPECT_EQ(p.says("LHLO a\r\n"),
            "250-mx.club.example\r\n250-PIPELINING\r\n250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n"
            "250-SMTPUTF8\r\n250 SIZE 1000\r\n");
}

// RFC 2033, 4.1: "An LMTP server MUST NOT return a positive reply to HELO or EHLO".
TEST(LmtpSession, IsNoSmtpServer) {
  Peer p;
  EXPECT_THAT(p.says("HELO a\r\n"), StartsWith("500 "));
  EXPECT_THAT(p.says("EHLO a\r\n"), StartsWith("500 "));
}

// RFC 2033, 4.2: "the server returns one reply for each previously successful RCPT command in the mail
// transaction, in the order that the RCPT commands were issued".
TEST(LmtpSession, AnswersForEachRecipientInOrder) {
  Peer p;
  p.says("LHLO a\r\n");
  EXPECT_EQ(
      p.says("MAIL FROM:<>\r\nRCPT TO:<anna@club.example>\r\nRCPT TO:<x@else.example>\r\n"
             "RCPT TO:<anna@club.example>\r\nDATA\r\n"),
      "250 2.1.0 OK\r\n250 2.1.5 OK\r\n550 5.1.1 No such address here\r\n250 2.1.5 OK\r\n354 Go ahead\r\n");
  p.verdicts = {LmtpVerdict::taken, LmtpVerdict::later};
  EXPECT_EQ(p.says("a\r\n.\r\n"), "250 2.0.0 OK\r\n451 4.3.0 Not now, try again\r\n");
  ASSERT_EQ(p.mails.size(), 1u);
  EXPECT_THAT(p.mails[0].recipients, ElementsAre("anna@club.example", "anna@club.example"));
  EXPECT_EQ(p.mails[0].sender, "");
}

// RFC 2033, 4.2: "if there were no successful RCPT commands in the mail transaction, then the DATA command
// MUST fail with a 503 reply code".
TEST(LmtpSession, WithoutRecipientThereIsNoData) {
  Peer p;
  p.says("LHLO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<x@else.example>\r\n");
  EXPECT_THAT(p.says("DATA\r\n"), StartsWith("503 "));
}

TEST(LmtpSession, AMailWithoutVerdictIsNotTaken) {
  Peer p;
  p.begins();
  p.verdicts.clear();
  EXPECT_THAT(p.says("a\r\n.\r\n"), StartsWith("451 4.3.0 "));
}

// RFC 2920: commands after DATA's end come in one packet with it.
TEST(LmtpSession, TakesCommandsInOnePacket) {
  Peer p;
  const std::string all =
      "LHLO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<anna@club.example>\r\nDATA\r\none\r\n.\r\n"
      "MAIL FROM:<c@d>\r\nRCPT TO:<anna@club.example>\r\nDATA\r\ntwo\r\n.\r\nQUIT\r\n";
  const std::string heard = p.says(all);
  EXPECT_THAT(heard, AllOf(HasSubstr("354 "), HasSubstr("221 2.0.0")));
  ASSERT_EQ(p.mails.size(), 2u);
  EXPECT_EQ(p.mails[0].data, "one\r\n");
  EXPECT_EQ(p.mails[1].data, "two\r\n");
  EXPECT_TRUE(p.closed);

  Peer slow;
  std::string heard_slowly;
  for (const char c : all) heard_slowly += slow.says(std::string(1, c));
  EXPECT_EQ(heard_slowly, heard) << "byte by byte it is the same";
  ASSERT_EQ(slow.mails.size(), 2u);
  EXPECT_EQ(slow.mails[1].data, "two\r\n");
}

// RFC 5321, 4.5.2: the dot that the sender puts before a line's own is taken away again.
TEST(LmtpSession, TakesTheDotsOfTheTransportAway) {
  Peer p;
  p.begins();
  p.says("..a\r\n...\r\nb.\r\n.c\r\n\r\n.\r\n");
  EXPECT_EQ(p.mails.at(0).data, ".a\r\n..\r\nb.\r\nc\r\n\r\n");
}

// RFC 5321, 4.1.1.4: only <CRLF>.<CRLF> ends a mail; otherwise a second one is smuggled in.
TEST(LmtpSession, OnlyCrlfDotCrlfEndsAMail) {
  Peer p;
  p.begins();
  EXPECT_EQ(p.says("a\n.\nMAIL FROM:<x@y>\r\nb\n.\r\nc\r.\r\n\n.\r\n"), "");
  EXPECT_THAT(p.says("\r\n.\r\n"), StartsWith("250 "));
  EXPECT_EQ(p.mails.size(), 1u);
}

TEST(LmtpSession, RefusesWhatIsTooLarge) {
  Peer p(100);
  p.says("LHLO a\r\n");
  EXPECT_THAT(p.says("MAIL FROM:<a@b> SIZE=101\r\n"), StartsWith("552 5.3.4"));
  EXPECT_THAT(p.says("MAIL FROM:<a@b> SIZE=99999999999999999999\r\n"), StartsWith("552 5.3.4"));
  EXPECT_THAT(p.says("MAIL FROM:<a@b> SIZE=x\r\n"), StartsWith("501 "));
  p.begins();
  p.says("header: 1\r\n");
  EXPECT_THAT(p.says(std::string(200, 'a') + "\r\n.\r\n"), StartsWith("552 5.3.4"));
  EXPECT_TRUE(p.mails.at(0).too_large);
  EXPECT_EQ(p.mails.at(0).data, "");
  EXPECT_THAT(p.says("MAIL FROM:<a@b> SIZE=100\r\n"), StartsWith("250 ")) << "and goes on";
}

TEST(LmtpSession, ExactlyTheMostIsTaken) {
  Peer p(100);
  p.begins();
  EXPECT_THAT(p.says(std::string(98, 'a') + "\r\n.\r\n"), StartsWith("250 "));
  EXPECT_EQ(p.mails.at(0).data.size(), 100u);
}

TEST(LmtpSession, BoundsRecipientsAndLines) {
  Peer p;
  p.says("LHLO a\r\nMAIL FROM:<a@b>\r\n");
  for (int i = 0; i < 3; ++i) EXPECT_THAT(p.says("RCPT TO:<a@club.example>\r\n"), StartsWith("250 "));
  EXPECT_THAT(p.says("RCPT TO:<a@club.example>\r\n"), StartsWith("452 4.5.3"));
  EXPECT_THAT(p.says("NOOP " + std::string(5000, 'a') + "\r\n"), StartsWith("500 5.5.6"));
  EXPECT_EQ(p.says(std::string(5000, 'a')), "");
  EXPECT_THAT(p.says("\r\nNOOP\r\n"), StartsWith("500 5.5.6 Line too long\r\n250 "));
}

TEST(LmtpSession, KnowsParametersAndAddresses) {
  Peer p;
  p.says("LHLO a\r\n");
  EXPECT_THAT(p.says("MAIL FROM:<a@b> BODY=8BITMIME SIZE=10 SMTPUTF8\r\nRSET\r\n"), StartsWith("250 2.1.0"));
  EXPECT_THAT(p.says("MAIL FROM:<a@b> AUTH=<>\r\n"), StartsWith("555 5.5.4"));
  EXPECT_THAT(p.says("MAIL FROM:a@b\r\n"), StartsWith("501 5.1.7"));
  EXPECT_THAT(p.says("MAIL FROM:<a@b@c>\r\n"), StartsWith("501 5.1.7"));
  EXPECT_THAT(p.says("MAIL FROM:<a@b>x\r\n"), StartsWith("501 5.1.7"));
  EXPECT_THAT(p.says("MAIL FROM:<\xC3\xA4@b>\r\n"), StartsWith("553 5.6.7"));
  EXPECT_THAT(p.says("MAIL FROM:<\xFF@b> SMTPUTF8\r\n"), StartsWith("501 5.1.7")) << "no UTF-8";
  EXPECT_THAT(p.says("MAIL FROM:<\xC3\xA4@b> SMTPUTF8\r\n"), StartsWith("250 "));
  EXPECT_THAT(p.says("RCPT TO:<\"a b\\\">\"@club.example>\r\n"), StartsWith("250 "));
  EXPECT_THAT(p.says("RCPT TO:<@relay.example:a@club.example>\r\n"), StartsWith("250 "));
  EXPECT_THAT(p.says("RCPT TO:<>\r\n"), StartsWith("501 5.1.3"));
  EXPECT_THAT(p.says("RCPT TO:<a@club.example> NOTIFY=NEVER\r\n"), StartsWith("555 "));
  EXPECT_THAT(p.says("RCPT TO:<" + std::string(220, 'a') + "@club.example>\r\n"), StartsWith("550 "));
}

TEST(LmtpSession, KeepsTheOrderOfCommands) {
  Peer p;
  EXPECT_THAT(p.says("MAIL FROM:<a@b>\r\n"), StartsWith("503 "));
  p.says("LHLO a\r\n");
  EXPECT_THAT(p.says("RCPT TO:<a@club.example>\r\n"), StartsWith("503 "));
  p.says("MAIL FROM:<a@b>\r\n");
  EXPECT_THAT(p.says("MAIL FROM:<a@b>\r\n"), StartsWith("503 "));
  p.says("RCPT TO:<a@club.example>\r\n");
  EXPECT_EQ(p.says("RSET\r\n"), "250 2.0.0 OK\r\n");
  EXPECT_THAT(p.says("DATA\r\n"), StartsWith("503 "));
}

TEST(LmtpSession, EndsWithAPeerThatIsNoMailServer) {
  Peer p;
  p.says("GET / HTTP/1.1\r\n");
  EXPECT_FALSE(p.closed);
  EXPECT_THAT(p.says(std::string("NO\0OP\r\n", 7)), StartsWith("500 "));
  for (int i = 0; i < 20 && !p.closed; ++i) p.says("x\r\n");
  EXPECT_TRUE(p.closed);
}

}  // namespace
}  // namespace convoke::gateways
