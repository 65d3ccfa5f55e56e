#include <boost/json.hpp>
#include <chrono>

#include "ops/cli/context.h"
#include "ops/cli/failure.h"
#include "ops/cli/files.h"
#include "ops/cli/recorded.h"
#include "ops/cli/text.h"
#include "ops/rehearsal/plan_check.h"
#include "ops/rehearsal/rehearsal.h"
#include "topics/rfc3339.h"

namespace convoke::cli {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxPlanBytes = 1 << 20;  // the server's bound
constexpr std::size_t kMaxPresenceBytes = 256 << 20;

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

/// Ends the command with all that is wrong with the file, if anything is.
void refuse(const std::string& file, const std::vector<std::string>& problems) {
  if (problems.empty()) return;
  std::string all = file + " has problems";
  for (const auto& problem : problems) all += "\n  " + printable(problem);
  throw Failure(kFailed, all);
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
  refuse(file, checked.problems);
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

struct Simulation {
  std::string plans, presence;
  std::filesystem::path areas, fixes;
  std::optional<double> width_m;
};

json::array to_json(const rehearsal::Happening::People& people) {
  json::array out;
  for (const auto& [user, why] : people) out.push_back({{"user", user}, {"why", why}});
  return out;
}

json::object to_json(const rehearsal::Happening& h) {
  json::object o{{"t", h.time_ms}, {"type", h.type}, {"plan", h.plan}};
  if (h.chat) o["chat"] = h.chat;
  if (!h.user.empty()) o["user"] = h.user;
  o["because"] = json::value_from(h.because);
  if (h.type != "start") return o;
  o["members"] = to_json(h.members);
  o["passed_over"] = to_json(h.passed_over);
  return o;
}

/// "anna (in hall), ben (in hall)".
std::string in_words(const rehearsal::Happening::People& people) {
  std::string out;
  for (const auto& [user, why] : people) out += (out.empty() ? "" : ", ") + user + " (" + why + ")";
  return out;
}

/// "hall #1 starts with 2 members: occupancy: hall reached 2", and lines with who they are.
void print(std::ostream& out, const rehearsal::Happening& h) {
  constexpr const char* kIndent = "    ";
  std::string because;
  for (const auto& reason : h.because) because += (because.empty() ? "" : "; ") + reason;
  out << format_time(h.time_ms) << "  " << h.plan << (h.chat ? " #" + std::to_string(h.chat) : "");
  if (h.type == "start")
    out << " starts with " << h.members.size() << (h.members.size() == 1 ? " member" : " members");
  if (h.type == "scheduled") out << " will open later";
  if (h.type == "no-members") out << " finds nobody";
  if (h.type == "join") out << ": " << h.user << " joins";
  if (h.type == "leave") out << ": " << h.user << " leaves";
  if (h.type == "end") out << " ends";
  out << ": " << printable(because) << '\n';
  if (!h.members.empty()) out << kIndent << printable(in_words(h.members)) << '\n';
  if (!h.passed_over.empty()) out << kIndent << "passed over: " << printable(in_words(h.passed_over)) << '\n';
}

void simulate(const Context& context, const Simulation& wanted) {
  const std::string plans = read_file(wanted.plans, kMaxPlanBytes);
  refuse(wanted.plans, rehearsal::check_plans(plans, is_json(wanted.plans), 0).problems);
  auto areas = load_areas(wanted.areas, wanted.width_m, context.err);
  auto fixes = load_fixes(wanted.fixes, context.err);
  if (!areas || !fixes) throw Failure(kFailed, "");
  rehearsal::PresenceFile presences;
  if (!wanted.presence.empty())
    presences = rehearsal::parse_presences(read_file(wanted.presence, kMaxPresenceBytes));
  refuse(wanted.presence, presences.problems);
  std::size_t chats = 0;
  const auto tell = [&](const rehearsal::Happening& h) {
    chats += h.type == "start";
    if (context.json)
      context.print_json(to_json(h));
    else
      print(context.out, h);
  };
  const std::size_t count = fixes->size();
  rehearsal::rehearse(plans, is_json(wanted.plans),
                      {*std::move(areas), *std::move(fixes), std::move(presences.changes)}, tell);
  context.err << count << " fixes, " << chats << (chats == 1 ? " chat\n" : " chats\n");
}

void add_simulate(CLI::App& plan, Context& context) {
  auto* command = plan.add_subcommand("simulate", "Play a recorded evening to plans, without any server");
  command->footer(
      "Says when which chat would have started, with whom and why, who joined and left, when and why it "
      "ended.\n"
      "Nobody writes in these chats. Of more people than a plan takes, the lot is one of many that may be "
      "drawn.\nWith --json one object a line.\n"
      "Example:\n  convokectl plan simulate plans.toml --areas venue.geojson --fixes friday.csv.gz");
  auto wanted = std::make_shared<Simulation>();
  command->add_option("file", wanted->plans, "TOML or JSON")->required();
  command->add_option("--areas", wanted->areas, "GeoJSON (.geojson, .json), KML (.kml) or WKT (.wkt)")
      ->required();
  command->add_option("--width", wanted->width_m, "metres, of lines that state no width")
      ->check(CLI::Range(0.001, 100'000.0));
  command->add_option("--fixes", wanted->fixes, "CSV (user,time,lat,lon[,acc]) or GPX, gzip too")->required();
  command->add_option("--presence", wanted->presence,
                      "CSV (user,time,presence); who is not in it is available from their first fix on");
  command->callback([&context, wanted] { simulate(context, *wanted); });
}

}  // namespace

void add_rehearsal_commands(CLI::App& plan, Context& context) {
  add_check(plan, context);
  add_simulate(plan, context);
}

}  // namespace convoke::cli
