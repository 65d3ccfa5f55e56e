#pragma once

#include <string>

#include "topics/ids.h"
#include "topics/token/token.h"

namespace convoke::crowd {

/// Makes the phones' tokens from the site's signing keys: role terminal, valid for twelve hours of real time.
class Tokens {
 public:
  /// Throws std::runtime_error if the file cannot be read or has no key to sign with.
  Tokens(const std::string& keys_file, topics::SiteId site);
  std::string issue(const std::string& user, const std::string& device) const;

 private:
  token::KeySet keys_;
  topics::SiteId site_;
};

}  // namespace convoke::crowd
