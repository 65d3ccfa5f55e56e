#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "backend/gateways/hooks/kinds.h"
#include "tests/support/hex.h"
#include "topics/rfc3339.h"

namespace convoke::gateways::hooks::test {

using convoke::test::hex;

inline constexpr std::int64_t kNow = 1'767'225'600'000;  // 2026-01-01T00:00:00Z
inline constexpr std::int64_t kNowS = kNow / 1000;

inline const IdentityVault& vault() {
  static const IdentityVault kVault(std::string(32, 'k'));
  return kVault;
}

/// What the reading is, in one line.
inline std::string said(const Reading& reading) {
  if (const auto* nothing = std::get_if<Nothing>(&reading)) return "nothing: " + nothing->why;
  if (const auto* refusal = std::get_if<Refusal>(&reading))
    return std::to_string(refusal->status) + " " + refusal->detail;
  if (const auto* hint = std::get_if<Hint>(&reading)) return "hint " + hint->about;
  const auto& act = std::get<core::Act>(reading);
  return (act.withdrawn ? "back " : "act ") + act.subject;
}

inline core::Act act_of(const Reading& reading) {
  EXPECT_TRUE(std::holds_alternative<core::Act>(reading)) << said(reading);
  const auto* act = std::get_if<core::Act>(&reading);
  return act ? *act : core::Act();
}

inline bool is_by(const core::Act& act, const std::optional<core::Identity>& who) {
  return who &&
         std::any_of(act.who.begin(), act.who.end(), [&](const auto& had) { return had.key == who->key; });
}

inline Request post(std::string body, std::map<std::string, std::string> headers = {}) {
  return {"POST", "/hooks/h", std::move(headers), std::move(body), kNow};
}

/// The text with each of these replaced by the other.
inline std::string with(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

}  // namespace convoke::gateways::hooks::test
