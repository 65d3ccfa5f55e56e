#include "convoke/c_api.h"

#include <cstring>

#include "tests/unit/sdk/broker_world.h"

namespace convoke::sdk {
namespace {

class CApiTest : public BrokerWorld {
 protected:
  static int give_token(void* context, char* token, std::size_t size) {
    const std::string text =
        static_cast<CApiTest*>(context)->tokens.make(topics::Role::terminal, "mia", "phone");
    return std::snprintf(token, size, "%s", text.c_str()) > 0 ? 1 : 0;
  }

  convoke_options c_options() {
    convoke_options o{};
    o.broker = url_.c_str();
    o.site = "demo";
    o.user = "mia";
    o.device = "phone";
    o.token = &give_token;
    o.context = this;
    return o;
  }

  void SetUp() override {
    BrokerWorld::SetUp();
    url_ = broker.url();
  }

  struct Seen {
    std::vector<convoke_event_type> types;
    std::string group;
    std::string text;
  };
  static void note(void* context, const convoke_event* event) {
    auto* seen = static_cast<Seen*>(context);
    seen->types.push_back(event->type);
    if (event->type == CONVOKE_CHAT_STARTED) seen->group = event->group, seen->text = event->text;
  }
  static bool await(convoke_client* client, Seen& seen, convoke_event_type type) {
    for (int i = 0; i < 100; ++i) {
      if (std::find(seen.types.begin(), seen.types.end(), type) != seen.types.end()) return true;
      convoke_poll(client, 100, &note, &seen);
    }
    return false;
  }

  std::string url_;
};

TEST_F(CApiTest, SaysWhichOptionIsNotUsable) {
  convoke_options o = c_options();
  o.user = nullptr;
  char error[200] = "";
  EXPECT_EQ(convoke_create(&o, error, sizeof error), nullptr);
  EXPECT_EQ(std::strncmp(error, "user: expected", 14), 0) << error;
  EXPECT_EQ(convoke_create(&o, nullptr, 0), nullptr);
  EXPECT_EQ(convoke_create(nullptr, nullptr, 0), nullptr);
}

TEST_F(CApiTest, TakesNullForNothing) {
  convoke_open(nullptr);
  convoke_retry_now(nullptr);
  convoke_close(nullptr);
  convoke_set_presence(nullptr, CONVOKE_AWAY);
  EXPECT_EQ(convoke_connected(nullptr), 0);
  EXPECT_EQ(convoke_poll(nullptr, 0, &note, nullptr), 0U);
  const convoke_options o = c_options();
  convoke_client* client = convoke_create(&o, nullptr, 0);
  ASSERT_NE(client, nullptr);
  EXPECT_EQ(convoke_groups(client, nullptr, nullptr), 0U);
  EXPECT_EQ(convoke_buddies(client, nullptr, 0, nullptr, nullptr), 0U);
  EXPECT_EQ(convoke_load_more_buddies(client, nullptr), 0);
  EXPECT_EQ(convoke_request_available(client, nullptr, nullptr, nullptr, 0), 0);
  EXPECT_EQ(convoke_send(client, nullptr, nullptr, nullptr, 0), 0);
  EXPECT_EQ(convoke_leave(client, nullptr), 0);
  EXPECT_EQ(convoke_edit(client, nullptr, nullptr, nullptr, nullptr, 0), 0);
  EXPECT_EQ(convoke_delete_message(client, nullptr, nullptr, nullptr, 0), 0);
  EXPECT_EQ(convoke_report_message(client, nullptr, nullptr, nullptr, nullptr, nullptr, 0), 0);
  convoke_typing(client, nullptr);
  convoke_delivered(client, nullptr, 1, 1);
  convoke_read(nullptr, nullptr, 1, 1);
  EXPECT_EQ(convoke_poll(client, 0, nullptr, nullptr), 0U);
  convoke_destroy(client);
  convoke_destroy(nullptr);
}

TEST_F(CApiTest, LivesThroughTheBeginningOfAChat) {
  const convoke_options o = c_options();
  convoke_client* client = convoke_create(&o, nullptr, 0);
  ASSERT_NE(client, nullptr);
  convoke_open(client);
  Seen seen;
  EXPECT_TRUE(await(client, seen, CONVOKE_CONNECTED));
  EXPECT_EQ(convoke_connected(client), 1);
  EXPECT_EQ(convoke_report_position(client, 0, 52.5, 13.2, -1), 1);
  EXPECT_EQ(convoke_report_position(client, 0, 152.5, 13.2, 8), 0);
  answer<messages::ResumeRequest>(messages::ResumeAnswer{});
  messages::RosterHead head;
  head.group = group_id;
  head.plan = "hall-a";
  head.name = "Hall A";
  head.version = 1;
  server->publish("cv1/demo/u/mia/in", encode(messages::InboxMessage(messages::ChatStart{head})));
  EXPECT_TRUE(await(client, seen, CONVOKE_CHAT_STARTED));
  EXPECT_EQ(seen.group, group_id);
  EXPECT_EQ(seen.text, "Hall A");
  std::string listed;
  const auto list = [](void* context, const convoke_group* group) {
    *static_cast<std::string*>(context) += group->id;
  };
  EXPECT_EQ(convoke_groups(client, list, &listed), 1U);
  EXPECT_EQ(listed, group_id);
  char id[65] = "";
  EXPECT_EQ(convoke_send(client, group_id.c_str(), "hello", id, sizeof id), 1);
  EXPECT_GT(std::strlen(id), 0U);
  EXPECT_EQ(convoke_reply(client, group_id.c_str(), "hello again", id, nullptr, 0), 1);
  EXPECT_EQ(convoke_send(client, "unknown", "hello", nullptr, 0), 0);
  EXPECT_TRUE(await(client, seen, CONVOKE_MESSAGE_SENT));
  convoke_destroy(client);
}

}  // namespace
}  // namespace convoke::sdk
