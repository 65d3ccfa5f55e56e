#include "backend/gateways/hooks/hint_asker.h"

#include <gmock/gmock.h>
#include <httplib.h>

#include <future>

#include "tests/support/free_port.h"
#include "tests/unit/gateways/hook_world.h"

namespace convoke::gateways::hooks {
namespace {

using test::kNow;
using test::vault;
using testing::ElementsAre;

/// A shop that answers with this status, or for none with nothing at all, and what becomes of hints.
struct AskedShop {
  explicit AskedShop(int status) {
    shop.Get(".*", [status](const httplib::Request&, httplib::Response& answer) { answer.status = status; });
    if (status == 0) return;
    EXPECT_TRUE(shop.bind_to_port("127.0.0.1", port));
    serving = std::thread([this] { shop.listen_after_bind(); });
  }
  ~AskedShop() {
    asker.stop();
    if (!serving.joinable()) return;
    shop.stop();
    serving.join();
  }

  /// Waits until a hint is gone, and says which.
  std::string gone() {
    auto future = dropped.get_future();
    EXPECT_EQ(future.wait_for(std::chrono::seconds(30)), std::future_status::ready);
    return future.get();
  }

  int port = convoke::test::free_port();
  httplib::Server shop;
  std::thread serving;
  std::vector<std::string> notes;  // by the asker's thread
  std::promise<std::string> dropped;
  HookService::Out out{[](const core::Act&) { return true; }, {}, [](auto&&...) {}};
  HookService service{{{.name = "pretix",
                        .kind = "pretix",
                        .api = "http://127.0.0.1:" + std::to_string(port),
                        .token = "s3cret"}},
                      vault(),
                      out};
  HintAsker asker{service,
                  {[this](const KeptHint& hint) {
                     dropped.set_value(hint.about + " " + std::to_string(hint.number));
                     return true;
                   },
                   [this](const std::string& hook, const std::string& result, const std::string&) {
                     notes.push_back(hook + " " + result);
                   },
                   [] { return kNow; }}};
};

TEST(HintAsker, R7_AHintIsGoneOnceItsShopKnowsNoSuchOrder) {
  AskedShop world(404);
  world.asker.put({"pretix", "club/summer/ABC12", 7, kNow});
  world.asker.start();
  EXPECT_EQ(world.gone(), "club/summer/ABC12 7");
  world.asker.stop();
  EXPECT_TRUE(world.notes.empty());
}

TEST(HintAsker, R7_AHintIsGivenUpAfterThreeDays) {
  AskedShop world(0);
  world.asker.start();
  world.asker.put({"pretix", "club/summer/ABC12", 7, kNow - HintAsker::kKeptMs});
  EXPECT_EQ(world.gone(), "club/summer/ABC12 7");
  world.asker.stop();
  EXPECT_THAT(world.notes, ElementsAre("pretix given-up"));
}

TEST(HintAsker, StopsWhileHintsWait) {
  AskedShop world(0);
  for (int i = 0; i < 3; ++i) world.asker.put({"pretix", "club/summer/" + std::to_string(i), 1, kNow});
  world.asker.start();
  world.asker.stop();
  EXPECT_TRUE(world.notes.empty());
}

}  // namespace
}  // namespace convoke::gateways::hooks
