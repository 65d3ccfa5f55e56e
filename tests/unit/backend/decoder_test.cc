#include "backend/ingress/decoder.h"

#include <gtest/gtest.h>

#include "backend/core/organizer.h"
#include "tests/support/core_world.h"

namespace convoke::ingress {
namespace {

using test::CoreWorld;

class DecoderOf : public testing::Test {
 protected:
  void deliver(const std::string& topic, const std::string& payload,
               std::optional<messages::Stamp> stamp = {}) {
    w.step([&](core::Engine&, core::Context& ctx) {
      decoder.handle(*topics::parse_topic(topic), {topic, payload, "corr", stamp}, w.now, ctx);
    });
  }
  /// The error code and detail of the answer on the device's response topic.
  std::string refusal() {
    for (const auto& out : w.fx.out)
      if (auto* p = std::get_if<core::Publish>(&out); p && p->topic == "cv1/demo/u/anna/phone/res") {
        EXPECT_EQ(p->correlation, "corr");
        return std::get<messages::RequestError>(messages::decode_response(p->payload)->result).detail;
      }
    return {};
  }
  std::uint64_t count(const std::string& reason) {
    auto it = decoder.rejects().counts().find(reason);
    return it == decoder.rejects().counts().end() ? 0 : it->second;
  }
  CoreWorld w;
  std::vector<std::string> log;
  Decoder decoder{w.engine, [this](const std::string& line) { log.push_back(line); }};
};

constexpr const char* kPos = "cv1/demo/u/anna/phone/pos";

TEST_F(DecoderOf, TakesGoodInput) {
  deliver(kPos, R"({"fixes":[{"t":1767225600000,"lat":50,"lon":10}]})");
  deliver("cv1/demo/u/anna/phone/presence", R"({"state":"available","n":1767225600000})");
  EXPECT_TRUE(w.engine.tracker().last("anna"));
  EXPECT_EQ(w.engine.state().user(topics::UserId::parse("anna"))->presence,
            messages::PresenceState::available);
  EXPECT_TRUE(decoder.rejects().counts().empty());
}

TEST_F(DecoderOf, TakesAnOwnTracksLocation) {
  deliver("owntracks/anna/pixel", R"({"_type":"location","tst":1767225600,"lat":50,"lon":10})");
  deliver("owntracks/ben/pixel/event", R"({"_type":"transition"})");
  EXPECT_TRUE(w.engine.tracker().last("anna"));
  EXPECT_FALSE(w.engine.tracker().last("ben"));
  EXPECT_TRUE(decoder.rejects().counts().empty());
  deliver("owntracks/ben/pixel", R"({"_type":"location","tst":1767225600,"lat":95,"lon":10})");
  EXPECT_EQ(count("owntracks"), 1u);
  deliver("owntracks/ben/pixel", R"({"_type":"location","tst":1767226500,"lat":50,"lon":10})");
  EXPECT_EQ(count("position-in-future"), 1u);
  EXPECT_FALSE(w.engine.tracker().last("ben"));
}

TEST_F(DecoderOf, RefusesBrokenInputWithTheFieldAndChangesNothing) {
  deliver(kPos, R"({"fixes":[{"t":1767225600000,"lat":91,"lon":10}]})");
  EXPECT_NE(refusal().find("fixes[0].lat"), std::string::npos) << refusal();
  deliver(kPos, "\xff\xfe");
  deliver(kPos, std::string(70'000, 'x'));
  EXPECT_EQ(count("position"), 3u);
  deliver("cv1/demo/u/anna/phone/presence", "{}");
  EXPECT_EQ(count("presence"), 1u);
  deliver("cv1/demo/u/anna/phone/req", R"({"id":"7","op":"dance"})");
  EXPECT_EQ(count("request"), 1u);
  EXPECT_TRUE(w.engine.state().users.empty());
}

TEST_F(DecoderOf, RefusesTimesFromTheFutureAndTheDistantPast) {
  deliver(kPos, R"({"fixes":[{"t":1767225600000,"lat":50,"lon":10},{"t":1767226500000,"lat":50,"lon":10}]})");
  EXPECT_EQ(count("position-in-future"), 1u);
  deliver(kPos, R"({"fixes":[{"t":1766000000000,"lat":50,"lon":10}]})");
  EXPECT_EQ(count("position-too-old"), 1u);
  deliver("cv1/demo/u/anna/phone/presence", R"({"state":"available","n":1767229200000})");
  EXPECT_EQ(count("presence-in-future"), 1u);
  EXPECT_TRUE(w.engine.state().users.empty());
}

TEST_F(DecoderOf, LogsOnceForEachSenderAndMinuteWithoutThePayload) {
  for (int i = 0; i < 100; ++i) deliver(kPos, "secret words");
  EXPECT_EQ(log.size(), 1u);
  EXPECT_EQ(log[0].find("secret"), std::string::npos);
  w.now += 60'000;
  deliver(kPos, "x");
  EXPECT_EQ(log.size(), 2u);
}

TEST_F(DecoderOf, IgnoresChatWithoutAStampAndCountsAnUnreadableOneAsSeen) {
  w.plan(
      "[[plan]]\nid = \"p\"\naudience = { presence = \"any\", any = [{ users = [\"anna\"] }] "
      "}\n[[plan.end]]\non = \"duration\"\nafter = \"1h\"\n");
  w.available("anna");
  w.step([](core::Engine& e, core::Context& ctx) {
    core::start_group(e.state(), e.state().plans.begin()->second, "x", "", ctx);
  });
  const std::string topic = "cv1/demo/g/" + w.group().id.str() + "/chat/anna";
  deliver(topic, R"({"id":"m1","type":"text","text":"hi"})");
  EXPECT_EQ(count("chat-without-stamp"), 1u);
  EXPECT_EQ(w.group().archive.upto, 0u);
  deliver(topic, "{}", messages::Stamp{"demo", 1, 1, 0});
  EXPECT_EQ(w.group().archive.upto, 1u);
  EXPECT_TRUE(w.fx.archive.empty());
  deliver(topic, R"({"id":"m2","type":"text","text":"hi"})", messages::Stamp{"demo", 1, 2, 0});
  EXPECT_EQ(w.fx.archive.size(), 1u);
}

TEST_F(DecoderOf, RequestAnswersCarryTheReadableId) {
  deliver("cv1/demo/u/anna/phone/req", R"({"id":"42","op":"page"})");
  const auto& p = std::get<core::Publish>(w.fx.out.at(0));
  EXPECT_EQ(messages::decode_response(p.payload)->id, "42");
}

TEST_F(DecoderOf, R1_TakesCloudEventsAndRefusesOthers) {
  w.plan(
      "[[plan]]\nid = \"p\"\naudience = { any = [{ users = [\"anna\"] }] }\n[[plan.start]]\non = "
      "\"event\"\ntype = \"doors.open\"\n"
      "[[plan.end]]\non = \"duration\"\nafter = \"1h\"\n");
  w.available("anna");
  const std::string topic = "cv1/demo/staff/gate/west/event";
  deliver(topic, R"({"specversion":"0.3","id":"1","source":"/gate","type":"doors.open"})");
  deliver(topic, R"({"specversion":"1.0","id":"1","type":"doors.open"})");
  deliver(topic, R"({"temperature":21})");
  EXPECT_EQ(count("event"), 3U);
  EXPECT_EQ(w.live_groups(), 0U);
  const std::string event =
      R"({"specversion":"1.0","id":"1","source":"/gate","type":"doors.open","data":{"n":1},"time":"2026-06-01T10:00:00Z"})";
  deliver(topic, event);
  deliver(topic, event);
  EXPECT_EQ(w.live_groups(), 1U);
  EXPECT_EQ(w.group().reasons.size(), 1U) << "the same event counts once";
}

TEST_F(DecoderOf, R1_AnswersAnEventWhereTheSenderAsksForIt) {
  const auto answer = [&](const std::string& more) {
    deliver("cv1/demo/staff/sip/main/event",
            R"({"specversion":"1.0","id":"1","type":"doors.open")" + more + "}");
    if (w.fx.out.empty()) return std::string("none");
    const auto& p = std::get<core::Publish>(w.fx.out.at(0));
    EXPECT_EQ(p.topic, "cv1/demo/staff/sip/main/res");
    EXPECT_EQ(p.correlation, "corr");
    return p.payload;
  };
  EXPECT_EQ(answer(R"(,"source":"/gate")"), "none");
  EXPECT_EQ(answer(R"(,"source":"/gate","answerid":"a b")"), "none") << "no id";
  EXPECT_EQ(answer(R"(,"source":"/gate","answerid":"12.34")"), R"({"id":"12.34","status":200,"body":{}})");
  const std::string refused = answer(R"(,"answerid":"12.35")");
  EXPECT_EQ(
      refused.find(R"({"id":"12.35","status":400,"body":{"error":{"code":"bad-request","detail":"source: )"),
      0u)
      << refused;
}

}  // namespace
}  // namespace convoke::ingress
