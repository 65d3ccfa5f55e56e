// Mails, as anybody sends them: read and judged without the topmost field, which is the mail server's. Nobody
// vouches for such a mail; with a field of the mail server that says it is not signed neither.

#include <cstdint>
#include <string>

#include "backend/core/mail_header.h"
#include "backend/gateways/mail/mail_address.h"
#include "backend/gateways/mail/mail_judge.h"
#include "tests/fuzz/check.h"

namespace {

using namespace convoke::gateways;

constexpr convoke::core::TimeMs kNow = 1'795'877'476'000;

void check(const std::string& bytes, const MailTrust& trust) {
  static const IdentityVault vault(std::string(32, 'k'));
  const auto read = read_mail(bytes);
  const auto* headers = std::get_if<MailHeaders>(&read);
  if (!headers) return;
  FUZZ_CHECK(headers->subject.size() <= 200 && headers->list.size() <= 200 && headers->id.size() <= 100);
  FUZZ_CHECK(is_utf8(headers->subject));
  FUZZ_CHECK(!headers->from || (is_utf8(headers->from->address) && headers->from->address.size() <= 254));
  for (const auto& [name, value] : headers->others)
    FUZZ_CHECK(convoke::core::plans_may_ask_for_header(name) && value.size() <= 1000);
  const auto judged = judge_mail(*headers, {"a@b.example", "evening+tag@club.example"}, trust, vault, kNow);
  const auto* mail = std::get_if<convoke::core::Mail>(&judged);
  if (!mail) return;
  FUZZ_CHECK(!mail->verified && mail->domain.empty() && mail->list.empty() && mail->headers.empty());
  FUZZ_CHECK(mail->id.size() <= 200 && !mail->id.empty() && mail->proof.size() <= 200);
  FUZZ_CHECK(mail->at_ms <= kNow && mail->to == "evening@club.example");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  check(bytes, {"not-in-the-corpus.example", 4});
  check("Authentication-Results: mx.club.example; dkim=none\r\n" + bytes, {"mx.club.example", 1});
  return 0;
}
