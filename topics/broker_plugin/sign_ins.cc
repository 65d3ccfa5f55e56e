#include "topics/broker_plugin/sign_ins.h"

#include "topics/messages/json_reader.h"

namespace convoke::broker_plugin {
namespace {

/// What the feed cannot carry is no number and no address.
std::string fit(const std::string& text) { return messages::has_control(text) ? std::string() : text; }

}  // namespace

void SignIns::connected(const token::Verified& verified) {
  const bool tells = asked_ && verified.principal.role == topics::Role::terminal;
  if (!tells || waiting_.size() >= kMaxWaiting) return;
  messages::SignIn sign_in{0, verified.principal.subject, verified.issued_s * 1000,
                           fit(verified.proofs.phone), fit(verified.proofs.mail)};
  if (sign_in.phone.empty() && sign_in.mail.empty()) return;
  sign_in.n = ++last_n_;
  waiting_.emplace(sign_in.n, std::move(sign_in));
}

void SignIns::feed_ends() {
  if (!asked_) waiting_.clear();
}

void SignIns::ask(std::uint64_t n) {
  asked_ = true;
  told_ms_ = 0;
  waiting_.erase(waiting_.begin(), waiting_.upper_bound(n));
}

std::vector<messages::SignIn> SignIns::due(std::int64_t now_ms) {
  const bool waits_for_answer = told_ms_ != 0 && now_ms >= told_ms_ && now_ms < told_ms_ + kAgainMs;
  std::vector<messages::SignIn> out;
  if (!asked_ || waiting_.empty() || waits_for_answer) return out;
  told_ms_ = now_ms;
  for (auto it = waiting_.begin(); it != waiting_.end() && out.size() < kAtOnce; ++it)
    out.push_back(it->second);
  return out;
}

}  // namespace convoke::broker_plugin
