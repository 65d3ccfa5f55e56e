#pragma once

#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "backend/core/registrars.h"
#include "backend/gateways/identity_vault.h"
#include "backend/gateways/mail/mail_headers.h"

namespace convoke::gateways {

/// Whom the site believes (docs/mail.md).
struct MailTrust {
  std::string authserv_id;                 // of the mail server in front, lower case
  std::size_t authentication_results = 1;  // fields of that kind that it adds to every mail, at the top
};

/// Who vouches for the mail's sender.
struct Vouching {
  bool verified = false;                       // the domain of From does
  std::string domain;                          // whose signature holds, and covers what counts; empty: none
  bool to = false, cc = false;                 // and covers whom it was written to
  bool list = false;                           // and covers List-Id
  bool id = false;                             // and covers Message-ID: sent again, it has the same
  std::string proof;                           // in words
  std::map<std::string, std::string> headers;  // further fields that it covers, decoded; at most 50
};
Vouching vouch(const MailHeaders& mail, const MailTrust& trust);

/// How it was handed over.
struct MailEnvelope {
  std::string_view sender;     // empty: the null sender
  std::string_view recipient;  // lower case
};

/// What the mail is to the core; or why it is passed over: "null-sender", "auto-reply", "report", "loop",
/// "old", "nobody".
std::variant<core::Mail, const char*> judge_mail(const MailHeaders& mail, const MailEnvelope& envelope,
                                                 const MailTrust& trust, const IdentityVault& vault,
                                                 core::TimeMs now);

}  // namespace convoke::gateways
