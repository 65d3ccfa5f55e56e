#pragma once

#include <charconv>
#include <cmath>
#include <concepts>
#include <optional>
#include <string>
#include <string_view>

namespace convoke::messages {

/// Appends compact JSON to one string, in the order of the calls. Private to the codecs.
/// The caller balances begin and end, names every member of an object, and gives valid UTF-8.
class JsonWriter {
 public:
  explicit JsonWriter(std::size_t expected_bytes = 256) { out_.reserve(expected_bytes); }

  std::string take() { return std::move(out_); }

  JsonWriter& key(std::string_view name) {
    string(name);
    out_ += ':';
    return *this;
  }

  void begin_object() { open('{'); }
  void end_object() { out_ += '}'; }
  void begin_list() { open('['); }
  void end_list() { out_ += ']'; }

  void boolean(bool value) {
    comma();
    out_ += value ? "true" : "false";
  }

  template <std::integral T>
  void number(T value) {
    digits(value);
  }

  /// The shortest digits that read back to the same double. Not a finite number: null, which no reader takes.
  void number(double value) {
    if (!std::isfinite(value)) {
      comma();
      out_ += "null";
      return;
    }
    digits(value == 0 ? 0.0 : value);  // one zero, without sign
  }

  void string(std::string_view text) {
    comma();
    out_ += '"';
    for (const char c : text) escaped(c);
    out_ += '"';
  }

  /// A value that is JSON already.
  void raw(std::string_view json) {
    comma();
    out_ += json;
  }

  void member(std::string_view name, std::string_view value) { key(name).string(value); }
  void member(std::string_view name, const std::string& value) { key(name).string(value); }
  void member(std::string_view name, const char* value) { key(name).string(value); }
  void member(std::string_view name, double value) { key(name).number(value); }
  void member(std::string_view name, bool value) { key(name).boolean(value); }
  template <std::integral T>
  requires(!std::same_as<T, bool>) void member(std::string_view name, T value) { key(name).number(value); }
  template <class T>
  void member(std::string_view name, const std::optional<T>& value) {
    if (value) member(name, *value);
  }

 private:
  void open(char bracket) {
    comma();
    out_ += bracket;
  }

  /// What was written last tells whether a comma belongs here: strings end in a quotation mark.
  void comma() {
    if (out_.empty()) return;
    const char last = out_.back();
    if (last != '{' && last != '[' && last != ':') out_ += ',';
  }

  template <class T>
  void digits(T value) {
    comma();
    char text[32];
    out_.append(text, std::to_chars(text, text + sizeof text, value).ptr);
  }

  void escaped(char c) {
    static constexpr char kHex[] = "0123456789abcdef";
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out_ += '\\';
      out_ += c;
    } else if (byte >= 0x20) {
      out_ += c;
    } else if (c == '\n') {
      out_ += "\\n";
    } else if (c == '\t') {
      out_ += "\\t";
    } else {
      out_ += "\\u00";
      out_ += kHex[byte >> 4];
      out_ += kHex[byte & 15];
    }
  }

  std::string out_;
};

}  // namespace convoke::messages
