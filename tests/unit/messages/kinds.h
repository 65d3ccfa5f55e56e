#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "topics/messages/result.h"

namespace convoke::messages::testing {

/// One kind of payload, as the tests that go over all of them see it.
struct Kind {
  std::string name;                                         // of its schema: schema/<name>.schema.json
  Result<std::string> (*recode)(std::string_view payload);  // decode, then encode
  std::vector<std::string> full;  // encoder output with every optional member, one for each variant
};

const std::vector<Kind>& kinds();
const Kind& kind(std::string_view name);

/// `payload` with the JSON text `json` at `path` ("fixes[0].lat"); an empty `json` removes the member.
std::string with(const std::string& payload, const std::string& path, const std::string& json);

/// A change to a good payload that must be refused, at that very path.
struct Refusal {
  std::string path;
  std::string json;      // in place of what is there; empty: removed
  std::string expected;  // part of what the error says was expected
};

/// Each change, applied to a good payload of the kind (its variant number `full`), must be refused as stated.
void expect_refusals(std::string_view kind_name, std::size_t full, const std::vector<Refusal>& refusals);

inline const std::string kGroup = "0123456789abcdef0123456789abcdef";
inline const std::string kOtherGroup = "ffffffffffffffffffffffffffffffff";

inline std::string quoted(const std::string& text) { return '"' + text + '"'; }

}  // namespace convoke::messages::testing
