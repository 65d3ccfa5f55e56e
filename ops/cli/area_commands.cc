#include "ops/cli/context.h"
#include "ops/cli/fields.h"
#include "ops/cli/files.h"
#include "ops/cli/text.h"

namespace convoke::cli {
namespace {

constexpr std::size_t kMaxAreaBytes = 64 << 20;  // the server's bound

void import_areas(const Context& context, const std::string& file) {
  const auto answer =
      context.client().call("PUT", "/v1/areas", read_file(file, kMaxAreaBytes), "application/geo+json");
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
    const std::string shape = show(field(field(feature, "geometry"), "type"));
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
  area->footer("Examples:\n  convokectl area import venue.geojson\n  convokectl area list --json");

  auto* importing = area->add_subcommand("import", "Add or replace areas from a GeoJSON file, all or none");
  importing->footer(
      "Polygon, MultiPolygon, and Point with `radius_m` in the properties (a circle). The area's id is the\n"
      "feature's `id`, its name `properties.name`.\nExample:\n  convokectl area import venue.geojson");
  auto file = std::make_shared<std::string>();
  importing->add_option("file", *file, "GeoJSON, or - for standard input")->required();
  importing->callback([&context, file] { import_areas(context, *file); });

  area->add_subcommand("list", "All areas and how many people are in each")
      ->footer("Example:\n  convokectl area list")
      ->callback([&context] { list_areas(context); });

  auto* remove = area->add_subcommand("remove", "Remove one area; those inside exit");
  remove->footer("Example:\n  convokectl area remove hall");
  auto id = std::make_shared<std::string>();
  remove->add_option("area", *id, "the area's id")->required()->check(kPlainId);
  remove->callback([&context, id] { remove_area(context, *id); });
}

}  // namespace convoke::cli
