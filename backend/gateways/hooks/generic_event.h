#pragma once

#include <string>

#include "backend/gateways/hooks/fields.h"

/// Events of whoever has no adapter of their own, in words of ours (docs/protocol/hooks.md), by whatever
/// envelope they come.
namespace convoke::gateways::hooks {

struct Envelope {
  std::string id;
  std::string type;
  core::TimeMs at_ms = 0;  // when it happened
};

/// The act, or that the type means nothing. What is wrong with `data` is noted in its reader.
Reading read_generic(const Envelope& envelope, const Field& data, const std::string& country,
                     const IdentityVault& vault);

/// Whether it is a type that read_generic knows.
bool is_generic_type(const std::string& type);

}  // namespace convoke::gateways::hooks
