// Shops that sign: what their words mean.

#include <gmock/gmock.h>

#include "tests/unit/gateways/hook_world.h"

namespace convoke::gateways::hooks {
namespace {

using test::act_of;
using test::is_by;
using test::kNow;
using test::kNowS;
using test::post;
using test::said;
using test::vault;
using test::with;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;

std::unique_ptr<Hook> make(const char* kind, const char* secret = "s") {
  return make_hook({.name = "main", .kind = kind, .secrets = {secret}}, vault());
}

const std::string kCheckout =
    R"({"id":"evt_1","type":"checkout.session.completed","created":1767225000,"data":{"object":{"id":"cs_1",)"
    R"("payment_intent":"pi_1","payment_status":"paid","payment_link":null,"metadata":{"product":"vip"},)"
    R"("customer_details":{"email":"Anna@Home.example","phone":"+4930111","name":"A"}}}})";

TEST(StripeHook, R7_APaidCheckoutIsAPurchase) {
  const core::Act act = act_of(make("stripe")->read(post(kCheckout)));
  EXPECT_EQ(act.id, "evt_1");
  EXPECT_EQ(act.subject, "pi_1");
  EXPECT_EQ(act.at_ms, 1'767'225'000'000);
  EXPECT_THAT(act.products, ElementsAre("vip"));
  EXPECT_TRUE(is_by(act, vault().mail("anna@home.example")));
  EXPECT_TRUE(is_by(act, vault().phone("+4930111")));
  EXPECT_FALSE(act.withdrawn);
}

TEST(StripeHook, R7_ABuyersNumberMayBeLocal) {
  const HookOptions options{.name = "h", .kind = "stripe", .secrets = {"s"}, .country = "49"};
  const core::Act act =
      act_of(make_hook(options, vault())->read(post(with(kCheckout, "+4930111", "030 111"))));
  EXPECT_TRUE(is_by(act, vault().phone("+4930111")));
  EXPECT_EQ(act_of(make("stripe")->read(post(with(kCheckout, "+4930111", "030 111")))).who.size(), 1u);
}

TEST(StripeHook, R7_WhatIsNotPaidYetCountsOnceItIs) {
  const auto hook = make("stripe");
  EXPECT_EQ(said(hook->read(post(with(kCheckout, "\"paid\"", "\"unpaid\"")))), "nothing: not paid yet");
  const std::string later = with(kCheckout, "session.completed", "session.async_payment_succeeded");
  EXPECT_EQ(said(hook->read(post(later))), "act pi_1");
  EXPECT_EQ(said(hook->read(post(with(later, "_succeeded", "_failed")))), "back pi_1");
  const std::string free = with(with(kCheckout, "\"paid\"", "\"no_payment_required\""), "\"pi_1\"", "null");
  EXPECT_EQ(said(hook->read(post(free))), "act cs_1");
}

TEST(StripeHook, R7_ARefundOfAllTakesItBack) {
  const std::string refund =
      R"({"id":"evt_2","type":"charge.refunded","created":1767225600,"data":{"object":{"id":"ch_1",)"
      R"("payment_intent":"pi_1","refunded":true}}})";
  const auto hook = make("stripe");
  EXPECT_EQ(said(hook->read(post(refund))), "back pi_1");
  EXPECT_THAT(said(hook->read(post(with(refund, "true", "false")))), StartsWith("nothing"));
  EXPECT_THAT(said(hook->read(post(with(refund, "charge.refunded", "invoice.paid")))), StartsWith("nothing"));
}

TEST(StripeHook, R7_ADisputeThatIsLostTakesItBack) {
  const std::string dispute =
      R"({"id":"evt_3","type":"charge.dispute.closed","created":1767225600,"data":{"object":{"id":"dp_1",)"
      R"("payment_intent":"pi_1","status":"lost"}}})";
  const auto hook = make("stripe");
  EXPECT_EQ(said(hook->read(post(dispute))), "back pi_1");
  EXPECT_THAT(said(hook->read(post(with(dispute, "lost", "won")))), StartsWith("nothing"));
  EXPECT_THAT(said(hook->read(post(with(dispute, "closed", "created")))), StartsWith("nothing"));
}

TEST(StripeHook, NamesWhatIsWrong) {
  const auto hook = make("stripe");
  EXPECT_THAT(said(hook->read(post("{"))), StartsWith("400 body.payload: expected one JSON object"));
  EXPECT_THAT(said(hook->read(post(with(kCheckout, "1767225000", "\"now\"")))),
              StartsWith("400 body.created: expected an integer"));
  EXPECT_THAT(said(hook->read(post(with(kCheckout, "\"pi_1\"", "5")))),
              StartsWith("400 body.data.object.payment_intent: expected"));
}

TEST(StripeHook, AsksForASignatureOverTheBody) {
  const auto hook = make("stripe");
  const std::string t = std::to_string(kNowS);
  const std::string mac = test::hex(hmac(Digest::sha256, "s", t + "." + kCheckout));
  EXPECT_EQ(hook->verify(post(kCheckout, {{"stripe-signature", "t=" + t + ",v1=" + mac}})), Signed::good);
  EXPECT_EQ(hook->verify(post(kCheckout + " ", {{"stripe-signature", "t=" + t + ",v1=" + mac}})),
            Signed::wrong);
  EXPECT_EQ(hook->verify(post(kCheckout)), Signed::missing);
}

const std::string kOrder =
    R"({"id":820982911946154508,"email":"anna@home.example","phone":null,"financial_status":"paid",)"
    R"("created_at":"2026-01-01T10:00:00+01:00","processed_at":"2026-01-01T10:00:00+01:00",)"
    R"("updated_at":"2026-01-01T10:00:05+01:00","cancelled_at":null,"line_items":[{"sku":"VIP","product_id":7},)"
    R"({"sku":"","product_id":null}]})";

TEST(ShopifyHook, R7_APaidOrderIsAPurchaseAndACancelledOneIsTakenBack) {
  const auto hook = make("shopify");
  const std::string order = with(kOrder, "820982911946154508", "450789469");
  const core::Act act = act_of(hook->read(post(order)));
  EXPECT_EQ(act.subject, "450789469");
  EXPECT_EQ(act.at_ms, *topics::parse_rfc3339("2026-01-01T09:00:00Z"));
  EXPECT_EQ(act.told_ms, act.at_ms + 5000);
  EXPECT_THAT(act.products, ElementsAre("VIP", "7"));
  EXPECT_TRUE(is_by(act, vault().mail("anna@home.example")));
  EXPECT_EQ(said(hook->read(post(with(order, "\"paid\"", "\"pending\"")))), "nothing: not paid yet");
  EXPECT_EQ(said(hook->read(post(with(order, "\"paid\"", "\"refunded\"")))), "back 450789469");
  EXPECT_EQ(said(hook->read(post(
                with(order, "\"cancelled_at\":null", "\"cancelled_at\":\"2026-01-01T11:00:00+01:00\"")))),
            "back 450789469");
}

TEST(ShopifyHook, R7_ARefundTakesBackUnlessTheOrderSaysThatSomethingIsLeft) {
  const auto hook = make("shopify");
  const std::string refund =
      R"({"id":1,"order_id":450789469,"created_at":"2026-01-01T10:00:05+01:00","refund_line_items":[{"id":2}]})";
  const core::Act back = act_of(hook->read(post(refund)));
  EXPECT_TRUE(back.withdrawn);
  EXPECT_EQ(back.subject, "450789469");
  EXPECT_THAT(said(hook->read(post(with(refund, "{\"id\":2}", "")))), StartsWith("nothing"));
  const std::string order = with(kOrder, "820982911946154508", "450789469");
  const core::Act left = act_of(hook->read(post(with(order, "\"paid\"", "\"partially_refunded\""))));
  EXPECT_GT(left.told_ms, std::max(back.at_ms, back.told_ms)) << "the order has the last word";
}

TEST(ShopifyHook, OnlyTheBodyCounts) {
  const auto hook = make("shopify");
  const std::string order = with(kOrder, "820982911946154508", "1");
  const auto id = [&](const std::string& delivery) {
    return act_of(hook->read(post(order, {{"x-shopify-webhook-id", delivery}}))).id;
  };
  EXPECT_EQ(id("1"), id("2")) << "headers are not signed";
  EXPECT_THAT(said(hook->read(post(kOrder))), StartsWith("400 body.id: expected an integer"));
}

const std::string kIssued =
    R"({"id":"wh_1","created_at":"2026-01-01 00:00:00","event":"ISSUED_TICKET.CREATED","resource_url":"",)"
    R"("payload":{"object":"issued_ticket","id":"it_1","status":"valid","barcode":"ef4hEvs","email":"anna@home.example",)"
    R"("event_id":"ev_1","ticket_type_id":"tt_1","created_at":1767225000,"updated_at":1767225001}})";

TEST(TicketTailorHook, R7_ATicketIsItsHoldersUntilItIsVoided) {
  const auto hook = make("ticket_tailor");
  const core::Act act = act_of(hook->read(post(kIssued)));
  EXPECT_EQ(act.subject, "it_1");
  EXPECT_EQ(act.at_ms, 1'767'225'000'000);
  EXPECT_THAT(act.products, ElementsAre("ev_1", "tt_1"));
  EXPECT_TRUE(is_by(act, vault().ticket("ef4hEvs")));
  EXPECT_TRUE(is_by(act, vault().mail("anna@home.example")));
  EXPECT_EQ(said(hook->read(post(with(kIssued, "\"valid\"", "\"voided\"")))), "back it_1");
  const std::string mac = test::hex(hmac(Digest::sha256, "s", std::to_string(kNowS) + kIssued));
  EXPECT_EQ(hook->verify(post(
                kIssued, {{"tickettailor-webhook-signature", "t=" + std::to_string(kNowS) + ",v1=" + mac}})),
            Signed::good);
}

TEST(TicketTailorHook, R7_AnOrderIsItsBuyersUntilItIsCancelled) {
  const std::string order =
      R"({"id":"wh_2","event":"ORDER.CREATED","payload":{"id":"or_1","status":"completed","created_at":1767225000,)"
      R"("event_summary":{"id":"ev_1"},"buyer_details":{"email":"ben@home.example","phone":null}}})";
  const auto hook = make("ticket_tailor");
  const core::Act act = act_of(hook->read(post(order)));
  EXPECT_TRUE(is_by(act, vault().mail("ben@home.example")));
  EXPECT_EQ(act.told_ms, kNow);
  EXPECT_EQ(said(hook->read(post(with(order, "\"completed\"", "\"pending\"")))),
            "nothing: not completed yet");
  EXPECT_EQ(said(hook->read(post(with(order, "\"completed\"", "\"cancelled\"")))), "back or_1");
  EXPECT_THAT(said(hook->read(post(with(order, "ORDER.CREATED", "EVENT.CREATED")))), StartsWith("nothing"));
}

constexpr const char* kSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

TEST(StandardHook, R7_TellsOfTicketsInWordsOfOurs) {
  const auto hook = make("standard", kSecret);
  const std::string body =
      R"({"type":"convoke.ticket","timestamp":"2026-01-01T00:00:00Z","data":{"order":"o-1","products":["vip"],)"
      R"("mail":"anna@home.example","codes":["T1","T2"]}})";
  const core::Act act = act_of(hook->read(post(body, {{"webhook-id", "msg_1"}})));
  EXPECT_EQ(act.id, "msg_1");
  EXPECT_EQ(act.subject, "o-1");
  EXPECT_EQ(act.who.size(), 3u);
  EXPECT_EQ(said(hook->read(post(with(body, "convoke.ticket", "convoke.ticket.withdrawn")))), "back o-1");
  EXPECT_THAT(said(hook->read(post(with(body, "convoke.ticket", "user.created")))), StartsWith("nothing"));
  EXPECT_THAT(said(hook->read(post(with(body, "\"o-1\"", "\"\"")))),
              StartsWith("400 body.data.order: expected text of 1"));
}

TEST(StandardHook, TakesCloudEventsToo) {
  const auto hook = make("standard", kSecret);
  EXPECT_EQ(
      said(hook->read(post(
          R"({"specversion":"1.0","id":"1","source":"/shop","type":"convoke.ticket","data":{"order":"o-1"}})"))),
      "act o-1");
  EXPECT_THROW(make("standard", "no secret of Standard Webhooks"), std::runtime_error);
}

}  // namespace
}  // namespace convoke::gateways::hooks
