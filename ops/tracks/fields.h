#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace convoke::tracks {

/// `user` or `user@site`, each 1 to 64 characters out of A-Z a-z 0-9 . _ -
bool is_user_id(std::string_view text);

/// An id made of any text: characters that it may not have become `-`, the rest is cut off after 64; "walker"
/// if nothing is left.
std::string make_user_id(std::string_view text);

/// The number that the whole text is, if it lies in the range.
std::optional<double> parse_number(std::string_view text, double low, double high);

}  // namespace convoke::tracks
