#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "topics/messages/limits.h"
#include "topics/messages/result.h"

namespace boost::json {
class value;
}

namespace convoke::messages {

/// Whether valid UTF-8 has a control character (U+0000 to U+001F, U+007F to U+009F); `many_lines` allows line
/// feed and tabulator. One rule for all that is read, so that what one reader takes another takes too.
bool has_control(std::string_view utf8, bool many_lines = false);

class JsonReader;

/// One place in a payload: a value, or the absence of one. Private to the codecs.
///
/// Reading never throws. Whatever does not obey what the caller asked for is noted in the JsonReader, the
/// first problem with its path, and the read gives an empty value, so that a decoder is one straight list of
/// reads. A Field refers to its parent and to the JsonReader: it must not outlive them.
class Field {
 public:
  bool present() const { return value_ != nullptr; }
  /// Present, and not null.
  bool given() const;

  /// The member of this object; absent if there is none.
  Field operator[](std::string_view key) const&;
  Field operator[](std::string_view key) const&& = delete;

  bool boolean() const;
  bool flag() const { return present() && boolean(); }  // absent: false
  std::uint64_t integer(std::uint64_t min = 0, std::uint64_t max = kMaxInteger) const;
  std::uint32_t small_integer(std::uint32_t min = 0, std::uint32_t max = UINT32_MAX) const;
  std::int64_t signed_integer(std::int64_t min, std::int64_t max) const;  // within ±kMaxInteger
  std::int64_t time_ms() const;
  std::optional<std::int64_t> optional_time_ms() const;
  double number(double min, double max) const;
  std::optional<double> optional_number(double min, double max) const;
  /// A number, or the decimal digits of one in a string.
  double lenient_number(double min, double max) const;

  std::string plain_id() const;
  std::string user_id() const;
  std::string group_id() const;
  /// One line: no control characters.
  std::string line(std::size_t min_bytes, std::size_t max_bytes) const;
  /// Several lines: no control characters but line feed and tabulator.
  std::string text(std::size_t min_bytes, std::size_t max_bytes) const;
  bool is_empty_string() const;
  /// A word that must equal `word`.
  void exactly(std::string_view word) const;

  /// One of a closed set of words; `parse` gives an optional, `words` names the set for people.
  template <class Parse>
  auto choice(Parse parse, const char* words) const {
    auto found = parse(any_string());
    if (!found) {
      fail(words);
      found.emplace();
    }
    return *found;
  }

  /// Calls `read(element)` for each element of this list, until something is wrong.
  template <class Read>
  void each(std::size_t min, std::size_t max, Read read) const {
    const std::size_t size = list_size(min, max);
    for (std::size_t i = 0; i < size && reader_ok(); ++i) read(at(i));
  }
  std::size_t list_size(std::size_t min, std::size_t max) const;
  Field at(std::size_t index) const;

  /// Calls `read(key, value)` for each member of this object, whose keys are plain ids chosen by the sender.
  template <class Read>
  void each_member(std::size_t max, Read read) const {
    const std::size_t size = object_size(max);
    for (std::size_t i = 0; i < size && reader_ok(); ++i) {
      const auto [key, value] = member(i);
      read(key, value);
    }
  }

  /// This must be an object, whatever is in it.
  void any_object() const;
  /// The same, as JSON text.
  std::string object_text() const;

  /// Notes that something else than `expected` is here.
  void fail(std::string expected) const;

 private:
  friend class JsonReader;
  Field(JsonReader* reader, const Field* parent, std::string_view key, std::size_t index,
        const boost::json::value* value)
      : reader_(reader), parent_(parent), key_(key), index_(index), value_(value) {}

  std::string path() const;
  bool reader_ok() const;
  std::string_view any_string() const;
  std::string checked(bool (*rule)(std::string_view), const char* expected) const;
  std::string characters(std::size_t min_bytes, std::size_t max_bytes, bool many_lines) const;
  std::optional<std::uint64_t> as_integer() const;
  std::size_t object_size(std::size_t max) const;
  std::pair<std::string, Field> member(std::size_t index) const;

  JsonReader* reader_;
  const Field* parent_;   // null: the payload itself
  std::string_view key_;  // empty: an element of a list, at index_
  std::size_t index_;
  const boost::json::value* value_;  // null: absent
};

/// Parses one payload: at most `max_bytes` of valid UTF-8, one JSON object, at most kMaxJsonDepth deep,
/// no key twice in an object. Use: read from root(), then finish().
class JsonReader {
 public:
  explicit JsonReader(std::string_view payload, std::size_t max_bytes = kMaxPayloadBytes);
  ~JsonReader();
  JsonReader(const JsonReader&) = delete;
  JsonReader& operator=(const JsonReader&) = delete;

  const Field& root() const { return root_; }
  bool ok() const { return !error_; }

  /// What was decoded, or the first thing that was wrong.
  template <class T>
  Result<T> finish(T decoded) {
    if (error_) return *std::move(error_);
    return decoded;
  }

 private:
  friend class Field;
  struct Document;
  void parse(std::string_view payload, std::size_t max_bytes);
  void fail(std::string field, std::string expected);

  std::unique_ptr<Document> document_;
  std::optional<Error> error_;
  Field root_;
};

}  // namespace convoke::messages
