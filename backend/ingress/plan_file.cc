#include "backend/ingress/plan_file.h"

#include <toml++/toml.h>

#include <boost/json.hpp>
#include <set>
#include <sstream>

#include "backend/ingress/plan_parts.h"
#include "backend/ingress/plan_reader.h"
#include "backend/ingress/strict_json.h"

namespace convoke::ingress {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxBytes = 1 << 20;
constexpr std::size_t kMaxStoredBytes = 2 * kMaxBytes;  // with the keys and escapes that TOML can do without

PlanFile read_file(const json::value& root) {
  PlanFile file;
  PlanReader r(file.problems);
  const json::object* o = r.object(root, "file", {"schema", "plan"});
  if (!o) return file;
  const json::value* schema = o->if_contains("schema");
  if (!schema || !schema->is_int64() || schema->get_int64() != 1)
    r.problem("schema", "the number 1, the version of the format");
  if (!o->contains("plan")) r.problem("plan", "at least one [[plan]]");
  std::set<std::string> seen;
  r.each(*o, "plan", "file", 1'000, [&](const json::value& v, const std::string& at) {
    file.plans.push_back(read_plan(r, v, at.substr(5)));
    if (file.plans.back().id && !seen.insert(file.plans.back().id.str()).second)
      r.problem(at.substr(5) + ".id", "an id that no other plan of the file has");
  });
  if (!file.problems.empty()) file.plans.clear();
  return file;
}

json::value to_json(const toml::node& node) {
  if (auto* t = node.as_table()) {
    json::object o;
    for (auto&& [k, v] : *t) o[std::string(k.str())] = to_json(v);
    return o;
  }
  if (auto* a = node.as_array()) {
    json::array out;
    for (auto&& v : *a) out.push_back(to_json(v));
    return out;
  }
  if (auto* s = node.as_string()) return json::value(s->get());
  if (auto* i = node.as_integer()) return json::value(i->get());
  if (auto* f = node.as_floating_point()) return json::value(f->get());
  if (auto* b = node.as_boolean()) return json::value(b->get());
  std::ostringstream text;  // dates and times, written as RFC 3339
  if (auto* dt = node.as_date_time()) text << dt->get();
  if (auto* d = node.as_date()) text << d->get();
  if (auto* t = node.as_time()) text << t->get();
  return json::value(text.str());
}

}  // namespace

PlanFile parse_plans_toml(std::string_view text) {
  if (text.size() > kMaxBytes) return {{}, {{"file", "at most 1 MiB"}}};
  try {
    return read_file(to_json(toml::parse(text)));
  } catch (const toml::parse_error& e) {
    std::ostringstream where;
    where << "line " << e.source().begin.line << ", column " << e.source().begin.column;
    return {{}, {{where.str(), "TOML (" + std::string(e.description()) + ")"}}};
  }
}

PlanFile parse_plans_json(std::string_view text) {
  PlanFile file;
  json::value root = parse_strict_json(text, kMaxBytes, file.problems);
  return file.problems.empty() ? read_file(root) : file;
}

PlanFile parse_plan_json(std::string_view text) {
  PlanFile file;
  json::value root = parse_strict_json(text, kMaxStoredBytes, file.problems);
  if (!file.problems.empty()) return file;
  PlanReader r(file.problems, true);
  file.plans.push_back(read_plan(r, root, "plan"));
  if (!file.problems.empty()) file.plans.clear();
  return file;
}

}  // namespace convoke::ingress
