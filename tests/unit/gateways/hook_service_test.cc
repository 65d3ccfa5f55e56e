#include "backend/gateways/hooks/hook_service.h"

#include <gmock/gmock.h>
#include <httplib.h>

#include <thread>

#include "backend/gateways/hooks/hook_server.h"
#include "tests/support/free_port.h"
#include "tests/unit/gateways/hook_world.h"

namespace convoke::gateways::hooks {
namespace {

using test::kNow;
using test::post;
using test::vault;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string kTicket =
    R"({"specversion":"1.0","id":"1","source":"/s","type":"convoke.ticket","data":{"order":"o","mail":"a@b.example"}})";

struct World {
  bool writable = true;
  std::vector<core::Act> acts;
  std::vector<std::string> notes;
  bool room = true;
  std::vector<std::string> kept;
  int shop_port = convoke::test::free_port();
  HookService service{{{.name = "main", .kind = "cloudevents", .secrets = {"s3cret"}, .per_second = 3},
                       {.name = "pretix",
                        .kind = "pretix",
                        .api = "http://127.0.0.1:" + std::to_string(shop_port),
                        .token = "s3cret"}},
                      vault(),
                      {[this](const core::Act& act) {
                         if (writable) acts.push_back(act);
                         return writable;
                       },
                       [this](const std::string& hook, const std::string& about, std::int64_t told_ms) {
                         if (room) kept.push_back(hook + " " + about + " " + std::to_string(told_ms));
                         return room;
                       },
                       [this](const std::string& hook, const std::string& result, const std::string& detail) {
                         notes.push_back(hook + " " + result + (detail.empty() ? "" : ": " + detail));
                       }}};

  static Request request(std::string body = kTicket, std::int64_t now = kNow,
                         const std::string& secret = "s3cret") {
    Request r = post(std::move(body), {{"content-type", "application/cloudevents+json"},
                                       {"authorization", "Bearer " + secret}});
    r.now_ms = now;
    return r;
  }
};

TEST(HookService, ThanksOnceTheActIsKept) {
  World w;
  EXPECT_EQ(w.service.answer("main", World::request()).status, 200);
  ASSERT_EQ(w.acts.size(), 1u);
  EXPECT_EQ(w.acts[0].source, core::kByTicket);
  EXPECT_EQ(w.acts[0].provider, "main");
  EXPECT_EQ(w.acts[0].to, "main");
  EXPECT_TRUE(w.acts[0].verified);
  w.writable = false;
  const Reply reply = w.service.answer("main", World::request());
  EXPECT_EQ(reply.status, 503);
  EXPECT_TRUE(reply.headers.contains("Retry-After"));
  EXPECT_THAT(w.notes, ElementsAre("main taken", "main unavailable: the store cannot be written"));
}

TEST(HookService, RefusesWhatIsNotOfTheProvider) {
  World w;
  const Reply reply = w.service.answer("main", World::request(kTicket, kNow, "guess"));
  EXPECT_EQ(reply.status, 401);
  EXPECT_THAT(reply.body, HasSubstr("Authorization: expected"));
  EXPECT_THAT(reply.body, Not(HasSubstr("s3cret")));
  EXPECT_EQ(w.service.answer("other", World::request()).status, 404);
  Request put = World::request();
  put.method = "PUT";
  EXPECT_EQ(w.service.answer("main", put).status, 405);
  EXPECT_THAT(w.acts, IsEmpty());
}

TEST(HookService, SaysWhatIsWrongAndNothingThatWasSent) {
  World w;
  const Reply reply = w.service.answer(
      "main",
      World::request(
          R"({"specversion":"1.0","id":"1","source":"/s","type":"convoke.ticket","data":{"order":["evil"]}})"));
  EXPECT_EQ(reply.status, 400);
  EXPECT_THAT(reply.body, HasSubstr("body.data.order: expected"));
  EXPECT_THAT(reply.body, Not(HasSubstr("evil")));
  EXPECT_THAT(w.notes[0], Not(HasSubstr("evil")));
}

TEST(HookService, WhoIsNobodyRegistersNobody) {
  World w;
  EXPECT_EQ(
      w.service
          .answer(
              "main",
              World::request(
                  R"({"specversion":"1.0","id":"1","source":"/s","type":"convoke.ticket","data":{"order":"o"}})"))
          .status,
      200);
  EXPECT_THAT(w.acts, IsEmpty());
}

TEST(HookService, TakesSoManyASecondOfThoseThatAreSigned) {
  World w;
  for (int i = 0; i < 10; ++i) w.service.answer("main", World::request(kTicket, kNow, "guess"));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(w.service.answer("main", World::request()).status, 200);
  const Reply reply = w.service.answer("main", World::request());
  EXPECT_EQ(reply.status, 429);
  EXPECT_EQ(reply.headers.at("Retry-After"), "1");
  EXPECT_EQ(w.service.answer("main", World::request(kTicket, kNow + 1000)).status, 200);
}

TEST(HookService, CallsOfOneNumberAreLookedAtSoManyTimesAMinute) {
  World w;
  int calls = 0;
  const auto call = [&](const std::string& more, std::int64_t now = kNow) {
    const std::string id = std::to_string(++calls);
    return w.service
        .answer("main",
                World::request(R"({"specversion":"1.0","id":")" + id +
                                   R"(","source":"s","type":"convoke.call","data":{"number":"+4930123456",)"
                                   R"("caller":"+4930110")" +
                                   more + "}}",
                               now + 1000 * calls))
        .status;
  };
  for (int i = 0; i <= HookService::kCallsPerMinute; ++i) EXPECT_EQ(call(""), 200);
  EXPECT_EQ(w.acts.size(), static_cast<std::size_t>(HookService::kCallsPerMinute));
  EXPECT_EQ(w.notes.back(), "main limited: too many calls of one number");
  EXPECT_EQ(call(R"(,"attested":"A")"), 200);
  EXPECT_EQ(w.acts.back().attested, "A") << "whoever forges a number takes nothing from its owner";
  EXPECT_EQ(call("", kNow + RatePerKey::kMinuteMs), 200);
  EXPECT_EQ(w.notes.back(), "main taken");
}

TEST(HookService, ACallThatCouldNotBeWrittenIsNotCounted) {
  World w;
  const std::string call =
      R"({"specversion":"1.0","id":"1","source":"s","type":"convoke.call","data":{"number":"+4930123456","caller":"+4930110"}})";
  w.writable = false;
  for (int i = 0; i < 20; ++i)
    EXPECT_EQ(w.service.answer("main", World::request(call, kNow + 1000 * i)).status, 503);
  w.writable = true;
  EXPECT_EQ(w.service.answer("main", World::request(call, kNow + 30'000)).status, 200);
  EXPECT_EQ(w.acts.size(), 1u);
}

TEST(HookService, TakesOtherSecretsWhileItRuns) {
  World w;
  const auto status = [&](const std::string& secret) {
    static std::int64_t now = kNow;
    return w.service.answer("main", World::request(kTicket, now += 1000, secret)).status;
  };
  w.service.replace({{.name = "main", .kind = "cloudevents", .secrets = {"s3cret", "new"}}});
  EXPECT_EQ(status("s3cret"), 200);
  EXPECT_EQ(status("new"), 200);
  w.service.replace({{.name = "main", .kind = "cloudevents", .secrets = {"new"}}});
  EXPECT_EQ(status("s3cret"), 401);
  EXPECT_THROW(w.service.replace({{.name = "main", .kind = "cloudevents"}}), std::runtime_error);
  EXPECT_EQ(status("new"), 200) << "what cannot be used changes nothing";
}

TEST(HookService, NamesTheHookAndTheKeyThatIsWrong) {
  const auto problem = [](HookOptions options) {
    try {
      HookService({std::move(options)}, vault(), {});
    } catch (const std::runtime_error& e) {
      return std::string(e.what());
    }
    return std::string("none");
  };
  EXPECT_THAT(problem({.name = "a", .kind = "stripe"}), HasSubstr("hook a: secret_files: expected"));
  EXPECT_THAT(problem({.name = "a", .kind = "pretix", .api = "https://pretix.eu"}),
              HasSubstr("hook a: token_file: expected"));
  EXPECT_THAT(problem({.name = "a", .kind = "pretix", .api = "http://10.0.0.1", .token = "t"}),
              HasSubstr("hook a: api: expected"));
}

const std::string kHint =
    R"({"organizer":"club","event":"summer","code":"ABC12","action":"pretix.event.order.paid"})";

TEST(HookService, R7_AHintIsKeptWhileItsShopIsAway) {
  World w;
  const Reply reply = w.service.answer("pretix", post(kHint));
  EXPECT_EQ(reply.status, 202) << reply.body;
  EXPECT_THAT(w.kept, ElementsAre("pretix club/summer/ABC12 " + std::to_string(kNow)));
  EXPECT_THAT(w.notes, ElementsAre(HasSubstr("pretix kept: the shop's API does not answer")));
  EXPECT_THAT(w.notes[0], Not(HasSubstr("ABC12")));
  w.room = false;
  const Reply full = w.service.answer("pretix", post(kHint));
  EXPECT_EQ(full.status, 503) << "so that the provider keeps it";
  EXPECT_TRUE(full.headers.contains("Retry-After"));
}

TEST(HookService, R7_AHintThatWasKeptIsDoneWithOnceWhatItsShopSaysIsWritten) {
  World w;
  std::string order =
      R"({"code":"ABC12","status":"p","email":"anna@home.example","datetime":"2026-01-01T09:00:00Z",)"
      R"("last_modified":"2026-01-01T09:05:00Z","positions":[]})";
  int status = 200;
  const auto asked = [&] { return w.service.ask_again("pretix", "club/summer/ABC12", kNow); };
  EXPECT_EQ(asked(), HookService::Asked::away);
  httplib::Server shop;
  shop.Get("/api/v1/organizers/club/events/summer/orders/ABC12/",
           [&](const httplib::Request&, httplib::Response& out) {
             out.status = status;
             out.set_content(order, "application/json");
           });
  ASSERT_TRUE(shop.bind_to_port("127.0.0.1", w.shop_port));
  std::thread serving([&] { shop.listen_after_bind(); });
  w.writable = false;
  EXPECT_EQ(asked(), HookService::Asked::away);
  w.writable = true;
  EXPECT_EQ(asked(), HookService::Asked::done);
  ASSERT_EQ(w.acts.size(), 1u);
  EXPECT_EQ(w.acts[0].provider, "pretix");
  EXPECT_EQ(w.acts[0].subject, "summer/ABC12");
  for (const int away : {401, 429, 502}) {
    status = away;
    EXPECT_EQ(asked(), HookService::Asked::away) << away;
  }
  status = 403;
  EXPECT_EQ(asked(), HookService::Asked::unclear);
  status = 404;
  EXPECT_EQ(asked(), HookService::Asked::done) << "the shop knows no such order";
  status = 200;
  order = "{}";
  EXPECT_EQ(asked(), HookService::Asked::unclear);
  EXPECT_EQ(w.service.ask_again("gone", "club/summer/ABC12", kNow), HookService::Asked::away)
      << "whoever writes its name wrong may mend it";
  EXPECT_EQ(w.acts.size(), 1u);
  shop.stop();
  serving.join();
}

/// The real listener.
TEST(HookServer, BoundsWhatItReads) {
  World w;
  HookServer server(w.service, [] { return kNow; });
  const int port = convoke::test::free_port();
  server.start("127.0.0.1", port);
  httplib::Client client("127.0.0.1", port);
  const httplib::Headers headers = {{"Authorization", "Bearer s3cret"}};
  const auto status = [&](const std::string& body) {
    const auto result = client.Post("/hooks/main", headers, body, "application/cloudevents+json");
    return result ? result->status : 0;
  };
  EXPECT_EQ(status(kTicket), 200);
  EXPECT_EQ(status(std::string(kMaxBodyBytes + 1, ' ')), 413);
  EXPECT_EQ(status("{}"), 400);
  EXPECT_EQ(client.Get("/hooks/main", headers)->status, 405);
  EXPECT_EQ(client.Get("/elsewhere")->status, 404);
  EXPECT_EQ(client.Options("/hooks/main", {{"WebHook-Request-Origin", "x"}})
                ->get_header_value("WebHook-Allowed-Origin"),
            "*");
  const httplib::Headers twice = {{"Authorization", "Bearer s3cret"}, {"authorization", "Bearer guess"}};
  EXPECT_EQ(client.Post("/hooks/main", twice, kTicket, "application/cloudevents+json")->status, 401);
  server.stop();
}

}  // namespace
}  // namespace convoke::gateways::hooks
