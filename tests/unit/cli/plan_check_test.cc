#include <gmock/gmock.h>

#include "ops/cli/failure.h"
#include "ops/rehearsal/plan_check.h"
#include "ops/rehearsal/plan_words.h"
#include "tests/unit/cli/cli_fixture.h"
#include "topics/rfc3339.h"

namespace convoke::cli {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr const char* kHall = R"(schema = 1
[[plan]]
id = "hall"
name = "The hall"
warn = ["5m"]
[plan.audience]
any = [{ area = "hall", within = "10m" }, { users = ["anna", "ben"] }]
all = [{ attribute = "ticket", equals = "vip" }]
none = [{ attribute = "crew" }]
max = 500
follow = "2m"
[plan.registration]
self = true
until = 2026-06-01T19:00:00Z
[[plan.start]]
on = "occupancy"
area = "hall"
reaches = 10
again = "5m"
[[plan.start]]
on = "schedule"
rule = "FREQ=WEEKLY;BYDAY=FR"
from = "2026-06-05T19:30:00"
zone = "Europe/Berlin"
[plan.start_timing]
delay = "90s"
[[plan.end]]
on = "duration"
after = "45m"
[[plan.end]]
on = "idle"
after = "10m"
[plan.end_timing]
spread = "5m"
)";

TEST_F(CliTest, R5_CheckRefusesTheCallNumbersThatTheServerRefuses) {
  const auto check = [&](const std::string& number) {
    return call(
        {"plan", "check",
         write("line.toml",
               "schema = 1\n[[plan]]\nid = \"line\"\naudience = { all = [{ registered = \"call\" }] }\n"
               "[plan.registration]\ncall = [{ number = \"" +
                   number + "\" }]\n[[plan.end]]\non = \"duration\"\nafter = \"1h\"\n")});
  };
  EXPECT_EQ(check("+4930123456").code, kOk);
  const auto zero = check("+49030123456");
  EXPECT_EQ(zero.code, kFailed);
  EXPECT_THAT(zero.err, HasSubstr("plan(line).registration.call: number: expected +4930123456"));
  EXPECT_THAT(zero.out, Not(HasSubstr("line"))) << "what the server would not take does nothing";
  EXPECT_THAT(check("+999123456").err, HasSubstr("expected a telephone number as +4930123456"));
}

TEST_F(CliTest, CheckSaysWhatEachPlanWillDoAndWhenItWouldNextFire) {
  const auto outcome = call({"plan", "check", write("hall.toml", kHall), "--at", "2026-06-01T12:00:00Z"});
  ASSERT_EQ(outcome.code, kOk) << outcome.err;
  EXPECT_EQ(outcome.out, R"(hall (The hall)
  who         those in hall or left it within 10 minutes or anna or ben; all of them with ticket = vip; nobody with crew
              only who is available then
              at most 500; of more a lot decides
              who comes to qualify later joins; who does not qualify any more leaves after 2 minutes
  registers   users by themselves
              until 2026-06-01T19:00:00Z
  starts      when 10 people are in hall; again 5 minutes after a chat, if it is still so full then
              at times that repeat: FREQ=WEEKLY;BYDAY=FR from 2026-06-05T19:30:00 in Europe/Berlin
              when staff say so
  opens       1 minute 30 seconds after the start event
  ends        45 minutes after the opening
              10 minutes after the last message, or after the opening without one
              when staff say so; whichever comes first
  closes      for one after the other, over 5 minutes
  keeps       30 days after the end, what was said and who was in it
  warns       5 minutes before the end
  next start  2026-06-05T17:30:00Z
)");
}

TEST_F(CliTest, CheckListsEveryErrorAtItsPath) {
  const auto outcome = call({"plan", "check", write("bad.toml", R"(schema = 1
[[plan]]
id = "a"
audience = { max = 0 }
end = [{ on = "duration", after = "soon" }]
[[plan]]
id = "b"
audience = {}
colour = "red"
end = [{ on = "idle", after = "10m" }]
)")});
  EXPECT_EQ(outcome.code, kFailed);
  EXPECT_THAT(outcome.out, IsEmpty());
  for (const char* path :
       {"plan[0](a).audience.max", "plan[0](a).end[0].after", "plan[1](b).colour", "plan[1](b).end:"})
    EXPECT_THAT(outcome.err, HasSubstr(path));
}

TEST_F(CliTest, CheckTellsOfAPlanThatIsOver) {
  const auto outcome =
      call({"plan", "check", "--at", "2026-06-02T00:00:00Z", write("over.json", R"({"schema":1,"plan":[
    {"id":"a","audience":{},"end":[{"on":"set-time","at":"2026-06-01T23:00:00Z"}]}]})"),
            "--json"});
  EXPECT_EQ(outcome.code, kOk) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr(R"("next_start_ms":null,"over":true)"));
}

TEST(PlanWords, EveryKindOfStartAndEndHasSome) {
  const auto checked =
      rehearsal::check_plans(R"({"schema":1,"plan":[{"id":"p","enabled":false,"audience":{"presence":"any",
    "any":[{"registered":true},{"registered":"staff"},{"member_of":"q"},{"users":["a","b","c","d","e","f"]}]},
    "registration":{"call":[{"number":"+4930123","attested":"B"}],"mail":[{"address":"a@b.example","unverified":true}],
                    "ticket":[{"shop":"s","product":"x"}],"from":"2026-06-01T10:00:00.250Z"},
    "start":[{"on":"schedule","at":"2026-06-01T19:30:00Z"},{"on":"occupancy","area":"hall","falls_to":1},{"on":"enter","area":"hall"},
             {"on":"available","user":"host"},{"on":"event","type":"t","source":"s","subject":"x"},
             {"on":"mail","user":"host","to":"a@b.example","subject":"go"},{"on":"mailing","domain":"b.example","list":"l"},
             {"on":"mailing","domain":"b.example","header":{"name":"X-Campaign","equals":"evening"},"subject":"go"}],
    "end":[{"on":"set-time","at":"2026-06-01T23:00:00Z"},{"on":"unavailable","user":"host"},{"on":"empty","area":"hall"},{"on":"empty","area":"bar@club"}],
    "chat":{"announcement_only":true,"slow":"10s","staff":[{"users":["host"]}],"muted":[{"attribute":"guest"}]},"start_timing":{"when_available":"2h"},"end_timing":{"at":"2026-06-02T00:00:00Z"}}]})",
                             true, 0);
  ASSERT_EQ(checked.plans.size(), 1u) << (checked.problems.empty() ? "" : checked.problems[0]);
  std::vector<std::string> says;
  for (const auto& line : checked.plans[0].lines) says.push_back(line.says);
  EXPECT_THAT(
      says,
      testing::IsSupersetOf(
          {"only staff start it",
           "those registered with this plan, registered with this plan by staff, in the open chat of q or "
           "one of 6 listed users",
           "whatever their presence",
           "who calls +4930123, attested as B or better",
           "who writes to a@b.example, vouched for or not",
           "who buys x in s",
           "from 2026-06-01T10:00:00.250Z",
           "at 2026-06-01T19:30:00Z",
           "when hall, where there were more, empties to 1 person",
           "when somebody enters hall",
           "when the last one leaves bar of site club",
           "when host becomes available, or is so when the plan becomes active",
           "on the event t from s about x",
           "on a mail from host to a@b.example with \"go\" in its subject",
           "on a mailing that b.example vouches for, of the list l",
           "on a mailing that b.example vouches for, with the header x-campaign: evening with \"go\" in its "
           "subject",
           "only staff speak",
           "one message of a member in 10 seconds",
           "as staff speak those host",
           "only listen those with guest",
           "for each as soon as they are available, within 2 hours",
           "when the last one leaves hall",
           "when host, who was available during the chat, has not been so for 30 seconds",
           "at 2026-06-02T00:00:00Z, or at once if that has passed"}));
  EXPECT_EQ(checked.plans[0].next_start_ms, std::nullopt);  // disabled
}

}  // namespace
}  // namespace convoke::cli
