#include "backend/app/history_page.h"

#include <gtest/gtest.h>

namespace convoke::app {
namespace {

std::vector<messages::ArchivedMessage> archive(std::size_t size, const std::string& text) {
  std::vector<messages::ArchivedMessage> found;
  for (std::size_t i = 1; i <= size; ++i)
    found.push_back({"anna", {"m" + std::to_string(i), "text", text, {}}, {"demo", 1, i, 1}});
  return found;
}

TEST(HistoryPage, GivesAsManyAsWereAskedFor) {
  EXPECT_EQ(history_page(archive(3, "hi"), 3).messages.size(), 3u);
  EXPECT_FALSE(history_page(archive(3, "hi"), 3).more);
  EXPECT_EQ(history_page(archive(4, "hi"), 3).messages.size(), 3u);
  EXPECT_TRUE(history_page(archive(4, "hi"), 3).more);
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
