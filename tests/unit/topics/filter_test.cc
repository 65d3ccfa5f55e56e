#include "topics/filter.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace convoke::topics {
namespace {

// MQTT 5.0, 4.7.1.1: "The topic name or topic filter … the topic level separator (‘/’ U+002F) … can appear
// anywhere", also at the ends and next to each other, giving levels of length zero.
TEST(TopicFilter, Mqtt_4_7_1_1_LevelsMayBeEmpty) {
  EXPECT_TRUE(is_valid_filter("/"));
  EXPECT_TRUE(is_valid_filter("//"));
  EXPECT_TRUE(is_valid_filter("/finance"));
  EXPECT_TRUE(matches("/", "/"));
  EXPECT_FALSE(matches("/", ""));
}

// 4.7.1.2: "The multi-level wildcard character MUST be specified either on its own or following a topic level
// separator. In either case it MUST be the last character specified in the Topic Filter [MQTT-4.7.1-1]."
TEST(TopicFilter, Mqtt_4_7_1_2_MultiLevelWildcardIsLastAndAlone) {
  EXPECT_TRUE(is_valid_filter("#"));
  EXPECT_TRUE(is_valid_filter("sport/tennis/#"));
  EXPECT_FALSE(is_valid_filter("sport/tennis#"));
  EXPECT_FALSE(is_valid_filter("sport/tennis/#/ranking"));
  EXPECT_FALSE(is_valid_filter("##"));
  EXPECT_FALSE(is_valid_filter("#/"));
}

// 4.7.1.2, non-normative: "sport/tennis/player1/#" would receive "sport/tennis/player1",
// "sport/tennis/player1/ranking", "sport/tennis/player1/score/wimbledon"; "sport/#" also matches "sport".
TEST(TopicFilter, Mqtt_4_7_1_2_MultiLevelWildcardMatchesTheParentAndAllBelow) {
  EXPECT_TRUE(matches("sport/tennis/player1/#", "sport/tennis/player1"));
  EXPECT_TRUE(matches("sport/tennis/player1/#", "sport/tennis/player1/ranking"));
  EXPECT_TRUE(matches("sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon"));
  EXPECT_FALSE(matches("sport/tennis/player1/#", "sport/tennis/player2"));
  EXPECT_TRUE(matches("sport/#", "sport"));
  EXPECT_TRUE(matches("#", "sport"));
}

// 4.7.1.3: "The single-level wildcard can be used at any level in the Topic Filter, including first and last
// levels. Where it is used, it MUST occupy an entire level of the filter [MQTT-4.7.1-2]."
TEST(TopicFilter, Mqtt_4_7_1_3_SingleLevelWildcardFillsALevel) {
  EXPECT_TRUE(is_valid_filter("+"));
  EXPECT_TRUE(is_valid_filter("+/tennis/#"));
  EXPECT_TRUE(is_valid_filter("sport/+/player1"));
  EXPECT_FALSE(is_valid_filter("sport+"));
  EXPECT_FALSE(is_valid_filter("sport/+x/a"));
}

// 4.7.1.3, non-normative: "sport/tennis/+" matches "…/player1" and "…/player2", but not "…/player1/ranking";
// "sport/+" does not match "sport" but it does match "sport/".
TEST(TopicFilter, Mqtt_4_7_1_3_SingleLevelWildcardMatchesExactlyOneLevel) {
  EXPECT_TRUE(matches("sport/tennis/+", "sport/tennis/player1"));
  EXPECT_FALSE(matches("sport/tennis/+", "sport/tennis/player1/ranking"));
  EXPECT_FALSE(matches("sport/+", "sport"));
  EXPECT_TRUE(matches("sport/+", "sport/"));
  EXPECT_TRUE(matches("+/+", "/finance"));
  EXPECT_TRUE(matches("/+", "/finance"));
  EXPECT_FALSE(matches("+", "/finance"));
}

// 4.7.2: "The Server MUST NOT match Topic Filters starting with a wildcard character (# or +) with Topic
// Names beginning with a $ character [MQTT-4.7.2-1]."
TEST(TopicFilter, Mqtt_4_7_2_LeadingWildcardDoesNotMatchDollar) {
  EXPECT_FALSE(matches("#", "$SYS/broker"));
  EXPECT_FALSE(matches("+/monitor/Clients", "$SYS/monitor/Clients"));
  EXPECT_TRUE(matches("$SYS/#", "$SYS/monitor"));
  EXPECT_TRUE(matches("$SYS/monitor/+", "$SYS/monitor/Clients"));
  EXPECT_FALSE(contains("#", "$SYS/#"));
  EXPECT_FALSE(contains("+/#", "$SYS/a"));
  EXPECT_FALSE(contains("$SYS/#", "#"));
}

// 4.7.3: "All Topic Names and Topic Filters MUST be at least one character long [MQTT-4.7.3-1]", "are case
// sensitive", "MUST NOT include the null character [MQTT-4.7.3-2]". The length bound is ours.
TEST(TopicFilter, Mqtt_4_7_3_LengthCaseAndNul) {
  EXPECT_FALSE(is_valid_filter(""));
  EXPECT_FALSE(is_valid_filter(std::string("a\0b", 3)));
  EXPECT_TRUE(is_valid_filter(std::string(512, 'a')));
  EXPECT_FALSE(is_valid_filter(std::string(513, 'a')));
  EXPECT_FALSE(matches("ACCOUNTS", "Accounts"));
}

// 4.8.2: a shared subscription begins with "$share/". We use none.
TEST(TopicFilter, Mqtt_4_8_2_SharedSubscriptionsAreNotValidHere) {
  EXPECT_FALSE(is_valid_filter("$share/consumers/cv1/demo/#"));
  EXPECT_FALSE(is_valid_filter("$share"));
  EXPECT_TRUE(is_valid_filter("$shared/x"));
}

/// All texts of one to `depth` levels out of `words`.
std::vector<std::string> texts(const std::vector<std::string>& words, int depth) {
  std::vector<std::string> all = words;
  std::vector<std::string> last = words;
  for (int level = 1; level < depth; ++level) {
    std::vector<std::string> next;
    for (const auto& stem : last) {
      for (const auto& word : words) next.push_back(stem + "/" + word);
    }
    all.insert(all.end(), next.begin(), next.end());
    last = std::move(next);
  }
  return all;
}

/// The rules of 4.7 once more, by recursion over the text.
bool slow_matches(const std::string& filter, const std::string& name, bool first = true) {
  if (first && name.front() == '$' && (filter.front() == '+' || filter.front() == '#')) return false;
  if (filter == "#") return true;
  const auto fs = filter.find('/');
  const auto ns = name.find('/');
  const std::string f = filter.substr(0, fs);
  if (f != "+" && f != name.substr(0, ns)) return false;
  if (fs == std::string::npos) return ns == std::string::npos;
  if (ns == std::string::npos) return filter.substr(fs) == "/#";
  return slow_matches(filter.substr(fs + 1), name.substr(ns + 1), false);
}

TEST(TopicFilter, AgreesWithBruteForceOnAllSmallFiltersAndNames) {
  std::vector<std::string> filters;
  for (const auto& text : texts({"a", "$b", "+", "#"}, 3)) {
    if (is_valid_filter(text)) filters.push_back(text);
  }
  // One level more than the filters have, and a word that no filter has: stands for every other name.
  const std::vector<std::string> names = texts({"a", "$b", "z"}, 4);
  ASSERT_GT(filters.size(), 40u);

  for (const auto& outer : filters) {
    for (const auto& inner : filters) {
      bool covered = true;
      for (const auto& name : names)
        covered = covered && (!slow_matches(inner, name) || slow_matches(outer, name));
      EXPECT_EQ(contains(outer, inner), covered) << outer << " contains " << inner;
    }
    for (const auto& name : names)
      EXPECT_EQ(matches(outer, name), slow_matches(outer, name)) << outer << " " << name;
  }
}

}  // namespace
}  // namespace convoke::topics
