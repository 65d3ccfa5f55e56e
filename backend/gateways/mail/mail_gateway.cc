#include "backend/gateways/mail/mail_gateway.h"

#include <algorithm>
#include <exception>

#include "backend/gateways/mail/header_fields.h"
#include "backend/gateways/mail/mail_address.h"

namespace convoke::gateways {
namespace {

constexpr const char* kLater = "later";

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
std::vector<LmtpVerdict> MailGateway::deliver(const LmtpMail& mail) const {
  std::vector<LmtpVerdict> verdicts(mail.recipients.size(), LmtpVerdict::later);
  try {
    std::variant<MailHeaders, const char*> read = "too-large";
    if (!mail.too_large) read = read_mail(mail.data);
    for (std::size_t i = 0; i < mail.recipients.size(); ++i) {
      const char* what = deliver_to(mail.recipients[i], mail, read);
      if (what != kLater) verdicts[i] = LmtpVerdict::taken;
      hooks_.count(what);
    }
  } catch (const std::exception&) {
    hooks_.count(kLater);
  }
  return verdicts;
}

const char* MailGateway::deliver_to(const std::string& recipient, const LmtpMail& mail,
                                    const std::variant<MailHeaders, const char*>& read) const {
  if (const auto* why = std::get_if<const char*>(&read)) return *why;
  const std::string to = lower_ascii(recipient);
  const auto judged =
      judge_mail(std::get<MailHeaders>(read), {mail.sender, to}, options_.trust, vault_, hooks_.now());
  if (const auto* why = std::get_if<const char*>(&judged)) return *why;
  return hooks_.take(std::get<core::Mail>(judged)) ? "taken" : kLater;
}

}  // namespace convoke::gateways
