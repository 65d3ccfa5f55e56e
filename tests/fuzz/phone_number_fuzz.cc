// Telephone numbers as anybody writes them. The first byte says in which country.

#include <cstdint>
#include <string_view>

#include "backend/gateways/phone_number.h"
#include "tests/fuzz/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using convoke::gateways::to_e164;
  static constexpr std::string_view kCountries[] = {"",   "1",  "7",  "33", "34", "36",  "39", "44",
                                                    "49", "52", "54", "55", "81", "225", "61", "?"};
  if (size == 0) return 0;
  const std::string_view country = kCountries[data[0] & 15];
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  const auto number = to_e164(text, country);
  if (!number) return 0;
  FUZZ_CHECK(number->size() >= 4 && number->size() <= 16 && (*number)[0] == '+' && (*number)[1] != '0');
  FUZZ_CHECK(number->find_first_not_of("0123456789", 1) == std::string::npos);
  // Whoever writes it like this means the same, wherever they are.
  FUZZ_CHECK(to_e164(*number) == number);
  FUZZ_CHECK(to_e164(*number, country) == number);
  return 0;
}
