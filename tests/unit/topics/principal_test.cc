#include "topics/principal.h"

#include <gtest/gtest.h>

namespace convoke::topics {
namespace {

TEST(Role, NamesReadBack) {
  for (const Role role : {Role::terminal, Role::staff, Role::operator_, Role::server, Role::peer,
                          Role::viewer, Role::gateway}) {
    EXPECT_EQ(parse_role(to_string(role)), role);
  }
  EXPECT_EQ(to_string(Role::operator_), "operator");
  for (const char* bad : {"", "Terminal", "operator_", "admin"}) EXPECT_FALSE(parse_role(bad)) << bad;
}

TEST(Principal, ClientIdIsSiteSubjectDevice) {
  EXPECT_EQ(client_id({SiteId::parse("demo"), Role::terminal, "anna", DeviceId::parse("phone")}),
            "demo:anna:phone");
}

}  // namespace
}  // namespace convoke::topics
