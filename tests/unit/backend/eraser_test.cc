#include "backend/store/eraser.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>

namespace convoke::store {
namespace {

using core::PeerOutgoing;
using core::SiteId;
using core::UserId;

const UserId kAnna = UserId::parse("anna");
const SiteId kArena = SiteId::parse("arena"), kClub = SiteId::parse("club");

/// An eraser over a store with what waits for two other sites.
struct Erasing {
  Erasing() {
    for (const SiteId& site : {kArena, kClub}) {
      peers[site].site = site;
      peers[site].epoch = 5;
    }
  }
  void waits(const SiteId& site, const std::string& item) {
    write({{Family::peer_items, peer_item_key(site, peers[site].next++), item}});
  }
  void takes(const SiteId& site, std::uint64_t upto) { peers[site].acked = upto; }
  void write(const std::vector<Write>& batch) { ASSERT_FALSE(store->write(batch, true)); }
  void begin(const UserId& user) {
    std::vector<Write> batch;
    eraser->begin(user, 0, 1000, batch);
    write(batch);
  }
  /// A few turns, in which these items are added; whether nobody is being erased any more.
  bool is_done(const std::vector<PeerOutgoing>& added = {}) {
    for (int turn = 0; turn < 10; ++turn) {
      std::vector<Write> batch;
      eraser->work({{}, peers, added}, batch);
      if (eraser->take_compaction()) eraser->compacted(batch);
      write(batch);
    }
    return eraser->running() == 0;
  }
  std::size_t records(Family family) const {
    std::size_t n = 0;
    store->scan(family, {}, {}, [&](auto, auto) { return ++n > 0; });
    return n;
  }

  std::map<SiteId, core::Peer> peers;
  std::unique_ptr<Store> store = make_memory_store();
  std::optional<Eraser> eraser{std::in_place, *store};
};

TEST(Eraser, IsDoneWhenOtherSitesHaveTakenWhatNamesTheUser) {
  Erasing w;
  w.waits(kArena, R"({"kind":"said","user":"anna@hall","text":"hello"})");
  w.waits(kArena, R"({"kind":"said","user":"ben@hall","text":"hello"})");
  w.waits(kClub, R"({"kind":"left","user":"anna@hall"})");
  w.begin(kAnna);
  EXPECT_FALSE(w.is_done());
  EXPECT_EQ(w.eraser->waits_for(), (std::set{kArena, kClub}));
  w.takes(kClub, 1);
  EXPECT_FALSE(w.is_done());
  EXPECT_EQ(w.eraser->waits_for(), std::set{kArena});
  w.takes(kArena, 1);
  EXPECT_TRUE(w.is_done()) << "what names somebody else may wait";
  EXPECT_TRUE(w.eraser->waits_for().empty());
}

TEST(Eraser, ASiteThatIsPartedFromOrToldEverythingAnewIsNotWaitedFor) {
  Erasing w;
  w.waits(kArena, R"({"user":"anna@hall"})");
  w.waits(kClub, R"({"user":"anna@hall"})");
  w.begin(kAnna);
  EXPECT_FALSE(w.is_done());
  w.write({{Family::peer_items, peer_item_key(kArena, 1)}, {Family::peer_items, peer_item_key(kClub, 1)}});
  w.peers.erase(kArena);
  w.peers[kClub].epoch = 6;
  EXPECT_TRUE(w.is_done());
}

TEST(Eraser, WaitsForWhatComesMeanwhileToo) {
  Erasing w;
  w.waits(kArena, R"({"user":"anna@hall"})");
  w.begin(kAnna);
  EXPECT_FALSE(w.is_done());
  w.waits(kArena, R"({"kind":"left","user":"anna@hall","reason":"unknown-user"})");
  w.takes(kArena, 1);
  EXPECT_FALSE(w.is_done());
  w.takes(kArena, 2);
  EXPECT_FALSE(w.is_done({{kArena, 3, R"({"kind":"left","user":"anna@hall"})"}})) << "not in the store yet";
  w.takes(kArena, 3);
  EXPECT_TRUE(w.is_done());
}

TEST(Eraser, LooksThroughAnyNumberOfItems) {
  Erasing w;
  for (int i = 0; i < 5000; ++i) w.waits(kArena, R"({"user":"ben@hall"})");
  w.waits(kArena, R"({"user":"anna@hall"})");
  w.begin(kAnna);
  EXPECT_FALSE(w.is_done());
  EXPECT_EQ(w.eraser->waits_for(), std::set{kArena});
}

TEST(Eraser, AnUnreachableSiteKeepsNobodyElseFromBeingErased) {
  Erasing w;
  w.waits(kArena, R"({"user":"anna@hall"})");
  w.begin(kAnna);
  EXPECT_FALSE(w.is_done());
  w.begin(UserId::parse("ben"));
  EXPECT_FALSE(w.is_done());
  EXPECT_EQ(w.records(Family::erasures), 1U) << "anna's";
}

TEST(Eraser, AfterARestartItWaitsAgain) {
  Erasing w;
  w.waits(kArena, R"({"user":"anna@hall"})");
  w.begin(kAnna);
  w.eraser.emplace(*w.store);
  ASSERT_EQ(w.eraser->load().size(), 1U);
  EXPECT_FALSE(w.is_done());
  w.takes(kArena, 1);
  EXPECT_TRUE(w.is_done());
}

/// Whether the archive has what anna said.
bool has_message(const Store& store) {
  bool has = false;
  store.scan(Family::chat, {}, {},
             [&](auto, auto value) { return !(has = value.find("anna") != value.npos); });
  return has;
}
std::vector<Write> message() {
  return {{Family::chat, chat_key(core::GroupId::parse("9f2ab41c07d83e55a1b2c3d4e5f60718"), 1, 1),
           encode(messages::ArchivedMessage{"anna", {"1", "text", "hello", {}}, {"hall", 1, 1, 1000}})}};
}

TEST(Eraser, TakesOutNothingOfWhoHasComeBackWhileItWaits) {
  Erasing w;
  w.write(message());
  w.waits(kArena, R"({"user":"anna@hall"})");
  w.begin(kAnna);
  EXPECT_FALSE(w.is_done());
  EXPECT_FALSE(has_message(*w.store));
  w.write(message());
  w.eraser.emplace(*w.store);
  ASSERT_EQ(w.eraser->load().size(), 1U);
  w.takes(kArena, 1);
  EXPECT_TRUE(w.is_done());
  EXPECT_TRUE(has_message(*w.store));
}

TEST(Eraser, TakesOutOfOneWhileAnotherWaits) {
  Erasing w;
  w.waits(kArena, R"({"user":"ben@hall"})");
  w.begin(UserId::parse("ben"));
  EXPECT_FALSE(w.is_done());
  w.write(message());
  w.begin(kAnna);
  std::vector<Write> batch;
  w.eraser->work({{}, w.peers, {}}, batch);
  w.write(batch);
  EXPECT_FALSE(has_message(*w.store)) << "at once";
}

TEST(Eraser, NothingOfTwoWhoAreErasedTogetherIsLeft) {
  Erasing w;
  messages::ArchivedMessage deleted{"anna", {"1", "text", "hello", {}}, {"hall", 1, 1, 1000}};
  deleted.deleted = messages::Stamp{"hall", 1, 2, 2000};
  deleted.deleted_by = "ben";
  const std::string key = chat_key(core::GroupId::parse("9f2ab41c07d83e55a1b2c3d4e5f60718"), 1, 1);
  w.write({{Family::chat, key, encode(deleted)}});
  std::vector<Write> batch;
  w.eraser->begin(kAnna, 0, 1000, batch);
  w.eraser->begin(UserId::parse("ben"), 0, 1000, batch);
  w.write(batch);
  EXPECT_TRUE(w.is_done());
  EXPECT_EQ(w.records(Family::chat), 1U) << "its place";
  w.store->scan(Family::chat, {}, {}, [](auto, auto value) {
    EXPECT_EQ(value.find("anna"), value.npos) << value;
    EXPECT_EQ(value.find("ben"), value.npos) << value;
    return true;
  });
}

TEST(Eraser, RemovesAnswersThatStaffHadOfTheUser) {
  Erasing w;
  w.write({{Family::staff_answers, "1", encode_staff_answer({1000, R"({"detail":"anna is banned"})"})},
           {Family::staff_answers, "2", encode_staff_answer({1000, R"({"detail":"ben is banned"})"})}});
  w.begin(kAnna);
  EXPECT_TRUE(w.is_done());
  EXPECT_EQ(w.records(Family::staff_answers), 1U);
}

}  // namespace
}  // namespace convoke::store
