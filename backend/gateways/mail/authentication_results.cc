#include "backend/gateways/mail/authentication_results.h"

#include "backend/gateways/mail/header_fields.h"

namespace convoke::gateways {
namespace {

constexpr std::size_t kMaxResults = 64, kMaxProperties = 64;
constexpr int kMaxCommentDepth = 16;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alnum(char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
/// RFC 2045, section 5.1; octets beyond ASCII as RFC 6532 allows them.
bool is_token(char c) {
  const auto u = static_cast<unsigned char>(c);
  return u > 32 && u != 127 && std::string_view("()<>@,;:\\\"/[]?=").find(c) == std::string_view::npos;
}
/// Unquoted values of properties are more than tokens: addresses, parts of signatures in base64.
bool is_pvalue(char c) {
  const auto u = static_cast<unsigned char>(c);
  return u > 32 && u != 127 && std::string_view("();\"\\,<>").find(c) == std::string_view::npos;
}

/// Reads from the front of the text; each function says whether it found what it is named after.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool at_end() const { return rest_.empty(); }
  bool at(char c) const { return !rest_.empty() && rest_[0] == c; }
  bool take(char c) {
    if (!at(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  /// Blanks and comments, which nest. False if a comment does not end.
  bool skip() {
    while (!rest_.empty()) {
      if (rest_[0] == ' ' || rest_[0] == '\t')
        rest_.remove_prefix(1);
      else if (rest_[0] != '(')
        return true;
      else if (!comment())
        return false;
    }
    return true;
  }
  bool taken_between(char c) { return skip() && take(c) && skip(); }

  std::string keyword() {
    std::string out = word([](char c) { return is_alnum(c) || c == '-' || c == '_'; });
    return !out.empty() && (out.front() == '-' || out.back() == '-') ? "" : lower_ascii(out);
  }
  std::string digits() { return word(is_digit); }
  /// A token or a quoted string.
  std::optional<std::string> value() { return at('"') ? quoted() : some(word(is_token)); }
  /// A value, or an address, whose local part may be quoted.
  std::optional<std::string> pvalue() {
    if (!at('"')) return some(word(is_pvalue));
    auto out = quoted();
    if (out && at('@')) *out += word(is_pvalue);
    return out;
  }

 private:
  static std::optional<std::string> some(std::string text) {
    return text.empty() ? std::nullopt : std::optional(std::move(text));
  }
  template <class F>
  std::string word(F belongs) {
    std::size_t n = 0;
    while (n < rest_.size() && belongs(rest_[n])) ++n;
    std::string out(rest_.substr(0, n));
    rest_.remove_prefix(n);
    return out;
  }
  bool comment() {
    int depth = 0;
    for (std::size_t i = 0; i < rest_.size(); ++i) {
      if (rest_[i] == '\\') {
        ++i;
      } else if (rest_[i] == '(') {
        if (++depth > kMaxCommentDepth) return false;
      } else if (rest_[i] == ')' && --depth == 0) {
        rest_.remove_prefix(i + 1);
        return true;
      }
    }
    return false;
  }
  std::optional<std::string> quoted() {
    std::string out;
    for (std::size_t i = 1; i < rest_.size(); ++i) {
      if (rest_[i] == '"') {
        rest_.remove_prefix(i + 1);
        return out;
      }
      if (rest_[i] == '\\' && ++i == rest_.size()) break;
      out += rest_[i];
    }
    return std::nullopt;
  }

  std::string_view rest_;
};

/// `[CFWS] authserv-id [CFWS authres-version]`
bool read_id(Reader& in, AuthenticationResults& out) {
  if (!in.skip()) return false;
  const auto id = in.value();
  if (!id || !in.skip()) return false;
  out.authserv_id = plain_domain(*id);
  if (out.authserv_id.empty() || out.authserv_id.back() == '.') return false;
  const std::string version = in.digits();
  return (version.empty() || version == "1") && in.skip();
}

/// `method [/ version] = result`
bool read_method(Reader& in, MethodResult& out) {
  out.method = in.keyword();
  if (out.method.empty() || !in.skip()) return false;
  if (in.take('/') && (!in.skip() || in.digits() != "1")) return false;
  if (!in.taken_between('=')) return false;
  out.result = in.keyword();
  return !out.result.empty();
}

/// `reason = value` or `ptype . property = pvalue`
bool read_property(Reader& in, MethodResult& out) {
  std::string name = in.keyword();
  if (name.empty() || !in.skip()) return false;
  if (name != "reason") {
    if (!in.taken_between('.')) return false;
    const std::string property = in.keyword();
    if (property.empty()) return false;
    name += "." + property;
  }
  if (!in.taken_between('=')) return false;
  const auto value = in.pvalue();
  // Said twice it says nothing.
  return value && out.properties.size() < kMaxProperties && out.properties.emplace(name, *value).second;
}

bool read_result(Reader& in, AuthenticationResults& out) {
  MethodResult result;
  if (!read_method(in, result) || !in.skip()) return false;
  while (!in.at_end() && !in.at(';'))
    if (!read_property(in, result) || !in.skip()) return false;
  out.results.push_back(std::move(result));
  return out.results.size() <= kMaxResults;
}

/// `; none`, and nothing after it.
bool is_none(Reader in) { return in.keyword() == "none" && in.skip() && in.at_end(); }

}  // namespace

std::string MethodResult::property(const std::string& name) const {
  const auto found = properties.find(name);
  return found == properties.end() ? std::string() : found->second;
}

std::optional<AuthenticationResults> parse_authentication_results(std::string_view value) {
  Reader in(value);
  AuthenticationResults out;
  if (!read_id(in, out) || in.at_end()) return std::nullopt;
  bool first = true;
  while (!in.at_end()) {
    if (!in.take(';') || !in.skip()) return std::nullopt;
    if (first && is_none(in)) return out;
    first = false;
    if (!read_result(in, out)) return std::nullopt;
  }
  return out;
}

std::string plain_domain(std::string_view domain) {
  if (!domain.empty() && domain.back() == '.') domain.remove_suffix(1);
  return lower_ascii(domain);
}

}  // namespace convoke::gateways
