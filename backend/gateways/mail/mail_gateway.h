#pragma once

#include <functional>
#include <string>
#include <vector>

#include "backend/gateways/identity_vault.h"
#include "backend/gateways/mail/lmtp_server.h"
#include "backend/gateways/mail/mail_judge.h"
#include "backend/gateways/rate_per_key.h"

namespace convoke::gateways {

/// Mails in, acts out: listens for LMTP, judges each mail for each recipient, and has the core take it.
class MailGateway {
 public:
  struct Options {
    std::string listen, group;         // as of LmtpServer
    std::vector<std::string> domains;  // whose addresses are ours, lower case
    MailTrust trust;
    std::size_t max_bytes = 1024 * 1024;
  };
  /// Mails in a minute that are taken of one sender, and of all those together for whom nobody vouches: more
  /// stay with the mail server for a while.
  static constexpr int kPerSender = 30, kOfStrangers = 300;

  struct Hooks {
    /// Has the core take the mail; true once that is on disk. Called on many threads at a time.
    std::function<bool(const core::Mail&)> take;
    /// What became of a mail: "taken", "later", "limited", "too-large", or why it was passed over. No
    /// addresses.
    std::function<void(const std::string&)> count;
    std::function<core::TimeMs()> now;
  };

  /// Listens from now on. Throws std::runtime_error if the address cannot be had.
  MailGateway(Options options, const IdentityVault& vault, Hooks hooks);

  void stop() { server_.stop(); }
  int port() const { return server_.port(); }

 private:
  std::vector<LmtpVerdict> deliver(const LmtpMail& mail);
  const char* deliver_to(const std::string& recipient, const LmtpMail& mail,
                         const std::variant<MailHeaders, const char*>& read);
  const char* take(const core::Mail& mail);

  Options options_;
  const IdentityVault& vault_;
  Hooks hooks_;
  RatePerKey senders_{kPerSender}, strangers_{kOfStrangers};
  LmtpServer server_;
};

}  // namespace convoke::gateways
