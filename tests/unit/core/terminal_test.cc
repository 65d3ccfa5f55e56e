// What a terminal sees of the core: presence, requests, the archive.

#include <gtest/gtest.h>

#include <set>

#include "backend/core/chat_archive.h"
#include "backend/core/members.h"
#include "backend/core/organizer.h"
#include "backend/core/presence.h"
#include "tests/support/core_world.h"
#include "topics/messages/json_reader.h"

namespace convoke::core {
namespace {

using messages::PresenceState;
using test::CoreWorld;
using topics::UserId;

/// Anna and Ben chat in a group of an hour.
class Terminal : public testing::Test {
 protected:
  Terminal() {
    w.plan(
        "[[plan]]\nid = \"p\"\naudience = { any = [{ users = [\"anna\", \"ben\"] }] }\n[[plan.end]]\non = "
        "\"duration\"\nafter = \"1h\"\n");
    w.available("anna");
    w.available("ben");
    w.step([](Engine& e, Context& ctx) {
      start_group(e.state(), e.state().plans.begin()->second, "staff eve", "", ctx);
    });
    id = w.group().id;
  }
  void chat(const std::string& from, const std::string& message_id, std::uint64_t n,
            std::uint64_t epoch = 1) {
    w.step([&](Engine& e, Context& ctx) {
      e.chat(id, UserId::parse(from), {message_id, "text", "hello", {}}, {"demo", epoch, n, w.now}, ctx);
    });
  }
  messages::ArchivedUpTo marker() {
    return *messages::decode_archived_up_to(w.published("cv1/demo/g/" + id.str() + "/ack").back());
  }
  CoreWorld w;
  GroupId id;
};

TEST_F(Terminal, AnOlderConnectNumberNeverOverridesANewer) {
  w.presence("anna", PresenceState::available, 10);
  w.presence("anna", PresenceState::offline, 9);  // the will of the connection before
  EXPECT_EQ(w.engine.state().user(UserId::parse("anna"))->presence, PresenceState::available);
  w.presence("anna", PresenceState::offline, 10);
  EXPECT_EQ(w.engine.state().user(UserId::parse("anna"))->presence, PresenceState::offline);
}

TEST_F(Terminal, IsAvailableIfAnyDeviceIs) {
  w.presence("anna", PresenceState::busy, 5, "tablet");
  EXPECT_EQ(w.engine.state().user(UserId::parse("anna"))->presence, PresenceState::available);
  w.presence("anna", PresenceState::offline, 5, "phone");
  EXPECT_EQ(w.engine.state().user(UserId::parse("anna"))->presence, PresenceState::busy);
}

TEST_F(Terminal, WhoIsNotBackAfterABrokerRestartIsOfflineAfterTheGraceTime) {
  w.pass(1000);
  w.step([&](Engine& e, Context& ctx) { e.broker_connected(w.now, ctx); });
  w.pass(500);
  w.presence("ben", PresenceState::available, 2);
  w.pass(30'000);
  EXPECT_EQ(w.engine.state().user(UserId::parse("anna"))->presence, PresenceState::offline);
  EXPECT_EQ(w.engine.state().user(UserId::parse("ben"))->presence, PresenceState::available);
}

TEST_F(Terminal, R4_SeesAvailabilityChangeInTheList) {
  w.presence("ben", PresenceState::away, 2);
  w.pass(1000);
  const auto change =
      *messages::decode_roster_changes(w.published("cv1/demo/g/" + id.str() + "/changes").at(0));
  ASSERT_EQ(change.put.size(), 1u);
  EXPECT_EQ(change.put[0].user, "ben");
  EXPECT_EQ(change.put[0].presence, PresenceState::away);
  EXPECT_EQ(change.available, 1u);
}

TEST_F(Terminal, R4_AsksWhoIsAvailableOverTheWholeList) {
  w.presence("ben", PresenceState::away, 2);
  const auto answer =
      std::get<messages::AvailableAnswer>(w.request("anna", messages::AvailableRequest{id.str(), ""}).result);
  ASSERT_EQ(answer.buddies.size(), 1u);
  EXPECT_EQ(answer.buddies[0].user, "anna");
  EXPECT_FALSE(answer.more);
}

TEST_F(Terminal, ResumeTellsStartsItIsInAndEndsOfWhatIsOver) {
  const std::string unknown(32, 'f');
  auto answer =
      std::get<messages::ResumeAnswer>(w.request("anna", messages::ResumeRequest{{{unknown, 3}}}).result);
  ASSERT_EQ(answer.starts.size(), 1u);
  EXPECT_EQ(answer.starts[0].head.group, id.str());
  ASSERT_EQ(answer.ends.size(), 1u);
  EXPECT_EQ(answer.ends[0].group, unknown);
  EXPECT_EQ(answer.ends[0].reason, "unknown-group");
  w.pass(3'600'000);
  answer =
      std::get<messages::ResumeAnswer>(w.request("anna", messages::ResumeRequest{{{id.str(), 1}}}).result);
  EXPECT_TRUE(answer.starts.empty());
  ASSERT_EQ(answer.ends.size(), 1u);
  EXPECT_EQ(answer.ends[0].reason, "duration");
}

TEST_F(Terminal, StrangersGetNoPageNoListNoHistory) {
  w.available("mallory");
  for (const auto& op : std::vector<decltype(messages::Request::op)>{
           messages::PageRequest{id.str(), 0}, messages::AvailableRequest{id.str(), ""},
           messages::HistoryRequest{id.str(), 0, 0, 10}})
    EXPECT_EQ(std::get<messages::RequestError>(w.request("mallory", op).result).code, "not-member");
}

TEST_F(Terminal, LeavingTellsTheLeaverAndTheOthers) {
  w.available("cleo");
  w.step([&](Engine& e, Context& ctx) {
    add_member(e.state(), w.group(), UserId::parse("cleo"), "added", ctx);
  });
  w.pass(1000);
  w.request("ben", messages::LeaveRequest{id.str()});
  EXPECT_EQ(std::get<messages::ChatEnd>(w.inbox("ben").back()).reason, "left");
  w.pass(1000);
  EXPECT_EQ(messages::decode_roster_changes(w.published("cv1/demo/g/" + id.str() + "/changes").back())->gone,
            std::vector<std::string>{"ben"});
}

TEST_F(Terminal, ArchivesEachMessageOnceAndMarksHowFar) {
  chat("anna", "m1", 1);
  EXPECT_EQ(w.fx.archive.size(), 1u);
  chat("anna", "m1", 2);  // the sender repeated it
  EXPECT_TRUE(w.fx.archive.empty());
  EXPECT_EQ(marker().upto, 2u);
  EXPECT_TRUE(marker().missing.empty());
  EXPECT_EQ(w.group().messages, 1u);
}

TEST_F(Terminal, ReportsAMessageThatIsArchived) {
  chat("anna", "m1", 3);
  const auto report = [&](const std::string& user, const std::string& message) {
    return w.request(user, messages::ReportRequest{id.str(), "anna", message, "rude"}).result;
  };
  EXPECT_TRUE(std::holds_alternative<messages::EmptyAnswer>(report("ben", "m1")));
  ASSERT_EQ(w.fx.reports.size(), 1u);
  EXPECT_EQ(w.fx.reports[0].place.n, 3u);
  EXPECT_EQ(w.events<ReportEvent>().size(), 1u);
  EXPECT_EQ(std::get<messages::RequestError>(report("ben", "m2")).code, "unknown-message");
  EXPECT_EQ(std::get<messages::RequestError>(report("zoe", "m1")).code, "not-member");
}

TEST_F(Terminal, ArchivesAChangeWithThePlaceOfWhatItChanges) {
  const auto change = [&](const std::string& from, const std::string& message, const std::string& of,
                          std::uint64_t n) {
    w.step([&](Engine& e, Context& ctx) {
      e.chat(id, UserId::parse(from), {message, "edit", "new", {}, of}, {"demo", 1, n, w.now}, ctx);
    });
  };
  chat("anna", "m1", 1);
  change("anna", "e1", "m1", 2);
  ASSERT_EQ(w.fx.archive.size(), 1u);
  EXPECT_EQ(w.fx.archive[0].changes->n, 1u);
  change("anna", "e1", "m1", 3);  // repeated
  EXPECT_TRUE(w.fx.archive.empty());
  change("ben", "e2", "m1", 4);  // not his
  EXPECT_TRUE(w.fx.archive.empty());
  change("anna", "e3", "m7", 5);  // never archived
  EXPECT_TRUE(w.fx.archive.empty());
  EXPECT_EQ(marker().upto, 5u) << "but nobody waits for them";
  EXPECT_EQ(w.group().messages, 1u);
}

TEST_F(Terminal, NamesWhatWasStampedButNeverCame) {
  chat("anna", "m1", 1);
  chat("anna", "m5", 5);
  using Ranges = std::vector<std::pair<std::uint64_t, std::uint64_t>>;
  EXPECT_EQ(marker().missing, (Ranges{{2, 4}}));
  chat("ben", "m3", 3);
  EXPECT_EQ(marker().missing, (Ranges{{2, 2}, {4, 4}}));
  EXPECT_EQ(marker().upto, 5u);
  chat("ben", "m6", 1, 2);  // the broker started anew
  EXPECT_EQ(marker().epoch, 2u);
  EXPECT_TRUE(marker().missing.empty());
}

TEST_F(Terminal, NeverSaysThatAMessageIsArchivedThatIsNot) {
  std::set<std::uint64_t> came;
  for (std::uint64_t n = 3; n <= 400; n += 3) {
    chat("anna", "m" + std::to_string(n), n);
    came.insert(n);
  }
  auto missing = [&](std::uint64_t n) {
    for (const auto& [first, last] : marker().missing)
      if (n >= first && n <= last) return true;
    return false;
  };
  chat("anna", "late", 398);
  came.insert(398);
  EXPECT_LE(marker().missing.size(), 64u);
  for (std::uint64_t n = 1; n <= marker().upto; ++n) EXPECT_TRUE(came.contains(n) || missing(n)) << n;
}

TEST_F(Terminal, IgnoresAStampThatNoBrokerGives) {
  chat("anna", "m1", messages::kMaxInteger + 1);
  chat("anna", "m2", 1, messages::kMaxInteger + 1);
  chat("anna", "m3", 0);
  EXPECT_EQ(w.group().messages, 0u);
  EXPECT_EQ(w.group().archive.upto, 0u);
}

TEST_F(Terminal, ArchivesWhatThePluginLetThroughBeforeItKnewThatTheSenderHadLeft) {
  w.available("cleo");
  w.step([&](Engine& e, Context& ctx) {
    add_member(e.state(), w.group(), UserId::parse("cleo"), "added", ctx);
  });
  chat("ben", "m1", 1);
  w.request("ben", messages::LeaveRequest{id.str()});
  w.step([&](Engine& e, Context& ctx) {
    e.chat(id, UserId::parse("ben"), {"d1", "delete", "deleted", {}, "m1"}, {"demo", 1, 2, w.now}, ctx);
  });
  ASSERT_EQ(w.fx.archive.size(), 1u);
  EXPECT_EQ(w.fx.archive[0].changes->n, 1u);
  w.step([&](Engine& e, Context& ctx) { e.erase_user(UserId::parse("ben"), ctx); });
  chat("ben", "m2", 3);
  EXPECT_TRUE(w.fx.archive.empty()) << "nothing is kept of who is erased";
}

TEST_F(Terminal, AsksForWhatWasSaidWhileTheyWereMembers) {
  const auto add = [&](Engine& e, Context& ctx) {
    add_member(e.state(), w.group(), UserId::parse("cleo"), "added", ctx);
  };
  const auto asked_by = [&](const char* user) {
    w.step([&](Engine& e, Context& ctx) {
      e.request({UserId::parse(user), topics::DeviceId::parse("phone"), ""},
                {"r1", messages::HistoryRequest{id.str(), 0, 0, 10}}, ctx);
    });
    return w.fx.history.at(0).stays;
  };
  chat("ben", "m1", 1);
  w.step(add);
  chat("ben", "m2", 2);
  w.request("cleo", messages::LeaveRequest{id.str()});
  EXPECT_EQ(w.fx.past.begin()->second.stays.size(), 1u) << "a restart knows it";
  chat("ben", "m3", 3);
  w.step(add);
  const std::vector<Stay> stays = asked_by("cleo");
  ASSERT_EQ(stays.size(), 2u);
  EXPECT_EQ(stays[0].from, (ChatPlace{1, 1}));
  EXPECT_EQ(stays[0].to, (ChatPlace{1, 2}));
  EXPECT_EQ(stays[1].from, (ChatPlace{1, 3}));
  EXPECT_GT(stays[1].to, (ChatPlace{1, 1'000'000}));
  ASSERT_EQ(asked_by("anna").size(), 1u);
  EXPECT_EQ(asked_by("anna")[0].from, ChatPlace{}) << "there from the beginning";
}

TEST_F(Terminal, DoesNotArchiveStrangersOrForeignStamps) {
  chat("mallory", "x", 1);
  EXPECT_TRUE(w.fx.archive.empty());
  w.step([&](Engine& e, Context& ctx) {
    e.chat(id, UserId::parse("anna"), {"y", "text", "hello", {}}, {"elsewhere", 1, 9, w.now}, ctx);
  });
  EXPECT_TRUE(w.fx.archive.empty());
  EXPECT_EQ(w.group().archive.upto, 1u);
}

TEST_F(Terminal, ResumeOfMoreThanOneMessageHoldsIsFinishedInTheInbox) {
  const std::string name(100, 'x');
  for (int i = 0; i < 120; ++i) {
    const std::string plan = std::string(50, 'p') + std::to_string(i);
    w.plan("[[plan]]\nid = \"" + plan + "\"\nname = \"" + name +
           "\"\naudience = { any = [{ users = [\"anna\"] }] }\n[[plan.end]]\non = \"duration\"\nafter = "
           "\"1h\"\n");
    w.step([&](Engine& e, Context& ctx) {
      start_group(e.state(), e.state().plans.at(topics::PlanId::parse(plan)), "staff eve", "", ctx);
    });
  }
  messages::ResumeRequest held;
  for (int i = 0; i < 256; ++i) {
    std::string unknown = std::to_string(i);
    held.groups.push_back({std::string(32 - unknown.size(), 'f') + unknown, 1, false});
  }
  w.all_out.clear();
  const auto response = w.request("anna", held);
  const auto answer = std::get<messages::ResumeAnswer>(response.result);
  EXPECT_LT(encode(response).size(), 50'000u);
  std::set<std::string> starts, ends;
  for (const auto& start : answer.starts) starts.insert(start.head.group);
  for (const auto& end : answer.ends) ends.insert(end.group);
  const std::size_t in_answer = starts.size() + ends.size();
  const auto rest = w.inbox("anna");
  for (const auto& message : rest) {
    if (auto* start = std::get_if<messages::ChatStart>(&message)) starts.insert(start->head.group);
    if (auto* end = std::get_if<messages::ChatEnd>(&message)) ends.insert(end->group);
  }
  EXPECT_EQ(starts.size(), 121u);
  EXPECT_EQ(ends.size(), 256u);
  EXPECT_EQ(in_answer + rest.size(), starts.size() + ends.size()) << "each once";
}

TEST_F(Terminal, CorrelationDataIsGivenBackUpTo256Bytes) {
  const auto ask = [&](std::size_t bytes) {
    w.step([&](Engine& e, Context& ctx) {
      e.request({UserId::parse("anna"), topics::DeviceId::parse("phone"), std::string(bytes, 'c')},
                {"r1", messages::ResumeRequest{}}, ctx);
    });
    return std::get<Publish>(w.fx.out.back());
  };
  EXPECT_EQ(ask(256).correlation.size(), 256u);
  const Publish refused = ask(257);
  EXPECT_EQ(refused.correlation, "");
  EXPECT_NE(refused.payload.find("correlation data: expected at most 256 bytes"), std::string::npos);
}

TEST(Registering, ATerminalDoesItWhereThePlanTakesIt) {
  CoreWorld w;
  const std::string rest = "[[plan.end]]\non = \"duration\"\nafter = \"1h\"\n";
  const std::string head = "[[plan]]\nid = \"p\"\naudience = { any = [{ registered = \"self\" }] }\n";
  const auto answer = [&](bool withdraw = false) {
    const auto response = w.request("anna", messages::RegisterRequest{"p", withdraw});
    const auto* error = std::get_if<messages::RequestError>(&response.result);
    return error ? error->code : std::string("ok");
  };
  EXPECT_EQ(answer(), "not-open") << "no such plan";
  w.plan(head + rest);
  EXPECT_EQ(answer(), "not-open");
  w.plan(head +
         "registration = { self = true, from = 2026-01-01T01:00:00Z, until = 2026-01-01T02:00:00Z }\n" +
         rest);
  EXPECT_EQ(answer(), "not-open") << "not yet";
  w.pass(3'600'000);
  EXPECT_EQ(answer(), "ok");
  EXPECT_EQ(answer(), "ok") << "a repeat";
  const auto& registrations = w.engine.state().plans.begin()->second.registrations;
  ASSERT_EQ(registrations.size(), 1u);
  EXPECT_EQ(registrations.begin()->second.size(), 1u);
  w.pass(3'600'000);
  EXPECT_EQ(answer(), "not-open") << "not any more";
  EXPECT_EQ(answer(true), "ok");
  EXPECT_TRUE(registrations.empty());
}

TEST(Anonymous, MembersAreNotToldOneAnothersNames) {
  CoreWorld w;
  w.plan(
      "[[plan]]\nid = \"p\"\naudience = { any = [{ users = [\"anna\", \"ben\"] }] }\n[plan.chat]\nanonymous "
      "= "
      "true\n[[plan.end]]\non = \"duration\"\nafter = \"1h\"\n");
  const auto name = [&](const std::string& user, const std::string& to) {
    w.step([&](Engine& e, Context& ctx) { e.put_profile(UserId::parse(user), to, {}, {}, ctx); });
  };
  name("anna", "Anna Schmidt");
  for (const char* user : {"anna", "ben"}) w.available(user);
  w.step([](Engine& e, Context& ctx) {
    start_group(e.state(), e.state().plans.begin()->second, "staff eve", "", ctx);
  });
  const std::string topic = "cv1/demo/g/" + w.group().id.str();
  name("ben", "Ben Meyer");
  w.pass(2000);
  const auto page = *messages::decode_roster_page(w.published(topic + "/buddies/0").at(0));
  ASSERT_EQ(page.buddies.size(), 2u);
  EXPECT_EQ(page.buddies[0].user, "anna");
  for (const auto& out : w.all_out)
    if (const auto* p = std::get_if<Publish>(&out); p && p->topic.starts_with("cv1/demo/g/")) {
      EXPECT_EQ(p->payload.find("Schmidt"), std::string::npos) << p->payload;
      EXPECT_EQ(p->payload.find("Meyer"), std::string::npos) << p->payload;
    }
  const auto answer = w.request("ben", messages::AvailableRequest{w.group().id.str(), ""});
  EXPECT_EQ(std::get<messages::AvailableAnswer>(answer.result).buddies.at(0).name, "");
}

}  // namespace
}  // namespace convoke::core
