// Authentication-Results and DKIM-Signature fields. What is read must be read the same when it is written out
// again, every value in quotes.

#include <cstdint>
#include <string>

#include "backend/gateways/mail/authentication_results.h"
#include "backend/gateways/mail/dkim_signature.h"
#include "tests/fuzz/check.h"

namespace {

using namespace convoke::gateways;

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string written(const AuthenticationResults& field) {
  std::string out = quoted(field.authserv_id) + (field.results.empty() ? "; none" : "");
  for (const MethodResult& result : field.results) {
    out += "; " + result.method + "=" + result.result;
    for (const auto& [name, value] : result.properties) out += " " + name + "=" + quoted(value);
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto field = parse_authentication_results(text)) {
    const std::string once = written(*field);
    const auto again = parse_authentication_results(once);
    FUZZ_CHECK(again && written(*again) == once);
  }
  if (const auto signature = parse_dkim_signature(text)) FUZZ_CHECK(signature->fields.size() <= 200);
  return 0;
}
