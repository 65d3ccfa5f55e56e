#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace convoke::cli {

/// Something that has an id, and perhaps a name for people.
struct Known {
  std::string id, name;
};

/// Ids of those that somebody who typed `wrong` may have meant, the likeliest first: by id or by name,
/// mistyped or in part, upper and lower case alike.
std::vector<std::string> near_ids(std::string_view wrong, const std::vector<Known>& known,
                                  std::size_t at_most = 5);

}  // namespace convoke::cli
