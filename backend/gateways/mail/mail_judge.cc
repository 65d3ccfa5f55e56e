#include "backend/gateways/mail/mail_judge.h"

#include <algorithm>
#include <optional>

#include "backend/core/mail_header.h"
#include "backend/gateways/mail/authentication_results.h"
#include "backend/gateways/mail/dkim_signature.h"
#include "backend/gateways/mail/header_fields.h"
#include "backend/gateways/mail/mime.h"

namespace convoke::gateways {
namespace {

constexpr core::TimeMs kDayMs = 86'400'000;
// A mail server tries for five days. What is older was sent before, and is told again by somebody.
constexpr core::TimeMs kMaxAge = 7 * kDayMs, kMaxAhead = kDayMs;
constexpr std::size_t kMaxHops = 50;
constexpr std::size_t kMaxDomainBytes = 180;
constexpr std::size_t kMaxCovered = 50;  // further fields, for plans to ask for

/// What a signature must cover so that nobody can send the mail again as another one.
constexpr const char* kMustCover[] = {"from", "subject", "date"};

bool is_domain(const std::string& text) {
  return !text.empty() && text.size() <= kMaxDomainBytes && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
  });
}

/// The signer is the domain of From, or one that it is below. One below it (RFC 9989's relaxed alignment the
/// other way) would need the list of public suffixes: that is for the mail server's DMARC to say.
bool aligned(const std::string& signer, const std::string& domain) {
  if (signer == domain) return true;
  return signer.find('.') != signer.npos && domain.size() > signer.size() &&
         domain.compare(domain.size() - signer.size() - 1, std::string::npos, "." + signer) == 0;
}

/// What the mail server in front found out. Its fields are the topmost of their kind: a field with its name
/// further down was in the mail before.
std::vector<MethodResult> trusted_results(const MailHeaders& mail, const MailTrust& trust) {
  std::vector<MethodResult> out;
  for (std::size_t i = 0; i < mail.authentication_results.size() && i < trust.authentication_results; ++i) {
    auto field = parse_authentication_results(mail.authentication_results[i]);
    if (!field || field->authserv_id != plain_domain(trust.authserv_id)) continue;
    out.insert(out.end(), field->results.begin(), field->results.end());
  }
  return out;
}

/// Nothing if we cannot read one of them: it could be the one that holds.
std::optional<std::vector<DkimSignature>> signatures(const MailHeaders& mail) {
  std::vector<DkimSignature> out;
  for (const std::string& value : mail.dkim_signatures) {
    auto signature = parse_dkim_signature(value);
    if (!signature) return std::nullopt;
    out.push_back(*std::move(signature));
  }
  return out;
}

bool covers_what_counts(const DkimSignature& signature) {
  return signature.whole && std::all_of(std::begin(kMustCover), std::end(kMustCover),
                                        [&](const char* field) { return signature.covers(field); });
}

/// Every signature of the domain must cover what counts: the result does not say which of them holds.
bool all_cover(const std::vector<DkimSignature>& all, const std::string& domain) {
  bool any = false;
  for (const DkimSignature& signature : all) {
    if (signature.domain != domain) continue;
    if (!covers_what_counts(signature)) return false;
    any = true;
  }
  return any;
}

/// Whether those of the domain (empty: all) cover this field too.
bool cover(const std::vector<DkimSignature>& all, const std::string& domain, const char* field) {
  return std::all_of(all.begin(), all.end(), [&](const auto& s) {
    return (!domain.empty() && s.domain != domain) || s.covers(field);
  });
}

/// Of the further fields those that the domain's signatures cover: others anybody could have added.
std::map<std::string, std::string> covered(const MailHeaders& mail, const std::vector<DkimSignature>& all,
                                           const std::string& domain) {
  std::map<std::string, std::string> out;
  for (const auto& [name, value] : mail.others) {
    if (out.size() == kMaxCovered) break;
    if (!cover(all, domain, name.c_str())) continue;
    std::string text = decode_text(value, 2 * core::kMaxHeaderValueBytes);
    if (text.size() <= core::kMaxHeaderValueBytes) out.emplace(name, std::move(text));
  }
  return out;
}

void take_dkim(const MethodResult& result, const MailHeaders& mail, const std::vector<DkimSignature>& all,
               Vouching& out) {
  const std::string domain = plain_domain(result.property("header.d"));
  if (result.method != "dkim" || result.result != "pass" || !is_domain(domain) || !all_cover(all, domain))
    return;
  const bool own = mail.from && aligned(domain, mail.from->domain);
  if (!out.domain.empty() && (out.verified || !own)) return;
  const auto covers = [&](const char* field) { return cover(all, domain, field); };
  out = {
      own, domain, covers("to"), covers("cc"), covers("list-id"), covers("message-id"), "dkim=pass " + domain,
      {}};
}

void take_dmarc(const MethodResult& result, const MailHeaders& mail, const std::vector<DkimSignature>& all,
                Vouching& out) {
  if (out.verified || !mail.from || result.method != "dmarc" || result.result != "pass") return;
  const std::string domain = plain_domain(result.property("header.from"));
  if (domain != mail.from->domain || !is_domain(domain)) return;
  // It may rest on a signature. One that does not cover what counts would let the mail be sent again.
  const bool loose =
      std::any_of(all.begin(), all.end(), [](const auto& s) { return !covers_what_counts(s); });
  if (loose) return;
  out.verified = true;
  out.to = cover(all, "", "to");
  out.cc = cover(all, "", "cc");
  out.id = (out.domain.empty() || out.id) && cover(all, "", "message-id");
  out.proof = "dmarc=pass " + domain;
}

/// Written by a program in answer to something, or to say what became of a mail.
const char* answers_itself(const MailHeaders& mail, const MailEnvelope& envelope) {
  if (envelope.sender.empty()) return "null-sender";
  if (mail.report) return "report";
  if (mail.auto_submitted == "auto-replied") return "auto-reply";
  if (mail.hops > kMaxHops) return "loop";
  return nullptr;
}

/// Sent to many, or by a program: it may be the mailing that a plan waits for, but it is nobody's own act.
bool is_mailing(const MailHeaders& mail) {
  return mail.of_list || mail.precedence == "list" || mail.precedence == "bulk" ||
         mail.precedence == "junk" || (!mail.auto_submitted.empty() && mail.auto_submitted != "no");
}

bool says_stop(const std::string& subject) {
  std::string text = lower_ascii(trimmed(subject));
  while (text.compare(0, 3, "re:") == 0) text = std::string(trimmed(std::string_view(text).substr(3)));
  return text == "stop";
}

/// By what the mail counts once. It is made of what the signature covers, so that nobody can send the mail
/// again as another one; and what nobody vouches for has ids of its own, so that it takes none away.
std::string id_of(const MailHeaders& mail, const Vouching& vouching) {
  if (!mail.id.empty() && vouching.id) return mail.id;
  if (vouching.verified || !vouching.domain.empty() || mail.id.empty()) return "sha256:" + mail.content;
  return "?" + mail.id;
}

struct Recipient {
  std::string address, tag;
};
/// "evening+7f3k@club.example" -> "evening@club.example", "7f3k"
Recipient without_tag(std::string_view address) {
  const auto plus = address.find('+'), at = address.rfind('@');
  if (plus == address.npos || plus > at) return {std::string(address), ""};
  return {std::string(address.substr(0, plus)) + std::string(address.substr(at)),
          std::string(address.substr(plus + 1, at - plus - 1))};
}

/// Whether the sender wrote to this address: else somebody could send on what they got from them themselves.
bool written_to(const std::string& address, const MailHeaders& mail, const Vouching& vouching) {
  const auto names = [&](const std::vector<std::string>& field) {
    return std::any_of(field.begin(), field.end(),
                       [&](const std::string& one) { return without_tag(one).address == address; });
  };
  return (vouching.to && names(mail.to)) || (vouching.cc && names(mail.cc));
}

/// When our mail server got it, not when we heard of it: it keeps mails while we are away.
core::TimeMs arrived(const MailHeaders& mail, core::TimeMs now) {
  return mail.received && *mail.received<now&& * mail.received> now - kMaxAge ? *mail.received : now;
}

}  // namespace

Vouching vouch(const MailHeaders& mail, const MailTrust& trust) {
  Vouching out;
  const auto all = signatures(mail);
  if (!all) return out;
  const auto results = trusted_results(mail, trust);
  for (const MethodResult& result : results) take_dkim(result, mail, *all, out);
  for (const MethodResult& result : results) take_dmarc(result, mail, *all, out);
  if (!out.domain.empty()) out.headers = covered(mail, *all, out.domain);
  return out;
}

std::variant<core::Mail, const char*> judge_mail(const MailHeaders& mail, const MailEnvelope& envelope,
                                                 const MailTrust& trust, const IdentityVault& vault,
                                                 core::TimeMs now) {
  if (const char* why = answers_itself(mail, envelope)) return why;
  const core::TimeMs at = arrived(mail, now);
  // Nobody can tell how often a mail without a date was sent before.
  if (!mail.date || *mail.date < at - kMaxAge || *mail.date > at + kMaxAhead) return "old";
  Vouching vouching = vouch(mail, trust);
  const Recipient to = without_tag(envelope.recipient);
  core::Mail out{
      .id = vault.stand_in(id_of(mail, vouching)), .at_ms = at, .to = to.address, .subject = mail.subject};
  out.domain = vouching.domain;
  if (vouching.list) out.list = mail.list;
  out.headers = std::move(vouching.headers);
  if (!is_mailing(mail)) {
    if (mail.from) out.from = vault.mail(mail.from->address);
    if (!to.tag.empty()) out.personal = vault.personal(to.tag);
    out.verified = vouching.verified && out.from && written_to(to.address, mail, vouching);
    out.proof = vouching.proof;
    out.stops = says_stop(mail.subject);
  }
  if (!out.from && !out.personal && out.domain.empty()) return "nobody";
  return out;
}

}  // namespace convoke::gateways
