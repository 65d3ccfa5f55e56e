#include "ops/cli/locate.h"

#include "ops/cli/failure.h"
#include "tests/unit/cli/cli_fixture.h"

namespace convoke::cli {
namespace {

class LocateTest : public CliTest {
 protected:
  LocateTest() {
    write(".convoke/run.json",
          R"({"http":"http://127.0.0.1:1/","site":"demo","token_file":"/t","keys":"/k"})");
    std::filesystem::create_directories(path("deep/down"));
  }
};

TEST_F(LocateTest, FindsTheRunFileFromBelow) {
  const Target target = locate({}, path("deep/down"));
  EXPECT_EQ(target.url, "http://127.0.0.1:1");
  EXPECT_EQ(target.token_file, "/t");
}

TEST_F(LocateTest, DoesNotSendTheRunFilesTokenToAnotherServer) {
  try {
    locate({.server = "http://elsewhere:80"}, path("deep"));
    FAIL() << "expected a Failure";
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.code, kUsage);
    EXPECT_NE(failure.next.find("--token-file"), std::string::npos);
  }
}

TEST_F(LocateTest, SaidThingsWinOverTheRunFile) {
  const Target target = locate({.server = "http://elsewhere:80/", .token_file = "mine"}, path("deep"));
  EXPECT_EQ(target.url, "http://elsewhere:80");
  EXPECT_EQ(target.token_file, "mine");
}

TEST_F(LocateTest, DataFolderWithoutRunFileIsAFailureThatSaysWhatToDo) {
  try {
    locate({.data_dir = path("deep").string()}, path("."));
    FAIL() << "expected a Failure";
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.code, kFailed);
    EXPECT_NE(failure.next.find("ops/run --data"), std::string::npos);
  }
}

TEST_F(LocateTest, BrokenRunFileIsNamed) {
  write("deep/.convoke/run.json", "[]");
  try {
    locate({}, path("deep/down"));
    FAIL() << "expected a Failure";
  } catch (const Failure& failure) {
    EXPECT_NE(std::string(failure.what()).find("run.json"), std::string::npos);
  }
}

}  // namespace
}  // namespace convoke::cli
