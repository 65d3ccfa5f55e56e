#include "backend/gateways/identity_vault.h"

#include <gtest/gtest.h>

#include <set>

namespace convoke::gateways {
namespace {

const std::string kKey(32, 'k');

TEST(IdentityVault, EqualValuesHaveEqualKeysAndOtherKeysOthers) {
  const IdentityVault vault(kKey), other(std::string(32, 'o'));
  EXPECT_EQ(vault.phone("+49 (30) 12-34.56")->key, vault.phone("004930123456")->key);
  EXPECT_EQ(vault.phone("+49 (0)30 123456")->key, vault.phone("+4930123456")->key);
  EXPECT_EQ(vault.mail("Anna@Club.example")->key, vault.mail("anna@club.example")->key);
  EXPECT_NE(vault.ticket("ABC")->key, vault.ticket("abc")->key);
  EXPECT_NE(vault.ticket("anna@club.example")->key.substr(6), vault.mail("anna@club.example")->key.substr(4));
  EXPECT_NE(vault.phone("+4930123456")->key, other.phone("+4930123456")->key);
  EXPECT_EQ(vault.phone("+4930123456")->key.size(), 6 + 64u);
}

TEST(IdentityVault, OpensWhatItSealedAndNothingElse) {
  const IdentityVault vault(kKey), other(std::string(32, 'o'));
  const core::Identity a = *vault.mail("Anna@club.example"), b = *vault.mail("ben@club.example");
  EXPECT_EQ(vault.open(a.key, a.sealed), "anna@club.example");
  EXPECT_NE(a.sealed, vault.mail("anna@club.example")->sealed)
      << "the same value twice must not be seen to be";
  EXPECT_FALSE(other.open(a.key, a.sealed));
  EXPECT_FALSE(vault.open(b.key, a.sealed)) << "of another identity";
  std::string changed = a.sealed;
  changed[20] = changed[20] == 'A' ? 'B' : 'A';
  EXPECT_FALSE(vault.open(a.key, changed));
  EXPECT_FALSE(vault.open(a.key, ""));
}

TEST(IdentityVault, StandsInForATextThatMayNameSomebody) {
  const IdentityVault vault(kKey), other(std::string(32, 'o'));
  const std::string text = "1.anna@club.example";
  EXPECT_EQ(vault.stand_in(text), vault.stand_in(text));
  EXPECT_NE(vault.stand_in(text), other.stand_in(text)) << "nobody without the key can try texts out";
  EXPECT_NE("mail/" + vault.stand_in("mail/" + text), vault.mail(text)->key) << "and it is no identity's";
  EXPECT_EQ(vault.stand_in(text).find("anna"), std::string::npos);
}

TEST(IdentityVault, RefusesWhatIsNone) {
  const IdentityVault vault(kKey);
  for (const char* text :
       {"", "030123456", "+030123456", "+49", "+49x30123456", "+4930123456789012", "4930123456"})
    EXPECT_FALSE(vault.phone(text)) << text;
  for (const char* text : {"", "anna", "@club.example", "anna@", "an na@club.example", "anna@club\n.example"})
    EXPECT_FALSE(vault.mail(text)) << text;
  EXPECT_FALSE(vault.mail(std::string(250, 'a') + "@b.example"));
  EXPECT_FALSE(vault.ticket(""));
  EXPECT_FALSE(vault.ticket(std::string(201, 'a')));
  EXPECT_FALSE(vault.identity("fax", "+4930123456"));
}

TEST(IdentityVault, PersonalTagsAreOfOneUserAndSurviveMailsThatChangeCase) {
  const IdentityVault vault(kKey);
  const std::string anna = vault.personal_tag(core::UserId::parse("anna"));
  EXPECT_EQ(anna.size(), 26u);
  EXPECT_EQ(anna.find_first_not_of("abcdefghijklmnopqrstuvwxyz234567"), std::string::npos);
  std::set<std::string> tags;
  for (int i = 0; i < 100; ++i)
    tags.insert(vault.personal_tag(core::UserId::parse("user" + std::to_string(i))));
  EXPECT_EQ(tags.size(), 100u);
  std::string loud = anna;
  for (char& c : loud) c = static_cast<char>(std::toupper(c));
  EXPECT_EQ(vault.personal(loud)->key, vault.personal(anna)->key);
}

TEST(IdentityVault, WantsAKeyOf32Bytes) {
  EXPECT_THROW(IdentityVault("short"), std::runtime_error);
  EXPECT_THROW(IdentityVault::load("/nowhere/key"), std::runtime_error);
}

}  // namespace
}  // namespace convoke::gateways
