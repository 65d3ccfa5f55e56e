#include "backend/gateways/mail/lmtp_server.h"

#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <thread>
#include <vector>

#include "backend/gateways/mail/local_socket.h"
#include "tests/support/temp_dir.h"
#include "tests/support/unix_peer.h"

namespace convoke::gateways {
namespace {

using testing::HasSubstr;

using Client = test::UnixPeer;

class LmtpServerTest : public testing::Test {
 protected:
  LmtpServer::Options options(std::size_t connections = 2) {
    LmtpServer::Options o;
    o.listen = "unix:" + path;
    o.session = {"mx", 1000, 10, [](const std::string&) { return true; }};
    o.max_connections = connections;
    return o;
  }
  static std::vector<LmtpVerdict> take(const LmtpMail& mail) {
    return std::vector<LmtpVerdict>(mail.recipients.size(), LmtpVerdict::taken);
  }

  test::TempDir dir;
  const std::string path = dir / "lmtp.sock";
};

TEST_F(LmtpServerTest, TakesAMailOverAUnixSocketThatIsOursAlone) {
  LmtpServer server(options(), take);
  server.start();
  struct stat found {};
  ASSERT_EQ(::stat(path.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0600u);
  Client client(path);
  EXPECT_EQ(client.hear(), "220 mx LMTP Convoke\r\n");
  client.say("LHLO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nx\r\n.\r\nQUIT\r\n");
  EXPECT_THAT(client.hear("Bye\r\n"), HasSubstr("354 Go ahead\r\n250 2.0.0 OK\r\n221 "));
  EXPECT_EQ(client.hear(), "") << "closed";
}

TEST_F(LmtpServerTest, BoundsItsConnections) {
  LmtpServer server(options(1), take);
  server.start();
  Client first(path);
  first.hear();
  Client second(path);
  EXPECT_THAT(second.hear(), HasSubstr("421 4.3.2"));
  first.say("QUIT\r\n");
  first.hear("Bye\r\n");
  EXPECT_EQ(first.hear(), "");
  // Its thread is gone some time after its connection.
  std::string heard;
  while (heard.find("220") == std::string::npos) heard = Client(path).hear();
}

// Connections end while others are taken up: each thread is joined, whenever it becomes done.
TEST_F(LmtpServerTest, OutlivesManyShortConnectionsAtOnce) {
  LmtpServer server(options(64), take);
  server.start();
  std::vector<std::thread> peers;
  std::atomic<int> greeted = 0;
  for (int peer = 0; peer < 4; ++peer)
    peers.emplace_back([&] {
      for (int i = 0; i < 400; ++i) greeted += Client(path).hear() == "220 mx LMTP Convoke\r\n";
    });
  for (std::thread& peer : peers) peer.join();
  EXPECT_EQ(greeted, 4 * 400);
}

TEST_F(LmtpServerTest, StopCutsConnectionsThatWait) {
  LmtpServer server(options(), take);
  server.start();
  Client client(path);
  client.hear();
  client.say("LHLO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nhalf a ma");
  client.hear("ahead\r\n");
  server.stop();
  EXPECT_THAT(client.hear(), HasSubstr("421 4.3.2"));
}

TEST_F(LmtpServerTest, ReplacesASocketThatWasLeftBehindAndNoOther) {
  { LmtpServer(options(), take).start(); }
  LmtpServer server(options(), take);
  server.start();
  EXPECT_TRUE(Client(path).connected());
  EXPECT_THROW(LmtpServer(options(), take).start(), std::runtime_error) << "somebody listens there";
  LmtpServer::Options file = options();
  file.listen = "unix:" + dir.write("file", "x").string();
  EXPECT_THROW(LmtpServer(file, take).start(), std::runtime_error);
  LmtpServer::Options group = options();
  group.listen += "2";
  group.group = "no-such-group";
  EXPECT_THROW(LmtpServer(group, take).start(), std::runtime_error);
}

TEST_F(LmtpServerTest, EndsWithAPeerThatIsSilent) {
  LmtpServer::Options impatient = options();
  impatient.patience_s = 0;
  LmtpServer server(impatient, take);
  server.start();
  EXPECT_THAT(Client(path).hear("421 4.4.2 Nothing came for too long\r\n"), HasSubstr("421 4.4.2"));
}

// RFC 2033, 5: "The LMTP protocol SHOULD NOT be used over wide area networks", and not on TCP port 25.
TEST(LocalSocket, KnowsLocalAddresses) {
  EXPECT_EQ(parse_local("unix:/run/x.sock")->path, "/run/x.sock");
  EXPECT_EQ(parse_local("127.0.0.1:2424")->port, 2424);
  for (const std::string bad : {"", "unix:x", "unix:/", "0.0.0.0:2424", "127.0.0.1:25",
                                "127.0.0.1:", "127.0.0.1:70000", "2424", "localhost:2424"})
    EXPECT_FALSE(parse_local(bad)) << bad;
  EXPECT_FALSE(parse_local("unix:/" + std::string(200, 'x')));
}

}  // namespace
}  // namespace convoke::gateways
