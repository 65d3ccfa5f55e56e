#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tests/simulation/random.h"
#include "tests/simulation/sites.h"

namespace convoke::simulation {

/// What one site's staff do in a world of several sites: plans that list users of all, starts, and acts on
/// the groups that are theirs.
class SiteStaff {
 public:
  SiteStaff(Random random, Site& site, std::vector<std::string> others,
            std::function<void(const std::string&)> trace)
      : random_(random), site_(site), others_(std::move(others)), trace_(std::move(trace)) {}

  void put_plans();
  void act(std::int64_t now_ms);
  /// The chat of those of all sites who are guests, which goes on as they come to be some and are none any
  /// more.
  void start_following();
  void make_guest(const std::string& user, bool guest);

 private:
  void put(const std::string& text);
  std::string somebody();
  void start();
  void act_on(const core::Group& group, std::int64_t now_ms);
  void call(const std::string& what, app::Command command);

  Random random_;
  Site& site_;
  std::vector<std::string> others_;
  std::function<void(const std::string&)> trace_;
  int counter_ = 0;
};

}  // namespace convoke::simulation
