#include "ops/cli/story.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "ops/cli/fields.h"
#include "ops/cli/text.h"

namespace convoke::cli {
namespace {

std::string text(const boost::json::value& event, std::string_view key) {
  return printable(show(field(event, key)));
}

std::string name_or_id(const std::map<std::string, std::string>& names, const std::string& id) {
  const auto found = names.find(id);
  return found == names.end() ? id : found->second;
}

}  // namespace

void Story::learn_areas(const boost::json::value& answer) {
  for (const auto& feature : list(answer, "features")) {
    const std::string name = text(field(feature, "properties"), "name");
    if (!name.empty()) area_names_[text(feature, "id")] = name;
  }
}

void Story::learn_groups(const boost::json::value& answer) {
  for (const auto& group : list(answer, "groups")) {
    const std::string name = text(group, "name");
    if (!name.empty()) group_names_[text(group, "group")] = name;
  }
}

std::vector<std::string> Story::tell(const boost::json::value& event, std::int64_t elapsed_ms) {
  std::vector<std::string> lines;
  if (elapsed_ms / 1000 != second_) flush_moves(elapsed_ms, lines);
  const std::string type = text(event, "type");
  const auto say = [&](Tone tone, const std::string& sentence) {
    lines.push_back(line(elapsed_ms, tone, sentence));
  };
  if (type == "transition") {
    const std::string sentence = transition(event);
    if (!sentence.empty()) say(Tone::quiet, sentence);
  } else if (type == "start") {
    group_names_[text(event, "group")] = text(event, text(event, "name").empty() ? "plan" : "name");
    say(Tone::good, fmt::format("plan {} fired: {} → {} buddies", text(event, "plan"), text(event, "reasons"),
                                text(event, "members")));
  } else if (type == "no-members") {
    say(Tone::plain, fmt::format("plan {}: {}, but nobody of its audience is available", text(event, "plan"),
                                 text(event, "reason")));
  } else if (type == "holding") {
    say(Tone::good, fmt::format("{}: {} of {} phones hold the list (version {})", group_name(event),
                                text(event, "holding"), text(event, "members"), text(event, "version")));
  } else if (type == "chat") {
    const std::string sentence = chat(event, elapsed_ms);
    if (!sentence.empty()) say(Tone::plain, sentence);
  } else if (type == "change") {
    say(Tone::plain,
        fmt::format("{}: the list changes: {} members, {} available (version {})", group_name(event),
                    text(event, "members"), text(event, "available"), text(event, "version")));
  } else if (type == "end") {
    say(Tone::end, fmt::format("{}: the chat ends ({})", group_name(event), text(event, "reason")));
  } else if (type == "retired") {
    say(Tone::end, fmt::format("{}: topics retired, closed for ever", group_name(event)));
    group_names_.erase(text(event, "group"));
    chat_told_.erase(text(event, "group"));
  } else if (type == "lost") {
    say(Tone::plain, "(too much at once: some events are left out)");
  } else if (type == "hello") {
    say(Tone::quiet,
        fmt::format("watching site {} (server {})", text(event, "site"), text(event, "version")));
  }
  return lines;
}

std::string Story::transition(const boost::json::value& event) {
  const std::string kind = text(event, "transition");
  const bool enters = kind == "enter";
  if (told_ == kMovesPerSecond) {
    if (kind != "pass_through") ++(enters ? entered_ : left_);
    return {};
  }
  ++told_;
  const char* const does = enters ? "enters" : kind == "pass_through" ? "passes through" : "leaves";
  std::string sentence = fmt::format("{} {} {}", text(event, "user"), does, area_name(event));
  if (const auto& inside = field(event, "inside"); !inside.is_null())
    sentence += fmt::format(" ({} inside)", show(inside));
  const std::string reason = text(event, "reason");
  if (!reason.empty() && reason != "position") sentence += " [" + reason + "]";
  return sentence;
}

std::string Story::chat(const boost::json::value& event, std::int64_t elapsed_ms) {
  const auto [told, first] = chat_told_.try_emplace(text(event, "group"), elapsed_ms);
  if (!first && elapsed_ms < told->second + kChatEveryMs) return {};
  told->second = elapsed_ms;
  return fmt::format("{}: {} messages so far", group_name(event), text(event, "messages"));
}

void Story::flush_moves(std::int64_t elapsed_ms, std::vector<std::string>& lines) {
  if (entered_ + left_ > 0) {
    std::string moves = entered_ > 0 ? fmt::format("{} more enter", entered_) : "";
    if (left_ > 0) moves += fmt::format("{}{} more leave", moves.empty() ? "" : ", ", left_);
    lines.push_back(line(second_ * 1000 + 999, Tone::quiet, "… and " + moves));
  }
  second_ = elapsed_ms / 1000;
  told_ = entered_ = left_ = 0;
}

std::string Story::line(std::int64_t elapsed_ms, Tone tone, const std::string& sentence) const {
  const std::string at = fmt::format("{:>7.1f} s  ", static_cast<double>(elapsed_ms) / 1000.0);
  if (!colour_ || tone == Tone::plain) return at + sentence;
  const char* code = tone == Tone::quiet ? "2" : tone == Tone::good ? "32" : "33";
  return fmt::format("{}\x1b[{}m{}\x1b[0m", at, code, sentence);
}

std::string Story::area_name(const boost::json::value& event) const {
  return name_or_id(area_names_, text(event, "area"));
}

std::string Story::group_name(const boost::json::value& event) const {
  const std::string id = text(event, "group");
  const auto found = group_names_.find(id);
  return found == group_names_.end() ? "group " + id.substr(0, 8) : found->second;
}

}  // namespace convoke::cli
