#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <set>
#include <sstream>

#include "tests/unit/messages/kinds.h"

// The schemas are what others build on, the codecs are what we run: here neither can change without the
// other.
namespace convoke::messages::testing {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

const fs::path kFolder = fs::path(CONVOKE_SOURCE_DIR) / "topics/messages/schema";
constexpr std::string_view kSuffix = ".schema.json";

std::string text_of(const fs::path& file) {
  std::ifstream in(file);
  std::ostringstream text;
  text << in.rdbuf();
  EXPECT_TRUE(in.good()) << file;
  return text.str();
}

const json::value& schema(const std::string& name) {
  static std::map<std::string, json::value> read;
  if (!read.count(name)) read[name] = json::parse(text_of(kFolder / (name + std::string(kSuffix))));
  return read[name];
}

/// A schema together with the file that its local references are in.
struct Place {
  std::string file;
  const json::value* value;

  const json::value* find(std::string_view key) const { return value->as_object().if_contains(key); }
  Place child(const json::value& at) const { return Place{file, &at}.resolved(); }

  /// Follows "$ref": "#/$defs/x", "other.schema.json" or "other.schema.json#/$defs/x".
  Place resolved() const {
    const json::value* ref = find("$ref");
    if (!ref) return *this;
    const std::string target(ref->as_string().c_str());
    const std::size_t hash = std::min(target.find('#'), target.size());
    const std::string other = hash == 0 ? file : target.substr(0, hash - kSuffix.size());
    const std::string pointer = hash < target.size() ? target.substr(hash + 1) : "";
    return Place{other, &schema(other).at_pointer(pointer)}.resolved();
  }
};

/// False if a property that must have one certain value ("type", "op") has another.
bool may_describe(const Place& place, const json::object& object) {
  const auto& properties = place.find("properties")->as_object();
  return std::all_of(properties.begin(), properties.end(), [&](const auto& property) {
    const json::value* must =
        property.value().is_object() ? property.value().as_object().if_contains("const") : nullptr;
    const json::value* is = object.if_contains(property.key());
    return !must || !is || *must == *is;
  });
}

Place variant_for(const Place& place, const json::object& object) {
  const json::value* variants = place.find("oneOf");
  if (!variants) return place;
  std::vector<Place> fitting;
  for (const json::value& variant : variants->as_array()) {
    const Place one = place.child(variant);
    if (may_describe(one, object)) fitting.push_back(one);
  }
  EXPECT_EQ(fitting.size(), 1u) << json::serialize(object);
  return fitting.at(0);
}

struct Property {
  std::string path;  // "fixes[0].lat"
  Place place;
  bool required;
};

using Visit = std::function<void(const Property&)>;

void walk(const Place& place, const json::value& value, const std::string& path, const Visit& visit);

void walk_object(const Place& place, const json::object& object, const std::string& path,
                 const Visit& visit) {
  const Place described = variant_for(place, object);
  const json::value* properties = described.find("properties");
  if (!properties) return;  // an object of names that the sender chooses
  std::set<std::string> required;
  for (const auto& key : described.find("required")->as_array()) required.insert(key.as_string().c_str());
  std::set<std::string> documented, written;
  for (const auto& member : object) written.emplace(member.key());
  for (const auto& property : properties->as_object()) {
    const std::string key(property.key());
    documented.insert(key);
    const Place there = described.child(property.value());
    const std::string below = path.empty() ? key : path + '.' + key;
    visit({below, there, required.count(key) > 0});
    if (written.count(key)) walk(there, object.at(key), below, visit);
  }
  EXPECT_EQ(documented, written) << "at '" << path << "'";
}

void walk(const Place& place, const json::value& value, const std::string& path, const Visit& visit) {
  if (value.is_object()) return walk_object(place, value.as_object(), path, visit);
  if (!value.is_array()) return;
  const Place items = place.child(*place.find("items"));
  for (std::size_t i = 0; i < value.as_array().size(); ++i) {
    walk(items, value.as_array()[i], path + '[' + std::to_string(i) + ']', visit);
  }
}

/// Visits every property that the schemas describe, with each fully populated payload it occurs in.
void for_each_property(
    const std::function<void(const Kind&, const std::string& payload, const Property&)>& check) {
  for (const Kind& one : kinds()) {
    for (const std::string& payload : one.full) {
      SCOPED_TRACE(one.name + ": " + payload);
      walk(Place{one.name, &schema(one.name)}, json::parse(payload), "",
           [&](const Property& property) { check(one, payload, property); });
    }
  }
}

TEST(Schema, IsThereForEveryKindAndNoOther) {
  std::set<std::string> files, names;
  for (const auto& entry : fs::directory_iterator(kFolder)) {
    const std::string file = entry.path().filename();
    if (entry.path().extension() == ".json") files.insert(file);
  }
  for (const Kind& one : kinds()) names.insert(one.name + std::string(kSuffix));
  EXPECT_EQ(files, names);
}

TEST(Schema, HasExamplesThatTheDecoderTakesAndTheEncoderWrites) {
  for (const Kind& one : kinds()) {
    const auto& examples = schema(one.name).at("examples").as_array();
    EXPECT_FALSE(examples.empty()) << one.name;
    for (const json::value& example : examples) {
      const auto again = one.recode(json::serialize(example));
      ASSERT_TRUE(again) << one.name << ": " << again.error().to_string() << "\n" << json::serialize(example);
      EXPECT_EQ(json::parse(*again), example);
    }
  }
}

TEST(Schema, DescribesExactlyWhatTheEncoderWrites) {
  int properties = 0;
  for_each_property([&](const Kind&, const std::string&, const Property&) { ++properties; });
  EXPECT_GT(properties, 100);
}

TEST(Schema, RequiresExactlyWhatTheDecoderRequires) {
  for_each_property([](const Kind& one, const std::string& payload, const Property& property) {
    const auto result = one.recode(with(payload, property.path, ""));
    EXPECT_EQ(result.has_error(), property.required) << property.path;
    if (property.required && result.has_error()) {
      EXPECT_EQ(result.error().field, property.path);
    }
  });
}

TEST(Schema, BoundsNumbersAsTheDecoderDoes) {
  int bounds = 0;
  for_each_property([&](const Kind& one, const std::string& payload, const Property& property) {
    // An acknowledgement's upper end bounds its own ranges too.
    if (!property.place.find("minimum") || property.path == "upto") return;
    ++bounds;
    const auto takes = [&](double value) {
      char digits[40];
      std::snprintf(digits, sizeof digits, "%.17g", value);
      return one.recode(with(payload, property.path, digits)).has_value();
    };
    const double min = property.place.find("minimum")->to_number<double>();
    const double max = property.place.find("maximum")->to_number<double>();
    EXPECT_TRUE(takes(min)) << property.path;
    EXPECT_FALSE(takes(min - 1)) << property.path;
    EXPECT_TRUE(takes(max)) << property.path;
    EXPECT_FALSE(takes(max + 1)) << property.path;
  });
  EXPECT_GT(bounds, 50);
}

TEST(Schema, BoundsTextAsTheDecoderDoes) {
  int bounds = 0;
  for_each_property([&](const Kind& one, const std::string& payload, const Property& property) {
    if (!property.place.find("maxLength")) return;
    ++bounds;
    const auto takes = [&](std::size_t length) {
      return one.recode(with(payload, property.path, quoted(std::string(length, 'x')))).has_value();
    };
    const auto min = property.place.find("minLength")->to_number<std::size_t>();
    const auto max = property.place.find("maxLength")->to_number<std::size_t>();
    EXPECT_TRUE(takes(min)) << property.path;
    EXPECT_TRUE(takes(max)) << property.path;
    EXPECT_FALSE(takes(max + 1)) << property.path;
    EXPECT_EQ(min == 0 || takes(min - 1), min == 0) << property.path;
  });
  EXPECT_GT(bounds, 5);
}

TEST(Schema, NamesTheWordsThatTheDecoderTakes) {
  int words = 0;
  for_each_property([&](const Kind& one, const std::string& payload, const Property& property) {
    const json::value* set = property.place.find("enum");
    if (!set) return;
    for (const json::value& word : set->as_array()) {
      ++words;
      EXPECT_TRUE(one.recode(with(payload, property.path, json::serialize(word)))) << property.path;
    }
  });
  EXPECT_GT(words, 8);
}

TEST(Asyncapi, ReferencesEverySchema) {
  const std::string document = text_of(kFolder / "asyncapi.yaml");
  for (const Kind& one : kinds()) {
    if (one.name == "archived-message") continue;  // only inside a response
    EXPECT_NE(document.find("$ref: ./" + one.name + std::string(kSuffix)), std::string::npos) << one.name;
  }
}

/// Every block of JSON on the page, with the schema that the heading before it names.
TEST(MessagesPage, HasExamplesThatTheDecoderTakes) {
  std::istringstream page(text_of(fs::path(CONVOKE_SOURCE_DIR) / "docs/protocol/messages.md"));
  std::map<std::string, int> examples;
  std::string name, line, block;
  bool inside = false;
  while (std::getline(page, line)) {
    const std::size_t link = line.find("schema/");
    if (line.rfind("#", 0) == 0 && link != std::string::npos) {
      name = line.substr(link + 7, line.find(kSuffix) - link - 7);
    } else if (line == "```json") {
      inside = true;
      block.clear();
    } else if (line == "```" && inside) {
      inside = false;
      const auto result = kind(name).recode(block);
      EXPECT_TRUE(result) << name << ": " << block << (result ? "" : result.error().to_string());
      ++examples[name];
    } else if (inside) {
      block += line + '\n';
    }
  }
  for (const Kind& one : kinds()) EXPECT_GT(examples[one.name], 0) << one.name;
}

}  // namespace
}  // namespace convoke::messages::testing
