// LMTP: whatever the peer sends, in whatever pieces. It must come out the same, every mail must keep to the
// limits, and an answer must have a line for each recipient.

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "backend/gateways/mail/lmtp_session.h"
#include "tests/fuzz/check.h"

namespace {

using namespace convoke::gateways;

constexpr std::size_t kMaxBytes = 200, kMaxRecipients = 4;

/// All that the peer hears, and all mails, in one text.
std::string talk(std::string_view bytes, std::size_t piece) {
  LmtpSession session({"mx", kMaxBytes, kMaxRecipients, [](const std::string& a) { return a.size() < 20; }});
  std::string out;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    session.take(bytes.substr(at, piece));
    while (const auto step = session.next()) {
      out += step->text;
      if (step->closes) return out;
      if (!step->mail) continue;
      const LmtpMail& mail = *step->mail;
      FUZZ_CHECK(mail.data.size() <= kMaxBytes && mail.recipients.size() <= kMaxRecipients);
      FUZZ_CHECK(!mail.recipients.empty() && (!mail.too_large || mail.data.empty()));
      const std::string answer = session.answer({LmtpVerdict::taken});
      FUZZ_CHECK(std::count(answer.begin(), answer.end(), '\n') == static_cast<long>(mail.recipients.size()));
      out += "[" + mail.sender + "|" + mail.data + "]" + answer;
    }
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::string whole = talk(bytes, size + 1);
  FUZZ_CHECK(talk(bytes, 1) == whole);
  FUZZ_CHECK(talk(bytes, 7) == whole);
  return 0;
}
