#include "backend/gateways/phone_number.h"

#include <gtest/gtest.h>
#include <phonenumbers/phonenumberutil.h>

#include <set>

namespace convoke::gateways {
namespace {

using i18n::phonenumbers::PhoneNumber;
using i18n::phonenumbers::PhoneNumberUtil;

TEST(PhoneNumber, R5_ReadsInternationalOnes) {
  for (const char* text : {"+4930123456", "+49 (30) 12-34.56", "0049 30/123456", "+49 (0)30 123456",
                           "(+49) 30 123456", "+49 030 123456"})
    EXPECT_EQ(to_e164(text), "+4930123456") << text;
  EXPECT_EQ(to_e164("+39 (0)6 1234567"), "+39061234567") << "where the zero is part of the number";
  EXPECT_EQ(to_e164("+1 415-867-5309"), "+14158675309");
  EXPECT_EQ(to_e164("+1 983 555 1234"), "+19835551234") << "an area code that the library is too old to know";
}

TEST(PhoneNumber, R5_OneTelephoneHasOneForm) {
  EXPECT_EQ(to_e164("+52 1 55 1234 5678"), "+525512345678") << "as Mexico's mobiles were called until 2019";
  EXPECT_EQ(to_e164("+54 11 15 2345 6789"), "+5491123456789") << "as Argentina's are within";
}

TEST(PhoneNumber, R5_ReadsLocalOnesOfTheCountryAndOnlyThoseThatItHas) {
  EXPECT_EQ(to_e164("030 1234", "49"), "+49301234");
  EXPECT_EQ(to_e164("(415) 867-5309", "1"), "+14158675309");
  EXPECT_EQ(to_e164("06 1234567", "39"), "+39061234567");
  EXPECT_EQ(to_e164("+1 415 867 5309", "49"), "+14158675309");
  EXPECT_EQ(to_e164("001 415 867 5309", "49"), "+14158675309");
  EXPECT_EQ(to_e164("011 49 30 123456", "1"), "+4930123456") << "how one calls abroad from there";
  for (const char* text : {"1234", "30123", "4930123456", "110", "0", "0983 55", "0049"})
    EXPECT_FALSE(to_e164(text, "49")) << text;
  EXPECT_FALSE(to_e164("(983) 555-1234", "1")) << "nobody has it, as far as the library knows";
  EXPECT_FALSE(to_e164("030 1234", "800")) << "no country's";
  EXPECT_FALSE(to_e164("030 1234"));
}

TEST(PhoneNumber, R5_RefusesWhatIsNone) {
  for (const char* text : {"",
                           "+",
                           "00",
                           "+49",
                           "+493",
                           "+49 00",
                           "+030123456",
                           "4930123456",
                           "+49+30123456",
                           "+999123456789",
                           "+390612",
                           "+4930123456789012",
                           "+49x30123456",
                           "+49 30 123456 ext. 7",
                           "+49 30 123456;ext=7",
                           "+1 800 FLOWERS",
                           "tel:+4930123456",
                           "call +4930123456",
                           "+49 30 123456\n",
                           "+４９３０１２３４５６",
                           "\xff+4930123456"})
    for (const char* country : {"", "49", "1"}) {
      EXPECT_FALSE(to_e164(text, country)) << text << " in " << country;
    }
  EXPECT_FALSE(to_e164("+4930123456" + std::string(30, ' '))) << "too long";
}

/// Numbers are kept as a keyed hash of this form: it must stay the same.
TEST(PhoneNumber, R5_WhatIsInThatFormStaysAsItIs) {
  const PhoneNumberUtil& library = *PhoneNumberUtil::GetInstance();
  std::set<std::string> regions;
  library.GetSupportedRegions(&regions);
  int seen = 0;
  for (const std::string& region : regions)
    for (int type = 0; type <= PhoneNumberUtil::kMaxNumberType; ++type) {
      PhoneNumber example;
      if (!library.GetExampleNumberForType(region, static_cast<PhoneNumberUtil::PhoneNumberType>(type),
                                           &example))
        continue;
      std::string e164;
      library.Format(example, PhoneNumberUtil::E164, &e164);
      EXPECT_EQ(to_e164(e164), e164) << region;
      const std::string country = std::to_string(example.country_code());
      EXPECT_EQ(to_e164(e164, country), e164) << region;
      ++seen;
    }
  EXPECT_GT(seen, 1000);
}

TEST(PhoneNumber, KnowsTheCallingCodes) {
  for (const char* code : {"1", "49", "44", "7", "971"}) EXPECT_TRUE(is_calling_code(code)) << code;
  for (const char* code : {"", "0", "999", "800", "4930", "+49", "DE"})
    EXPECT_FALSE(is_calling_code(code)) << code;
}

}  // namespace
}  // namespace convoke::gateways
