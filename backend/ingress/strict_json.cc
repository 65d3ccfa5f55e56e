#include "backend/ingress/strict_json.h"

#include <boost/json.hpp>
#include <boost/json/basic_parser_impl.hpp>
#include <set>
#include <string>

#include "topics/messages/limits.h"

namespace convoke::ingress {

namespace json = boost::json;

namespace {

/// Finds the first key that is twice in one object, of which Boost.JSON would keep the last.
class DuplicateFinder {
 public:
  static constexpr std::size_t max_object_size = json::object::max_size();
  static constexpr std::size_t max_array_size = json::array::max_size();
  static constexpr std::size_t max_key_size = json::string::max_size();
  static constexpr std::size_t max_string_size = json::string::max_size();
  using Code = json::error_code;
  using Text = json::string_view;

  std::string found;  // its path; empty: none

  bool on_document_begin(Code&) { return true; }
  bool on_document_end(Code&) { return true; }
  bool on_object_begin(Code&) { return begin(false); }
  bool on_object_end(std::size_t, Code&) { return end(); }
  bool on_array_begin(Code&) { return begin(true); }
  bool on_array_end(std::size_t, Code&) { return end(); }
  bool on_key_part(Text s, std::size_t, Code&) { return part_ += std::string_view(s), true; }
  bool on_key(Text s, std::size_t, Code&) {
    levels_.back().at = part_ + std::string(s);
    part_.clear();
    if (!levels_.back().keys.insert(levels_.back().at).second && found.empty()) found = path();
    return true;
  }
  bool on_string_part(Text, std::size_t, Code&) { return true; }
  bool on_string(Text, std::size_t, Code&) { return value(); }
  bool on_number_part(Text, Code&) { return true; }
  bool on_int64(std::int64_t, Text, Code&) { return value(); }
  bool on_uint64(std::uint64_t, Text, Code&) { return value(); }
  bool on_double(double, Text, Code&) { return value(); }
  bool on_bool(bool, Code&) { return value(); }
  bool on_null(Code&) { return value(); }
  bool on_comment_part(Text, Code&) { return true; }
  bool on_comment(Text, Code&) { return true; }

 private:
  struct Level {
    bool list = false;
    std::size_t index = 0;
    std::string at;
    std::set<std::string> keys;
  };
  bool begin(bool list) { return levels_.push_back({list, 0, {}, {}}), true; }
  bool end() { return levels_.pop_back(), value(); }
  bool value() {
    if (!levels_.empty()) ++levels_.back().index;
    return true;
  }
  std::string path() const {
    std::string out;
    for (const Level& level : levels_)
      out += level.list ? "[" + std::to_string(level.index) + "]" : (out.empty() ? "" : ".") + level.at;
    return out;
  }

  std::vector<Level> levels_;
  std::string part_;
};

}  // namespace

json::value parse_strict_json(std::string_view text, std::size_t max_bytes,
                              std::vector<PlanProblem>& problems) {
  if (text.size() > max_bytes) {
    problems.push_back({"file", "at most " + std::to_string(max_bytes >> 20) + " MiB"});
    return nullptr;
  }
  json::error_code error;
  json::parse_options options;
  options.max_depth = messages::kMaxJsonDepth;
  json::value root = json::parse(text, error, {}, options);
  if (error) {
    problems.push_back({"file", "JSON (" + error.message() + ")"});
    return root;
  }
  json::basic_parser<DuplicateFinder> keys(options);
  keys.write_some(false, text.data(), text.size(), error);
  if (const std::string& twice = keys.handler().found; !twice.empty())
    problems.push_back({twice, "no key twice in an object"});
  return root;
}

}  // namespace convoke::ingress
