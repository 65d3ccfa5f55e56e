#include "backend/app/log.h"

#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <boost/json.hpp>
#include <sstream>

namespace convoke::app {
namespace {

TEST(JsonLines, WritesEachMessageAsOneObjectWhateverIsInIt) {
  std::ostringstream out;
  spdlog::logger log("test", std::make_shared<spdlog::sinks::ostream_sink_mt>(out));
  log.set_formatter(std::make_unique<JsonLines>());
  log.warn("{}", "refused \"position\"\nfrom anna:\\phone\x01");
  const std::string text = out.str();
  ASSERT_EQ(text.back(), '\n');
  EXPECT_EQ(text.find('\n'), text.size() - 1) << "one line";
  const auto line = boost::json::parse(text).as_object();
  EXPECT_EQ(line.at("level"), "warning");
  EXPECT_EQ(line.at("message"), "refused \"position\"\nfrom anna:\\phone\x01");
  EXPECT_EQ(line.at("t").as_string().size(), std::string_view("2026-06-01T19:30:00.250Z").size());
}

}  // namespace
}  // namespace convoke::app
