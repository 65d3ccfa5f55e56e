#include "backend/gateways/hooks/hook_service.h"

#include <stdexcept>

namespace convoke::gateways::hooks {
namespace {

constexpr int kPerSecond = 1000, kPerSecondAsking = 20;
constexpr int kRetryAfterS = 10;

Reply refuse(int status, const std::string& detail, int retry_after_s = 0) {
  Reply reply{status, detail + "\n", "text/plain", {}};
  if (retry_after_s > 0) reply.headers["Retry-After"] = std::to_string(retry_after_s);
  return reply;
}

bool has_word(std::string_view list, std::string_view word) {
  return list.find(word) != std::string_view::npos;
}

const char* to_string(Signed result) {
  switch (result) {
    case Signed::good:
      return "good";
    case Signed::missing:
      return "no signature";
    case Signed::stale:
      return "a signature of another time";
    case Signed::wrong:
      return "a wrong signature";
  }
  return "";
}

/// Of calls that say the same: a forged one takes nothing from one that somebody vouches for.
std::string call_key(const core::Act& act) {
  return act.provider + " " + act.subject + " " + act.to + " " + act.attested + (act.verified ? "!" : "");
}

}  // namespace

HookService::HookService(const std::vector<HookOptions>& hooks, const IdentityVault& vault, Out out)
    : vault_(vault), out_(std::move(out)), hooks_(std::make_shared<const Hooks>(make(hooks))) {}

HookService::Hooks HookService::make(const std::vector<HookOptions>& hooks) const {
  Hooks made;
  for (const HookOptions& options : hooks) {
    const int per_second = options.per_second > 0 ? options.per_second
                           : options.api.empty()  ? kPerSecond
                                                  : kPerSecondAsking;
    try {
      made[options.name] = {make_hook(options, vault_), std::make_unique<Rate>(per_second)};
    } catch (const std::runtime_error& e) {
      throw std::runtime_error("hook " + options.name + ": " + e.what());
    }
  }
  return made;
}

void HookService::replace(const std::vector<HookOptions>& hooks) {
  auto fresh = std::make_shared<const Hooks>(make(hooks));
  const MutexLock lock(mutex_);
  hooks_ = std::move(fresh);
}

std::shared_ptr<const HookService::Hooks> HookService::current() const {
  const MutexLock lock(mutex_);
  return hooks_;
}

Reply HookService::answer(const std::string& name, const Request& request) {
  const auto hooks = current();
  const auto entry = hooks->find(name);
  if (entry == hooks->end()) return refuse(404, "no such hook");
  return answer(name, entry->second, request);
}

Reply HookService::answer(const std::string& name, const Entry& entry, const Request& request) {
  const Hook& hook = *entry.hook;
  if (request.method == "OPTIONS") return hook.handshake(request);
  if (!has_word(hook.methods(), request.method)) {
    Reply reply = refuse(405, "expected one of " + std::string(hook.methods()));
    reply.headers["Allow"] = std::string(hook.methods());
    return reply;
  }
  const Signed from = hook.verify(request);
  if (from != Signed::good) {
    out_.note(name, "unsigned", to_string(from));
    return refuse(401, std::string(hook.expected()));
  }
  if (!entry.rate->take(request.now_ms)) {
    out_.note(name, "limited", "");
    return refuse(429, "too many a second", 1);
  }
  Reading reading = hook.read(request);
  const auto* hint = std::get_if<Hint>(&reading);
  if (!hint) return carry_out(name, hook, std::move(reading), request.now_ms);
  Reading told = hook.ask(hint->about);
  const auto* refusal = std::get_if<Refusal>(&told);
  if (refusal && refusal->away) return keep(name, *hint, *refusal, request.now_ms);
  return carry_out(name, hook, std::move(told), request.now_ms);
}

/// Not every provider comes again: those hints that cannot be asked about now are kept here.
Reply HookService::keep(const std::string& name, const Hint& hint, const Refusal& why, std::int64_t now_ms) {
  if (!out_.keep(name, hint.about, now_ms)) {
    out_.note(name, "unavailable", why.detail);
    return refuse(503, why.detail, why.retry_after_s);
  }
  out_.note(name, "kept", why.detail);
  return {202, "kept: the shop is asked again later\n", "text/plain", {}};
}

HookService::Asked HookService::ask_again(const std::string& name, const std::string& about,
                                          std::int64_t now_ms) {
  const auto hooks = current();
  const auto entry = hooks->find(name);
  if (entry == hooks->end()) return Asked::away;
  const Hook& hook = *entry->second.hook;
  Reading told = hook.ask(about);
  if (const auto* refusal = std::get_if<Refusal>(&told); refusal && refusal->status >= 429) {
    out_.note(name, "unavailable", refusal->detail);
    return refusal->away ? Asked::away : Asked::unclear;
  }
  return carry_out(name, hook, std::move(told), now_ms).status == 503 ? Asked::away : Asked::done;
}

Reply HookService::carry_out(const std::string& name, const Hook& hook, Reading reading,
                             std::int64_t now_ms) {
  if (auto* refusal = std::get_if<Refusal>(&reading)) {
    out_.note(name, refusal->status == 400 || refusal->status == 415 ? "refused" : "unavailable",
              refusal->detail);
    return refuse(refusal->status, refusal->detail, refusal->retry_after_s);
  }
  if (auto* nothing = std::get_if<Nothing>(&reading)) {
    out_.note(name, "nothing", nothing->why);
    return hook.thanks();
  }
  return carry_out(name, hook, std::get<core::Act>(std::move(reading)), now_ms);
}

Reply HookService::carry_out(const std::string& name, const Hook& hook, core::Act act, std::int64_t now_ms) {
  fill_in(act, name);
  if (act.who.empty() && !act.withdrawn) {
    out_.note(name, "nothing", "nobody whom it is about");
    return hook.thanks();
  }
  const bool is_call = act.source == core::kByCall;
  const std::string key = is_call ? call_key(act) : std::string();
  if (is_call && !calls_.take(key, now_ms)) {
    out_.note(name, "limited", "too many calls of one number");
    return hook.thanks();  // those before it have said the same
  }
  if (!out_.take(act)) {
    if (is_call) calls_.give_back(key);
    out_.note(name, "unavailable", "the store cannot be written");
    return refuse(503, "not taken: try again", kRetryAfterS);
  }
  out_.note(name, "taken", "");
  return hook.thanks();
}

}  // namespace convoke::gateways::hooks
