#include "ops/cli/area_watch.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <csignal>

#include "ops/cli/event_stream.h"
#include "ops/cli/failure.h"
#include "ops/cli/fields.h"
#include "ops/cli/near_ids.h"
#include "ops/cli/text.h"

namespace convoke::cli {
namespace {

struct AreaWatch {
  std::vector<std::string> areas;  // none: all
  int count = 0;                   // transitions to print; 0: no bound
};

std::string text(const boost::json::value& event, std::string_view key) {
  return printable(show(field(event, key)));
}

/// ", 18.9 m inside the edge"; nothing if no position decided.
std::string distance_words(const boost::json::value& distance) {
  if (!distance.is_number()) return {};
  const double metres = distance.to_number<double>();
  return fmt::format(", {:.1f} m {} the edge", std::abs(metres), metres <= 0 ? "inside" : "outside");
}

/// What to say of ids that the server does not have. Throws Failure if there is any.
void expect_known(const std::vector<std::string>& wanted, const boost::json::value& answer) {
  std::vector<Known> known;
  for (const auto& feature : list(answer, "features"))
    known.push_back({show(field(feature, "id")), show(field(field(feature, "properties"), "name"))});
  std::string unknown, next;
  for (const std::string& id : wanted) {
    if (std::any_of(known.begin(), known.end(), [&id](const Known& area) { return area.id == id; })) continue;
    unknown += (unknown.empty() ? "there is no area " : ", ") + id;
    for (const std::string& near : near_ids(id, known)) next += (next.empty() ? "" : ", ") + printable(near);
  }
  if (unknown.empty()) return;
  throw Failure(kFailed, unknown,
                (next.empty() ? "" : "Near: " + next + ". ") + "All of them: convokectl area list");
}

/// While it lives Ctrl-C ends the program well. Every line has been written by then.
class EndByInterrupt {
 public:
  EndByInterrupt() : before_(std::signal(SIGINT, [](int) { ::_exit(kOk); })) {}
  ~EndByInterrupt() { std::signal(SIGINT, before_); }
  EndByInterrupt(const EndByInterrupt&) = delete;
  EndByInterrupt& operator=(const EndByInterrupt&) = delete;

 private:
  void (*before_)(int);
};

class Watcher {
 public:
  Watcher(const Context& context, const AreaWatch& watch) : context_(context), watch_(watch) {}

  /// False when enough transitions were printed.
  bool take(std::string_view type, const boost::json::value& event) {
    if (type == "lost") return lost(event);
    if (type != "transition" || !wanted(show(field(event, "area")))) return true;
    if (context_.json)
      context_.print_json(event);
    else
      context_.out << transition_line(event, context_.colour) << '\n';
    context_.out.flush();
    return ++printed_ != watch_.count;
  }

 private:
  bool wanted(const std::string& area) const {
    const auto& areas = watch_.areas;
    return areas.empty() || std::find(areas.begin(), areas.end(), area) != areas.end();
  }

  bool lost(const boost::json::value& event) const {
    if (context_.json) {
      context_.print_json(event);
      context_.out.flush();
    } else {
      context_.err << "(too much at once: some transitions are left out)\n";
    }
    return true;
  }

  const Context& context_;
  const AreaWatch& watch_;
  int printed_ = 0;
};

void watch_areas(const Context& context, const AreaWatch& watch) {
  const EndByInterrupt end_by_interrupt;
  if (!watch.areas.empty()) expect_known(watch.areas, context.client().call("GET", "/v1/areas"));
  Watcher watcher(context, watch);
  follow_events(context, [&watcher](auto type, const auto& event) { return watcher.take(type, event); });
}

}  // namespace

std::string transition_line(const boost::json::value& event, bool colour) {
  const std::string kind = text(event, "transition");
  const std::string accuracy = text(event, "accuracy_m");
  std::string line = fmt::format("{}  {:<12}  {:<16}  {:<16}  {:>4} inside  {}",
                                 printable(show(field(event, "t"), "t_ms")), kind, text(event, "area"),
                                 text(event, "user"), text(event, "inside"), text(event, "reason"));
  line += distance_words(field(event, "distance_m"));
  if (!accuracy.empty()) line += ", ±" + accuracy + " m";
  if (!colour) return line;
  const char* code = kind == "enter" ? "32" : kind == "exit" ? "33" : "36";
  return fmt::format("\x1b[{}m{}\x1b[0m", code, line);
}

void add_area_watch_command(CLI::App& area, Context& context) {
  auto* command = area.add_subcommand("watch", "Live: who enters, leaves and passes through, until Ctrl-C");
  command->footer(
      "One line for each transition: its time, what, area, user, how many are inside now, the reason, the\n"
      "distance to the edge and the accuracy. With --json one object a line, as docs/protocol/http.md has\n"
      "them; one of type `lost` says that some are left out.\n"
      "Examples:\n  convokectl area watch\n  convokectl area watch hall bar --json");
  auto watch = std::make_shared<AreaWatch>();
  command->add_option("area", watch->areas, "ids of areas; none: all")->check(kPlainId);
  command->add_option("--count", watch->count, "stop after so many transitions; 0: never")
      ->check(CLI::NonNegativeNumber);
  command->callback([&context, watch] { watch_areas(context, *watch); });
}

}  // namespace convoke::cli
