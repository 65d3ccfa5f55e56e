#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "backend/gateways/hooks/hook.h"
#include "backend/gateways/identity_vault.h"
#include "topics/messages/json_reader.h"
#include "topics/rfc3339.h"

/// What the adapters read alike. Shops write null where they have nothing.
namespace convoke::gateways::hooks {

using messages::Field;
using messages::JsonReader;

inline constexpr std::size_t kMaxMailBytes = 254;

inline std::string optional_line(const Field& field, std::size_t max_bytes = kMaxTextBytes) {
  return field.given() ? field.line(0, max_bytes) : std::string();
}

/// A number that is a name, as shops' ids are.
inline std::string number_id(const Field& field) { return std::to_string(field.integer()); }
inline std::string optional_number_id(const Field& field) {
  return field.given() ? number_id(field) : std::string();
}

/// RFC 3339 to Unix milliseconds.
inline core::TimeMs date_time(const Field& field) {
  return field.choice([](std::string_view text) { return topics::parse_rfc3339(text); },
                      "a time as 2026-06-01T19:30:00Z");
}
inline std::optional<core::TimeMs> optional_date_time(const Field& field) {
  return field.given() ? std::optional(date_time(field)) : std::nullopt;
}

/// Unix seconds to milliseconds, up to the year 9999.
inline core::TimeMs unix_seconds(const Field& field) {
  return static_cast<core::TimeMs>(field.integer(0, 253'402'300'799)) * 1000;
}

/// Adds who it was; what is no identity or there already is passed over.
inline void add(core::Act& act, const std::optional<core::Identity>& who) {
  if (!who || act.who.size() >= kMaxWho) return;
  const bool there = std::any_of(act.who.begin(), act.who.end(),
                                 [&](const core::Identity& had) { return had.key == who->key; });
  if (!there) act.who.push_back(*who);
}

/// Adds what was bought, each once.
inline void add_product(core::Act& act, const std::string& product) {
  if (product.empty() || product.size() > kMaxTextBytes || act.products.size() >= kMaxProducts) return;
  if (std::find(act.products.begin(), act.products.end(), product) == act.products.end())
    act.products.push_back(product);
}

/// The act, or what was wrong with the body.
inline Reading finish(JsonReader& reader, Reading reading) {
  auto done = reader.finish(std::move(reading));
  if (!done) return Refusal{400, "body." + done.error().to_string()};
  return *std::move(done);
}

}  // namespace convoke::gateways::hooks
