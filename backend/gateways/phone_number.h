#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace convoke::gateways {

/// A written telephone number in the form in which it is matched (ITU-T E.164: "+4930123456"), or nothing if
/// it is none. International ones begin with "+" or "00"; around the digits may be spaces and ()-./ but no
/// letters and no extension. `country`: the calling code ("49") of the country that other numbers are local
/// in ("030 123456"), and whose prefix for calls abroad counts; without it there are no local numbers. An
/// international number counts if its country has numbers of that length, a local one, which is a guess, only
/// if the country has such numbers. Any thread.
std::optional<std::string> to_e164(std::string_view text, std::string_view country = {});

/// Whether `text` is the calling code of a country, which `to_e164` knows the local numbers of.
bool is_calling_code(std::string_view text);

}  // namespace convoke::gateways
