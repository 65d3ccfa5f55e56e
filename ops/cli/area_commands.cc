#include "geo/geojson.h"
#include "ops/cli/area_watch.h"
#include "ops/cli/context.h"
#include "ops/cli/failure.h"
#include "ops/cli/fields.h"
#include "ops/cli/files.h"
#include "ops/cli/text.h"

namespace convoke::cli {
namespace {

constexpr std::size_t kMaxAreaBytes = 64 << 20;  // the server's bound

struct ImportOptions {
  std::string file;
  std::optional<double> width_m;
};

/// GeoJSON goes to the server as it stands; the other formats are read here.
std::string geojson_of(const ImportOptions& options, std::ostream& out) {
  const std::string text = read_file(options.file, kMaxAreaBytes);
  const auto format = geo::area_format_of(options.file).value_or(geo::AreaFormat::geojson);
  if (format == geo::AreaFormat::geojson && !options.width_m) return text;
  const geo::AreaFile file =
      geo::parse_areas(text, format, {.max_bytes = kMaxAreaBytes, .max_vertices = kMaxAreaBytes},
                       geo::defaults_for(options.file, options.width_m));
  std::string errors;
  for (const auto& e : file.errors) errors += "\n  " + printable(e.where + ": " + e.what);
  if (!errors.empty()) throw Failure(kFailed, options.file + errors);
  for (const auto& r : file.repaired) out << "repaired: " << printable(r.where + ": " + r.what) << '\n';
  return geo::to_geojson(file.areas);
}

void import_areas(const Context& context, const ImportOptions& options) {
  const std::string body = geojson_of(options, context.json ? context.err : context.out);
  const auto answer = context.client().call("PUT", "/v1/areas", body, "application/geo+json");
  if (context.json) return context.print_json(answer);
  context.out << show(field(answer, "imported")) << " areas imported\n";
  for (const auto& repaired : list(answer, "repaired"))
    context.out << "repaired: " << printable(show(repaired)) << '\n';
}

void list_areas(const Context& context) {
  const auto answer = context.client().call("GET", "/v1/areas");
  if (context.json) return context.print_json(answer);
  std::vector<std::vector<std::string>> rows;
  for (const auto& feature : list(answer, "features")) {
    const auto& properties = field(feature, "properties");
    const auto& radius = field(properties, "radius_m");
    const auto& width = field(properties, "width_m");
    const std::string shape =
        width.is_null() ? show(field(field(feature, "geometry"), "type")) : "Corridor " + show(width) + " m";
    rows.push_back({show(field(feature, "id")), show(field(properties, "name")),
                    radius.is_null() ? shape : "Circle " + show(radius) + " m",
                    show(field(properties, "occupancy"))});
  }
  print_table(context.out, {"area", "name", "shape", "inside"}, rows,
              "no areas; add some with: convokectl area import FILE");
}

void remove_area(const Context& context, const std::string& id) {
  const auto answer = context.client().call("DELETE", "/v1/areas/" + id);
  if (context.json) return context.print_json(answer);
  context.out << "area " << id << " removed\n";
}

}  // namespace

void add_area_commands(CLI::App& app, Context& context) {
  auto* area = app.add_subcommand("area", "Areas (geofences) of the venue")->require_subcommand(1);
  area->footer(
      "Examples:\n  convokectl area import venue.geojson\n  convokectl area list --json\n  convokectl area "
      "watch");

  auto* importing = area->add_subcommand("import", "Add or replace areas from a file, all or none");
  importing->footer(
      "GeoJSON: Polygon, MultiPolygon, Point with `radius_m` in the properties (a circle), LineString with\n"
      "`width_m` (a corridor). The area's id is the feature's `id`, its name `properties.name`.\n"
      "KML (.kml): the same shapes; radius_m and width_m are in the ExtendedData.\n"
      "WKT (.wkt): polygons and lines; ids are made of the file's name.\n"
      "Examples:\n  convokectl area import venue.geojson\n  convokectl area import paths.wkt --width 5");
  auto options = std::make_shared<ImportOptions>();
  importing
      ->add_option("file", options->file, ".geojson, .json, .kml or .wkt; - for GeoJSON on standard input")
      ->required();
  importing->add_option("--width", options->width_m, "metres, of lines that state no width")
      ->check(CLI::Range(0.001, 100'000.0));
  importing->callback([&context, options] { import_areas(context, *options); });

  area->add_subcommand("list", "All areas and how many people are in each")
      ->footer("Example:\n  convokectl area list")
      ->callback([&context] { list_areas(context); });

  auto* remove = area->add_subcommand("remove", "Remove one area; those inside exit");
  remove->footer("Example:\n  convokectl area remove hall");
  auto id = std::make_shared<std::string>();
  remove->add_option("area", *id, "the area's id")->required()->check(kPlainId);
  remove->callback([&context, id] { remove_area(context, *id); });

  add_area_watch_command(*area, context);
}

}  // namespace convoke::cli
