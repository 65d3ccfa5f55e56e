#include "ops/cli/text.h"

#include <gtest/gtest.h>

#include <sstream>

namespace convoke::cli {
namespace {

TEST(Text, PrintableReplacesEveryControlCharacterAndKeepsUtf8) {
  EXPECT_EQ(printable("Zoë\x1b[31m\n\x7f"), "Zoë?[31m??");
  EXPECT_EQ(printable("a\xc2\x9bm"), "a?m");  // U+009B, the one-character escape of some terminals
  EXPECT_EQ(printable("\xc2\xa0"), "\xc2\xa0");
}

TEST(Text, DurationsNeedNumberAndUnit) {
  EXPECT_EQ(parse_duration("90s"), 90'000);
  EXPECT_EQ(parse_duration("10m"), 600'000);
  EXPECT_EQ(parse_duration("2h"), 7'200'000);
  EXPECT_EQ(parse_duration("366d"), 366LL * 86'400'000);
  for (const char* bad : {"", "m", "10", "0s", "-1s", "1.5h", "10 m", "10min", "367d",
                          "99999999999999999999s", "9223372036854775807d"}) {
    EXPECT_EQ(parse_duration(bad), std::nullopt) << bad;
  }
}

TEST(Text, TimesAreUtcAndStrangeOnesStayNumbers) {
  EXPECT_EQ(format_time(1'780'342'200'000), "2026-06-01T19:30:00Z");
  EXPECT_EQ(format_time(0), "1970-01-01T00:00:00Z");
  EXPECT_EQ(format_time(-1), "-1");
  EXPECT_EQ(format_time(INT64_MAX), "9223372036854775807");
}

TEST(Text, TableAlignsByCharactersNotBytes) {
  std::ostringstream out;
  print_table(out, {"name", "n"}, {{"Zoë", "1"}, {"Ben\x1b", "22"}}, "none");
  EXPECT_EQ(out.str(), "name  n\nZoë   1\nBen?  22\n");
}

TEST(Text, EmptyTableSaysSo) {
  std::ostringstream out;
  print_table(out, {"name"}, {}, "nobody");
  EXPECT_EQ(out.str(), "nobody\n");
}

}  // namespace
}  // namespace convoke::cli
