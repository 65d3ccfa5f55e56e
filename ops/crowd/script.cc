#include "ops/crowd/script.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <string_view>

#include "topics/messages/json_reader.h"

namespace convoke::crowd {
namespace {

constexpr double kLastS = 86'400;
constexpr std::array<std::string_view, 10> kDeeds = {"go",        "stop", "walk", "say",     "leave",
                                                     "available", "away", "busy", "offline", "online"};

std::optional<Deed> parse_deed(std::string_view word) {
  for (std::size_t i = 0; i < kDeeds.size(); ++i)
    if (kDeeds[i] == word) return static_cast<Deed>(i);
  return std::nullopt;
}

struct Range {
  std::size_t first = 0, last = 0;
};

/// "*", "7" or "7-9", out of 1 to `phones`.
std::optional<Range> parse_phones(std::string_view text, std::size_t phones) {
  if (text == "*") return Range{1, phones};
  const char* const end = text.data() + text.size();
  Range range;
  auto read = std::from_chars(text.data(), end, range.first);
  range.last = range.first;
  if (read.ec == std::errc() && read.ptr != end && *read.ptr == '-')
    read = std::from_chars(read.ptr + 1, end, range.last);
  if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
  if (range.first < 1 || range.first > range.last || range.last > phones) return std::nullopt;
  return range;
}

std::optional<std::size_t> find_place(std::string_view id, const Venue& venue) {
  for (std::size_t i = 0; i < venue.size(); ++i)
    if (venue.id(i) == id) return i;
  return std::nullopt;
}

/// A key that nobody reads is a slip of the pen.
void refuse_other_keys(const messages::Field& line, Deed deed) {
  constexpr std::size_t kManyKeys = 64;
  line.each_member(kManyKeys, [&](const std::string& key, const messages::Field&) {
    const bool known = key == "at_s" || key == "phones" || key == "do" ||
                       (key == "area" && deed == Deed::go) || (key == "text" && deed == Deed::say);
    if (!known)
      line[key].fail(fmt::format("no such key with \"{}\"", kDeeds[static_cast<std::size_t>(deed)]));
  });
}

Step read_step(const messages::Field& line, std::size_t phones, const Venue& venue) {
  Step step;
  step.at_ms = std::llround(line["at_s"].number(0, kLastS) * 1000);
  const std::string numbers =
      fmt::format(R"("*", or one or two numbers from 1 to {} as in "3" or "1-3")", phones);
  const Range range = line["phones"].choice(
      [phones](std::string_view text) { return parse_phones(text, phones); }, numbers.c_str());
  step.first = range.first;
  step.last = range.last;
  const std::string words = fmt::format("one of {}", fmt::join(kDeeds, ", "));
  step.deed = line["do"].choice(parse_deed, words.c_str());
  if (step.deed == Deed::go)
    step.place = line["area"].choice([&venue](std::string_view id) { return find_place(id, venue); },
                                     "the id of an area in the file of --areas");
  if (step.deed == Deed::say) step.text = line["text"].text(1, messages::kMaxTextBytes);
  refuse_other_keys(line, step.deed);
  return step;
}

std::string where(const messages::Error& error) {
  return error.field.empty() ? std::string() : ", key " + error.field;
}

}  // namespace

std::vector<Step> parse_script(const std::string& name, std::string_view bytes, std::size_t phones,
                               const Venue& venue) {
  if (bytes.size() > kMaxScriptBytes)
    throw std::runtime_error(fmt::format("{}: expected at most {} bytes", name, kMaxScriptBytes));
  std::vector<Step> steps;
  for (std::size_t number = 1; !bytes.empty(); ++number) {
    const std::string_view line = bytes.substr(0, bytes.find('\n'));
    bytes.remove_prefix(std::min(line.size() + 1, bytes.size()));
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    if (steps.size() == kMaxSteps)
      throw std::runtime_error(
          fmt::format("{}: line {}: expected at most {} steps", name, number, kMaxSteps));
    messages::JsonReader reader(line);
    const auto step = reader.finish(read_step(reader.root(), phones, venue));
    if (!step)
      throw std::runtime_error(fmt::format("{}: line {}{}: expected {}", name, number, where(step.error()),
                                           step.error().expected));
    steps.push_back(*step);
  }
  if (steps.empty()) throw std::runtime_error(name + ": expected at least one step");
  return steps;
}

std::vector<Step> load_script(const std::string& path, std::size_t phones, const Venue& venue) {
  std::ifstream in(path, std::ios::binary);
  std::string bytes(kMaxScriptBytes + 1, '\0');  // one more than may be there
  in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (!in.is_open() || in.bad()) throw std::runtime_error(path + ": cannot be read");
  bytes.resize(static_cast<std::size_t>(in.gcount()));
  return parse_script(path, bytes, phones, venue);
}

}  // namespace convoke::crowd
