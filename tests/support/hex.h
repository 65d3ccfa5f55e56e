#pragma once

#include <string>
#include <string_view>

namespace convoke::test {

/// As providers write their signatures: small letters.
inline std::string hex(std::string_view raw) {
  std::string out;
  for (const char c : raw) {
    out += "0123456789abcdef"[static_cast<unsigned char>(c) >> 4];
    out += "0123456789abcdef"[c & 15];
  }
  return out;
}

}  // namespace convoke::test
