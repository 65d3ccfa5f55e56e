#include "topics/policy.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace convoke::topics {
namespace {

const std::string kGroup = "0123456789abcdef0123456789abcdef";
const std::string kOther = "fedcba9876543210fedcba9876543210";
const std::string kG = "cv1/demo/g/" + kGroup;

Principal make(Role role, const char* subject) {
  return {SiteId::parse("demo"), role, subject, DeviceId::parse("d1")};
}

class Policy : public testing::Test {
 protected:
  Policy() {
    membership.add(kGroup, "anna");
    membership.add(kGroup, "ben");
    membership.add(kGroup, "cleo");
    membership.block("anna", "cleo");
  }

  Decision publish(const Principal& who, const std::string& topic, bool retain = false) const {
    return decide(who, Access::publish, topic, retain, membership);
  }
  Decision subscribe(const Principal& who, const std::string& filter) const {
    return decide(who, Access::subscribe, filter, false, membership);
  }
  Decision receive(const Principal& who, const std::string& topic) const {
    return decide(who, Access::receive, topic, false, membership);
  }

  Membership membership;
  const Principal anna = make(Role::terminal, "anna");
  const Principal dave = make(Role::terminal, "dave");  // in no group
  const Principal sam = make(Role::staff, "sam");
  const Principal olga = make(Role::operator_, "olga");
  const Principal viewer = make(Role::viewer, "screen");
  const Principal server = make(Role::server, "s1");
  const Principal peer = make(Role::peer, "other");
  const Principal gateway = make(Role::gateway, "sip");
};

TEST_F(Policy, TerminalPublishesOnItsOwnTopicsOnly) {
  for (const std::string leaf : {"pos", "presence", "req"}) {
    EXPECT_EQ(publish(anna, "cv1/demo/u/anna/d1/" + leaf), Decision::allow);
    EXPECT_EQ(publish(anna, "cv1/demo/u/anna/d2/" + leaf), Decision::deny_not_own);
    EXPECT_EQ(publish(anna, "cv1/demo/u/ben/d1/" + leaf), Decision::deny_not_own);
    EXPECT_EQ(publish(anna, "cv1/else/u/anna/d1/" + leaf), Decision::deny_foreign_site);
  }
  EXPECT_EQ(publish(anna, "cv1/demo/u/anna/d1/res"), Decision::deny_role);
  EXPECT_EQ(publish(anna, "cv1/demo/u/anna/in"), Decision::deny_role);
  EXPECT_EQ(publish(anna, "anything/else"), Decision::deny_unknown_topic);
  EXPECT_EQ(publish(anna, "$CONTROL/convoke/v1"), Decision::deny_role);
  EXPECT_EQ(publish(anna, "$CONTROL/dynamic-security/v1"), Decision::deny_unknown_topic);
}

TEST_F(Policy, MemberSpeaksAsItselfInItsGroupsOnly) {
  for (const std::string kind : {"chat", "signal"}) {
    EXPECT_EQ(publish(anna, kG + "/" + kind + "/anna"), Decision::allow);
    EXPECT_EQ(publish(anna, kG + "/" + kind + "/ben"), Decision::deny_not_own);
    EXPECT_EQ(publish(dave, kG + "/" + kind + "/dave"), Decision::deny_not_member);
    EXPECT_EQ(publish(anna, "cv1/demo/g/" + kOther + "/" + kind + "/anna"), Decision::deny_not_member);
  }
  for (const std::string leaf : {"/head", "/buddies/0", "/changes", "/ack"}) {
    EXPECT_EQ(publish(anna, kG + leaf), Decision::deny_role) << leaf;
  }
}

TEST_F(Policy, R3_RetiredGroupIsClosedToEveryMember) {
  membership.retire(kGroup);
  EXPECT_EQ(publish(anna, kG + "/chat/anna"), Decision::deny_not_member);
  EXPECT_EQ(subscribe(anna, kG + "/#"), Decision::deny_not_member);
  EXPECT_EQ(subscribe(anna, kG + "/head"), Decision::deny_not_member);
  EXPECT_EQ(receive(anna, kG + "/chat/ben"), Decision::deny_not_member);
}

TEST_F(Policy, OnlyLanguageTopicsThatAreMeantSoMayBeRetained) {
  EXPECT_EQ(publish(anna, "cv1/demo/u/anna/d1/presence", true), Decision::allow);
  EXPECT_EQ(publish(anna, "cv1/demo/u/anna/d1/pos", true), Decision::deny_retain);
  EXPECT_EQ(publish(anna, kG + "/chat/anna", true), Decision::deny_retain);
  for (const std::string leaf : {"/head", "/buddies/3"}) {
    EXPECT_EQ(publish(server, kG + leaf, true), Decision::allow) << leaf;
  }
  EXPECT_EQ(publish(server, "cv1/demo/area/hall/occupancy", true), Decision::allow);
  EXPECT_EQ(publish(server, "cv1/demo/server/s1/status", true), Decision::allow);
  EXPECT_EQ(publish(server, "cv1/demo/u/anna/in", true), Decision::deny_retain);
  EXPECT_EQ(publish(server, kG + "/changes", true), Decision::deny_retain);
  EXPECT_EQ(publish(server, "cv1/demo/area/hall/events", true), Decision::deny_retain);
}

TEST_F(Policy, MemberReceivesItsGroupsTopics) {
  for (const std::string leaf :
       {"/head", "/buddies/0", "/changes", "/chat/ben", "/ack", "/signal/ben", "/notice"}) {
    EXPECT_EQ(receive(anna, kG + leaf), Decision::allow) << leaf;
    EXPECT_EQ(subscribe(anna, kG + leaf), Decision::allow) << leaf;
    EXPECT_EQ(receive(dave, kG + leaf), Decision::deny_not_member) << leaf;
    EXPECT_EQ(subscribe(dave, kG + leaf), Decision::deny_not_member) << leaf;
  }
}

TEST_F(Policy, NobodyButTheServerSpeaksWhereAnnouncementsAre) {
  for (const Principal& who : {anna, dave, sam, olga, viewer, peer, gateway})
    EXPECT_EQ(publish(who, kG + "/notice"), Decision::deny_role) << to_string(who.role);
  EXPECT_EQ(publish(server, kG + "/notice", true), Decision::deny_retain);
}

TEST_F(Policy, MutedMembersListenOnly) {
  membership.set_standing(kGroup, "anna", Standing::muted);
  EXPECT_EQ(publish(anna, kG + "/chat/anna"), Decision::deny_muted);
  EXPECT_EQ(publish(anna, kG + "/chat/ben"), Decision::deny_not_own);
  EXPECT_EQ(publish(anna, kG + "/signal/anna"), Decision::allow);
  EXPECT_EQ(receive(anna, kG + "/chat/ben"), Decision::allow);
}

TEST_F(Policy, BlockedPairDoesNotHearEachOtherButSharesTheGroup) {
  EXPECT_EQ(receive(anna, kG + "/chat/cleo"), Decision::deny_blocked);
  EXPECT_EQ(receive(anna, kG + "/signal/cleo"), Decision::deny_blocked);
  EXPECT_EQ(receive(make(Role::terminal, "cleo"), kG + "/chat/anna"), Decision::deny_blocked);
  EXPECT_EQ(receive(make(Role::terminal, "ben"), kG + "/chat/cleo"), Decision::allow);
  EXPECT_EQ(receive(anna, kG + "/head"), Decision::allow);
  EXPECT_EQ(subscribe(anna, kG + "/chat/+"), Decision::allow);  // decided at each delivery
  EXPECT_EQ(subscribe(anna, kG + "/chat/cleo"), Decision::allow);
  EXPECT_EQ(receive(server, kG + "/chat/cleo"), Decision::allow);
}

TEST_F(Policy, FilterMustBeWhollyInsideWhatATerminalMayReceive) {
  for (const std::string filter : {"/chat/+", "/buddies/+", "/signal/+", "/#", "/+", "/+/+", "/chat/#"}) {
    EXPECT_EQ(subscribe(anna, kG + filter), Decision::allow) << filter;
    EXPECT_EQ(subscribe(dave, kG + filter), Decision::deny_not_member) << filter;
  }
  EXPECT_EQ(subscribe(anna, "cv1/demo/u/anna/d1/res"), Decision::allow);
  EXPECT_EQ(subscribe(anna, "cv1/demo/u/anna/in"), Decision::allow);
  EXPECT_EQ(subscribe(anna, "owntracks/anna/d1/cmd"), Decision::allow);
  for (const std::string filter : {"#",
                                   "+/#",
                                   "cv1/#",
                                   "cv1/+/u/anna/in",
                                   "cv1/demo/#",
                                   "cv1/demo/+/anna/in",
                                   "cv1/demo/g/#",
                                   "cv1/demo/g/+",
                                   "cv1/demo/g/+/head",
                                   "cv1/demo/g/+/chat/+",
                                   "cv1/demo/u/#",
                                   "cv1/demo/u/anna/#",
                                   "cv1/demo/u/anna/+",
                                   "cv1/demo/u/anna/d1/#",
                                   "cv1/demo/u/anna/+/res",
                                   "cv1/demo/u/ben/in",
                                   "cv1/demo/area/#",
                                   "owntracks/#",
                                   "owntracks/+/+",
                                   "owntracks/anna/d1/#",
                                   "owntracks/anna/d1",
                                   "$SYS/#",
                                   "$SYS/broker/uptime",
                                   "$CONTROL/#",
                                   "$CONTROL/convoke/v1/response",
                                   "$share/x/cv1/demo/u/anna/in",
                                   "cv1/else/u/anna/in",
                                   "cv1/else/#",
                                   ""}) {
    EXPECT_NE(subscribe(anna, filter), Decision::allow) << filter;
  }
}

TEST_F(Policy, AllowedWildcardFilterMatchesNothingThatMayNotBeReceived) {
  const std::vector<Principal> people{anna, dave, sam, olga, viewer, server, peer, gateway};
  std::vector<std::string> names;
  for (const std::string site : {"demo", "else"}) {
    const std::string p = "cv1/" + site;
    for (const std::string user : {"anna", "dave"}) {
      for (const std::string leaf : {"/d1/pos", "/d1/presence", "/d1/req", "/d1/res", "/in"})
        names.push_back(p + "/u/" + user + leaf);
      for (const std::string leaf : {"/d1/req", "/d1/res", "/d1/event"})
        names.push_back(p + "/staff/" + user + leaf);
    }
    for (const std::string& group : {kGroup, kOther}) {
      for (const std::string leaf :
           {"/head", "/buddies/0", "/changes", "/chat/anna", "/ack", "/signal/anna", "/notice"}) {
        names.push_back(p + "/g/" + group + leaf);
      }
    }
    for (const std::string leaf : {"/area/a/events", "/area/a/occupancy", "/server/s1/status",
                                   "/server/s1/marker", "/server/s2/marker", "/peer/other/x"}) {
      names.push_back(p + leaf);
    }
  }
  for (const std::string name :
       {"owntracks/anna/d1", "owntracks/anna/d1/cmd", "$SYS/broker/uptime", "$CONTROL/convoke/v1"}) {
    names.push_back(name);
  }
  for (const std::string& name : names) {
    // Every filter that comes from the name by widening any set of levels, and by cutting it short with `#`.
    std::vector<std::string> levels;
    for (std::size_t at = 0; at <= name.size();) {
      const auto end = std::min(name.find('/', at), name.size());
      levels.push_back(name.substr(at, end - at));
      at = end + 1;
    }
    for (unsigned mask = 1; mask < (1u << (levels.size() + 1)); ++mask) {
      for (std::size_t keep = 1; keep <= levels.size(); ++keep) {
        std::string filter;
        for (std::size_t i = 0; i < keep; ++i)
          filter += (i ? "/" : "") + ((mask >> i) & 1 ? std::string("+") : levels[i]);
        if (keep < levels.size()) filter += "/#";
        for (const Principal& who : people) {
          if (subscribe(who, filter) != Decision::allow) continue;
          const Decision at_delivery = decide(who, Access::receive, name, false, membership);
          EXPECT_EQ(at_delivery, Decision::allow)
              << to_string(who.role) << " " << filter << " matches " << name;
        }
      }
    }
  }
}

TEST_F(Policy, StaffCommandsAndWatchesByRole) {
  for (const Principal& who : {sam, olga}) {
    const std::string own = "cv1/demo/staff/" + who.subject + "/d1";
    EXPECT_EQ(publish(who, own + "/req"), Decision::allow);
    EXPECT_EQ(publish(who, own + "/event"), Decision::allow);
    EXPECT_EQ(publish(who, "cv1/demo/staff/zoe/d1/event"), Decision::deny_not_own);
    EXPECT_EQ(subscribe(who, own + "/event"), Decision::deny_role);
    EXPECT_EQ(publish(who, own + "/res"), Decision::deny_role);
    EXPECT_EQ(publish(who, "cv1/demo/staff/zoe/d1/req"), Decision::deny_not_own);
    EXPECT_EQ(publish(who, "cv1/demo/u/anna/in"), Decision::deny_role);
    EXPECT_EQ(publish(who, kG + "/chat/" + who.subject), Decision::deny_role);
    EXPECT_EQ(subscribe(who, own + "/res"), Decision::allow);
    EXPECT_EQ(subscribe(who, "cv1/demo/staff/zoe/d1/res"), Decision::deny_not_own);
    EXPECT_EQ(subscribe(who, "cv1/demo/staff/+/+/res"), Decision::deny_role);
    for (const std::string filter :
         {"cv1/demo/area/+/events", "cv1/demo/area/#", "cv1/demo/server/+/status", "cv1/demo/g/+/head"}) {
      EXPECT_EQ(subscribe(who, filter), Decision::allow) << filter;
    }
    EXPECT_EQ(subscribe(who, "cv1/demo/g/+/chat/+"), Decision::deny_role);
    EXPECT_EQ(subscribe(who, "cv1/demo/u/+/+/pos"), Decision::deny_role);
  }
  EXPECT_EQ(subscribe(sam, "$SYS/#"), Decision::deny_role);
  EXPECT_EQ(subscribe(olga, "$SYS/#"), Decision::allow);
}

TEST_F(Policy, ViewerSeesAreasAndServersAndSaysNothing) {
  EXPECT_EQ(subscribe(viewer, "cv1/demo/area/+/occupancy"), Decision::allow);
  EXPECT_EQ(subscribe(viewer, "cv1/demo/server/+/status"), Decision::allow);
  EXPECT_EQ(subscribe(viewer, kG + "/head"), Decision::deny_role);
  EXPECT_EQ(subscribe(viewer, "cv1/demo/g/+/head"), Decision::deny_role);
  EXPECT_EQ(publish(viewer, "cv1/demo/staff/screen/d1/req"), Decision::deny_role);
  EXPECT_EQ(publish(viewer, "cv1/demo/u/screen/d1/presence"), Decision::deny_role);
}

TEST_F(Policy, GatewayTellsWhatHappenedAndHearsTheAnswers) {
  EXPECT_EQ(publish(gateway, "cv1/demo/staff/sip/d1/event"), Decision::allow);
  EXPECT_EQ(publish(gateway, "cv1/demo/staff/sip/d1/event", true), Decision::deny_retain);
  EXPECT_EQ(publish(gateway, "cv1/demo/staff/sip/d2/event"), Decision::deny_not_own);
  EXPECT_EQ(publish(gateway, "cv1/demo/staff/sip/d1/req"), Decision::deny_role);
  EXPECT_EQ(subscribe(gateway, "cv1/demo/staff/sip/d1/res"), Decision::allow);
  EXPECT_EQ(subscribe(gateway, "cv1/demo/staff/sam/d1/res"), Decision::deny_not_own);
  for (const std::string filter :
       {"cv1/demo/area/hall-a/events", "cv1/demo/server/s1/status", "cv1/demo/staff/sip/d1/+",
        "cv1/demo/staff/sip/d1/event", "cv1/demo/u/sip/in", "$SYS/#"})
    EXPECT_EQ(subscribe(gateway, filter), Decision::deny_role) << filter;
}

TEST_F(Policy, ServerHearsWhatIsForItAndSpeaksAsItself) {
  for (const std::string filter :
       {"cv1/demo/u/+/+/pos", "cv1/demo/u/+/+/presence", "cv1/demo/u/+/+/req", "cv1/demo/g/+/chat/+",
        "cv1/demo/g/+/notice", "cv1/demo/g/+/signal/+", "cv1/demo/staff/+/+/req", "cv1/demo/staff/+/+/event",
        "cv1/demo/peer/+/#", "owntracks/+/+/#", "cv1/demo/server/s1/marker", "$SYS/#",
        "$CONTROL/convoke/v1/response"}) {
    EXPECT_EQ(subscribe(server, filter), Decision::allow) << filter;
  }
  for (const std::string filter : {"#", "cv1/demo/#", "cv1/demo/u/#", "cv1/demo/g/+/#",
                                   "cv1/demo/server/+/marker", "cv1/else/u/+/+/pos"}) {
    EXPECT_NE(subscribe(server, filter), Decision::allow) << filter;
  }
  for (const std::string& topic : std::vector<std::string>{
           "cv1/demo/u/anna/in", "cv1/demo/u/anna/d1/res", kG + "/head", kG + "/buddies/0", kG + "/changes",
           kG + "/ack", kG + "/notice", "cv1/demo/area/a/events", "cv1/demo/area/a/occupancy",
           "cv1/demo/server/s1/status", "cv1/demo/server/s1/marker", "cv1/demo/staff/sam/d1/res",
           "owntracks/anna/d1/cmd", "$CONTROL/convoke/v1"}) {
    EXPECT_EQ(publish(server, topic), Decision::allow) << topic;
  }
  for (const std::string& topic : std::vector<std::string>{
           kG + "/chat/anna", "cv1/demo/u/anna/d1/pos", "cv1/demo/u/anna/d1/req", "cv1/demo/server/s2/status",
           "cv1/demo/peer/other/x", "owntracks/anna/d1", "cv1/else/u/anna/in", "$SYS/broker/uptime"}) {
    EXPECT_NE(publish(server, topic), Decision::allow) << topic;
  }
}

TEST_F(Policy, R34_ServerSpeaksForUsersOfOtherSitesOnly) {
  membership.add(kG.substr(kG.rfind('/') + 1), "eli@other");
  EXPECT_EQ(publish(server, kG + "/chat/eli@other"), Decision::allow);
  EXPECT_EQ(publish(server, kG + "/chat/fay@other"), Decision::allow) << "last words of one who has left";
  EXPECT_EQ(publish(server, kG + "/chat/anna"), Decision::deny_role);
  EXPECT_EQ(publish(server, kG + "/signal/eli@other"), Decision::allow);
  EXPECT_EQ(publish(server, kG + "/signal/anna"), Decision::deny_role);
  EXPECT_EQ(publish(peer, kG + "/chat/eli@other"), Decision::deny_role);
  EXPECT_EQ(receive(anna, kG + "/chat/eli@other"), Decision::allow);
}

TEST_F(Policy, R34_PeerSpeaksForItsSiteAndHearsNothing) {
  EXPECT_EQ(publish(peer, "cv1/demo/peer/other/hello"), Decision::allow);
  EXPECT_EQ(publish(peer, "cv1/demo/peer/third/hello"), Decision::deny_not_own);
  EXPECT_EQ(publish(peer, "cv1/demo/u/anna/in"), Decision::deny_role);
  for (const std::string filter :
       {"cv1/demo/peer/other/hello", "cv1/demo/peer/other/#", "cv1/demo/area/#", "#"}) {
    EXPECT_EQ(subscribe(peer, filter), Decision::deny_role) << filter;
  }
}

TEST_F(Policy, OwnTracksAppsUseTheirOwnDeviceTopics) {
  for (const std::string rest : {"", "/event", "/waypoint", "/status"}) {
    EXPECT_EQ(publish(anna, "owntracks/anna/d1" + rest), Decision::allow);
    EXPECT_EQ(publish(anna, "owntracks/anna/d2" + rest), Decision::deny_not_own);
    EXPECT_EQ(publish(anna, "owntracks/ben/d1" + rest), Decision::deny_not_own);
  }
  EXPECT_EQ(publish(anna, "owntracks/anna/d1/cmd"), Decision::deny_role);
  EXPECT_EQ(receive(anna, "owntracks/anna/d1/cmd"), Decision::allow);
  EXPECT_EQ(receive(anna, "owntracks/ben/d1/cmd"), Decision::deny_not_own);
}

TEST(Decision, HasANameForEachValue) {
  EXPECT_EQ(to_string(Decision::allow), "allow");
  EXPECT_EQ(to_string(Decision::deny_unknown_topic), "unknown_topic");
  EXPECT_EQ(to_string(Decision::deny_blocked), "blocked");
}

}  // namespace
}  // namespace convoke::topics
