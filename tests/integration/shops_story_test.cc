// Each kind of shop, end to end: it tells of a purchase, the registration says by what, the plan starts, and
// the buyer's phone has the buddy list.

#include <thread>

#include "tests/integration/hook_story.h"

namespace convoke::test {
namespace {

using gateways::hooks::Digest;
using gateways::hooks::hmac;
using testing::HasSubstr;
using testing::Not;

struct Shop {
  const char* name;
  const char* proof;  // what the registration says
};

class ShopStory : public HookStory, public testing::WithParamInterface<Shop> {
 protected:
  int shopify() {
    const std::string body =
        R"({"id":450789469,"email":"u0@home.example","phone":null,"financial_status":"paid","created_at":")" +
        now + R"(","processed_at":")" + now + R"(","updated_at":")" + now +
        R"(","cancelled_at":null,"line_items":[{"sku":"VIP","product_id":7}]})";
    return sends("shopify", {{"X-Shopify-Hmac-SHA256", base64(hmac(Digest::sha256, kSharedSecret, body))}},
                 body);
  }
  int tailor() {
    const std::string body =
        R"({"id":"wh_1","event":"ISSUED_TICKET.CREATED","payload":{"id":"it_1","status":"valid","barcode":"ef4",)"
        R"("email":"u0@home.example","event_id":"ev_1","ticket_type_id":"tt_1","created_at":)" +
        now_s + R"(,"updated_at":)" + now_s + "}}";
    const std::string mac = hex(hmac(Digest::sha256, kSharedSecret, now_s + body));
    return sends("tailor", {{"Tickettailor-Webhook-Signature", "t=" + now_s + ",v1=" + mac}}, body);
  }
  int standard() {
    const std::string body = R"({"type":"convoke.ticket","timestamp":")" + now +
                             R"(","data":{"order":"o-1","mail":"u0@home.example"}})";
    const std::string key = gateways::hooks::decode_base64(std::string(kStandardSecret).substr(6)).value();
    const std::string mac = base64(hmac(Digest::sha256, key, "msg_1." + now_s + "." + body));
    return sends("standard",
                 {{"webhook-id", "msg_1"}, {"webhook-timestamp", now_s}, {"webhook-signature", "v1," + mac}},
                 body);
  }
  int cloud() {
    return sends("cloud", {{"Authorization", std::string("Bearer ") + kSharedSecret}},
                 R"({"specversion":"1.0","id":"1","source":"/shop","type":"convoke.ticket",)"
                 R"("data":{"order":"o-1","mail":"u0@home.example"}})",
                 "application/cloudevents+json");
  }
  int eventbrite() {
    httplib::Server shop;
    shop.Get("/orders/987/", [this](const httplib::Request& in, httplib::Response& out) {
      if (in.get_header_value("Authorization") != "Bearer s3cret") return void(out.status = 401);
      out.set_content(R"({"id":"987","status":"placed","created":")" + now + R"(","changed":")" + now +
                          R"(","email":"u0@home.example","event_id":"55","attendees":[]})",
                      "application/json");
    });
    EXPECT_TRUE(shop.bind_to_port("127.0.0.1", shop_port));
    std::thread serving([&] { shop.listen_after_bind(); });
    const int status = sends("eventbrite", {},
                             R"({"config":{"action":"order.placed"},"api_url":"http://127.0.0.1:)" +
                                 std::to_string(shop_port) + R"(/orders/987/"})");
    shop.stop();
    serving.join();
    return status;
  }
  int tells_of_the_purchase() {
    const std::string name = GetParam().name;
    if (name == "shopify") return shopify();
    if (name == "tailor") return tailor();
    if (name == "standard") return standard();
    return name == "cloud" ? cloud() : eventbrite();
  }

  const std::int64_t now_ms = in_ms(0);
  const std::string now = topics::format_rfc3339(now_ms), now_s = std::to_string(now_ms / 1000);
};

TEST_P(ShopStory, R7_R23_WhoBuysThereIsInTheChatAndNamedNowhere) {
  plan("ticket", std::string("ticket = [{ shop = \"") + GetParam().name + "\" }]");
  for (int i = 0; i < 2; ++i)
    proves("user" + std::to_string(i), "mail", "u" + std::to_string(i) + "@home.example");
  ASSERT_EQ(tells_of_the_purchase(), 200) << server.log();
  EXPECT_THAT(registrations(), HasSubstr(std::string(R"("user":"user0","by":[{"source":"ticket","proof":")") +
                                         GetParam().proof + "\""));
  EXPECT_EQ(total(), "1");
  press_start();
  wait_for_list({0}, {"user0"});
  for (const int i : {1, 2, 3}) EXPECT_TRUE(phones[i].started.empty()) << phones.stories();
  EXPECT_THAT(way.carried(), HasSubstr("user0")) << "what is said to the broker";
  for (const std::string& text : {server.log(), broker.log(), way.carried()})
    EXPECT_THAT(text, Not(HasSubstr("home.example")));
}

INSTANTIATE_TEST_SUITE_P(Every, ShopStory,
                         testing::Values(Shop{"shopify", "shopify: paid"},
                                         Shop{"tailor", "ticket tailor: ticket valid"},
                                         Shop{"standard", "bought"}, Shop{"cloud", "bought"},
                                         Shop{"eventbrite", "eventbrite: placed"}),
                         [](const auto& shop) { return std::string(shop.param.name); });

}  // namespace
}  // namespace convoke::test
