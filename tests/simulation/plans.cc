#include "tests/simulation/plans.h"

#include <vector>

#include "topics/rfc3339.h"

namespace convoke::simulation {
namespace {

constexpr std::int64_t kBerlinMs = 3'600'000;  // ahead of UTC, in winter

class Drawing {
 public:
  Drawing(Random& random, std::size_t users, std::int64_t now_ms)
      : random_(random), users_(users), now_ms_(now_ms) {}

  std::string audience() {
    std::string text = "[plan.audience]\n";
    if (!random_.percent(1)) {  // else everybody
      text += "any = [" + condition();
      for (std::size_t more = random_.below(3); more > 0; --more) text += ", " + condition();
      text += "]\n";
    }
    if (random_.percent(15)) text += "all = [{ attribute = \"ticket\" }]\n";
    if (random_.percent(15)) text += "none = [{ attribute = \"crew\" }]\n";
    if (random_.percent(40)) text += "presence = \"any\"\n";
    if (random_.percent(50)) text += "max = " + std::to_string(random_.between(1, 25)) + "\n";
    if (random_.percent(40)) text += "follow = \"" + seconds(1, 30) + "\"\n";
    return text;
  }

  std::string registration() {
    std::string text = "[plan.registration]\n";
    if (random_.percent(60)) text += "self = true\n";
    if (random_.percent(30)) text += "call = [{ number = \"+4930000001\" }]\n";
    if (random_.percent(30)) text += "mail = [{ address = \"evening@club.example\" }]\n";
    if (random_.percent(20))
      text += "ticket = [{ shop = \"main\", product = \"vip\" }]\n";
    else if (random_.percent(20))
      text += "ticket = [{ shop = \"main\" }]\n";
    if (random_.percent(20)) text += "until = " + time(5'000, 120'000);
    return text;
  }

  std::string chat() {
    if (random_.percent(70)) return "";
    std::string text = "[plan.chat]\nper_minute = " + number(2, 30);
    if (random_.percent(30)) text += "slow = \"" + seconds(1, 8) + "\"\n";
    if (random_.percent(30)) text += "staff = [{ attribute = \"crew\" }]\n";
    return text;
  }

  std::string start() {
    const std::string head = "[[plan.start]]\n";
    switch (random_.below(10)) {
      case 0: {
        const std::string again = random_.percent(50) ? "again = \"" + seconds(5, 60) + "\"\n" : "";
        return head + "on = \"occupancy\"\n" + in_area() + "reaches = " + number(1, 8) + again;
      }
      case 1:
        return head + "on = \"occupancy\"\n" + in_area() + "falls_to = " + number(0, 3);
      case 2:
        return head + "on = \"enter\"\n" + in_area();
      case 3:
        return head + "on = \"available\"\nuser = \"" + user() + "\"\n";
      case 4:
        return head + "on = \"schedule\"\nat = " + time(5'000, 200'000);
      case 5:
        return head + "on = \"schedule\"\n" + repeating();
      case 6:
        return head + "on = \"event\"\ntype = \"convoke.call\"\n";
      case 7:
        return head + "on = \"mail\"\nuser = \"" + user() + "\"\nsubject = \"start\"\n";
      case 8:
        return head + "on = \"mailing\"\ndomain = \"club.example\"\nsubject = \"tonight\"\n";
      default:
        return head + "on = \"event\"\ntype = \"doors\"\n";
    }
  }

  std::string start_timing() {
    const std::string head = "[plan.start_timing]\n";
    switch (random_.below(8)) {
      case 0:
        return head + "delay = \"" + seconds(1, 60) + "\"\n";
      case 1:
        return head + "at = " + time(0, 120'000);
      case 2:
        return head + "spread = \"" + seconds(5, 60) + "\"\n";
      case 3:
        return head + "when_available = \"" + seconds(20, 180) + "\"\n";
      default:
        return "";
    }
  }

  std::string ends() {
    std::string text = "[[plan.end]]\non = \"duration\"\nafter = \"" + seconds(20, 400) + "\"\n";
    if (random_.percent(15)) text += "[[plan.end]]\non = \"set-time\"\nat = " + time(10'000, 300'000);
    if (random_.percent(20))
      text += "[[plan.end]]\non = \"unavailable\"\nuser = \"" + user() + "\"\ngrace = \"" + seconds(1, 40) +
              "\"\n";
    if (random_.percent(20)) text += "[[plan.end]]\non = \"idle\"\nafter = \"" + seconds(20, 120) + "\"\n";
    if (random_.percent(20)) text += "[[plan.end]]\non = \"empty\"\n" + in_area();
    return text;
  }

  std::string end_timing() {
    const std::string head = "[plan.end_timing]\n";
    switch (random_.below(6)) {
      case 0:
        return head + "delay = \"" + seconds(1, 40) + "\"\n";
      case 1:
        return head + "at = " + time(0, 200'000);
      case 2:
        return head + "spread = \"" + seconds(5, 60) + "\"\n";
      default:
        return "";
    }
  }

 private:
  /// On the clocks of Berlin, every few minutes of one day.
  std::string repeating() {
    std::string minutes = std::to_string(random_.below(3));
    for (int minute = 3; minute < 60; minute += 3) minutes += "," + std::to_string(minute);
    std::string from = topics::format_rfc3339(now_ms_ - now_ms_ % 60'000 + kBerlinMs).substr(0, 17) + "00";
    return "rule = \"FREQ=DAILY;BYMINUTE=" + minutes + "\"\nfrom = \"" + from +
           "\"\nzone = \"Europe/Berlin\"\n";
  }
  std::string condition() {
    switch (random_.below(7)) {
      case 0:
        return "{ area = \"" + area() + "\", within = \"" + seconds(10, 90) + "\" }";
      case 1: {
        std::string text = "{ users = [\"" + user() + "\"";
        for (std::size_t more = random_.below(12); more > 0; --more) text += ", \"" + user() + "\"";
        return text + "] }";
      }
      case 2:
        return "{ registered = true }";
      case 3:
        return "{ registered = \"self\" }";
      case 4:
        return "{ member_of = \"p" + std::to_string(random_.below(6)) + "\" }";
      default:
        return "{ area = \"" + area() + "\" }";
    }
  }
  std::string area() { return "a" + std::to_string(random_.below(kAreas)); }
  std::string in_area() { return "area = \"" + area() + "\"\n"; }
  std::string user() { return "u" + std::to_string(random_.below(users_)); }
  std::string number(std::int64_t from, std::int64_t to) {
    return std::to_string(random_.between(from, to)) + "\n";
  }
  std::string seconds(std::int64_t from, std::int64_t to) {
    return std::to_string(random_.between(from, to)) + "s";
  }
  std::string time(std::int64_t from, std::int64_t to) {
    return topics::format_rfc3339(now_ms_ + random_.between(from, to)) + "\n";
  }

  Random& random_;
  std::size_t users_;
  std::int64_t now_ms_;
};

}  // namespace

std::string draw_plan(Random& random, const std::string& id, std::size_t users, std::int64_t now_ms,
                      bool enabled) {
  Drawing draw(random, users, now_ms);
  std::string text =
      "schema = 1\n[[plan]]\nid = \"" + id + "\"\nenabled = " + (enabled ? "true" : "false") + "\n";
  if (random.percent(30)) text += "keep = \"" + std::to_string(random.between(5, 100)) + "s\"\n";
  if (random.percent(20)) text += "warn = [\"30s\", \"5s\"]\n";
  text += draw.audience();
  text += draw.registration() + draw.chat();
  for (std::size_t starts = random.below(3); starts > 0; --starts) text += draw.start();
  return text + draw.start_timing() + draw.ends() + draw.end_timing();
}

}  // namespace convoke::simulation
