#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "backend/core/effects.h"
#include "backend/core/model.h"
#include "geo/fence_tracker.h"
#include "topics/messages/chat.h"
#include "topics/messages/result.h"

/// Keys and values of the store: text keys that sort as needed, JSON values. docs/protocol/store.md is their
/// page. A value keeps its meaning for ever: new members may come, and readers pass over members that they do
/// not know.
namespace convoke::store {

inline constexpr std::string_view kSchemaKey = "schema";  // family meta; its value:
inline constexpr std::string_view kSchema = "1";
inline constexpr std::string_view kTombstone =
    "{}";  // family groups: of a group of which only the id is kept
inline constexpr std::string_view kBrokerEpochKey = "broker_epoch";  // family meta: the last one dealt with

std::string member_key(const core::GroupId& group, const core::UserId& user);
std::string chat_key(const core::GroupId& group, std::uint64_t epoch, std::uint64_t n);
/// Beside the messages: no group id begins so. Sorted by the message, then by who reported it.
std::string report_prefix(const core::GroupId& group);
std::string report_key(const core::ReportEntry& report);
std::string outbox_key(std::uint64_t seq);
std::uint64_t parse_outbox_key(std::string_view key);

std::string peer_item_key(const core::SiteId& site, std::uint64_t number);
std::string relayed_key(const core::GroupId& group, std::uint64_t key);

/// Of a question; with a user, of that it was told of them.
std::string question_key(const core::SiteId& site, const core::PlanId& id, const core::UserId& user = {});

std::string encode_user(const core::User& user);
std::string encode_position(const geo::Position& position);
std::string encode_plan(const core::PlanRecord& plan);
std::string encode_group(const core::Group& group);
std::string encode_member(const core::Member& member);
std::string encode_past_member(const core::PastMember& member);
std::string encode_invitation(const core::Invitation& invitation);
std::string registration_key(const core::PlanId& plan, const core::UserId& user);
std::string encode_registrations(const std::vector<core::Registration>& registrations);
std::string encode_identity(const core::IdentityRecord& identity);
std::string waiting_key(const core::PlanId& plan, const std::string& identity);
std::string encode_waiting(const std::vector<core::WaitingAct>& acts);
std::string encode_act(const core::ActRecord& act);
std::string hint_key(const std::string& hook, const std::string& about);
std::string encode_hint(const core::HintRecord& hint);
/// `message`: as archived when it was reported.
std::string encode_report(const core::ReportEntry& report, const messages::ArchivedMessage& message);
std::string encode_peer(const core::Peer& peer);
std::string encode_question(const core::KeptQuestion& question);
std::string encode_met(bool sure);
std::string encode_relayed(const core::Relayed& relayed);
std::string watches_key(const core::SiteId& site, const core::PlanId& plan);
std::string encode_watches(const std::vector<core::Watch>& watches);
std::string encode_staff_answer(const core::StaffAnswer& answer);
std::string encode_outgoing(const core::Outgoing& outgoing);

// The readers get the key too: it names the record. An error means a damaged store or one of a newer server.
[[nodiscard]] messages::Result<core::User> decode_user(std::string_view key, std::string_view value);
[[nodiscard]] messages::Result<geo::Position> decode_position(std::string_view value);
[[nodiscard]] messages::Result<core::PlanRecord> decode_plan(std::string_view key, std::string_view value);
[[nodiscard]] messages::Result<core::Group> decode_group(std::string_view key, std::string_view value);
[[nodiscard]] messages::Result<core::Member> decode_member(std::string_view value);
[[nodiscard]] messages::Result<core::PastMember> decode_past_member(std::string_view value);
[[nodiscard]] messages::Result<std::int64_t> decode_revocation(std::string_view value);
[[nodiscard]] messages::Result<core::Invitation> decode_invitation(std::string_view value);
[[nodiscard]] messages::Result<std::pair<core::PlanId, core::UserId>> decode_registration_key(
    std::string_view key);
[[nodiscard]] messages::Result<std::vector<core::Registration>> decode_registrations(std::string_view value);
[[nodiscard]] messages::Result<core::IdentityRecord> decode_identity(std::string_view value);
[[nodiscard]] messages::Result<std::pair<core::PlanId, std::string>> decode_waiting_key(std::string_view key);
[[nodiscard]] messages::Result<std::vector<core::WaitingAct>> decode_waiting(std::string_view value);
[[nodiscard]] messages::Result<core::ActRecord> decode_act(std::string_view value);
[[nodiscard]] messages::Result<std::pair<std::string, std::string>> decode_hint_key(std::string_view key);
[[nodiscard]] messages::Result<core::HintRecord> decode_hint(std::string_view value);
[[nodiscard]] messages::Result<std::pair<core::GroupId, core::UserId>> decode_member_key(
    std::string_view key);
struct Report {
  std::string reporter, reason;
  core::TimeMs time_ms = 0;
  messages::ArchivedMessage message;
};
[[nodiscard]] messages::Result<Report> decode_report(std::string_view value);
[[nodiscard]] messages::Result<core::Peer> decode_peer(std::string_view key, std::string_view value);
[[nodiscard]] messages::Result<std::pair<core::SiteId, std::uint64_t>> decode_peer_item_key(
    std::string_view key);
[[nodiscard]] messages::Result<std::pair<core::GroupId, std::uint64_t>> decode_relayed_key(
    std::string_view key);
struct QuestionKey {
  core::SiteId site;
  core::PlanId id;
  core::UserId user;  // empty: it is the question's own
};
[[nodiscard]] messages::Result<QuestionKey> decode_question_key(std::string_view key);
[[nodiscard]] messages::Result<messages::PeerSelect> decode_question(std::string_view value);
[[nodiscard]] messages::Result<bool> decode_met(std::string_view value);
[[nodiscard]] messages::Result<core::Relayed> decode_relayed(std::string_view value);
[[nodiscard]] messages::Result<std::pair<core::SiteId, core::PlanId>> decode_watches_key(
    std::string_view key);
[[nodiscard]] messages::Result<std::vector<messages::PeerWatched>> decode_watches(std::string_view value);
[[nodiscard]] messages::Result<core::StaffAnswer> decode_staff_answer(std::string_view value);
[[nodiscard]] messages::Result<core::Outgoing> decode_outgoing(std::string_view value);

}  // namespace convoke::store
