#pragma once

#include <string>
#include <vector>

#include "backend/core/engine.h"
#include "backend/egress/broker_session.h"
#include "backend/store/journal.h"
#include "tests/simulation/broker.h"
#include "tests/simulation/checks.h"
#include "tests/simulation/phone.h"

namespace convoke::simulation {

/// All that is archived of a group.
std::vector<messages::ArchivedMessage> archive_of(const store::Journal& journal,
                                                  const topics::GroupId& group);

/// All is quiet and everybody is connected: the phone shows what the server knows.
void check_phone(const StepChecks& checks, const core::Engine& engine, const store::Journal& journal,
                 const Phone& phone);
/// What the broker keeps of groups is what the server would publish now, and no more.
void check_retained(const core::State& state, const Broker& broker);
/// The plugin knows the members that the server knows, and no more.
void check_plugin(const core::State& state, const egress::BrokerSession& session);
/// Nothing is kept of what a user said before they were erased, at that time.
void check_erased(const std::string& user, core::TimeMs at_ms, const core::Engine& engine,
                  const store::Journal& journal);
/// Everything said to be archived is there once.
void check_archive(const StepChecks& checks, const core::Engine& engine, const store::Journal& journal);

}  // namespace convoke::simulation
