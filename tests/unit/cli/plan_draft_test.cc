#include "ops/cli/plan_draft.h"

#include "ops/cli/failure.h"
#include "tests/unit/cli/cli_fixture.h"

namespace convoke::cli {
namespace {

constexpr const char* kBar =
    R"({"type":"Feature","id":"bar","properties":{"name":"The \"old\" bar","radius_m":30},"geometry":{"type":"Point","coordinates":[13.2,52.5]}})";

TEST(PlanDraft, MakesOnePlanForEachAreaWithItsNameQuoted) {
  EXPECT_EQ(draft_plans(kBar, std::nullopt, "10m"),
            "schema = 1\n\n[[plan]]\nid = \"bar\"\nname = \"The \\\"old\\\" bar\"\n"
            "audience.any = [{ area = \"bar\" }]\n"
            "start = [{ on = \"enter\", area = \"bar\" }]\n"
            "end = [{ on = \"duration\", after = \"10m\" }]\n");
}

TEST(PlanDraft, TellsWhatIsWrongWithTheAreas) {
  try {
    draft_plans(
        R"({"type":"Feature","id":"bar","properties":{},"geometry":{"type":"Point","coordinates":[200,52.5]}})",
        std::nullopt, "10m");
    FAIL() << "expected a Failure";
  } catch (const Failure& failure) {
    EXPECT_NE(std::string(failure.what()).find("bar"), std::string::npos) << failure.what();
  }
}

TEST_F(CliTest, DraftNeedsNoServer) {
  const auto outcome = call({"plan", "draft", "--areas", write("bar.geojson", kBar), "--reaches", "7"});
  EXPECT_EQ(outcome.code, kOk) << outcome.err;
  EXPECT_NE(outcome.out.find("reaches = 7"), std::string::npos);
}

}  // namespace
}  // namespace convoke::cli
