#pragma once

#include <string>
#include <vector>

namespace convoke::crowd {

/// The bytes of a sockaddr for each TCP address of "HOST:PORT", best first; none if it cannot be resolved.
std::vector<std::string> resolve(const std::string& broker);

}  // namespace convoke::crowd
