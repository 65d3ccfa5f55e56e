#include "ops/rehearsal/plan_words.h"

#include <type_traits>
#include <variant>

#include "topics/rfc3339.h"

namespace convoke::rehearsal {
namespace {

using core::TimeMs;

std::string count(std::uint64_t n, const std::string& one, const std::string& many) {
  return std::to_string(n) + " " + (n == 1 ? one : many);
}

std::string people(std::uint64_t n) { return count(n, "person is", "people are"); }

/// "a, b or c".
std::string joined(const std::vector<std::string>& words, const std::string& last) {
  std::string out;
  for (std::size_t i = 0; i < words.size(); ++i)
    out += (i == 0 ? "" : i + 1 == words.size() ? " " + last + " " : ", ") + words[i];
  return out;
}

template <class Of>
std::string area_of(const Of& of) {
  return of.area.str() + (of.site ? " of site " + of.site.str() : "");
}

struct ConditionWords {
  std::string operator()(const core::InArea& in) const {
    const std::string area = area_of(in);
    if (!in.within_ms) return "in " + area;
    return "in " + area + " or left it within " + duration_in_words(*in.within_ms);
  }
  std::string operator()(const core::OneOf& list) const {
    constexpr std::size_t kNamed = 5;
    if (list.users.size() > kNamed) return "one of " + std::to_string(list.users.size()) + " listed users";
    std::vector<std::string> names;
    for (const auto& user : list.users) names.push_back(user.str());
    return names.empty() ? "one of no users" : joined(names, "or");
  }
  std::string operator()(const core::HasAttribute& has) const {
    return "with " + has.name + (has.equals ? " = " + *has.equals : "");
  }
  std::string operator()(const core::IsRegistered& by) const {
    return "registered with this plan" + (by.source ? " by " + *by.source : "");
  }
  std::string operator()(const core::IsMember& of) const { return "in the open chat of " + of.plan.str(); }
};

std::string conditions(const std::vector<core::Condition>& all, const std::string& last) {
  std::vector<std::string> words;
  for (const auto& condition : all) words.push_back(std::visit(ConditionWords{}, condition));
  return joined(words, last);
}

struct StartWords {
  std::string operator()(const core::OnSchedule& on) const { return "at " + time_in_words(on.at_ms); }
  std::string operator()(const core::OnRecurrence& on) const {
    std::string out = "at times that repeat: " + on.rule + " from " + on.from + " in " + on.zone;
    if (!on.except.empty()) out += ", except on " + joined(on.except, "and");
    return out;
  }
  std::string operator()(const core::OnOccupancy& on) const {
    std::string out = "when " + people(on.reaches) + " in " + area_of(on);
    if (on.again_ms)
      out += "; again " + duration_in_words(*on.again_ms) + " after a chat, if it is still so full then";
    return out;
  }
  std::string operator()(const core::OnEmptying& on) const {
    return "when " + area_of(on) + ", where there were more, empties to " +
           count(on.falls_to, "person", "people");
  }
  std::string operator()(const core::OnEnter& on) const { return "when somebody enters " + area_of(on); }
  std::string operator()(const core::OnAvailable& on) const {
    return "when " + on.user.str() + " becomes available, or is so when the plan becomes active";
  }
  std::string operator()(const core::OnEvent& on) const {
    return "on the event " + on.type + (on.source ? " from " + *on.source : "") +
           (on.subject ? " about " + *on.subject : "");
  }
  std::string operator()(const core::OnMail& on) const {
    return "on a mail from " + on.user.str() + (on.to ? " to " + *on.to : "") + subject(on.subject);
  }
  std::string operator()(const core::OnMailing& on) const {
    return "on a mailing that " + on.domain + " vouches for" + (on.list ? ", of the list " + *on.list : "") +
           (on.header ? ", with the header " + on.header->name + ": " + on.header->equals : "") +
           subject(on.subject);
  }
  static std::string subject(const std::optional<std::string>& text) {
    return text ? " with \"" + *text + "\" in its subject" : "";
  }
};

struct EndWords {
  std::string operator()(const core::AfterDuration& end) const {
    return duration_in_words(end.duration_ms) + " after the opening";
  }
  std::string operator()(const core::AtTime& end) const { return "at " + time_in_words(end.at_ms); }
  std::string operator()(const core::WhenUnavailable& end) const {
    return "when " + end.user.str() + ", who was available during the chat, has not been so for " +
           duration_in_words(end.grace_ms);
  }
  std::string operator()(const core::WhenIdle& end) const {
    return duration_in_words(end.after_ms) + " after the last message, or after the opening without one";
  }
  std::string operator()(const core::WhenEmpty& end) const {
    return "when the last one leaves " + area_of(end);
  }
};

struct TimingWords {
  const char* event;  // "start", "end"
  std::string operator()(const core::AtOnce&) const { return "at once"; }
  std::string operator()(const core::Delayed& timing) const {
    return duration_in_words(timing.by_ms) + " after the " + event + " event";
  }
  std::string operator()(const core::SetTime& timing) const {
    return "at " + time_in_words(timing.at_ms) + ", or at once if that has passed";
  }
  std::string operator()(const core::Spread& timing) const {
    return "for one after the other, over " + duration_in_words(timing.over_ms);
  }
  std::string operator()(const core::NextAvailable& timing) const {
    return "for each as soon as they are available, within " + duration_in_words(timing.within_ms);
  }
};

struct RegistrarWords {
  std::string operator()(const core::ByCall& by) const {
    return "who calls " + by.number +
           (by.attested ? ", attested as " + *by.attested + " or better" : std::string());
  }
  std::string operator()(const core::ByMail& by) const {
    return "who writes to " + by.address + (by.unverified ? ", vouched for or not" : "");
  }
  std::string operator()(const core::ByTicket& by) const {
    return "who buys " + (by.product ? *by.product : "a ticket") + " in " + by.shop;
  }
};

using Lines = std::vector<PlanLine>;

void add_audience(Lines& lines, const core::Plan& plan) {
  const core::Audience& who = plan.audience;
  std::string says = who.any.empty() ? "everybody" : "those " + conditions(who.any, "or");
  if (!who.all.empty()) says += (who.any.empty() ? " " : "; all of them ") + conditions(who.all, "and");
  if (!who.none.empty()) says += "; nobody " + conditions(who.none, "or");
  lines.push_back({"who", says});
  const bool waits = std::holds_alternative<core::NextAvailable>(plan.start_timing);
  if (!who.only_available)
    lines.push_back({"who", "whatever their presence"});
  else if (!waits)
    lines.push_back({"who", "only who is available then"});
  lines.push_back({"who", "at most " + std::to_string(who.max) + "; of more a lot decides"});
  if (who.follow_ms)
    lines.push_back({"who", "who comes to qualify later joins; who does not qualify any more leaves after " +
                                duration_in_words(*who.follow_ms)});
}

void add_registering(Lines& lines, const core::Registering& rules) {
  if (rules.self) lines.push_back({"registers", "users by themselves"});
  for (const auto& by : rules.by) lines.push_back({"registers", std::visit(RegistrarWords{}, by)});
  if (!rules.self && rules.by.empty()) return;
  if (rules.from_ms) lines.push_back({"registers", "from " + time_in_words(*rules.from_ms)});
  if (rules.until_ms) lines.push_back({"registers", "until " + time_in_words(*rules.until_ms)});
}

void add_chat(Lines& lines, const core::ChatDefaults& chat) {
  if (chat.rules.announcement_only) lines.push_back({"chat", "only staff speak"});
  if (chat.rules.slow_ms)
    lines.push_back({"chat", "one message of a member in " + duration_in_words(chat.rules.slow_ms)});
  if (chat.rules.per_minute)
    lines.push_back({"chat", std::to_string(chat.rules.per_minute) + " messages of a member in a minute"});
  if (chat.anonymous) lines.push_back({"chat", "members do not see one another's names"});
  if (!chat.staff.empty()) lines.push_back({"chat", "as staff speak those " + conditions(chat.staff, "or")});
  if (!chat.muted.empty()) lines.push_back({"chat", "only listen those " + conditions(chat.muted, "or")});
}

}  // namespace

std::string duration_in_words(TimeMs ms) {
  constexpr TimeMs kSecond = 1000, kMinute = 60 * kSecond, kHour = 60 * kMinute, kDay = 24 * kHour;
  std::string out;
  const auto add = [&](TimeMs unit, const char* one, const char* many) {
    if (const TimeMs n = ms / unit; n > 0)
      out += (out.empty() ? "" : " ") + count(static_cast<std::uint64_t>(n), one, many);
    ms %= unit;
  };
  add(kDay, "day", "days");
  add(kHour, "hour", "hours");
  add(kMinute, "minute", "minutes");
  add(kSecond, "second", "seconds");
  return out.empty() ? "no time" : out;
}

std::string time_in_words(TimeMs at) {
  std::string text = topics::format_rfc3339(at);
  if (text.ends_with(".000Z")) text.replace(text.size() - 5, 4, "");
  return text;
}

std::vector<PlanLine> in_words(const core::Plan& plan) {
  Lines lines;
  if (!plan.enabled) lines.push_back({"disabled", "only staff start it"});
  add_audience(lines, plan);
  add_registering(lines, plan.registering);
  for (const auto& start : plan.starts) lines.push_back({"starts", std::visit(StartWords{}, start)});
  lines.push_back({"starts", "when staff say so"});
  lines.push_back({"opens", std::visit(TimingWords{"start"}, plan.start_timing)});
  for (const auto& end : plan.ends) lines.push_back({"ends", std::visit(EndWords{}, end)});
  lines.push_back({"ends", "when staff say so; whichever comes first"});
  lines.push_back({"closes", std::visit(TimingWords{"end"}, plan.end_timing)});
  add_chat(lines, plan.chat);
  lines.push_back(
      {"keeps", duration_in_words(plan.keep_ms) + " after the end, what was said and who was in it"});
  std::vector<std::string> warnings;
  for (const TimeMs before : plan.warn_ms) warnings.push_back(duration_in_words(before));
  if (!warnings.empty()) lines.push_back({"warns", joined(warnings, "and") + " before the end"});
  return lines;
}

}  // namespace convoke::rehearsal
