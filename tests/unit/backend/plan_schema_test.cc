#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>

#include "backend/ingress/plan_file.h"

// The schema is what editors and other programs go by, the reader is what we run: here neither can change
// without the other.
namespace convoke::ingress {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

const fs::path kSource = CONVOKE_SOURCE_DIR;

std::string text_of(const fs::path& file) {
  std::ifstream in(file);
  EXPECT_TRUE(in.good()) << file;
  return {std::istreambuf_iterator<char>(in), {}};
}

/// As much of JSON Schema as our schema uses; a keyword that it does not know throws.
class Schema {
 public:
  Schema() : root_(json::parse(text_of(kSource / "backend/ingress/schema/plans.schema.json"))) {}

  bool takes(const json::value& value) const { return takes(root_, value); }

 private:
  bool takes(const json::value& schema, const json::value& value) const {
    return std::all_of(schema.as_object().begin(), schema.as_object().end(), [&](const auto& rule) {
      return holds(std::string(rule.key()), rule.value(), schema.as_object(), value);
    });
  }

  bool holds(const std::string& keyword, const json::value& rule, const json::object& schema,
             const json::value& value) const {
    static const std::set<std::string> kSaysNothing = {"$schema", "title", "description", "$defs"};
    if (kSaysNothing.contains(keyword)) return true;
    if (keyword == "$ref") return takes(root_.at_pointer(rule.as_string().subview(1)), value);
    if (keyword == "type") return has_type(rule.as_string(), value);
    if (keyword == "const") return value == rule;
    if (keyword == "enum") return contains(rule.as_array(), value);
    if (keyword == "oneOf")
      return std::count_if(rule.as_array().begin(), rule.as_array().end(),
                           [&](const json::value& one) { return takes(one, value); }) == 1;
    if (value.is_object()) return holds_object(keyword, rule, schema, value.as_object());
    if (value.is_array()) return holds_array(keyword, rule, value.as_array());
    if (value.is_string()) return holds_text(keyword, rule, std::string(value.as_string()));
    if (keyword == "minimum")
      return !value.is_number() || value.to_number<double>() >= rule.to_number<double>();
    if (keyword == "maximum")
      return !value.is_number() || value.to_number<double>() <= rule.to_number<double>();
    return known(keyword);
  }

  bool holds_object(const std::string& keyword, const json::value& rule, const json::object& schema,
                    const json::object& object) const {
    if (keyword == "required")
      return std::all_of(rule.as_array().begin(), rule.as_array().end(),
                         [&](const json::value& key) { return object.contains(key.as_string()); });
    if (keyword == "properties")
      return std::all_of(object.begin(), object.end(), [&](const auto& member) {
        const json::value* described = rule.as_object().if_contains(member.key());
        return !described || takes(*described, member.value());
      });
    if (keyword == "additionalProperties")
      return std::all_of(object.begin(), object.end(), [&](const auto& member) {
        return rule.as_bool() || schema.at("properties").as_object().contains(member.key());
      });
    if (keyword == "minProperties") return object.size() >= rule.to_number<std::size_t>();
    if (keyword == "maxProperties") return object.size() <= rule.to_number<std::size_t>();
    return known(keyword);
  }

  bool holds_array(const std::string& keyword, const json::value& rule, const json::array& array) const {
    const auto taken = [&](const json::value& item) { return takes(rule, item); };
    if (keyword == "items") return std::all_of(array.begin(), array.end(), taken);
    if (keyword == "contains") return std::any_of(array.begin(), array.end(), taken);
    if (keyword == "maxItems") return array.size() <= rule.to_number<std::size_t>();
    return known(keyword);
  }

  static bool holds_text(const std::string& keyword, const json::value& rule, const std::string& text) {
    if (keyword == "minLength") return text.size() >= rule.to_number<std::size_t>();
    if (keyword == "maxLength") return text.size() <= rule.to_number<std::size_t>();
    if (keyword == "pattern") return std::regex_search(text, std::regex(rule.as_string().c_str()));
    return known(keyword);
  }

  static bool has_type(std::string_view type, const json::value& value) {
    if (type == "object") return value.is_object();
    if (type == "array") return value.is_array();
    if (type == "string") return value.is_string();
    if (type == "boolean") return value.is_bool();
    if (type == "integer") return value.is_int64() || value.is_uint64();
    throw std::runtime_error("type " + std::string(type));
  }
  static bool contains(const json::array& all, const json::value& value) {
    return std::find(all.begin(), all.end(), value) != all.end();
  }
  /// Of another type of value than this one.
  static bool known(const std::string& keyword) {
    static const std::set<std::string> kKnown = {"required",      "properties",    "additionalProperties",
                                                 "minProperties", "maxProperties", "items",
                                                 "contains",      "maxItems",      "minLength",
                                                 "maxLength",     "pattern",       "minimum",
                                                 "maximum"};
    if (!kKnown.contains(keyword)) throw std::runtime_error("keyword " + keyword);
    return true;
  }

  json::value root_;
};

const Schema& schema() {
  static const Schema kSchema;
  return kSchema;
}

/// What the server makes of these plans: their stored form, in a file.
json::value written(const PlanFile& file) {
  json::array plans;
  for (const auto& plan : file.plans) plans.push_back(json::parse(plan_to_json(plan)));
  return {{"schema", 1}, {"plan", std::move(plans)}};
}

void expect_taken(const PlanFile& file, const std::string& where) {
  ASSERT_FALSE(file.plans.empty()) << where
                                   << (file.problems.empty()
                                           ? ""
                                           : ": " + file.problems[0].where + " " + file.problems[0].expected);
  EXPECT_TRUE(schema().takes(written(file))) << where << ": " << json::serialize(written(file));
}

TEST(PlanSchema, TakesEveryExampleOfTheFormatsPageAndOfTheCorpus) {
  const std::string page = text_of(kSource / "docs/protocol/plans.md");
  int examples = 0;
  const std::string open = "```toml\n";
  for (auto at = page.find(open); at != page.npos; at = page.find(open, at)) {
    at += open.size();
    std::string text = page.substr(at, page.find("```", at) - at);
    // The page shows all keys at once, of which only one timing can be had.
    for (const char* other :
         {"at = 2026-06-01T20:00:00Z", "spread = \"10m\"", "when_available", "at = 2026-06-01T23:30:00Z"})
      for (auto found = text.find(std::string("\n") + other); found != text.npos;
           found = text.find(std::string("\n") + other))
        text.insert(found + 1, "# ");
    expect_taken(parse_plans_toml(text), "plans.md");
    ++examples;
  }
  EXPECT_GT(examples, 0);
  expect_taken(parse_plans_toml(text_of(kSource / "ops/sample/plans.toml")), "ops/sample/plans.toml");
  for (const auto& entry : fs::directory_iterator(kSource / "tests/fuzz/corpus/plan")) {
    const std::string text = text_of(entry.path());
    const bool is_json = entry.path().extension() == ".json";
    expect_taken(is_json ? parse_plans_json(text) : parse_plans_toml(text), entry.path());
    if (is_json) {
      EXPECT_TRUE(schema().takes(json::parse(text))) << entry.path();
    }
  }
}

struct Case {
  const char* part;   // of a plan
  const char* value;  // JSON; empty: the part is left out
  bool valid;
};

constexpr Case kCases[] = {
    {"id", R"("a.b-c_9")", true},
    {"id", R"("")", false},
    {"id", R"("a b")", false},
    {"id", "", false},
    {"name", R"("Hall A")", true},
    {"name", R"("")", false},
    {"name", "7", false},
    {"enabled", "false", true},
    {"enabled", R"("no")", false},
    {"colour", R"("red")", false},
    {"audience", "", false},
    {"audience", "{}", true},
    {"audience", "[]", false},
    {"audience", R"({"presence":"any","max":100000,"follow":"2m"})", true},
    {"audience", R"({"presence":"here"})", false},
    {"audience", R"({"max":0})", false},
    {"audience", R"({"max":100001})", false},
    {"audience", R"({"follow":"0m"})", false},
    {"audience", R"({"follow":"05m"})", true},
    {"audience", R"({"follow":"2 m"})", false},
    {"audience", R"({"who":[]})", false},
    {"audience",
     R"({"any":[{"area":"h","within":"1h"}],"all":[{"users":["a","b@c"]}],"none":[{"member_of":"q"}]})",
     true},
    {"audience",
     R"({"any":[{"registered":true},{"registered":"call"},{"attribute":"x"},{"attribute":"x","equals":"y"}]})",
     true},
    {"audience", R"({"any":[{}]})", false},
    {"audience", R"({"any":[{"registered":false}]})", false},
    {"audience", R"({"any":[{"area":"h","users":["a"]}]})", false},
    {"audience", R"({"any":[{"users":["a"],"within":"1h"}]})", false},
    {"audience", R"({"any":[{"area":"h","equals":"y"}]})", false},
    {"audience", R"({"any":[{"users":["a@b@c"]}]})", false},
    {"audience", R"({"any":{"area":"h"}})", false},
    {"registration", R"({"self":true,"from":"2026-06-01T10:00:00Z","until":"2026-06-01T12:00:00.5+02:00"})",
     true},
    {"registration", R"({"from":"2026-06-01T10:00:00"})", false},
    {"registration", R"({"self":1})", false},
    {"registration",
     R"({"call":[{"number":"+4930123456","attested":"A"}],"mail":[{"address":"a@b.example"}],"ticket":[{"shop":"s","product":"x"}]})",
     true},
    {"registration", R"({"call":[{"number":"030123456"}]})", false},
    {"registration", R"({"call":[{"number":"+4930123456","attested":"D"}]})", false},
    {"registration", R"({"mail":[{"address":"a+b@c.example"}]})", false},
    {"registration", R"({"mail":[{"address":"nobody"}]})", false},
    {"registration", R"({"ticket":[{"product":"x"}]})", false},
    {"chat",
     R"({"announcement_only":true,"slow":"10s","per_minute":20,"anonymous":true,"staff":[{"users":["host"]}],"muted":[{"attribute":"guest"}]})",
     true},
    {"chat", "{}", true},
    {"chat", R"({"announcement_only":1})", false},
    {"chat", R"({"slow":10})", false},
    {"chat", R"({"per_minute":0})", false},
    {"chat", R"({"anonymous":"yes"})", false},
    {"chat", R"({"staff":["host"]})", false},
    {"chat", R"({"admins":[]})", false},
    {"start", "[]", true},
    {"start",
     R"([{"on":"enter","area":"h"},{"on":"available","user":"u"},{"on":"event","type":"t","source":"s","subject":"x"}])",
     true},
    {"start",
     R"([{"on":"schedule","at":"2026-06-01T10:00:00Z"},{"on":"occupancy","area":"h","reaches":1,"again":"5m"},{"on":"occupancy","area":"h","falls_to":0}])",
     true},
    {"start",
     R"([{"on":"schedule","rule":"FREQ=WEEKLY;BYDAY=FR","from":"2026-06-05T19:30:00","zone":"Europe/Berlin","except":["2026-12-25"]}])",
     true},
    {"start",
     R"([{"on":"mail","user":"u","to":"a@b.example","subject":"go"},{"on":"mailing","domain":"b.example","list":"l","subject":"go","header":{"name":"X-Campaign","equals":"1"}}])",
     true},
    {"start", R"([{"on":"mailing","domain":"b.example","header":{"name":"X-Campaign"}}])", false},
    {"start", R"([{"on":"mailing","domain":"b.example","header":{"name":"X:","equals":"1"}}])", false},
    {"start", R"([{"on":"mailing","domain":"b.example","header":{"name":"X","equals":""}}])", false},
    {"start", R"([{"on":"mailing","domain":"b.example","header":"X"}])", false},
    {"start", R"([{"on":"sometimes"}])", false},
    {"start", R"([{"area":"h"}])", false},
    {"start", R"([{"on":"enter"}])", false},
    {"start", R"([{"on":"enter","area":"h","user":"u"}])", false},
    {"start", R"([{"on":"occupancy","area":"h"}])", false},
    {"start", R"([{"on":"occupancy","area":"h","reaches":0}])", false},
    {"start", R"([{"on":"occupancy","area":"h","reaches":1.5}])", false},
    {"start", R"([{"on":"occupancy","area":"h","reaches":5,"falls_to":2}])", false},
    {"start", R"([{"on":"occupancy","area":"h","falls_to":2,"again":"5m"}])", false},
    {"start", R"([{"on":"schedule","at":"tomorrow"}])", false},
    {"start", R"([{"on":"schedule","rule":"FREQ=WEEKLY","from":"2026-06-05T19:30:00"}])", false},
    {"start",
     R"([{"on":"schedule","rule":"FREQ=WEEKLY","from":"2026-06-05T19:30:00Z","zone":"Europe/Berlin"}])",
     false},
    {"start",
     R"([{"on":"schedule","rule":"FREQ=WEEKLY","from":"2026-06-05T19:30:00","zone":"Europe/Berlin","except":["Xmas"]}])",
     false},
    {"start", R"([{"on":"event"}])", false},
    {"start", R"({"on":"enter","area":"h"})", false},
    {"end", "", false},
    {"end", "[]", false},
    {"end", R"([{"on":"idle","after":"10m"}])", false},
    {"end", R"([{"on":"idle","after":"10m"},{"on":"duration","after":"45m"}])", true},
    {"end",
     R"([{"on":"set-time","at":"2026-06-01T23:00:00Z"},{"on":"unavailable","user":"u","grace":"30s"},{"on":"empty","area":"h"}])",
     true},
    {"end", R"([{"on":"duration","after":"45"}])", false},
    {"end", R"([{"on":"duration","after":"45m","at":"2026-06-01T23:00:00Z"}])", false},
    {"end", R"([{"on":"duration","after":"45m"},{"on":"unavailable"}])", false},
    {"start_timing", R"({"when_available":"2h"})", true},
    {"start_timing", R"({"spread":"10m"})", true},
    {"start_timing", "{}", false},
    {"start_timing", R"({"delay":"5m","at":"2026-06-01T23:00:00Z"})", false},
    {"end_timing", R"({"at":"2026-06-01T23:00:00Z"})", true},
    {"end_timing", R"({"when_available":"2h"})", false},
    {"warn", R"(["5m","1m"])", true},
    {"warn", R"(["soon"])", false},
    {"warn", R"("5m")", false},
    {"keep", R"("3650d")", true},
    {"keep", R"("forever")", false},
};

std::string file_with(const Case& c) {
  json::object plan{
      {"id", "p"}, {"audience", json::object{}}, {"end", json::parse(R"([{"on":"duration","after":"1h"}])")}};
  if (std::string_view(c.value).empty())
    plan.erase(c.part);
  else
    plan[c.part] = json::parse(c.value);
  return json::serialize(json::object{{"schema", 1}, {"plan", json::array{std::move(plan)}}});
}

TEST(PlanSchema, AgreesWithTheReaderOnWhatIsValid) {
  for (const Case& c : kCases) {
    const std::string text = file_with(c);
    const PlanFile file = parse_plans_json(text);
    EXPECT_EQ(file.problems.empty(), c.valid) << text;
    EXPECT_EQ(schema().takes(json::parse(text)), c.valid) << text;
    if (c.valid) expect_taken(file, text);
  }
}

TEST(PlanSchema, AgreesWithTheReaderOnTheFileItself) {
  const std::string plan = R"({"id":"p","audience":{},"end":[{"on":"duration","after":"1h"}]})";
  for (const std::string& text :
       {R"({"schema":2,"plan":[)" + plan + "]}", R"({"plan":[)" + plan + "]}", std::string(R"({"schema":1})"),
        R"({"schema":1,"plan":[)" + plan + R"(],"more":0})", R"({"schema":1,"plan":)" + plan + "}"}) {
    EXPECT_FALSE(parse_plans_json(text).problems.empty()) << text;
    EXPECT_FALSE(schema().takes(json::parse(text))) << text;
  }
}

}  // namespace
}  // namespace convoke::ingress
