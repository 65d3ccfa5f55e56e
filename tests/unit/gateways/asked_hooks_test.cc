// Shops that do not sign: their requests are hints, and what counts is what the shop answers.

#include <gmock/gmock.h>

#include "tests/unit/gateways/hook_world.h"

namespace convoke::gateways::hooks {
namespace {

using test::act_of;
using test::is_by;
using test::post;
using test::said;
using test::vault;
using test::with;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;

/// What comes of the hint: its shop's answer, if it has to be asked.
Reading told(const Hook& hook, const Request& request) {
  Reading reading = hook.read(request);
  const auto* hint = std::get_if<Hint>(&reading);
  if (!hint) return reading;
  EXPECT_LE(hint->about.size(), kMaxHintBytes);
  return hook.ask(hint->about);
}

struct Shop {
  ShopApi::Answer answer = std::string("{}");
  std::vector<std::string> asked;
  ShopApi::Fetch fetch() {
    return [this](const std::string& path) {
      asked.push_back(path);
      return answer;
    };
  }
};

const std::string kHint =
    R"({"notification_id":1,"organizer":"club","event":"summer","code":"ABC12","action":"pretix.event.order.paid"})";
const std::string kOrder =
    R"({"code":"ABC12","status":"p","email":"anna@home.example","phone":null,"datetime":"2026-01-01T09:00:00Z",)"
    R"("last_modified":"2026-01-01T09:05:00Z","payments":[{"state":"confirmed","payment_date":"2026-01-01T09:04:00Z"}],)"
    R"("positions":[{"item":12,"attendee_email":"ben@home.example","secret":"z3fsn8jyufm5kpk768q69gkbyr5f4h6w",)"
    R"("canceled":false},{"item":13,"attendee_email":"eve@home.example","secret":"x","canceled":true}]})";

TEST(PretixHook, R7_TheOrderThatTheShopKnowsIsThePurchase) {
  Shop shop{kOrder, {}};
  const core::Act act = act_of(told(*make_pretix(shop.fetch(), "49", vault()), post(kHint)));
  EXPECT_THAT(shop.asked, ElementsAre("/api/v1/organizers/club/events/summer/orders/ABC12/"));
  EXPECT_EQ(act.subject, "summer/ABC12");
  EXPECT_EQ(act.at_ms, *topics::parse_rfc3339("2026-01-01T09:04:00Z")) << "paid then";
  EXPECT_EQ(act.told_ms, *topics::parse_rfc3339("2026-01-01T09:05:00Z"));
  EXPECT_THAT(act.products, ElementsAre("summer", "summer/12"));
  EXPECT_TRUE(is_by(act, vault().mail("anna@home.example")));
  EXPECT_TRUE(is_by(act, vault().mail("ben@home.example")));
  EXPECT_TRUE(is_by(act, vault().ticket("z3fsn8jyufm5kpk768q69gkbyr5f4h6w")));
  EXPECT_FALSE(is_by(act, vault().mail("eve@home.example"))) << "that ticket is canceled";
}

TEST(PretixHook, R7_WhatTheHintSaysDoesNotCount) {
  Shop shop{with(kOrder, "\"p\"", "\"c\""), {}};
  const auto hook = make_pretix(shop.fetch(), "49", vault());
  EXPECT_EQ(said(told(*hook, post(kHint))), "back summer/ABC12");
  shop.answer = with(kOrder, "\"p\"", "\"n\"");
  EXPECT_EQ(said(told(*hook, post(kHint))), "nothing: not paid yet");
  shop.answer = kOrder;
  EXPECT_EQ(act_of(told(*hook, post(kHint))).id,
            act_of(told(*hook, post(with(kHint, "\"notification_id\":1", "\"notification_id\":2")))).id)
      << "a made up id cannot take the place of one to come";
  shop.answer = with(kOrder, "\"ABC12\"", "\"OTHER\"");
  EXPECT_THAT(said(told(*hook, post(kHint))), StartsWith("503 the shop's API: code"));
}

TEST(PretixHook, NothingInAHintLeadsElsewhere) {
  Shop shop{kOrder, {}};
  const auto hook = make_pretix(shop.fetch(), "49", vault());
  for (const char* code : {"..", ".", "a/b", "a%2fb", "a?x=1", "", "a b", "a#b", "@host"})
    EXPECT_THAT(said(told(*hook, post(with(kHint, "ABC12", code)))), StartsWith("400")) << code;
  EXPECT_THAT(said(told(*hook, post(with(kHint, "order.paid", "../checkin")))), StartsWith("nothing"));
  EXPECT_THAT(shop.asked, IsEmpty());
}

TEST(PretixHook, AShopThatDoesNotAnswerIsAskedAgainLater) {
  Shop shop{Refusal{503, "the shop's API does not answer: try again later", 60}, {}};
  EXPECT_THAT(said(told(*make_pretix(shop.fetch(), "49", vault()), post(kHint))), StartsWith("503"));
}

constexpr const char* kApi = "https://www.eventbriteapi.com/v3";
const std::string kEventbriteHint =
    R"({"config":{"action":"order.placed","user_id":"1","webhook_id":"2","endpoint_url":"x"},)"
    R"("api_url":"https://www.eventbriteapi.com/v3/orders/987/"})";
const std::string kEventbriteOrder =
    R"({"id":"987","status":"placed","created":"2026-01-01T09:00:00Z","changed":"2026-01-01T09:01:00Z",)"
    R"("email":"anna@home.example","event_id":"55","attendees":[{"cancelled":false,"refunded":false,)"
    R"("profile":{"email":"ben@home.example"},"ticket_class_id":"7","barcodes":[{"barcode":"98755"}]}]})";

TEST(EventbriteHook, R7_TheOrderThatTheShopKnowsIsThePurchase) {
  Shop shop{kEventbriteOrder, {}};
  const auto hook = make_eventbrite(kApi, shop.fetch(), vault());
  const core::Act act = act_of(told(*hook, post(kEventbriteHint)));
  EXPECT_THAT(shop.asked, ElementsAre("/orders/987/?expand=attendees"));
  EXPECT_EQ(act.subject, "987");
  EXPECT_THAT(act.products, ElementsAre("55", "55/7"));
  EXPECT_TRUE(is_by(act, vault().mail("ben@home.example")));
  EXPECT_TRUE(is_by(act, vault().ticket("98755")));
  shop.answer = with(kEventbriteOrder, "\"placed\"", "\"refunded\"");
  EXPECT_EQ(said(told(*hook, post(kEventbriteHint))), "back 987");
  EXPECT_THAT(said(told(*hook, post(with(kEventbriteHint, "order.placed", "event.updated")))),
              StartsWith("nothing"));
}

TEST(EventbriteHook, R7_ATicketThatIsTakenBackIsNoLongerOfTheOrder) {
  std::vector<std::string> asked;
  std::string order_id = "\"987\"";
  const auto hook = make_eventbrite(
      kApi,
      [&](const std::string& path) -> ShopApi::Answer {
        asked.push_back(path);
        if (path == "/events/55/attendees/7/")
          return R"({"id":"7","cancelled":true,"order_id":)" + order_id + "}";
        return with(kEventbriteOrder, "\"cancelled\":false", "\"cancelled\":true");
      },
      vault());
  const std::string hint = with(with(kEventbriteHint, "order.placed", "attendee.updated"), "/orders/987/",
                                "/events/55/attendees/7/");
  const core::Act act = act_of(told(*hook, post(hint)));
  EXPECT_THAT(asked, ElementsAre("/events/55/attendees/7/", "/orders/987/?expand=attendees"));
  EXPECT_EQ(act.subject, "987");
  EXPECT_FALSE(is_by(act, vault().mail("ben@home.example"))) << "whose ticket it was";
  order_id = "\"../me\"";
  EXPECT_THAT(said(told(*hook, post(hint))), StartsWith("503 the shop's API: order_id"));
  asked.clear();
  for (const char* path :
       {"/events/55/attendees/7/../8/", "/events/5%2e/attendees/7/", "/events/55/orders/7/"})
    EXPECT_THAT(said(told(*hook, post(with(hint, "/events/55/attendees/7/", path)))),
                StartsWith("400 body.api_url"))
        << path;
  EXPECT_THAT(asked, IsEmpty());
}

TEST(EventbriteHook, OnlyTheConfiguredShopIsAsked) {
  Shop shop{kEventbriteOrder, {}};
  const auto hook = make_eventbrite(kApi, shop.fetch(), vault());
  for (const char* url :
       {"https://evil.example/v3/orders/987/", "https://www.eventbriteapi.com/v3/orders/987/../../x/",
        "https://www.eventbriteapi.com/v3@evil.example/orders/987/", "http://169.254.169.254/orders/1/",
        "https://www.eventbriteapi.com/v3/orders//", "https://www.eventbriteapi.com/v3/events/987/"})
    EXPECT_THAT(
        said(told(*hook, post(with(kEventbriteHint, "https://www.eventbriteapi.com/v3/orders/987/", url)))),
        StartsWith("400 body.api_url"))
        << url;
  EXPECT_THAT(shop.asked, IsEmpty());
}

}  // namespace
}  // namespace convoke::gateways::hooks
