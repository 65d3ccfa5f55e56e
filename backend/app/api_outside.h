#pragma once

#include "backend/app/api.h"
#include "topics/messages/feed.h"

/// Of the staff interface and its neighbours: who people are outside, and what they do there.
namespace convoke::app {

ApiResponse put_identity(core::Engine& engine, PutIdentity command, core::Context& ctx);
/// What the user's token proves, sealed at once.
void sign_in(core::Engine& engine, const gateways::IdentityVault& vault, const messages::SignIn& sign_in,
             core::TimeMs issued_ms, core::Context& ctx);
ApiResponse delete_identity(core::Engine& engine, const DeleteIdentity& command, core::Context& ctx);
ApiResponse list_identities(const core::Engine& engine, const ListIdentities& command);
ApiResponse take_act(core::Engine& engine, const TakeAct& command, core::Context& ctx);
ApiResponse take_mail(core::Engine& engine, const TakeMail& command, core::Context& ctx);

}  // namespace convoke::app
