#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace convoke::gateways::hooks {

using Form = std::vector<std::pair<std::string, std::string>>;

/// The bytes behind "%41"; `plus`: a "+" is a space. A "%" that no two digits follow stays what it is.
std::string percent_decode(std::string_view text, bool plus = true);

/// "a=1&b=2", at most 200 of them; nothing if there are more.
std::optional<Form> parse_form(std::string_view text);

/// The first value of that name; "" if there is none.
std::string_view value_of(const Form& form, std::string_view name);

}  // namespace convoke::gateways::hooks
