// Typing, delivered and read between sites: told now or not at all.

#include "backend/core/signals.h"

#include "backend/core/erasure.h"
#include "backend/core/peers.h"
#include "tests/unit/core/federation.h"
#include "topics/topic.h"

namespace convoke::core {
namespace {

using messages::Signal;
using enum messages::Signal::Type;

class Signals : public Federation {
 protected:
  Signals() {
    all_there();
    start();
    sites.pass(5000);
    for (SiteWorld* site : {&a, &b, &c}) site->all_out.clear();
  }
  static void signal(SiteWorld& site, const char* user, const Signal& signal) {
    site.step([&](Engine& e, Context& ctx) { e.signal(site.group().id, UserId::parse(user), signal, ctx); });
    site.pass(0);
  }
  /// What this site's phones heard since the last call: "anna@a {…}".
  static Strings heard(SiteWorld& site) {
    Strings said;
    for (const Outgoing& out : std::exchange(site.all_out, {}))
      if (const auto* p = std::get_if<Publish>(&out); p && p->topic.find("/signal/") != std::string::npos) {
        EXPECT_EQ(p->qos, 0);
        EXPECT_FALSE(p->retain || p->durable);
        said.push_back(topics::parse_topic(p->topic)->user.str() + " " + p->payload);
      }
    return said;
  }
};

TEST_F(Signals, R34_WhoTypesIsShownAtAllOtherSites) {
  signal(a, "anna", {});
  sites.flow();
  EXPECT_EQ(heard(b), Strings{R"(anna@a {"type":"typing"})"});
  EXPECT_EQ(heard(c), Strings{R"(anna@a {"type":"typing"})"});
  signal(b, "ben", {});
  sites.flow();
  EXPECT_EQ(heard(a), Strings{R"(ben@b {"type":"typing"})"});
  EXPECT_EQ(heard(b), Strings{});
  EXPECT_EQ(sites.refused, Strings{});
}

TEST_F(Signals, R34_UpToWhereSomebodyHasReadIsToldInHomesOrder) {
  signal(a, "anna", {read, 3, 41});
  signal(b, "ben", {read, 7, 2, 3, 40});
  signal(c, "carol", {delivered, 9, 5});  // where that is in home's order the phone does not know
  sites.flow();
  EXPECT_EQ(heard(b), Strings{R"(anna@a {"type":"read","epoch":0,"n":0,"home_epoch":3,"home_n":41})"});
  EXPECT_EQ(heard(a), Strings{R"(ben@b {"type":"read","epoch":3,"n":40})"});
  EXPECT_EQ(heard(c), (Strings{R"(anna@a {"type":"read","epoch":0,"n":0,"home_epoch":3,"home_n":41})",
                               R"(ben@b {"type":"read","epoch":0,"n":0,"home_epoch":3,"home_n":40})"}));
}

TEST_F(Signals, R34_AtMostOneBatchASecondWithTheLatestOfEach) {
  signal(a, "anna", {read, 3, 1});
  sites.flow();
  EXPECT_EQ(heard(b).size(), 1u);
  for (std::uint64_t n = 2; n < 9; ++n) signal(a, "anna", {read, 3, n});
  a.pass(999);
  EXPECT_TRUE(a.signals["b"].empty());
  a.pass(1);
  sites.flow();
  EXPECT_EQ(heard(b), Strings{R"(anna@a {"type":"read","epoch":0,"n":0,"home_epoch":3,"home_n":8})"});
}

TEST_F(Signals, R34_NothingWaitsForALinkThatIsCutOrBusy) {
  sites.cut("a", "b");
  signal(a, "anna", {});
  sites.flow();
  sites.pass(2000);
  sites.heal();
  sites.pass(2000);
  EXPECT_EQ(heard(b), Strings{});
  sites.cut("a", "b");
  for (std::uint64_t i = 0; i <= kPresenceWaits; ++i) a.say("anna", std::to_string(i));
  signal(a, "anna", {});
  EXPECT_TRUE(a.signals["b"].empty());
  EXPECT_TRUE(a.engine.state().peers.at(SiteId::parse("b")).signals_due.empty()) << "nor is it told later";
}

TEST_F(Signals, R34_SignalsAreOfMembersAndOfTheSitesOwnUsersOnly) {
  const std::string id = a.group().id.str();
  const auto tell = [&](const std::string& user, const std::string& group) {
    messages::PeerBatch batch = sites.batch("b", "a");
    batch.signals = {{group, user}};
    return sites.deliver("b", "a", batch).refused;
  };
  EXPECT_EQ(tell("stranger@b", id), Strings{});
  EXPECT_EQ(tell("ben@b", std::string(32, '0')), Strings{});
  EXPECT_EQ(heard(a), Strings{});
  EXPECT_EQ(tell("ben@b", id), Strings{});
  EXPECT_EQ(heard(a).size(), 1u);
  EXPECT_EQ(tell("carol@c", id), Strings{"foreign-user"});
  EXPECT_EQ(a.engine.state().peers.at(SiteId::parse("b")).shut, "foreign-user");
}

TEST_F(Signals, R34_ASiteThatDoesNotKnowSignalsIsToldNone) {
  a.engine.state().peers.at(SiteId::parse("b")).features.erase(messages::kSignals);
  signal(a, "anna", {});
  EXPECT_TRUE(a.signals["b"].empty());
  EXPECT_FALSE(a.signals["c"].empty());
}

TEST_F(Signals, R34_OnlyGroupsOfSeveralSitesAreHeard) {
  EXPECT_TRUE(hears_signals(a.group()));
  EXPECT_TRUE(hears_signals(b.group()));
  const GroupId id = a.group().id;
  for (const char* site : {"b", "c"})
    a.step([&](Engine& e, Context& ctx) { e.delete_peer(SiteId::parse(site), ctx); });
  EXPECT_FALSE(hears_signals(*group(a, id)));
  signal(a, "anna", {});
  EXPECT_TRUE(a.signals["b"].empty());
}

}  // namespace
}  // namespace convoke::core
