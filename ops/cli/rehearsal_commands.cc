#include <boost/json.hpp>
#include <chrono>

#include "ops/cli/context.h"
#include "ops/cli/failure.h"
#include "ops/cli/files.h"
#include "ops/cli/text.h"
#include "ops/rehearsal/plan_check.h"
#include "topics/rfc3339.h"

namespace convoke::cli {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxPlanBytes = 1 << 20;  // the server's bound

std::int64_t now_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

bool is_json(const std::string& file) { return file.size() > 5 && file.substr(file.size() - 5) == ".json"; }

const CLI::Validator kTime(
    [](std::string& text) {
      return topics::parse_rfc3339(text) ? "" : "expected a time with offset, as 2026-06-01T19:30:00Z";
    },
    "TIME");

json::object to_json(const rehearsal::CheckedPlan& plan) {
  json::array lines;
  for (const auto& line : plan.lines) lines.push_back({{"part", line.part}, {"says", line.says}});
  const json::value next = plan.next_start_ms ? json::value(*plan.next_start_ms) : json::value(nullptr);
  return {{"plan", plan.id},
          {"name", plan.name},
          {"says", std::move(lines)},
          {"next_start_ms", next},
          {"over", plan.over}};
}

void print(std::ostream& out, const rehearsal::CheckedPlan& plan) {
  constexpr std::size_t kColumn = 12;
  out << plan.id << (plan.name == plan.id ? "" : " (" + printable(plan.name) + ")") << '\n';
  const auto line = [&](std::string part, const std::string& says) {
    part.resize(kColumn, ' ');
    out << "  " << part << printable(says) << '\n';
  };
  std::string before;
  for (const auto& [part, says] : plan.lines) {
    line(part == before ? "" : part, says);
    before = part;
  }
  line("next start", plan.next_start_ms ? format_time(*plan.next_start_ms) : "at no set time");
  if (plan.over) line("note", "a set-time end has passed: it starts no chat");
}

void check(const Context& context, const std::string& file, const std::string& at) {
  const std::int64_t now = at.empty() ? now_ms() : *topics::parse_rfc3339(at);
  const auto checked = rehearsal::check_plans(read_file(file, kMaxPlanBytes), is_json(file), now);
  json::array plans;
  for (const auto& plan : checked.plans) plans.push_back(to_json(plan));
  if (context.json)
    context.print_json({{"plans", std::move(plans)}, {"problems", json::value_from(checked.problems)}});
  else
    for (const auto& plan : checked.plans) print(context.out, plan);
  if (checked.problems.empty()) return;
  std::string all = file + " has problems";
  for (const auto& problem : checked.problems) all += "\n  " + printable(problem);
  throw Failure(kFailed, all);
}

void add_check(CLI::App& plan, Context& context) {
  struct Options {
    std::string file, at;
  };
  auto* command =
      plan.add_subcommand("check", "Say what the plans of a file will do, or all that is wrong with it");
  command->footer("Needs no server. Example:\n  convokectl plan check plans.toml");
  auto options = std::make_shared<Options>();
  command->add_option("file", options->file, "TOML or JSON, or - for TOML on standard input")->required();
  command->add_option("--at", options->at, "from when on the next start is looked for; default: now")
      ->check(kTime);
  command->callback([&context, options] { check(context, options->file, options->at); });
}

}  // namespace

void add_rehearsal_commands(CLI::App& plan, Context& context) { add_check(plan, context); }

}  // namespace convoke::cli
