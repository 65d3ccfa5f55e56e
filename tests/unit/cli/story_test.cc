#include "ops/cli/story.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace convoke::cli {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

boost::json::value json(const char* text) { return boost::json::parse(text); }

Story told_story() {
  Story story(false);
  story.learn_areas(json(R"({"features":[{"id":"hall-a","properties":{"name":"Hall A"}}]})"));
  story.learn_groups(json(R"({"groups":[{"group":"g0","plan":"hall-b","name":"Morning"}]})"));
  return story;
}

TEST(Story, TellsOneLifeInWordsForPeople) {
  Story story = told_story();
  EXPECT_THAT(
      story.tell(
          json(
              R"({"type":"transition","user":"anna","area":"hall-a","transition":"enter","reason":"position","inside":23})"),
          1234),
      ElementsAre("    1.2 s  anna enters Hall A (23 inside)"));
  EXPECT_THAT(
      story.tell(
          json(
              R"({"type":"start","plan":"hall-a","name":"Evening","group":"g1","reasons":["occupancy: hall-a reached 10"],"members":42})"),
          2000),
      ElementsAre("    2.0 s  plan hall-a fired: occupancy: hall-a reached 10 → 42 buddies"));
  EXPECT_THAT(
      story.tell(json(R"({"type":"holding","group":"g1","version":1,"holding":41,"members":42})"), 2100),
      ElementsAre("    2.1 s  Evening: 41 of 42 phones hold the list (version 1)"));
  EXPECT_THAT(story.tell(json(R"({"type":"chat","group":"g1","messages":120})"), 3000),
              ElementsAre("    3.0 s  Evening: 120 messages so far"));
  EXPECT_THAT(
      story.tell(json(R"({"type":"change","group":"g1","version":2,"members":43,"available":40})"), 4000),
      ElementsAre("    4.0 s  Evening: the list changes: 43 members, 40 available (version 2)"));
  EXPECT_THAT(story.tell(json(R"({"type":"end","group":"g1","plan":"hall-a","reason":"duration"})"), 62'000),
              ElementsAre("   62.0 s  Evening: the chat ends (duration)"));
  EXPECT_THAT(story.tell(json(R"({"type":"retired","group":"g1"})"), 62'100),
              ElementsAre("   62.1 s  Evening: topics retired, closed for ever"));
}

TEST(Story, NamesGroupsThatBeganBeforeTheWatch) {
  Story story = told_story();
  EXPECT_THAT(story.tell(json(R"({"type":"end","group":"g0","plan":"hall-b","reason":"staff"})"), 0),
              ElementsAre("    0.0 s  Morning: the chat ends (staff)"));
}

TEST(Story, SumsUpMovesBeyondTheFirstOfASecond) {
  Story story = told_story();
  const auto enter =
      json(R"({"type":"transition","user":"u","area":"bar","transition":"enter","reason":"position"})");
  const auto exit =
      json(R"({"type":"transition","user":"u","area":"bar","transition":"exit","reason":"position"})");
  for (int i = 0; i < Story::kMovesPerSecond; ++i)
    EXPECT_THAT(story.tell(enter, 100), ElementsAre("    0.1 s  u enters bar"));
  EXPECT_THAT(story.tell(enter, 200), IsEmpty());
  EXPECT_THAT(story.tell(exit, 300), IsEmpty());
  EXPECT_THAT(story.tell(enter, 1000),
              ElementsAre("    1.0 s  … and 1 more enter, 1 more leave", "    1.0 s  u enters bar"));
}

TEST(Story, TellsMessageCountsNowAndThen) {
  Story story = told_story();
  const auto chat = json(R"({"type":"chat","group":"0123456789","messages":7})");
  EXPECT_THAT(story.tell(chat, 1000), ElementsAre("    1.0 s  group 01234567: 7 messages so far"));
  EXPECT_THAT(story.tell(chat, 1000 + Story::kChatEveryMs - 1), IsEmpty());
  EXPECT_THAT(story.tell(chat, 1000 + Story::kChatEveryMs),
              ElementsAre("    6.0 s  group 01234567: 7 messages so far"));
}

TEST(Story, SaysWhyWhereItWasNotAPosition) {
  Story story = told_story();
  EXPECT_THAT(
      story.tell(
          json(
              R"({"type":"transition","user":"u","area":"bar","transition":"exit","reason":"area_removed"})"),
          0),
      ElementsAre("    0.0 s  u leaves bar [area_removed]"));
}

TEST(Story, SaysWhoPassesThrough) {
  Story story = told_story();
  EXPECT_THAT(
      story.tell(
          json(
              R"({"type":"transition","user":"u","area":"bar","transition":"pass_through","reason":"position"})"),
          0),
      ElementsAre("    0.0 s  u passes through bar"));
}

TEST(Story, NamesFromStrangersCannotCommandTheTerminal) {
  Story story(false);
  story.learn_areas(json("{\"features\":[{\"id\":\"a\",\"properties\":{\"name\":\"\\u001b[2Jgone\"}}]}"));
  EXPECT_THAT(
      story.tell(
          json(R"({"type":"transition","user":"u","area":"a","transition":"enter","reason":"position"})"), 0),
      ElementsAre("    0.0 s  u enters ?[2Jgone"));
}

TEST(Story, SurvivesWhatItDoesNotKnow) {
  Story story(false);
  EXPECT_THAT(story.tell(json(R"({"type":"ping"})"), 0), IsEmpty());
  EXPECT_THAT(story.tell(json(R"([1,2])"), 0), IsEmpty());
  EXPECT_THAT(story.tell(json(R"({"type":"end","group":7})"), 0),
              ElementsAre("    0.0 s  group 7: the chat ends ()"));
}

}  // namespace
}  // namespace convoke::cli
