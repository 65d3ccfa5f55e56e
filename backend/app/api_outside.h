#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

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
/// What a CloudEvent says that somebody did outside, as hooks take it too; nothing if it is of another type,
/// or what is wrong with it. `vault`: null where the server keeps no identities, and so takes no such event.
using Outside = std::variant<std::monostate, core::Act, std::string>;
Outside read_outside(std::string_view json, const gateways::IdentityVault* vault);
/// The same where it comes over MQTT, carried out: see ingress::Decoder.
std::optional<std::string> take_outside(core::Engine& engine, std::string_view json,
                                        const gateways::IdentityVault* vault, core::Context& ctx);
ApiResponse take_act(core::Engine& engine, TakeAct command, core::Context& ctx);
ApiResponse keep_hint(core::Engine& engine, const KeepHint& command, core::Context& ctx);
ApiResponse take_mail(core::Engine& engine, const TakeMail& command, core::Context& ctx);

}  // namespace convoke::app
