// What the gateways bring the server, each on threads of its own.

#include <spdlog/spdlog.h>

#include "backend/app/server.h"

namespace convoke::app {

/// From a gateway, on real time. True once it is on disk.
bool Server::take_act(core::Act act) {
  act.at_ms = clock_.at(act.at_ms);
  if (act.told_ms > 0) act.told_ms = clock_.at(act.told_ms);
  return call({}, TakeAct{std::move(act)}).status == 200;
}

/// Mails have real times, as their servers do; what they mean happens on the site's clock.
gateways::MailGateway::Hooks Server::mail_hooks() {
  return {
      .take =
          [this](const core::Mail& mail) {
            core::Mail m = mail;
            m.at_ms = clock_.at(mail.at_ms);
            return call({config_.site, topics::Role::operator_, "mail", {}}, TakeMail{std::move(m)}).status ==
                   200;
          },
      .count =
          [this](const std::string& outcome) {
            metrics_.count_mail(outcome);
            spdlog::info("mail: {}", outcome);
          },
      .now = Clock::real_now};
}

HookGate::Outside Server::hook_outside() {
  return {[this](const core::Act& act) { return take_act(act); },
          [this](const std::string& hook, const std::string& about,
                 std::int64_t told_ms) -> std::optional<std::uint64_t> {
            const ApiResponse answer = call({}, KeepHint{hook, about, told_ms});
            return answer.status == 200 ? std::optional(std::stoull(answer.body)) : std::nullopt;
          },
          [this](const gateways::hooks::KeptHint& hint) {
            return call({}, DropHint{hint.hook, hint.about, hint.number}).status == 200;
          }};
}

std::vector<gateways::hooks::KeptHint> Server::kept_hints() const {
  std::vector<gateways::hooks::KeptHint> kept;
  for (const auto& [hook, hints] : loop_.engine().state().hints)
    for (const auto& [about, hint] : hints) kept.push_back({hook, about, hint.number, hint.told_ms});
  return kept;
}

}  // namespace convoke::app
