#include "topics/messages/json_reader.h"

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/monotonic_resource.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <boost/json/value_stack.hpp>
#include <charconv>
#include <cmath>

#include "topics/ids.h"

namespace convoke::messages {
namespace {

namespace json = boost::json;

/// Builds the values and counts the keys as written. Boost.JSON's own handler rounds some fractions to a
/// neighbour of the nearest double and lets the last of two equal keys win; a position must come through as
/// it was sent, and two readers must never disagree about what a payload says.
struct Handler {
  // Nothing in a payload is larger than the payload, whose size each reader bounds before it is parsed.
  static constexpr std::size_t max_object_size = json::object::max_size();
  static constexpr std::size_t max_array_size = json::array::max_size();
  static constexpr std::size_t max_key_size = json::string::max_size();
  static constexpr std::size_t max_string_size = json::string::max_size();
  using Code = json::error_code;

  json::value_stack stack;
  std::size_t keys = 0;

  bool on_document_begin(Code&) { return true; }
  bool on_document_end(Code&) { return true; }
  bool on_object_begin(Code&) { return true; }
  bool on_object_end(std::size_t n, Code&) { return keys += n, stack.push_object(n), true; }
  bool on_array_begin(Code&) { return true; }
  bool on_array_end(std::size_t n, Code&) { return stack.push_array(n), true; }
  bool on_key_part(json::string_view s, std::size_t, Code&) { return stack.push_chars(s), true; }
  bool on_key(json::string_view s, std::size_t, Code&) { return stack.push_key(s), true; }
  bool on_string_part(json::string_view s, std::size_t, Code&) { return stack.push_chars(s), true; }
  bool on_string(json::string_view s, std::size_t, Code&) { return stack.push_string(s), true; }
  bool on_number_part(json::string_view, Code&) { return true; }
  bool on_int64(std::int64_t i, json::string_view, Code&) { return stack.push_int64(i), true; }
  bool on_uint64(std::uint64_t u, json::string_view, Code&) { return stack.push_uint64(u), true; }
  bool on_double(double rough, json::string_view digits, Code&) {
    double exact = rough;
    std::from_chars(digits.data(), digits.data() + digits.size(), exact);
    return stack.push_double(exact), true;
  }
  bool on_bool(bool b, Code&) { return stack.push_bool(b), true; }
  bool on_null(Code&) { return stack.push_null(), true; }
  bool on_comment_part(json::string_view, Code&) { return true; }
  bool on_comment(json::string_view, Code&) { return true; }
};

std::size_t count_keys(const json::value& value) {
  std::size_t count = 0;
  if (const auto* object = value.if_object()) {
    count = object->size();
    for (const auto& member : *object) count += count_keys(member.value());
  } else if (const auto* array = value.if_array()) {
    for (const auto& element : *array) count += count_keys(element);
  }
  return count;
}

bool is_control(std::string_view text, std::size_t i) {
  const auto c = static_cast<unsigned char>(text[i]);
  if (c < 0x20 || c == 0x7f) return true;
  // U+0080 to U+009F; the text is valid UTF-8, so a continuation byte follows.
  return c == 0xc2 && static_cast<unsigned char>(text[i + 1]) < 0xa0;
}

template <class Integer>
std::string integer_range(Integer min, Integer max) {
  return "an integer from " + std::to_string(min) + " to " + std::to_string(max);
}

std::string shortest(double number) {
  char digits[32];
  return std::string(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
}

}  // namespace

bool has_control(std::string_view utf8, bool many_lines) {
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    const bool layout = many_lines && (utf8[i] == '\n' || utf8[i] == '\t');
    if (!layout && is_control(utf8, i)) return true;
  }
  return false;
}

struct JsonReader::Document {
  // Ordinary payloads (a fix, a chat message) need no other allocation than this document itself.
  unsigned char buffer[4096];
  json::monotonic_resource memory{buffer, sizeof buffer};
  json::value value = json::value(json::storage_ptr(&memory));
};

JsonReader::JsonReader(std::string_view payload, std::size_t max_bytes)
    : root_(this, nullptr, {}, 0, nullptr) {
  parse(payload, max_bytes);
}

void JsonReader::parse(std::string_view payload, std::size_t max_bytes) {
  if (payload.size() > max_bytes) {
    return fail("", "at most " + std::to_string(max_bytes) + " bytes");
  }
  document_ = std::make_unique<Document>();
  json::parse_options options;
  options.max_depth = kMaxJsonDepth;
  json::basic_parser<Handler> parser(options);
  parser.handler().stack.reset(&document_->memory);
  json::error_code code;
  const std::size_t used = parser.write_some(false, payload.data(), payload.size(), code);
  if (code == json::error::too_deep) {
    return fail("", "at most " + std::to_string(kMaxJsonDepth) + " levels of nesting");
  }
  if (code || used != payload.size()) return fail("", "one JSON object in valid UTF-8");
  document_->value = parser.handler().stack.release();
  if (!document_->value.is_object()) return fail("", "a JSON object");
  if (count_keys(document_->value) != parser.handler().keys) return fail("", "no key twice in an object");
  root_.value_ = &document_->value;
}

JsonReader::~JsonReader() = default;

void JsonReader::fail(std::string field, std::string expected) {
  if (!error_) error_ = Error{std::move(field), std::move(expected)};
}

void Field::fail(std::string expected) const {
  if (reader_->ok()) reader_->fail(path(), std::move(expected));
}

bool Field::reader_ok() const { return reader_->ok(); }

std::string Field::path() const {
  if (!parent_) return {};
  const std::string above = parent_->path();
  if (key_.empty()) return above + '[' + std::to_string(index_) + ']';
  return above.empty() ? std::string(key_) : above + '.' + std::string(key_);
}

Field Field::operator[](std::string_view key) const& {
  const json::object* object = value_ ? value_->if_object() : nullptr;
  if (!object) fail("an object");
  return Field(reader_, this, key, 0, object ? object->if_contains(key) : nullptr);
}

void Field::any_object() const {
  if (!value_ || !value_->is_object()) fail("an object");
}

std::string Field::object_text() const {
  any_object();
  return value_ && value_->is_object() ? json::serialize(*value_) : std::string();
}

bool Field::boolean() const {
  const bool* found = value_ ? value_->if_bool() : nullptr;
  if (!found) fail("true or false");
  return found && *found;
}

std::optional<std::uint64_t> Field::as_integer() const {
  if (!value_) return std::nullopt;
  if (const auto* i = value_->if_int64(); i && *i >= 0) return static_cast<std::uint64_t>(*i);
  if (const auto* u = value_->if_uint64()) return *u;
  const auto* d = value_->if_double();
  if (d && *d >= 0 && *d <= static_cast<double>(kMaxInteger) && *d == std::floor(*d)) {
    return static_cast<std::uint64_t>(*d);
  }
  return std::nullopt;
}

std::uint64_t Field::integer(std::uint64_t min, std::uint64_t max) const {
  const auto found = as_integer();
  if (found && *found >= min && *found <= max) return *found;
  fail(integer_range(min, max));
  return 0;
}

std::uint32_t Field::small_integer(std::uint32_t min, std::uint32_t max) const {
  return static_cast<std::uint32_t>(integer(min, max));
}

std::int64_t Field::signed_integer(std::int64_t min, std::int64_t max) const {
  const auto* i = value_ ? value_->if_int64() : nullptr;
  if (i && *i >= min && *i <= max) return *i;
  const auto* d = value_ ? value_->if_double() : nullptr;
  if (d && *d >= static_cast<double>(min) && *d <= static_cast<double>(max) && *d == std::floor(*d))
    return static_cast<std::int64_t>(*d);
  fail(integer_range(min, max));
  return 0;
}

std::int64_t Field::time_ms() const {
  const auto found = as_integer();
  if (found && *found <= kMaxInteger) return static_cast<std::int64_t>(*found);
  fail("a time in Unix milliseconds, " + integer_range<std::uint64_t>(0, kMaxInteger));
  return 0;
}

std::optional<std::int64_t> Field::optional_time_ms() const {
  return present() ? std::optional(time_ms()) : std::nullopt;
}

double Field::number(double min, double max) const {
  if (value_) {
    double found = std::nan("");
    if (const auto* d = value_->if_double()) found = *d;
    if (const auto* i = value_->if_int64()) found = static_cast<double>(*i);
    if (const auto* u = value_->if_uint64()) found = static_cast<double>(*u);
    if (found >= min && found <= max) return found;
  }
  fail("a number from " + shortest(min) + " to " + shortest(max));
  return 0;
}

std::optional<double> Field::optional_number(double min, double max) const {
  return present() ? std::optional(number(min, max)) : std::nullopt;
}

double Field::lenient_number(double min, double max) const {
  const std::string_view digits = any_string();
  if (digits.empty()) return number(min, max);
  double found = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), found);
  if (error == std::errc() && end == digits.data() + digits.size() && found >= min && found <= max)
    return found;
  fail("a number from " + shortest(min) + " to " + shortest(max));
  return 0;
}

std::string_view Field::any_string() const {
  const json::string* found = value_ ? value_->if_string() : nullptr;
  return found ? std::string_view(found->data(), found->size()) : std::string_view();
}

std::string Field::checked(bool (*rule)(std::string_view), const char* expected) const {
  const std::string_view found = any_string();
  if (rule(found)) return std::string(found);
  fail(expected);
  return {};
}

std::string Field::plain_id() const {
  return checked(topics::is_plain_id, "an identifier: 1 to 64 characters out of A-Z a-z 0-9 . _ -");
}

std::string Field::user_id() const {
  return checked(topics::is_user_id, "a user: an identifier, or identifier@site");
}

std::string Field::group_id() const {
  return checked(topics::is_group_id, "a group: 32 lower-case hexadecimal digits");
}

std::string Field::characters(std::size_t min_bytes, std::size_t max_bytes, bool many_lines) const {
  const std::string_view found = any_string();
  const bool is_string = value_ && value_->is_string();
  if (is_string && found.size() >= min_bytes && found.size() <= max_bytes &&
      !has_control(found, many_lines)) {
    return std::string(found);
  }
  fail("text of " + std::to_string(min_bytes) + " to " + std::to_string(max_bytes) +
       " bytes without control characters" + (many_lines ? " other than line feed and tabulator" : ""));
  return {};
}

std::string Field::line(std::size_t min_bytes, std::size_t max_bytes) const {
  return characters(min_bytes, max_bytes, false);
}

std::string Field::text(std::size_t min_bytes, std::size_t max_bytes) const {
  return characters(min_bytes, max_bytes, true);
}

bool Field::given() const { return value_ && !value_->is_null(); }

bool Field::is_empty_string() const { return value_ && value_->is_string() && any_string().empty(); }

void Field::exactly(std::string_view word) const {
  if (any_string() != word) fail('"' + std::string(word) + '"');
}

std::size_t Field::list_size(std::size_t min, std::size_t max) const {
  const json::array* array = value_ ? value_->if_array() : nullptr;
  if (array && array->size() >= min && array->size() <= max) return array->size();
  fail("a list of " + std::to_string(min) + " to " + std::to_string(max) + " elements");
  return 0;
}

Field Field::at(std::size_t index) const {
  return Field(reader_, this, {}, index, &value_->get_array()[index]);
}

std::size_t Field::object_size(std::size_t max) const {
  const json::object* object = value_ ? value_->if_object() : nullptr;
  if (object && object->size() <= max) return object->size();
  fail("an object of at most " + std::to_string(max) + " members");
  return 0;
}

std::pair<std::string, Field> Field::member(std::size_t index) const {
  const auto& pair = *(value_->get_object().begin() + static_cast<std::ptrdiff_t>(index));
  // Errors name the place by number: the key is the sender's.
  const Field field(reader_, this, {}, index, &pair.value());
  const std::string_view key(pair.key().data(), pair.key().size());
  if (!topics::is_plain_id(key)) field.fail("a key of 1 to 64 characters out of A-Z a-z 0-9 . _ -");
  return {std::string(key), field};
}

}  // namespace convoke::messages
