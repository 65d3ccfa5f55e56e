// Calls: Twilio's, and those of any exchange as CloudEvents.

#include <gmock/gmock.h>

#include "backend/gateways/hooks/form.h"
#include "tests/unit/gateways/hook_world.h"

namespace convoke::gateways::hooks {
namespace {

using test::act_of;
using test::is_by;
using test::kNow;
using test::post;
using test::said;
using test::vault;
using test::with;
using testing::HasSubstr;
using testing::StartsWith;

std::unique_ptr<Hook> twilio(const std::string& url = "https://mycompany.com", const std::string& say = "") {
  return make_hook({.name = "line", .kind = "twilio", .secrets = {"12345"}, .public_url = url, .say = say},
                   vault());
}

constexpr const char* kTarget = "/myapp.php?foo=1&bar=2";
const std::string kForm =
    "CallSid=CA1234567890ABCDE&Digits=1234&From=%2B14158675309&To=%2B18005551212&Caller=%2B14158675309";

Request twilio_post(const std::string& signature, const std::string& form = kForm,
                    const std::string& target = kTarget) {
  return {"POST", target, {{"x-twilio-signature", signature}}, form, kNow};
}

TEST(TwilioHook, FitsThePublishedVectors) {
  EXPECT_EQ(twilio()->verify(twilio_post("RSOYDt4T1cUTdK1PDd93/VVr8B8=")), Signed::good);
  EXPECT_EQ(twilio()->verify(twilio_post("ASOYDt4T1cUTdK1PDd93/VVr8B8=")), Signed::wrong);
  EXPECT_EQ(twilio()->verify(twilio_post("RSOYDt4T1cUTdK1PDd93/VVr8B8=", kForm + "&x=1")), Signed::wrong);
  EXPECT_EQ(twilio("https://other.com")->verify(twilio_post("RSOYDt4T1cUTdK1PDd93/VVr8B8=")), Signed::wrong);
  const std::string twice = "Sid=CA123&SidAccount=AC123&Digits=5678&Digits=1234&Digits=1234";
  EXPECT_EQ(twilio()->verify(twilio_post("IK+Dwps556ElfBT0I3Rgjkr1wJU=", twice)), Signed::good);
}

TEST(TwilioHook, TakesTheUrlWithAndWithoutPort) {
  EXPECT_EQ(twilio()->verify(twilio_post("kvajT1Ptam85bY51eRf/AJRuM3w=")), Signed::good)
      << "signed with :443";
  EXPECT_EQ(twilio("https://mycompany.com:443")->verify(twilio_post("RSOYDt4T1cUTdK1PDd93/VVr8B8=")),
            Signed::good)
      << "signed without";
}

/// What Twilio sends with it. By hand: the encoder is not part of what is tested.
std::string signature_over(const std::string& text) {
  const std::string mac = hmac(Digest::sha1, "12345", text);
  static constexpr char k64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string signature;
  for (std::size_t i = 0; i < mac.size(); i += 3) {
    const unsigned a = static_cast<unsigned char>(mac[i]), b = static_cast<unsigned char>(mac[i + 1]),
                   c = i + 2 < mac.size() ? static_cast<unsigned char>(mac[i + 2]) : 0;
    signature += {k64[a >> 2], k64[(a & 3) << 4 | b >> 4], k64[(b & 15) << 2 | c >> 6],
                  i + 2 < mac.size() ? k64[c & 63] : '='};
  }
  return signature;
}

TEST(TwilioHook, HoldsABodyAgainstItsHashInTheUrl) {
  const std::string body = R"({"a":1})";
  const std::string target = "/hooks/line?bodySHA256=" + sha256_hex(body);
  const std::string signature = signature_over("https://mycompany.com" + target);
  EXPECT_EQ(twilio()->verify(twilio_post(signature, body, target)), Signed::good);
  EXPECT_EQ(twilio()->verify(twilio_post(signature, R"({"a":2})", target)), Signed::wrong);
}

TEST(TwilioHook, TakesTheUrlWithTheUserAndPasswordOfTheConsole) {
  const auto hook = twilio("https://us:pa55@mycompany.com");
  for (const char* seen : {"https://us:pa55@mycompany.com", "https://us:pa55@mycompany.com:443",
                           "https://mycompany.com", "https://mycompany.com:443"})
    EXPECT_EQ(hook->verify(twilio_post(signature_over(seen + std::string("/h") + "a1"), "a=1", "/h")),
              Signed::good)
        << seen;
  for (const char* other : {"https://us@mycompany.com", "https://us", "http://mycompany.com"})
    EXPECT_EQ(hook->verify(twilio_post(signature_over(other + std::string("/h") + "a1"), "a=1", "/h")),
              Signed::wrong)
        << other;
  EXPECT_EQ(twilio("https://us:pa55@mycompany.com:8443")
                ->verify(twilio_post(signature_over("https://us:pa55@mycompany.com/ha1"), "a=1", "/h")),
            Signed::good);
}

TEST(TwilioHook, R5_ACallIsAnActOfItsCaller) {
  const core::Act act = act_of(twilio()->read(
      twilio_post("", kForm + "&Direction=inbound&CallStatus=ringing&StirVerstat=TN-Validation-Passed-A")));
  EXPECT_EQ(act.source, core::kByCall);
  EXPECT_EQ(act.id, "CA1234567890ABCDE");
  EXPECT_EQ(act.to, "+18005551212");
  EXPECT_EQ(act.attested, "A");
  EXPECT_EQ(act.at_ms, kNow);
  EXPECT_TRUE(is_by(act, vault().phone("+14158675309")));
  EXPECT_EQ(act.subject, act.who[0].key);
}

TEST(TwilioHook, R5_OnlyAPassedValidationAttests) {
  const auto attested = [](const std::string& verstat) {
    return act_of(twilio()->read(twilio_post("", kForm + "&StirVerstat=" + verstat))).attested;
  };
  EXPECT_EQ(attested("TN-Validation-Passed-B"), "B");
  EXPECT_EQ(attested("TN-Validation-Passed-C"), "C");
  for (const char* none : {"", "TN-Validation-Failed-A", "TN-Validation-Passed-D", "TN-Validation-Passed-",
                           "No-TN-Validation", "TN-Validation-Passed-AA"})
    EXPECT_EQ(attested(none), "") << none;
}

TEST(TwilioHook, R5_WhoHidesTheirNumberIsNobody) {
  for (const char* hidden :
       {"anonymous", "%2B266696687", "%2B86282452253", "client%3Aanna", "sip%3Aa%40b", ""})
    EXPECT_EQ(
        said(twilio()->read(twilio_post("", std::string("CallSid=CA1&To=%2B4930123456&From=") + hidden))),
        "nothing: an anonymous call")
        << hidden;
  EXPECT_EQ(said(twilio()->read(twilio_post("", kForm + "&Direction=outbound-api"))),
            "nothing: not a call to us");
}

TEST(TwilioHook, AnswersWithTwiMl) {
  EXPECT_THAT(twilio()->thanks().body, HasSubstr("<Response><Reject/></Response>"));
  EXPECT_EQ(twilio()->thanks().content_type, "text/xml");
  EXPECT_THAT(twilio("https://a.example", "You & me <3")->thanks().body,
              HasSubstr("<Response><Say>You &amp; me &lt;3</Say><Hangup/></Response>"));
  EXPECT_THROW(twilio("mycompany.com"), std::runtime_error);
  EXPECT_THROW(twilio("https://mycompany.com/"), std::runtime_error);
}

std::unique_ptr<Hook> cloud_events() {
  return make_hook({.name = "pbx", .kind = "cloudevents", .secrets = {"s"}, .country = "49"}, vault());
}

const std::string kCall =
    R"({"specversion":"1.0","id":"1","source":"/pbx","type":"convoke.call","time":"2026-01-01T00:00:00Z",)"
    R"("data":{"number":"+4930123456","caller":"030 111","attested":"B"}})";

TEST(CloudEventsHook, R5_ACallAsOneJsonObject) {
  const auto hook = cloud_events();
  const std::map<std::string, std::string> type = {
      {"content-type", "application/cloudevents+json; charset=utf-8"}};
  const core::Act act = act_of(hook->read(post(kCall, type)));
  EXPECT_EQ(act.to, "+4930123456");
  EXPECT_EQ(act.attested, "B");
  EXPECT_TRUE(is_by(act, vault().phone("+4930111"))) << "a local number of the country";
  EXPECT_NE(act.id, act_of(hook->read(post(with(kCall, "/pbx", "/pbx2"), type))).id);
  EXPECT_EQ(said(hook->read(post(with(kCall, "030 111", "anonymous"), type))), "nothing: an anonymous call");
  EXPECT_THAT(said(hook->read(post(with(kCall, "\"B\"", "\"D\""), type))),
              StartsWith("400 body.data.attested: expected one of A, B, C"));
  EXPECT_THAT(said(hook->read(post(with(kCall, "\"1.0\"", "\"2.0\""), type))),
              StartsWith("400 body.specversion"));
}

TEST(CloudEventsHook, R5_TheEventMaySayWhoseLocalNumbersItHas) {
  const auto read = [](const std::string& json) {
    return cloud_events()->read(post(json, {{"content-type", "application/cloudevents+json"}}));
  };
  const std::string american =
      with(kCall, "\"caller\":\"030 111\"", R"("caller":"(415) 867-5309","country":"1")");
  EXPECT_TRUE(is_by(act_of(read(american)), vault().phone("+14158675309")));
  EXPECT_TRUE(
      is_by(act_of(read(with(kCall, "\"caller\"", R"("country":"","caller")"))), vault().phone("+4930111")));
  EXPECT_THAT(said(read(with(american, R"("country":"1")", R"("country":"999")"))),
              StartsWith("400 body.data.country: expected"));
}

TEST(CloudEventsHook, TheSameInHeadersAndBody) {
  const auto hook = cloud_events();
  std::map<std::string, std::string> headers = {{"content-type", "application/json"},
                                                {"ce-specversion", "1.0"},
                                                {"ce-id", "1"},
                                                {"ce-source", "%2Fpbx"},
                                                {"ce-type", "convoke.call"},
                                                {"ce-time", "2026-01-01T00:00:00Z"}};
  const std::string data = R"({"number":"+4930123456","caller":"030 111","attested":"B"})";
  const core::Act act = act_of(hook->read(post(data, headers)));
  EXPECT_EQ(act.id, act_of(hook->read(post(kCall, {{"content-type", "application/cloudevents+json"}}))).id);
  EXPECT_EQ(act.at_ms, kNow);
  headers["content-type"] = "text/plain";
  EXPECT_THAT(said(hook->read(post(data, headers))), StartsWith("415"));
  EXPECT_THAT(said(hook->read(post("[]", {{"content-type", "application/cloudevents-batch+json"}}))),
              StartsWith("415"));
}

TEST(CloudEventsHook, ShakesHands) {
  Request options{"OPTIONS", "/hooks/pbx", {{"webhook-request-origin", "shop.example"}}, "", kNow};
  const Reply reply = cloud_events()->handshake(options);
  EXPECT_EQ(reply.headers.at("WebHook-Allowed-Origin"), "*");
  options.headers.clear();
  EXPECT_FALSE(cloud_events()->handshake(options).headers.contains("WebHook-Allowed-Origin"));
}

TEST(Form, ReadsWhatBrowsersAndTwilioWrite) {
  const auto form = parse_form("a=1%2B2&b=x+y&&c&d=%4&e=%zz&a=3");
  ASSERT_TRUE(form);
  EXPECT_EQ(form->size(), 6u);
  EXPECT_EQ(value_of(*form, "a"), "1+2");
  EXPECT_EQ(value_of(*form, "b"), "x y");
  EXPECT_EQ(value_of(*form, "d"), "%4");
  EXPECT_EQ(value_of(*form, "e"), "%zz");
  std::string many;
  for (int i = 0; i < 201; ++i) many += "a=1&";
  EXPECT_FALSE(parse_form(many));
}

}  // namespace
}  // namespace convoke::gateways::hooks
