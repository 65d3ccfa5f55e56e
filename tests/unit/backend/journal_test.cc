#include "backend/store/journal.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "backend/core/members.h"
#include "backend/core/organizer.h"
#include "backend/store/records.h"
#include "tests/support/core_world.h"
#include "tests/support/temp_dir.h"

namespace convoke::store {
namespace {

using core::Context;
using core::Engine;
using test::CoreWorld;
using topics::UserId;

/// Everything that a store holds, as text.
std::string dump(const Store& store) {
  std::string out;
  for (std::size_t f = 0; f < kFamilies; ++f)
    store.scan(static_cast<Family>(f), {}, {}, [&](auto key, auto value) {
      out += std::to_string(f) + " " + std::string(key) + " = " + std::string(value) + "\n";
      return true;
    });
  return out;
}

class JournalOf : public testing::TestWithParam<bool> {  // true: RocksDB, false: memory
 protected:
  test::TempDir dir;
  std::unique_ptr<Store> store = GetParam() ? open_rocksdb(dir / "db") : make_memory_store();
};

TEST_P(JournalOf, LoadsBackExactlyWhatTheCoreHad) {
  CoreWorld w;
  Journal journal(*store);
  EXPECT_TRUE(journal.load(w.engine, w.now).empty());
  auto keep = [&] {
    journal.add(w.engine, w.fx);
    journal.add_positions(w.engine);
    ASSERT_FALSE(journal.commit());
  };
  auto step = [&](auto f) {
    w.step(f);
    keep();
  };
  w.area("hall", 50, 10, 100);
  keep();
  w.plan(
      "[[plan]]\nid = \"p\"\naudience = { any = [{ area = \"hall\" }] }\n[[plan.start]]\non = "
      "\"occupancy\"\narea = \"hall\"\nreaches = 2\n"
      "[[plan.end]]\non = \"duration\"\nafter = \"10m\"\n");
  keep();
  for (const char* user : {"anna", "ben"}) {
    w.available(user);
    keep();
    w.at(user, 50, 10);
    keep();
  }
  const topics::GroupId id = w.group().id;
  step([&](Engine& e, Context& ctx) {
    e.put_profile(UserId::parse("anna"), "An\"na", {{"ticket", "vip"}}, 60'000, ctx);
  });
  step([&](Engine& e, Context& ctx) {
    e.chat(id, UserId::parse("anna"), {"m1", "text", "hello", {}}, {"demo", 5, 3, w.now}, ctx);
  });
  w.hold("ben", id, 1);
  keep();
  w.now += 1000;
  step([](Engine& e, Context& ctx) { e.tick(ctx); });
  const std::string before = dump(*store);

  CoreWorld restarted;
  Journal again(*store);
  const auto waiting = again.load(restarted.engine, w.now);
  restarted.engine.loaded(w.now);
  EXPECT_EQ(waiting.size(), 8u) << "feed, page, head, two starts, and page, head and changes of Anna's name";
  EXPECT_TRUE(std::holds_alternative<core::FeedChange>(waiting[0].second));

  const core::Group& g = restarted.group();
  EXPECT_EQ(encode_group(g), encode_group(w.group()));
  EXPECT_EQ(g.members.at(UserId::parse("ben")).held_version, 1u);
  EXPECT_EQ(g.available, 2u);
  EXPECT_EQ(g.pages.at(0).users.size(), 2u);
  EXPECT_EQ(restarted.engine.state().occupancy(topics::AreaId::parse("hall")), 2u);
  EXPECT_EQ(restarted.engine.tracker().inside("anna"), std::vector<std::string>{"hall"});

  // It goes on as if nothing had been: no second entry, no second copy of a message, the end at its time.
  restarted.now = w.now;
  restarted.at("anna", 50, 10);
  EXPECT_TRUE(restarted.events<core::TransitionEvent>().empty());
  restarted.step([&](Engine& e, Context& ctx) {
    e.chat(id, UserId::parse("anna"), {"m1", "text", "hello", {}}, {"demo", 5, 4, w.now}, ctx);
  });
  EXPECT_TRUE(restarted.fx.archive.empty());
  restarted.pass(10 * 60'000);
  EXPECT_EQ(restarted.live_groups(), 0u);
  EXPECT_EQ(before, dump(*store)) << "loading writes nothing";
}

TEST_P(JournalOf, AfterARestartTellsTheRosterChangesThatNoVersionShowedYet) {
  CoreWorld w;
  Journal journal(*store);
  journal.load(w.engine, w.now);
  auto keep = [&] {
    journal.add(w.engine, w.fx);
    ASSERT_FALSE(journal.commit());
  };
  w.plan(
      "[[plan]]\nid = \"p\"\naudience = { presence = \"any\", any = [{ users = [\"anna\", \"ben\"] }] }\n"
      "[[plan.end]]\non = \"duration\"\nafter = \"1h\"\n");
  keep();
  w.step([](Engine& e, Context& ctx) {
    core::start_group(e.state(), e.state().plans.begin()->second, "staff eve", "", ctx);
  });
  keep();
  const topics::GroupId id = w.group().id;
  const std::string topic = "cv1/demo/g/" + id.str();
  w.step([&](Engine& e, Context& ctx) {
    core::add_member(e.state(), w.group(), UserId::parse("cleo"), "added by staff eve", ctx);
    core::remove_member(e.state(), w.group(), UserId::parse("ben"), "removed", ctx);
  });
  keep();
  ASSERT_TRUE(w.published(topic + "/changes").empty()) << "the server stops before it tells";

  CoreWorld restarted;
  Journal again(*store);
  again.load(restarted.engine, w.now);
  restarted.engine.loaded(w.now);
  EXPECT_EQ(restarted.group().version, 2u) << "version 1 is the list of the start";
  restarted.step([](Engine& e, Context& ctx) { e.broker_connected({}, ctx); });
  restarted.pass(1000);
  const auto changes = restarted.published(topic + "/changes");
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_GT(messages::decode_roster_changes(changes[0])->from, 1u) << "a gap: phones read the list anew";
  const auto head = *messages::decode_roster_head(restarted.published(topic + "/head").back());
  const auto page = *messages::decode_roster_page(restarted.published(topic + "/buddies/0").back());
  EXPECT_EQ(head.members, 2u);
  EXPECT_LE(page.version, head.version);
  ASSERT_EQ(page.buddies.size(), 2u);
  EXPECT_EQ(page.buddies[1].user, "cleo");
  EXPECT_FALSE(restarted.group().unsent);
}

TEST_P(JournalOf, ATriggerThatArmsAgainDoesSoAfterARestart) {
  CoreWorld w;
  Journal journal(*store);
  journal.load(w.engine, w.now);
  auto keep = [&] {
    journal.add(w.engine, w.fx);
    ASSERT_FALSE(journal.commit());
  };
  w.area("hall", 50, 10, 100);
  keep();
  w.plan(
      "[[plan]]\nid = \"p\"\naudience = { any = [{ area = \"hall\" }] }\n[[plan.start]]\non = "
      "\"occupancy\"\narea = \"hall\"\nreaches = 1\nagain = \"5m\"\n[[plan.end]]\non = \"duration\"\nafter "
      "= \"10m\"\n");
  keep();
  w.available("anna");
  keep();
  w.at("anna", 50, 10);
  keep();
  w.step([&](Engine& e, Context& ctx) { core::end_group(e.state(), w.group(), "staff", ctx); });
  keep();
  CoreWorld restarted;
  restarted.ids.erase(restarted.ids.begin(), restarted.ids.begin() + 10);
  Journal again(*store);
  again.load(restarted.engine, w.now);
  restarted.engine.loaded(w.now);
  restarted.pass(5 * 60'000 - 1);
  EXPECT_EQ(restarted.live_groups(), 0u);
  restarted.pass(1);
  EXPECT_EQ(restarted.live_groups(), 1u);
}

TEST_P(JournalOf, WhoseFirstPositionWasNotWrittenYetIsStillInsideAndCanLeave) {
  CoreWorld w;
  Journal journal(*store);
  journal.load(w.engine, w.now);
  auto keep = [&] {
    journal.add(w.engine, w.fx);
    ASSERT_FALSE(journal.commit());
  };
  w.area("hall", 50, 10, 100);
  keep();
  for (const char* user : {"anna", "ben"}) {
    w.at(user, 50, 10);
    keep();
  }
  CoreWorld restarted;
  Journal again(*store);
  again.load(restarted.engine, w.now);
  restarted.engine.loaded(w.now);
  EXPECT_EQ(restarted.engine.tracker().occupancy("hall"), 2u);
  restarted.at("anna", 50, 10);
  EXPECT_TRUE(restarted.events<core::TransitionEvent>().empty()) << "she was inside";
  restarted.at("ben", 51, 10);
  ASSERT_EQ(restarted.events<core::TransitionEvent>().size(), 1u);
  EXPECT_EQ(restarted.events<core::TransitionEvent>()[0].transition, "exit");
  EXPECT_EQ(restarted.engine.state().occupancy(topics::AreaId::parse("hall")), 1u);
}

TEST_P(JournalOf, HistoryGivesMessagesInOrderAfterAStamp) {
  CoreWorld w;
  Journal journal(*store);
  journal.load(w.engine, w.now);
  core::Effects fx;
  const auto id = topics::GroupId::parse("0123456789abcdef0123456789abcdef");
  for (std::uint64_t n : {10, 9, 300})
    fx.archive.push_back({id, {"anna", {"m" + std::to_string(n), "text", "x", {}}, {"demo", 7, n, 0}}});
  fx.archive.push_back({id, {"anna", {"old", "text", "x", {}}, {"demo", 6, 99, 0}}});
  journal.add(w.engine, fx);
  ASSERT_FALSE(journal.commit());
  std::vector<std::uint64_t> found;
  const auto messages = journal.history({{}, {}, {}, id, 7, 9, 10});
  ASSERT_TRUE(messages);
  for (const auto& m : messages->messages) found.push_back(m.stamp.n);
  EXPECT_EQ(found, (std::vector<std::uint64_t>{10, 300}));
  EXPECT_EQ(journal.history({{}, {}, {}, id, 0, 0, 1}).value().messages.size(), 2u)
      << "one more than asked for says that there are more";
}

TEST_P(JournalOf, RefusesAStoreOfAnotherSchema) {
  ASSERT_FALSE(store->write({{Family::meta, std::string(kSchemaKey), "99"}}, true));
  CoreWorld w;
  Journal journal(*store);
  EXPECT_THROW(journal.load(w.engine, w.now), std::runtime_error);
}

TEST_P(JournalOf, NamesTheRecordThatIsDamaged) {
  ASSERT_FALSE(store->write({{Family::users, "anna", "{\"name\":7}"}}, true));
  CoreWorld w;
  Journal journal(*store);
  try {
    journal.load(w.engine, w.now);
    FAIL();
  } catch (const std::runtime_error& e) {
    EXPECT_NE(std::string(e.what()).find("users/anna"), std::string::npos) << e.what();
  }
}

INSTANTIATE_TEST_SUITE_P(Stores, JournalOf, testing::Bool(),
                         [](const auto& p) { return p.param ? "RocksDb" : "Memory"; });

/// Damages the first block of every table in the folder.
void damage(const std::string& folder) {
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    if (file.path().extension() != ".sst") continue;
    std::fstream table(file.path(), std::ios::in | std::ios::out | std::ios::binary);
    table.seekp(4);
    table << "damaged";
  }
}

TEST(Store, SaysThatItCannotBeReadInsteadOfGivingHalf) {
  test::TempDir dir;
  const auto id = topics::GroupId::parse("0123456789abcdef0123456789abcdef");
  {
    auto store = open_rocksdb(dir / "db");
    CoreWorld w;
    Journal journal(*store);
    journal.load(w.engine, w.now);
    w.available("anna");
    w.fx.archive.push_back({id, {"anna", {"m1", "text", "x", {}}, {"demo", 7, 1, 0}}});
    journal.add(w.engine, w.fx);
    ASSERT_FALSE(journal.commit());
  }
  open_rocksdb(dir / "db");  // moves the log into tables
  damage(dir / "db");
  auto store = open_rocksdb(dir / "db");
  Journal journal(*store);
  EXPECT_FALSE(journal.history({{}, {}, {}, id, 0, 0, 10}));
  CoreWorld w;
  EXPECT_THROW(journal.load(w.engine, w.now), std::runtime_error);
}

TEST(Store, KnowsThatItWasABackupUntilItMayForget) {
  test::TempDir dir;
  {
    auto store = open_rocksdb(dir / "db");
    ASSERT_FALSE(store->backup(dir / "copy"));
    EXPECT_FALSE(store->is_from_backup());
  }
  EXPECT_TRUE(open_rocksdb(dir / "copy")->is_from_backup());
  open_rocksdb(dir / "copy")->forget_backup();
  EXPECT_FALSE(open_rocksdb(dir / "copy")->is_from_backup());
}

TEST(Store, SaysWhichFolderCannotBeOpened) {
  try {
    open_rocksdb("/proc/nowhere");
    FAIL();
  } catch (const std::runtime_error& e) {
    EXPECT_NE(std::string(e.what()).find("/proc/nowhere"), std::string::npos);
  }
}

}  // namespace
}  // namespace convoke::store
