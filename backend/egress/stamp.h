#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "topics/messages/chat.h"

namespace convoke::egress {

/// The broker plugin's stamp, from the user properties of a message; nothing if there is none or it is not
/// one that the plugin makes: each number in decimal digits, epoch and n from 1 to 2^53 - 1.
std::optional<messages::Stamp> read_stamp(
    const std::vector<std::pair<std::string, std::string>>& user_properties);

}  // namespace convoke::egress
