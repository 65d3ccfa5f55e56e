#include "tests/architecture/include_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

namespace convoke::architecture {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(IncludeRules, EveryIncludeFollowsTheArrows) {
  EXPECT_THAT(violations(CONVOKE_SOURCE_DIR, rules()), IsEmpty());
}

TEST(IncludeRules, EveryRuleSpeaksOfFoldersThatHaveOne) {
  for (const auto& rule : rules()) {
    for (const auto& other : rule.ours) {
      const bool known =
          std::any_of(rules().begin(), rules().end(), [&](const Rule& r) { return r.folder == other; });
      EXPECT_TRUE(known) << rule.folder << " -> " << other;
    }
  }
}

/// The checker itself, on a small tree with planted faults.
class PlantedTree : public testing::Test {
 protected:
  PlantedTree() {
    std::string name = (fs::temp_directory_path() / "convoke-tree-XXXXXX").string();
    root_ = ::mkdtemp(name.data());
  }
  ~PlantedTree() override { fs::remove_all(root_); }
  void plant(const std::string& path, const std::string& text) const {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text;
  }
  fs::path root_;
};

TEST_F(PlantedTree, FindsAnArrowThatGoesBack) {
  plant("geo/area.cc", "#pragma once\n#include <vector>\n#include \"backend/core/state.h\"\n");
  EXPECT_THAT(violations(root_, rules()),
              ElementsAre("geo/area.cc:3: includes backend/core/state.h, but geo may not use backend/core"));
}

TEST_F(PlantedTree, FindsAForeignLibrary) {
  plant("topics/topic.cc", "  #  include <boost/json.hpp>\n");
  EXPECT_THAT(violations(root_, rules()),
              ElementsAre("topics/topic.cc:1: includes boost/json.hpp, but topics may not use this library"));
}

TEST_F(PlantedTree, FindsAClockInTheCore) {
  plant("backend/core/engine.cc", "#include <chrono>\n#include <map>\n");
  EXPECT_THAT(violations(root_, rules()),
              ElementsAre("backend/core/engine.cc:1: includes chrono, but backend/core does without it"));
}

TEST_F(PlantedTree, FindsTheServerInsideThePhone) {
  plant("mobile-sdk/src/client.cc", "#include \"convoke/client.h\"\n#include \"backend/core/model.h\"\n");
  EXPECT_THAT(violations(root_, rules()),
              ElementsAre("mobile-sdk/src/client.cc:2: includes backend/core/model.h, but mobile-sdk/src may "
                          "not use backend/core"));
}

TEST_F(PlantedTree, FindsAFolderWithoutRule) {
  plant("backend/odd/thing.h", "");
  EXPECT_THAT(violations(root_, rules()),
              ElementsAre(testing::HasSubstr("backend/odd/thing.h: this folder has no rule")));
}

TEST_F(PlantedTree, SubfolderIsNotGivenWithItsParent) {
  plant("backend/egress/link.cc", "#include \"topics/ids.h\"\n#include \"topics/token/token.h\"\n");
  EXPECT_THAT(violations(root_, rules()),
              ElementsAre("backend/egress/link.cc:2: includes topics/token/token.h, but backend/egress may "
                          "not use topics/token"));
}

}  // namespace
}  // namespace convoke::architecture
