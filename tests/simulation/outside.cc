#include "tests/simulation/outside.h"

#include <algorithm>
#include <boost/json.hpp>

#include "tests/simulation/violation.h"

namespace convoke::simulation {
namespace {

using topics::UserId;

/// As the gateways make them; the core never looks into one.
core::Identity identity_of(const std::string& kind, std::size_t user) {
  return {kind + "/hash-of-u" + std::to_string(user), "sealed"};
}

/// Under which the core notes that it has counted. Of mails that nobody sent there is none, and of what
/// nobody vouches for nothing is promised: it is kept only where a plan waits for it.
std::string key_of(const core::Act& act) {
  return act.verified ? act.source + "/" + act.provider + "/" + act.id : "";
}
std::string key_of(const core::Mail& mail) {
  return mail.from && mail.verified ? std::string(core::kByMail) + "/" + mail.to + "/" + mail.id : "";
}

}  // namespace

void Outside::act() {
  if (!server_.running()) return;
  if (random_.percent(30)) return link();
  tell(!told_.empty() && random_.percent(25) ? random_.pick(told_) : draw());
}

void Outside::link() {
  static constexpr const char* kKinds[] = {"phone", "mail", "ticket"};
  const std::size_t user = random_.below(users_);
  // Now and then it is another's.
  const std::size_t owner = random_.percent(80) ? user : random_.below(users_);
  const core::Identity identity = identity_of(kKinds[random_.below(3)], owner);
  trace_("outside u" + std::to_string(user) + " is " + identity.key);
  server_.call(app::PutIdentity{UserId::parse("u" + std::to_string(user)), identity, random_.percent(80),
                                "operator crm", ""},
               [](const app::ApiResponse&) {});
}

Outside::Telling Outside::draw() {
  const std::size_t dice = random_.below(100);
  Telling telling;
  if (dice < 35)
    telling = call();
  else if (dice < 70)
    telling = purchase();
  else
    telling = mail();
  told_.push_back(telling);
  return telling;
}

core::Act Outside::call() {
  core::Act act{.source = core::kByCall, .provider = "sip", .at_ms = agenda_.now(), .to = "+4930000001"};
  act.id = "call-" + std::to_string(++counter_);
  act.who = {identity_of("phone", random_.below(users_))};
  act.subject = act.who[0].key;
  act.verified = random_.percent(80);
  if (act.verified) act.attested = "A";
  act.proof = "attested";
  return act;
}

core::Act Outside::purchase() {
  core::Act act{.source = core::kByTicket, .provider = "main", .at_ms = agenda_.now(), .to = "main"};
  act.id = "telling-" + std::to_string(++counter_);
  act.subject = "order-" + std::to_string(random_.below(15));
  act.told_ms = agenda_.now() - random_.between(0, 20'000);
  act.products = {random_.percent(50) ? "vip" : "day"};
  act.who = {identity_of("mail", random_.below(users_)), identity_of("ticket", random_.below(users_))};
  act.verified = true;
  act.proof = "shop: paid";
  act.withdrawn = random_.percent(35);
  return act;
}

core::Mail Outside::mail() {
  core::Mail mail{.id = "mail-" + std::to_string(++counter_), .at_ms = agenda_.now()};
  mail.to = "evening@club.example";
  mail.subject = random_.percent(50) ? "start" : "tonight";
  if (random_.percent(25)) {  // a mailing
    mail.domain = "club.example";
    return mail;
  }
  mail.from = identity_of("mail", random_.below(users_));
  mail.verified = random_.percent(80);
  mail.proof = "dkim=pass club.example";
  mail.stops = random_.percent(20);
  return mail;
}

void Outside::tell(const Telling& telling) {
  const auto* act = std::get_if<core::Act>(&telling);
  if (act && act->source == core::kByTicket) orders_.asked(act->subject, agenda_.now());
  app::Command command =
      act ? app::Command(app::TakeAct{*act}) : app::Command(app::TakeMail{std::get<core::Mail>(telling)});
  trace_("outside tells of " + std::visit([](const auto& one) { return one.id; }, telling));
  server_.call(
      std::move(command), [this, telling, asked_ms = agenda_.now()](const app::ApiResponse& response) {
        if (response.status == 503) return;  // its provider tells of it again
        require(response.status == 200, "a good act was refused");
        acknowledged(telling, asked_ms, boost::json::parse(response.body).as_object().at("known").as_bool());
      });
}

void Outside::acknowledged(const Telling& telling, std::int64_t asked_ms, bool known) {
  const std::string key = std::visit([](const auto& one) { return key_of(one); }, telling);
  if (key.empty()) return;
  require(known || !counted_.contains(key), "an act counted twice");
  counted_.insert(key);
  const auto* act = std::get_if<core::Act>(&telling);
  if (!act || act->source != core::kByTicket) return;
  if (known)
    orders_.refused(act->subject);
  else
    orders_.acknowledged(act->subject, {act->withdrawn, asked_ms});
}

void Outside::check_promises(const core::State& state) const {
  for (const std::string& key : counted_)
    if (!state.acts.contains(key)) throw Violation("that " + key + " has counted is forgotten");
  check_orders(state);
}

/// What was given back registers nobody, wherever the plan has taken purchases all the time.
void Outside::check_orders(const core::State& state) const {
  orders_.for_each_known([&](const std::string& number, const Order& order) {
    if (!order.withdrawn) return;
    for (const auto& [id, plan] : state.plans) {
      const auto changed = changed_ms_.find(id.str());
      if (changed != changed_ms_.end() && changed->second >= order.asked_ms) continue;
      const auto& by = plan.plan.registering.by;
      if (std::none_of(by.begin(), by.end(),
                       [](const auto& r) { return std::holds_alternative<core::ByTicket>(r); }))
        continue;
      for (const auto& [user, all] : plan.registrations)
        for (const core::Registration& r : all)
          if (r.source == core::kByTicket && r.act == "main/" + number)
            throw Violation(user.str() + " is registered with " + id.str() + " by " + number +
                            ", which was given back");
    }
  });
}

}  // namespace convoke::simulation
