// People who call over SIP, end to end: real calls by sipp, Kamailio as ops/telephony configures it.

#include <signal.h>

#include <filesystem>

#include "tests/integration/hook_story.h"

namespace convoke::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

class SipStory : public HookStory {
 protected:
  void SetUp() override {
    if (!fs::exists("/usr/sbin/kamailio") || !fs::exists("/usr/bin/sipp"))
      GTEST_SKIP() << "kamailio or sipp is missing: ops/install test";
    HookStory::SetUp();
    fs::copy(fs::path(CONVOKE_TELEPHONY) / "kamailio.cfg", files.path());
    std::string settings;
    const auto set = [&](const std::string& name, const std::string& value) {
      settings += "#!substdef \"!CONVOKE_" + name + "!" + value + "!g\"\n";
    };
    set("LISTEN", "udp:127.0.0.1:" + sip_port);
    set("PEER", "127.0.0.1");
    set("BROKER_HOST", "127.0.0.1");
    set("BROKER_PORT", std::to_string(broker.port()));
    set("SITE", "demo");
    set("NAME", "sip1");
    set("TOKEN", tokens.make(topics::Role::gateway, "sip1", "sip"));
    set("COUNTRY", "49");
    set("PATIENCE_MS", "3000");
    files.write("settings.cfg", settings);
    kamailio.start({"/usr/sbin/kamailio", "-DD", "-E", "-m", "16", "-M", "4", "-Y", files.path().string(),
                    "-f", files / "kamailio.cfg"},
                   files / "kamailio.log");
    plan("call", "call = [{ number = \"+4930123456\", attested = \"A\" }]");
    proves("user0", "phone", "+4930110");
    proves("user1", "phone", "+4930999");  // what From says, which does not count
  }

  /// Killed, it would leave its processes behind.
  void TearDown() override { kamailio.end(SIGTERM); }

  /// Rings, and gives sipp's exit code: 0 if the call was answered like this. It repeats its INVITE until the
  /// SIP server is up.
  int rings(const std::string& caller, const std::string& number, const std::string& answer) {
    std::string call = read_file(CONVOKE_SIPP_CALL);
    call.replace(call.find("486"), 3, answer);
    files.write("call.xml", call);
    ChildProcess sipp;
    sipp.start({"/usr/bin/sipp", "127.0.0.1:" + sip_port, "-sf", files / "call.xml", "-s", number, "-key",
                "caller", caller, "-i", "127.0.0.1", "-m", "1", "-timeout", "30s", "-nostdin"},
               files / "sipp.log");
    return sipp.wait();
  }
  /// Until the answer is this: the SIP server looks for the broker every few seconds.
  bool rings_until(const std::string& caller, const std::string& number, const std::string& answer) {
    return phones.until([&] { return rings(caller, number, answer) == 0; });
  }
  std::string logs() { return read_file(files / "sipp.log") + read_file(files / "kamailio.log"); }

  const std::string sip_port = std::to_string(free_port());
  ChildProcess kamailio;
};

TEST_F(SipStory, R5_R21_WhoCallsOverSipIsInTheChat) {
  ASSERT_TRUE(rings_until("+4930110", "+4930123456", "486")) << logs();
  EXPECT_THAT(registrations(), HasSubstr(R"("user":"user0","by":[{"source":"call","proof":"attested A")"));
  EXPECT_EQ(total(), "1");
  proves("user2", "phone", "+4930112");
  EXPECT_EQ(rings("030112", "030123456", "486"), 0) << "as the carrier's country writes it" << logs();
  EXPECT_EQ(total(), "2");
  EXPECT_EQ(rings("+4930112", "1", "404"), 0) << "no number: for good" << logs();
  press_start();
  wait_for_list({0, 2}, {"user0", "user2"});
  for (const int i : {1, 3}) EXPECT_TRUE(phones[i].started.empty()) << phones.stories();
  for (const char* secret : {"30110", "30112"}) {
    for (const std::string& log : {server.log(), broker.log()}) EXPECT_THAT(log, Not(HasSubstr(secret)));
  }
}

TEST_F(SipStory, R5_WhoCallsAgainAndAgainIsNotLookedAtEachTime) {
  ASSERT_TRUE(rings_until("+4930110", "+4930123456", "486")) << logs();
  for (int i = 0; i < 6; ++i) ASSERT_EQ(rings("+4930110", "+4930123456", "486"), 0) << logs();
  server.kill9();
  EXPECT_EQ(rings("+4930110", "+4930123456", "486"), 0) << "they are registered" << logs();
  EXPECT_EQ(rings("+4930112", "+4930123456", "503"), 0) << "somebody else" << logs();
}

TEST_F(SipStory, R5_R21_ACallIsAnsweredOnlyOnceItIsOnDisk) {
  ASSERT_TRUE(rings_until("+4930998", "+4930123456", "486")) << logs();
  server.kill9();
  EXPECT_EQ(rings("+4930110", "+4930123456", "503"), 0) << "nobody has it on disk" << logs();
  server.start();
  EXPECT_TRUE(phones.until([&] { return total() == "1"; })) << "the broker held it: " << registrations();
  broker.stop();
  EXPECT_EQ(rings("+4930110", "+4930123456", "503"), 0) << "at once: there is no broker" << logs();
  broker.start();
  EXPECT_TRUE(rings_until("+4930110", "+4930123456", "486")) << logs();
  EXPECT_EQ(total(), "1");
}

}  // namespace
}  // namespace convoke::test
