#include "backend/gateways/phone_number.h"

#include <phonenumbers/phonenumberutil.h>

namespace convoke::gateways {
namespace {

using i18n::phonenumbers::PhoneNumber;
using i18n::phonenumbers::PhoneNumberUtil;

constexpr std::size_t kMaxBytes = 40;      // of a number as people write it
constexpr std::size_t kMaxE164Bytes = 16;  // "+" and 15 digits; the library takes more for some countries
constexpr const char* kNoRegion = "ZZ";    // the library's name for it

const PhoneNumberUtil& library() { return *PhoneNumberUtil::GetInstance(); }

/// The library would also read "0800 FLOWERS", "… ext. 7" and the number in a sentence.
bool is_plain(std::string_view text) {
  return !text.empty() && text.size() <= kMaxBytes &&
         text.find_first_not_of("0123456789+ ()-./") == std::string_view::npos;
}

/// The library's name of the country, or of the largest of several with one numbering plan.
std::string region_of(std::string_view calling_code) {
  int code = 0;
  if (calling_code.size() > 3) return kNoRegion;
  for (const char c : calling_code) {
    if (c < '0' || c > '9') return kNoRegion;
    code = 10 * code + (c - '0');
  }
  std::string region;
  library().GetRegionCodeForCountryCode(code, &region);
  const bool of_the_world = region == PhoneNumberUtil::kRegionCodeForNonGeoEntity;  // +800, satellites
  return of_the_world ? kNoRegion : region;
}

bool is_international(const PhoneNumber& number) {
  return number.country_code_source() == PhoneNumber::FROM_NUMBER_WITH_PLUS_SIGN ||
         number.country_code_source() == PhoneNumber::FROM_NUMBER_WITH_IDD;
}

/// Without the zero that local numbers begin with in many countries it may as well be an extension of the
/// exchange.
bool begins_as_local(std::string_view text, const std::string& region) {
  std::string prefix;
  library().GetNddPrefixForRegion(region, true, &prefix);
  return prefix != "0" || text[text.find_first_of("0123456789")] == '0';
}

/// Whether a country has such numbers. An international one is taken at its word: the library does not know
/// the ranges that were given out after it was made.
bool counts(const PhoneNumber& number, std::string_view text, const std::string& region) {
  if (is_international(number)) return library().IsPossibleNumber(number);
  return begins_as_local(text, region) && library().IsValidNumber(number);
}

std::optional<std::string> read(const std::string& text, const std::string& region) {
  PhoneNumber number;
  const bool good =
      library().ParseAndKeepRawInput(text, region, &number) == PhoneNumberUtil::NO_PARSING_ERROR;
  // Nobody has zeros only, which Format would give back as they were written.
  if (!good || number.national_number() == 0 || !counts(number, text, region)) return std::nullopt;
  std::string e164;
  library().Format(number, PhoneNumberUtil::E164, &e164);
  return e164.size() <= kMaxE164Bytes ? std::optional(std::move(e164)) : std::nullopt;
}

}  // namespace

std::optional<std::string> to_e164(std::string_view text, std::string_view country) {
  if (!is_plain(text)) return std::nullopt;
  const bool by_zeros = country.empty() && text.substr(0, 2) == "00";
  const std::string written = by_zeros ? "+" + std::string(text.substr(2)) : std::string(text);
  const bool international = written[0] == '+';
  auto number = read(written, international ? kNoRegion : region_of(country));
  // Prefixes for calls within are taken off. Where this does not end at once, nobody has such a number.
  const bool settled = number && (*number == written || read(*number, kNoRegion) == number);
  return settled ? number : std::nullopt;
}

bool is_calling_code(std::string_view text) { return region_of(text) != kNoRegion; }

}  // namespace convoke::gateways
