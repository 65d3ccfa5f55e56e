#include "backend/gateways/mail/mail_gateway.h"

#include <algorithm>
#include <exception>

#include "backend/gateways/mail/header_fields.h"
#include "backend/gateways/mail/mail_address.h"

namespace convoke::gateways {
namespace {

constexpr const char* kLater = "later";
constexpr const char* kLimited = "limited";

/// Whose mail it is, as far as somebody vouches for that; empty: nobody does. So who forges a sender takes
/// nothing from them.
std::string sender_of(const core::Mail& mail) {
  if (mail.verified && mail.from) return mail.from->key;
  if (mail.personal) return mail.personal->key;
  return mail.domain;
}

LmtpServer::Options server_options(const MailGateway::Options& o) {
  const auto knows = [domains = o.domains](const std::string& address) {
    return std::find(domains.begin(), domains.end(), domain_of(address)) != domains.end();
  };
  return {o.listen, o.group, {o.trust.authserv_id, o.max_bytes, 100, knows}};
}

}  // namespace

MailGateway::MailGateway(Options options, const IdentityVault& vault, Hooks hooks)
    : options_(std::move(options)),
      vault_(vault),
      hooks_(std::move(hooks)),
      server_(server_options(options_), [this](const LmtpMail& mail) { return deliver(mail); }) {
  server_.start();
}

/// Whatever goes wrong here goes wrong again, or it does not: either way the mail server keeps the mail and
/// comes back.
std::vector<LmtpVerdict> MailGateway::deliver(const LmtpMail& mail) {
  std::vector<LmtpVerdict> verdicts(mail.recipients.size(), LmtpVerdict::later);
  try {
    std::variant<MailHeaders, const char*> read = "too-large";
    if (!mail.too_large) read = read_mail(mail.data);
    for (std::size_t i = 0; i < mail.recipients.size(); ++i) {
      const char* what = deliver_to(mail.recipients[i], mail, read);
      if (what == kLimited) verdicts[i] = LmtpVerdict::limited;
      if (what != kLater && what != kLimited) verdicts[i] = LmtpVerdict::taken;
      hooks_.count(what);
    }
  } catch (const std::exception&) {
    hooks_.count(kLater);
  }
  return verdicts;
}

const char* MailGateway::deliver_to(const std::string& recipient, const LmtpMail& mail,
                                    const std::variant<MailHeaders, const char*>& read) {
  if (const auto* why = std::get_if<const char*>(&read)) return *why;
  const std::string to = lower_ascii(recipient);
  const auto judged =
      judge_mail(std::get<MailHeaders>(read), {mail.sender, to}, options_.trust, vault_, hooks_.now());
  if (const auto* why = std::get_if<const char*>(&judged)) return *why;
  return take(std::get<core::Mail>(judged));
}

const char* MailGateway::take(const core::Mail& mail) {
  const std::string sender = sender_of(mail);
  RatePerKey& rate = sender.empty() ? strangers_ : senders_;
  if (!rate.take(sender, hooks_.now())) return kLimited;
  if (hooks_.take(mail)) return "taken";
  rate.give_back(sender);
  return kLater;
}

}  // namespace convoke::gateways
