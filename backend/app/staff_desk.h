#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "backend/app/api.h"
#include "backend/app/staff_answers.h"
#include "backend/core/effects.h"
#include "backend/egress/link.h"
#include "topics/topic.h"

namespace convoke::app {

/// The staff interface over MQTT: requests in, each carried out once, answers out. The broker has checked
/// that the sender has the role staff or operator; which of the two does not show in the topic, so all act as
/// staff.
class StaffDesk {
 public:
  using CarryOut = std::function<ApiResponse(const topics::Principal&, Command)>;

  /// `vault`, if there is one, must outlive it.
  StaffDesk(topics::SiteId site, geo::AreaLimits area_limits, const gateways::IdentityVault* vault = nullptr)
      : site_(std::move(site)), limits_(area_limits), vault_(vault) {}

  /// Takes up the answers of before the start.
  void load(std::vector<std::pair<std::string, core::StaffAnswer>> answers) {
    answers_.load(std::move(answers));
  }
  /// `topic` is that of the message, taken apart.
  void take(const topics::Topic& topic, const egress::LinkMessage& message, std::int64_t real_ms,
            const CarryOut& carry_out, core::Context& ctx);

 private:
  topics::SiteId site_;
  geo::AreaLimits limits_;
  const gateways::IdentityVault* vault_;
  StaffAnswers answers_;
};

}  // namespace convoke::app
