#include "ops/crowd/tokens.h"

#include <chrono>
#include <stdexcept>

namespace convoke::crowd {

Tokens::Tokens(const std::string& keys_file, topics::SiteId site)
    : keys_(token::KeySet::load(keys_file)), site_(std::move(site)) {
  if (issue("probe", "probe").empty())
    throw std::runtime_error(keys_file + ": expected a key with its private part");
}

std::string Tokens::issue(const std::string& user, const std::string& device) const {
  using namespace std::chrono;
  const std::int64_t now_s = duration_cast<seconds>(system_clock::now().time_since_epoch()).count();
  const token::Claims claims{.subject = user,
                             .site = site_.str(),
                             .role = topics::Role::terminal,
                             .device = device,
                             .issued_s = now_s,
                             .expires_s = now_s + 12 * 3600};
  return token::sign(keys_, claims).value_or("");
}

}  // namespace convoke::crowd
