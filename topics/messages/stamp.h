#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "topics/messages/chat.h"

namespace convoke::messages {

/// The broker plugin's stamp on a chat message, from the user properties of a message; nothing if there is
/// none or it is not one that the plugin makes: each number in decimal digits, epoch and n from 1 to 2^53
/// - 1.
std::optional<Stamp> read_stamp(const std::vector<std::pair<std::string, std::string>>& user_properties);

}  // namespace convoke::messages
