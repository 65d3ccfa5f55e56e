#include "backend/app/history_page.h"

#include <gtest/gtest.h>

namespace convoke::app {
namespace {

store::HistoryPart archive(std::size_t size, const std::string& text) {
  store::HistoryPart found;
  for (std::size_t i = 1; i <= size; ++i)
    found.messages.push_back({"anna", {"m" + std::to_string(i), "text", text, {}}, {"demo", 1, i, 1}});
  return found;
}

TEST(HistoryPage, GivesAsManyAsWereAskedFor) {
  EXPECT_EQ(history_page(archive(3, "hi"), 3).messages.size(), 3u);
  EXPECT_FALSE(history_page(archive(3, "hi"), 3).more);
  EXPECT_EQ(history_page(archive(4, "hi"), 3).messages.size(), 3u);
  EXPECT_TRUE(history_page(archive(4, "hi"), 3).more);
}

TEST(HistoryPage, SaysFromWhereToGoOnWhereMuchWasPassedOver) {
  store::HistoryPart part = archive(2, "hi");
  part.looked_up_to = {1, 1000};
  const auto page = history_page(part, 3);
  EXPECT_EQ(page.messages.size(), 2u);
  EXPECT_TRUE(page.more);
  EXPECT_EQ(page.after, (std::pair<std::uint64_t, std::uint64_t>{1, 1000}));
}

TEST(HistoryPage, FitsIntoOneMessageWhateverIsInTheTexts) {
  for (const char c : {'x', '"', '\\', '\n'}) {
    const auto page = history_page(archive(100, std::string(messages::kMaxTextBytes, c)), 100);
    EXPECT_LT(encode(messages::Response{"1", page}).size(), 50'000u) << c;
    EXPECT_GE(page.messages.size(), 5u);
    EXPECT_TRUE(page.more);
  }
}

}  // namespace
}  // namespace convoke::app
