#include <gtest/gtest.h>

#include "backend/core/announce.h"
#include "backend/core/members.h"
#include "backend/core/organizer.h"
#include "backend/store/journal.h"
#include "tests/support/core_world.h"
#include "tests/support/temp_dir.h"

namespace convoke::store {
namespace {

using core::Context;
using core::Engine;
using test::CoreWorld;
using topics::UserId;

/// The chat of Anna and Ben, and what the store has of it. True: RocksDB, false: memory.
class JournalChat : public testing::TestWithParam<bool> {
 protected:
  JournalChat() {
    w.plan(
        "[[plan]]\nid = \"p\"\naudience = { presence = \"any\", any = [{ users = [\"anna\", \"ben\"] }] }\n"
        "[[plan.end]]\non = \"duration\"\nafter = \"1h\"\n");
    journal.add(w.engine, w.fx);
    step([](Engine& e, Context& ctx) {
      core::start_group(e.state(), e.state().plans.begin()->second, "staff eve", "", ctx);
    });
    id = w.group().id;
  }
  template <class F>
  void step(F f) {
    w.step(f);
    journal.add(w.engine, w.fx);
    ASSERT_FALSE(journal.commit());
  }
  void says(Engine& e, Context& ctx, const std::string& from, messages::ChatMessage message) {
    e.chat(id, UserId::parse(from), message, {"demo", 5, ++n, w.now}, ctx);
  }
  void says(const std::string& from, const messages::ChatMessage& message) {
    step([&](Engine& e, Context& ctx) { says(e, ctx, from, message); });
  }
  std::vector<messages::ArchivedMessage> history() {
    return journal.history({{}, {}, {}, id, 0, 0, 100})->messages;
  }
  std::string chat_records() {
    std::string all;
    store->scan(Family::chat, {}, {}, [&](auto, auto value) {
      all += std::string(value) + "\n";
      return true;
    });
    return all;
  }

  test::TempDir dir;
  std::unique_ptr<Store> store = GetParam() ? open_rocksdb(dir / "db") : make_memory_store();
  Journal journal{*store};
  CoreWorld w;
  topics::GroupId id;
  std::uint64_t n = 0;
};

TEST_P(JournalChat, LeavesOutWhatTheReaderShallNotHear) {
  says("anna", {"a1", "text", "Hello", {}});
  says("ben", {"b1", "text", "Hi", {}});
  says("anna", {"a2", "edit", "Hello!", {}, "a1"});
  says("ben", {"b2", "text", "Bye", {}});
  const core::HistoryQuery query{{}, {}, {}, id, 0, 0, 2, {UserId::parse("anna")}};
  const auto heard = journal.history(query).value().messages;
  ASSERT_EQ(heard.size(), 2u) << "a page is full of what may be heard";
  EXPECT_EQ(heard[0].message.id, "b1");
  EXPECT_EQ(heard[1].message.id, "b2");
}

TEST_P(JournalChat, DoesNotLookForEverForWhatTheReaderMayHear) {
  step([&](Engine& e, Context& ctx) {
    for (int i = 0; i < 1500; ++i) says(e, ctx, "anna", {"a" + std::to_string(i), "text", "x", {}});
    says(e, ctx, "ben", {"b1", "text", "Hi", {}});
  });
  core::HistoryQuery query{{}, {}, {}, id, 0, 0, 100, {UserId::parse("anna")}};
  const auto first = journal.history(query).value();
  EXPECT_TRUE(first.messages.empty());
  EXPECT_EQ(first.looked_up_to, (core::ChatPlace{5, 1000}));
  query.epoch = first.looked_up_to->epoch;
  query.n = first.looked_up_to->n;
  const auto second = journal.history(query).value();
  ASSERT_EQ(second.messages.size(), 1u);
  EXPECT_FALSE(second.looked_up_to);
}

TEST_P(JournalChat, TellsWhatWasSaidWhileTheReaderWasAMember) {
  const auto cleo = UserId::parse("cleo");
  const auto add = [&](Engine& e, Context& ctx) {
    core::add_member(e.state(), w.group(), cleo, "added", ctx);
  };
  says("anna", {"a1", "text", "before", {}});
  step(add);
  says("anna", {"a2", "text", "with her", {}});
  step([&](Engine& e, Context& ctx) { core::remove_member(e.state(), w.group(), cleo, "left", ctx); });
  says("anna", {"a3", "text", "without her", {}});
  CoreWorld restarted;
  Journal again(*store);
  again.load(restarted.engine, w.now);
  restarted.engine.loaded(w.now);
  restarted.step([&](Engine& e, Context& ctx) {
    core::add_member(e.state(), restarted.group(), cleo, "added", ctx);
    e.chat(id, UserId::parse("anna"), {"a4", "text", "again", {}}, {"demo", 5, 4, w.now}, ctx);
    e.request({cleo, topics::DeviceId::parse("phone"), ""},
              {"r", messages::HistoryRequest{id.str(), 0, 0, 100}}, ctx);
  });
  again.add(restarted.engine, restarted.fx);
  ASSERT_FALSE(again.commit());
  std::vector<std::string> told;
  const auto page = again.history(restarted.fx.history.at(0));
  for (const auto& m : page->messages) told.push_back(m.message.id);
  EXPECT_EQ(told, (std::vector<std::string>{"a2", "a4"}));
}

TEST_P(JournalChat, NothingButTheIdIsLeftOfAGroupWhoseTimeIsOver) {
  says("anna", {"a1", "text", "Hello", {}});
  step([&](Engine& e, Context& ctx) {
    e.request({UserId::parse("ben"), topics::DeviceId::parse("phone"), ""},
              {"r", messages::ReportRequest{id.str(), "anna", "a1", "rude"}}, ctx);
  });
  step([&](Engine& e, Context& ctx) { core::end_group(e.state(), w.group(), "staff", ctx); });
  step([&](Engine& e, Context& ctx) { e.feed_confirmed(id, ctx); });
  const auto records = [&] {
    std::vector<std::string> keys;
    for (const Family family :
         {Family::groups, Family::members, Family::past, Family::invitations, Family::chat})
      store->scan(family, {}, {}, [&](auto key, auto) {
        if (key.find(id.str()) != std::string_view::npos) keys.emplace_back(key);
        return true;
      });
    return keys;
  };
  EXPECT_EQ(records().size(), 7u) << "group, two members twice, message, report";
  w.now += core::kDefaultKeepMs;
  step([&](Engine& e, Context& ctx) { e.tick(ctx); });
  EXPECT_EQ(records(), std::vector<std::string>{id.str()});
  Journal again(*store);
  CoreWorld restarted;
  again.load(restarted.engine, w.now);
  restarted.engine.loaded(w.now);
  EXPECT_TRUE(restarted.engine.state().tombstones.contains(id));
  EXPECT_FALSE(restarted.engine.state().groups.contains(id));
}

TEST_P(JournalChat, GivesThePresentTextAndTheNewestEdit) {
  says("anna", {"m1", "text", "first", {}});
  says("anna", {"e1", "edit", "second", {}, "m1"});
  says("ben", {"m2", "text", "hello", {}});
  says("anna", {"e2", "edit", "third", {}, "m1"});
  const auto all = history();
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].message.text, "third");
  EXPECT_EQ(all[0].edited->n, 4u);
  EXPECT_EQ(all[1].message.id, "m2");
  EXPECT_EQ(all[2].message.type, "edit");
  EXPECT_EQ(all[2].message.of, "m1");
  EXPECT_EQ(chat_records().find("second"), std::string::npos);
}

TEST_P(JournalChat, KeepsNothingOfADeletedText) {
  says("anna", {"m1", "text", "regretted", {}});
  says("anna", {"e1", "edit", "regretted more", {}, "m1"});
  says("anna", {"d1", "delete", "regretted", {}, "m1"});
  says("anna", {"e2", "edit", "regretted again", {}, "m1"});  // too late
  EXPECT_EQ(chat_records().find("regretted"), std::string::npos) << chat_records();
  const auto all = history();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].message.type, "text");
  EXPECT_EQ(all[0].deleted->n, 3u);
  EXPECT_EQ(all[0].deleted_by, "anna");
  EXPECT_FALSE(all[0].edited);
  EXPECT_EQ(all[1].message.type, "delete");
}

TEST_P(JournalChat, ChangesWhatIsOnItsWayToTheDisk) {
  step([&](Engine& e, Context& ctx) {
    says(e, ctx, "anna", {"m1", "text", "first", {}});
    says(e, ctx, "anna", {"e1", "edit", "second", {}, "m1"});
    says(e, ctx, "anna", {"d1", "delete", "x", {}, "m1"});
  });
  ASSERT_EQ(history().size(), 2u);
  EXPECT_TRUE(history()[0].deleted);
  EXPECT_EQ(chat_records().find("second"), std::string::npos);
}

TEST_P(JournalChat, NobodyChangesWhatAnotherSaid) {
  says("anna", {"m1", "text", "first", {}});
  says("ben", {"e1", "edit", "second", {}, "m1"});
  // As if the hash of another message were the same.
  step([&](Engine&, Context& ctx) {
    ctx.fx.archive.push_back(
        {id, {"ben", {"e2", "edit", "second", {}, "m9"}, {"demo", 5, 9, 1}}, core::ChatPlace{5, 1}});
  });
  ASSERT_EQ(history().size(), 1u);
  EXPECT_EQ(history()[0].message.text, "first");
}

TEST_P(JournalChat, StaffDeleteAMembersMessageAndARestartKnowsIt) {
  says("anna", {"m1", "text", "rude", {}});
  step([&](Engine& e, Context& ctx) {
    core::delete_message(e.state(), w.group(), UserId::parse("anna"), "m1", "eve", ctx);
  });
  CoreWorld restarted;
  Journal again(*store);
  again.load(restarted.engine, w.now);
  restarted.engine.loaded(w.now);
  ASSERT_EQ(restarted.group().unarchived.size(), 1u);
  EXPECT_TRUE(core::has_message(restarted.group(), UserId::parse("anna"), "m1"));
  restarted.step([&](Engine& e, Context& ctx) {
    e.notice(id, restarted.group().unarchived[0], {"demo", 5, 2, w.now}, ctx);
  });
  again.add(restarted.engine, restarted.fx);
  ASSERT_FALSE(again.commit());
  EXPECT_EQ(chat_records().find("rude"), std::string::npos);
  EXPECT_EQ(history().at(0).deleted_by, "eve");
}

TEST_P(JournalChat, KeepsWhatWasReportedAsItWasThen) {
  const auto report = [&](const std::string& reason, Context& ctx) {
    ctx.fx.reports.push_back(
        {id, UserId::parse("ben"), "anna", "m1", reason, w.now, {5, 1}, ctx.fx.archive.size()});
  };
  step([&](Engine& e, Context& ctx) {
    says(e, ctx, "anna", {"m1", "text", "rude", {}});
    report("first", ctx);
    says(e, ctx, "anna", {"d1", "delete", "x", {}, "m1"});
  });
  step([&](Engine&, Context& ctx) { report("second", ctx); });
  const auto reports = *journal.reports(id, "", 10);
  ASSERT_EQ(reports.size(), 1u);
  EXPECT_EQ(reports[0].second.reporter, "ben");
  EXPECT_EQ(reports[0].second.reason, "first");
  EXPECT_EQ(reports[0].second.message.message.text, "rude");
  EXPECT_TRUE(history()[0].deleted);
  EXPECT_TRUE(journal.reports(id, reports[0].first, 10)->empty());
  CoreWorld restarted;
  Journal again(*store);
  again.load(restarted.engine, w.now);
  EXPECT_EQ(again.reports(id, "", 10)->size(), 1u);
}

INSTANTIATE_TEST_SUITE_P(Stores, JournalChat, testing::Bool());

}  // namespace
}  // namespace convoke::store
