#pragma once

#include "backend/app/api.h"

/// The commands of the staff interface that are about groups.
namespace convoke::app {

ApiResponse run(core::Engine& engine, const topics::Principal& who, ListGroups command, core::Context& ctx);
ApiResponse run(core::Engine& engine, const topics::Principal& who, ShowGroup command, core::Context& ctx);
ApiResponse run(core::Engine& engine, const topics::Principal& who, ListMembers command, core::Context& ctx);
ApiResponse run(core::Engine& engine, const topics::Principal& who, StartGroup command, core::Context& ctx);
ApiResponse run(core::Engine& engine, const topics::Principal& who, EndGroup command, core::Context& ctx);
ApiResponse run(core::Engine& engine, const topics::Principal& who, ExtendGroup command, core::Context& ctx);
ApiResponse run(core::Engine& engine, const topics::Principal& who, Announce command, core::Context& ctx);
ApiResponse run(core::Engine& engine, const topics::Principal& who, DeleteMessage command,
                core::Context& ctx);
ApiResponse run(core::Engine& engine, const topics::Principal& who, AddMember command, core::Context& ctx);
ApiResponse run(core::Engine& engine, const topics::Principal& who, RemoveMember command, core::Context& ctx);
ApiResponse run(core::Engine& engine, const topics::Principal& who, SetStanding command, core::Context& ctx);
ApiResponse run(core::Engine& engine, const topics::Principal& who, SetRules command, core::Context& ctx);
ApiResponse run(core::Engine& engine, const topics::Principal& who, Ban command, core::Context& ctx);
ApiResponse run(core::Engine& engine, const topics::Principal& who, Unban command, core::Context& ctx);

}  // namespace convoke::app
