#include "backend/core/registrars.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backend/core/registrations.h"
#include "tests/support/core_world.h"

namespace convoke::core {
namespace {

using test::CoreWorld;
using testing::ElementsAre;
using testing::IsEmpty;
using topics::PlanId;
using topics::UserId;

constexpr TimeMs kHour = 3'600'000;
constexpr TimeMs kDay = 24 * kHour;

Identity phone(const std::string& key) { return {"phone/" + key, "sealed " + key}; }
Identity address(const std::string& key) { return {"mail/" + key, "sealed " + key}; }

/// A plan with the given keys in its [plan.registration], whose window is the first two hours, and with
/// starts.
struct Outside : CoreWorld {
  explicit Outside(
      const std::string& registration, const std::string& starts = "",
      const std::string& window = "from = 2026-01-01T00:00:00Z\nuntil = 2026-01-01T02:00:00Z\n") {
    plan(
        "[[plan]]\nid = \"p\"\naudience = { all = [{ registered = true }], presence = \"any\" "
        "}\n[plan.registration]\n" +
        window + registration + "\n" + starts + "[[plan.end]]\non = \"duration\"\nafter = \"1h\"\n");
  }
  ActOutcome does(Act act) {
    if (!act.at_ms) act.at_ms = now;
    ActOutcome outcome;
    step([&](auto& e, auto& ctx) { outcome = e.act(act, ctx); });
    return outcome;
  }
  MailOutcome gets(Mail mail) {
    if (!mail.at_ms) mail.at_ms = now;
    MailOutcome outcome;
    step([&](auto& e, auto& ctx) { outcome = e.mail(mail, ctx); });
    return outcome;
  }
  LinkResult proves(const std::string& user, const Identity& identity, bool proven = true) {
    LinkResult result{};
    step([&](auto& e, auto& ctx) {
      result = e.link_identity(UserId::parse(user), identity, proven, "operator crm", ctx);
    });
    return result;
  }
  void signs_in(const std::string& user, const Identity& proven, TimeMs issued_ms) {
    step([&](auto& e, auto& ctx) { e.sign_in(UserId::parse(user), {proven}, issued_ms, ctx); });
  }
  PlanRecord& record() { return engine.state().plans.at(PlanId::parse("p")); }
  std::vector<std::string> registered() {
    std::vector<std::string> users;
    for (const auto& [user, all] : record().registrations) users.push_back(user.str());
    std::sort(users.begin(), users.end());
    return users;
  }
};

Act call(const std::string& id, const std::string& who, const std::string& attested = "A") {
  return {.source = kByCall,
          .provider = "line",
          .id = id,
          .subject = who,
          .to = "+4930123456",
          .who = {phone(who)},
          .verified = true,
          .attested = attested,
          .proof = "attested " + attested};
}

Act ticket(const std::string& id, const std::string& order, const std::string& who, bool withdrawn = false) {
  return {.source = kByTicket,
          .provider = "main",
          .id = id,
          .subject = order,
          .to = "main",
          .products = {"vip"},
          .who = {address(who)},
          .verified = true,
          .proof = "order " + order,
          .withdrawn = withdrawn};
}

Mail mail_of(const std::string& id, const std::string& who) {
  return {.id = id,
          .to = "evening@club.example",
          .from = address(who),
          .verified = true,
          .domain = "home.example",
          .subject = "I come",
          .proof = "dkim=pass home.example"};
}

constexpr const char* kByAnyCall = "call = [{ number = \"+4930123456\" }]";
constexpr const char* kByAnyTicket = "ticket = [{ shop = \"main\" }]";
constexpr const char* kByAnyMail = "mail = [{ address = \"evening@club.example\" }]";

TEST(Registrars, R5_R21_ACallWithinTheWindowRegistersWhoOwnsTheNumber) {
  Outside w(kByAnyCall);
  w.proves("anna", phone("1"));
  EXPECT_EQ(w.does(call("CA1", "1")).registered, 1u);
  EXPECT_THAT(w.registered(), ElementsAre("anna"));
  EXPECT_EQ(w.record().registrations.at(UserId::parse("anna"))[0].proof, "attested A");
  w.proves("ben", phone("2"));
  w.pass(2 * kHour);
  EXPECT_EQ(w.does(call("CA2", "2")).plans, 0u);
  Act in_time = call("CA3", "2");
  in_time.at_ms = w.now - 1;
  EXPECT_EQ(w.does(in_time).registered, 1u);  // told late, but done within the window
  EXPECT_THAT(w.registered(), ElementsAre("anna", "ben"));
}

TEST(Registrars, R5_ANumberMustBeAttestedAsThePlanDemands) {
  Outside w("call = [{ number = \"+4930123456\", attested = \"B\" }]");
  w.proves("anna", phone("1"));
  EXPECT_EQ(w.does(call("CA1", "1", "")).plans, 0u);
  EXPECT_EQ(w.does(call("CA2", "1", "C")).plans, 0u);
  EXPECT_EQ(w.does(call("CA3", "1", "B")).registered, 1u);
  EXPECT_TRUE(attested_as("A", "B"));
}

TEST(Registrars, R5_AnUnknownNumberWaitsForWhoProvesItUntilTheWindowIsOver) {
  Outside w(kByAnyCall);
  EXPECT_EQ(w.does(call("CA1", "1")).waiting, 1u);
  EXPECT_EQ(w.does(call("CA2", "2")).waiting, 1u);
  w.proves("anna", phone("1"), false);
  EXPECT_THAT(w.registered(), IsEmpty());  // says so, but nobody proved it
  w.proves("anna", phone("1"));
  EXPECT_THAT(w.registered(), ElementsAre("anna"));
  w.pass(2 * kHour);
  w.proves("ben", phone("2"));
  EXPECT_THAT(w.registered(), ElementsAre("anna"));
  w.pass(kDay);
  EXPECT_THAT(w.record().waiting, IsEmpty());
}

TEST(Registrars, WhatIsFoundByItsActGoesWithWhatCameByIt) {
  Outside w(kByAnyCall);
  const State& state = w.engine.state();
  const auto found = [&] {
    return state.by_act.size() + state.waiting_by_act.size() + state.waiting_in.size();
  };
  w.proves("anna", phone("1"));
  w.does(call("CA1", "1"));
  w.does(call("CA2", "2"));
  EXPECT_EQ(found(), 3u);
  w.proves("ben", phone("2"));
  EXPECT_EQ(found(), 2u) << "both are registered";
  w.step([](Engine& e, Context& ctx) { e.erase_user(UserId::parse("ben"), ctx); });
  EXPECT_EQ(found(), 1u);
  w.step([](Engine& e, Context& ctx) {
    take_registration(e.state(), e.state().plans.begin()->second, UserId::parse("anna"), kByCall, ctx);
  });
  EXPECT_EQ(found(), 0u);
  w.does(call("CA3", "3"));
  w.does(call("CA4", "1"));
  EXPECT_EQ(found(), 3u);
  w.step([](Engine& e, Context& ctx) { e.delete_plan(PlanId::parse("p"), ctx); });
  EXPECT_EQ(found(), 0u);
}

TEST(Registrars, R5_AnUnknownNumberIsMatchedWhenItsUserSignsInWithItProven) {
  Outside w(kByAnyCall);
  EXPECT_EQ(w.does(call("CA1", "1")).waiting, 1u);
  w.signs_in("anna", phone("1"), w.now - 60'000);
  EXPECT_THAT(w.registered(), ElementsAre("anna"));
  EXPECT_THAT(w.record().waiting, IsEmpty());
  const IdentityRecord& known = w.engine.state().identities.at("phone/1");
  EXPECT_TRUE(known.proven);
  EXPECT_EQ(known.source, kByToken);
  EXPECT_EQ(known.at_ms, w.now - 60'000) << "when it was proven";
  w.pass(2 * kHour);
  w.does(call("CA2", "2"));
  w.signs_in("ben", phone("2"), w.now);
  EXPECT_THAT(w.registered(), ElementsAre("anna")) << "the window was over";
}

TEST(Registrars, R7_R23_ATicketRegistersAndARefundTakesItBack) {
  Outside w(kByAnyTicket);
  w.proves("anna", address("a"));
  w.does(ticket("e1", "order-1", "a"));
  w.does(ticket("e2", "order-2", "a"));
  EXPECT_EQ(w.record().registrations.at(UserId::parse("anna")).size(), 2u);
  EXPECT_EQ(w.does(ticket("e3", "order-1", "a", true)).withdrawn, 1u);
  EXPECT_THAT(w.registered(), ElementsAre("anna"));  // by the other order
  w.pass(3 * kHour);                                 // a refund counts also after the window
  w.does(ticket("e4", "order-2", "a", true));
  EXPECT_THAT(w.registered(), IsEmpty());
}

TEST(Registrars, R7_ARefundTakesBackWhileThePlanIsDisabledToo) {
  Outside w("ticket = [{ shop = \"main\" }]");
  w.proves("anna", address("a"));
  w.does(ticket("e1", "order-1", "a"));
  EXPECT_THAT(w.registered(), ElementsAre("anna"));
  w.step([&](Engine& e, Context& ctx) {
    Plan plan = w.record().plan;
    plan.enabled = false;
    e.put_plan(plan, ctx);
  });
  EXPECT_EQ(w.does(ticket("e2", "order-1", "a", true)).withdrawn, 1u);
  EXPECT_THAT(w.registered(), IsEmpty());
}

TEST(Registrars, R7_TheNewestTellingAboutAnOrderCountsAndEachOnce) {
  Outside w(kByAnyTicket);
  w.proves("anna", address("a"));
  Act paid = ticket("e1", "order-1", "a"), refunded = ticket("e2", "order-1", "a", true);
  paid.at_ms = w.now + 1;
  refunded.at_ms = w.now + 2;
  w.does(refunded);
  EXPECT_TRUE(w.does(paid).known);  // overtaken
  EXPECT_THAT(w.registered(), IsEmpty());
  Act again = ticket("e3", "order-1", "a");
  again.at_ms = w.now + 3;
  EXPECT_EQ(w.does(again).registered, 1u);
  EXPECT_TRUE(w.does(again).known);
  w.step([](auto& e, auto& ctx) {
    take_registration(e.state(), e.state().plans.at(PlanId::parse("p")), UserId::parse("anna"), "", ctx);
  });
  EXPECT_TRUE(w.does(again).known);  // the provider repeats it, but staff have had the last word
  EXPECT_THAT(w.registered(), IsEmpty());
}

TEST(Registrars, R7_OfOneOrderTheNewestKnowledgeCountsAndForTheWindowWhenItWasBought) {
  Outside w(kByAnyTicket);
  w.proves("anna", address("a"));
  Act refunded = ticket("e1", "order-1", "a", true), left = ticket("e2", "order-1", "a");
  refunded.at_ms = w.now + kHour;
  left.at_ms = w.now;
  left.told_ms = w.now + 3 * kHour;  // a change after the window, of what was bought within it
  w.does(left);
  EXPECT_TRUE(w.does(refunded).known);
  EXPECT_THAT(w.registered(), ElementsAre("anna"));
}

TEST(Registrars, R7_ARefundTakesBackWhatWaits) {
  Outside w("ticket = [{ shop = \"main\", product = \"vip\" }]");
  EXPECT_EQ(w.does(ticket("e1", "order-1", "a")).waiting, 1u);
  Act refund = ticket("e2", "order-1", "a", true);
  refund.products.clear();  // refunds often do not say what it was
  refund.who.clear();
  w.does(refund);
  w.proves("anna", address("a"));
  EXPECT_THAT(w.registered(), IsEmpty());
  Act other = ticket("e3", "order-2", "a");
  other.products = {"standing"};
  EXPECT_EQ(w.does(other).plans, 0u);
}

TEST(Registrars, R7_AnOrderIsWhatWasLastToldOfIt) {
  Outside w("ticket = [{ shop = \"main\", product = \"vip\" }]");
  w.proves("anna", address("a"));
  w.proves("ben", address("b"));
  Act order = ticket("e1", "order-1", "a");
  order.who = {address("a"), address("b"), address("c")};
  EXPECT_EQ(w.does(order).registered, 2u);
  w.does(ticket("e2", "order-2", "b"));
  w.pass(3 * kHour);  // changes count also after the window
  Act changed = ticket("e3", "order-1", "a");
  changed.at_ms = w.now - 3 * kHour;
  changed.told_ms = w.now;
  EXPECT_EQ(w.does(changed).withdrawn, 1u) << "ben's ticket of this order was cancelled";
  EXPECT_THAT(w.registered(), ElementsAre("anna", "ben"));  // ben by the other order
  EXPECT_THAT(w.record().waiting, IsEmpty());
  changed.id = "e4";
  changed.told_ms = w.now + 1;
  changed.products = {"standing"};
  w.does(changed);
  EXPECT_THAT(w.registered(), ElementsAre("ben"));
}

TEST(Registrars, R7_ShopsMayNameTheirOrdersAlike) {
  Outside w("ticket = [{ shop = \"main\" }, { shop = \"other\" }]");
  w.proves("anna", address("a"));
  w.does(ticket("e1", "1", "a"));
  Act refund = ticket("e1", "1", "a", true);
  refund.provider = refund.to = "other";
  w.does(refund);
  EXPECT_THAT(w.registered(), ElementsAre("anna"));
}

TEST(Registrars, R6_R22_AMailRegistersItsSenderIfSomebodyVouchesForThem) {
  Outside w(kByAnyMail);
  w.proves("anna", address("a"));
  Mail forged = mail_of("m1", "a");
  forged.verified = false;
  EXPECT_EQ(w.gets(forged).act.plans, 0u);
  EXPECT_EQ(w.gets(mail_of("m2", "a")).act.registered, 1u);
  Mail stop = mail_of("m3", "a");
  stop.stops = true;
  EXPECT_EQ(w.gets(stop).act.withdrawn, 1u);
  EXPECT_THAT(w.registered(), IsEmpty());
  Mail personal = mail_of("m4", "unknown");
  personal.verified = false;
  personal.personal = Identity{"personal/b", ""};
  EXPECT_EQ(w.gets(personal).act.plans, 0u);  // nobody has this address
  w.proves("ben", {"personal/b", ""});
  personal.id = "m5";
  EXPECT_EQ(w.gets(personal).act.registered, 1u);
  EXPECT_THAT(w.registered(), ElementsAre("ben"));
}

TEST(Registrars, R6_AnUnverifiedMailRegistersWhereThePlanSaysSo) {
  Outside w("mail = [{ address = \"evening@club.example\", unverified = true }]");
  w.proves("anna", address("a"));
  Mail mail = mail_of("m1", "a");
  mail.verified = false;
  EXPECT_EQ(w.gets(mail).act.registered, 1u);
}

constexpr const char* kOnMail = "[[plan.start]]\non = \"mail\"\nuser = \"host\"\nsubject = \"start\"\n";

TEST(Registrars, WhatNobodyVouchesForIsRememberedOnlyWhereAPlanWaitsForIt) {
  Outside w("call = [{ number = \"+4930123456\" }]\nmail = [{ address = \"evening@club.example\" }]");
  const auto remembers = [&](Act act, bool verified) {
    act.verified = verified;
    w.does(act);
    return w.engine.state().acts.contains(act.source + "/" + act.provider + "/" + act.id);
  };
  Act elsewhere = call("c1", "anna"), mail = call("m1", "anna");
  elsewhere.to = "+4930999999";
  mail.source = kByMail;
  mail.to = "evening@club.example";
  EXPECT_FALSE(remembers(elsewhere, false));
  EXPECT_FALSE(remembers(mail, false)) << "the plan takes no unverified mail";
  EXPECT_TRUE(remembers(call("c2", "anna"), false));
  EXPECT_TRUE(remembers(elsewhere, true)) << "or else it could be sent again when there is a plan";
  EXPECT_TRUE(remembers(mail, true));
  EXPECT_TRUE(remembers(ticket("t1", "o-1", "anna"), false));
}

TEST(Registrars, R10_R28_AMailOfTheUserStartsTheChatOnce) {
  Outside w(kByAnyTicket, kOnMail);
  w.proves("host", address("h"));
  w.proves("anna", address("a"));
  w.does(ticket("e1", "order-1", "a"));
  Mail mail = mail_of("m1", "h");
  mail.subject = "please start now";
  Mail forged = mail, other = mail;
  forged.verified = false;
  EXPECT_THAT(w.gets(forged).starts, IsEmpty());
  other.from = address("a");
  EXPECT_THAT(w.gets(other).starts, IsEmpty());
  mail.id = "m2";
  ASSERT_EQ(w.gets(mail).starts.size(), 1u);
  EXPECT_THAT(w.group().reasons, ElementsAre("mail from host"));
  w.pass(2 * kHour);
  EXPECT_EQ(w.live_groups(), 0u);
  w.gets(mail);
  EXPECT_EQ(w.live_groups(), 0u);  // one start for each Message-ID
}

TEST(Registrars, R9_R27_TheMailingStartsTheChat) {
  Outside w(kByAnyTicket,
            "[[plan.start]]\non = \"mailing\"\ndomain = \"club.example\"\nlist = \"news.club.example\"\n");
  w.proves("anna", address("a"));
  w.does(ticket("e1", "order-1", "a"));
  Mail mailing{
      .id = "n1", .to = "in@convoke.example", .domain = "other.example", .list = "news.club.example"};
  EXPECT_THAT(w.gets(mailing).starts, IsEmpty());  // another domain vouches
  mailing.domain = "club.example";
  ASSERT_EQ(w.gets(mailing).starts.size(), 1u);
  EXPECT_THAT(w.group().reasons, ElementsAre("mailing from club.example"));
}

TEST(Registrars, R9_OfAMailingWithAHeaderTheWholeValueCounts) {
  Outside w(kByAnyTicket,
            "[[plan.start]]\non = \"mailing\"\ndomain = \"club.example\"\n"
            "header = { name = \"X-Campaign\", equals = \"evening\" }\n");
  w.proves("anna", address("a"));
  w.does(ticket("e1", "order-1", "a"));
  Mail mailing{.id = "n1", .to = "in@convoke.example", .domain = "club.example"};
  EXPECT_THAT(w.gets(mailing).starts, IsEmpty()) << "without it";
  for (const char* other : {"", "Evening", "evening 2", "even"}) {
    mailing.headers = {{"x-campaign", other}, {"x-other", "evening"}};
    EXPECT_THAT(w.gets(mailing).starts, IsEmpty()) << other;
  }
  mailing.headers = {{"x-campaign", "evening"}};
  EXPECT_EQ(w.gets(mailing).starts.size(), 1u);
}

TEST(Registrars, R1_ACallStartsAPlanThatWaitsForSuchEvents) {
  Outside w(kByAnyCall,
            "[[plan.start]]\non = \"event\"\ntype = \"convoke.call\"\nsource = \"/call/+4930123456\"\n");
  w.proves("anna", phone("1"));
  Act forgeable = call("CA0", "1", "");
  forgeable.verified = false;
  w.does(forgeable);
  EXPECT_EQ(w.live_groups(), 0u);
  w.does(call("CA1", "1"));
  EXPECT_THAT(w.group().reasons, ElementsAre("event: convoke.call from /call/+4930123456, id CA1"));
}

TEST(Identities, OfTwoTokensTheLaterCountsWhoeverSignsInLast) {
  Outside w(kByAnyCall);
  const auto owner = [&] { return w.engine.state().identities.at("phone/1").user.str(); };
  const TimeMs monday = w.now - kDay, tuesday = monday + kHour, wednesday = tuesday + kHour;
  w.signs_in("anna", phone("1"), tuesday);
  w.signs_in("ben", phone("1"), monday);
  EXPECT_EQ(owner(), "anna");
  w.signs_in("ben", phone("1"), wednesday);
  EXPECT_EQ(owner(), "ben");
  w.signs_in("anna", phone("1"), tuesday);
  EXPECT_EQ(owner(), "ben") << "an old token is no new proof";
}

TEST(Identities, ATokenOfBeforeTheErasureProvesNothing) {
  Outside w(kByAnyCall);
  w.signs_in("anna", phone("1"), w.now);
  w.step([](auto& e, auto& ctx) { e.erase_user(UserId::parse("anna"), ctx); });
  w.signs_in("anna", phone("1"), w.now);
  EXPECT_THAT(w.engine.state().identities, IsEmpty());
  w.signs_in("anna", phone("1"), w.now + 1000);
  EXPECT_FALSE(w.engine.state().identities.empty()) << "who comes anew is somebody new";
}

TEST(Identities, MoveToWhoProvesThemLast) {
  Outside w(kByAnyCall);
  EXPECT_EQ(w.proves("anna", phone("1")), LinkResult::linked);
  EXPECT_EQ(w.proves("ben", phone("1"), false), LinkResult::taken);
  EXPECT_EQ(w.proves("ben", phone("1")), LinkResult::linked);
  EXPECT_THAT(w.engine.state().user(UserId::parse("anna"))->identities, IsEmpty());
  w.does(call("CA1", "1"));
  EXPECT_THAT(w.registered(), ElementsAre("ben"));
  for (std::size_t i = 0; i < kMaxIdentities; ++i) w.proves("cleo", phone("c" + std::to_string(i)));
  EXPECT_EQ(w.proves("cleo", phone("more")), LinkResult::too_many);
}

}  // namespace
}  // namespace convoke::core
