#include "ops/cli/context.h"
#include "ops/cli/failure.h"
#include "ops/cli/replay.h"

namespace convoke::cli {

void add_replay_command(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("replay", "Run recorded tracks against areas, without any server");
  command->footer(
      "Prints transitions as NDJSON: time, user, area, transition, reason, distance_m, accuracy_m; a summary "
      "at the end\n"
      "on stderr.\nExamples:\n"
      "  convokectl replay --areas venue.geojson --fixes walk.csv.gz\n"
      "  convokectl replay --areas venue.geojson --fixes walk.gpx --raw > transitions.ndjson\n"
      "  convokectl replay --areas draft.geojson --fixes walk.csv.gz --rule calm --html map.html");
  auto options = std::make_shared<ReplayOptions>();
  command->add_option("--areas", options->areas, "GeoJSON (.geojson, .json), KML (.kml) or WKT (.wkt)")
      ->required();
  command->add_option("--width", options->width_m, "metres, of lines that state no width")
      ->check(CLI::Range(0.001, 100'000.0));
  command->add_option("--fixes", options->fixes, "CSV (user,time,lat,lon[,acc]) or GPX, gzip too")
      ->required();
  auto* raw = command->add_flag(
      "--raw", options->raw,
      "no smoothing: each fix is inside or outside; on the edge is inside, a first fix inside is an enter");
  command
      ->add_option_function<std::string>(
          "--rule", [options](const std::string& name) { options->rule = *geo::AreaRule::preset(name); },
          "of areas that state none: strict, balanced (if missing) or calm; docs/geofence.md compares them")
      ->check(CLI::IsMember({"strict", "balanced", "calm"}))
      ->excludes(raw);
  command->add_option("--html", options->html,
                      "also write a page with a map of the areas, tracks and transitions (at most 5 MB; it\n"
                      "says what it leaves out, and needs no network)");
  command->callback([&context, options] {
    options->progress = context.progress;
    // What went wrong is on `err` already.
    if (replay_command(*options, context.out, context.err) != 0) throw Failure(kFailed, "");
  });
}

}  // namespace convoke::cli
