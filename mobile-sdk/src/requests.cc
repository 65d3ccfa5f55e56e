#include "mobile-sdk/src/requests.h"

#include <algorithm>

namespace convoke::sdk {
namespace {

using messages::HoldRequest;
using messages::ResumeRequest;

}  // namespace

std::string Requests::group_of(const Operation& op) {
  return std::visit(
      [](const auto& request) -> std::string {
        if constexpr (requires { request.group; }) return request.group;
        return {};
      },
      op);
}

std::optional<std::string> Requests::add(Operation op) {
  if (pending_.size() >= kMax) return std::nullopt;
  std::string id = prefix_ + "." + std::to_string(++counter_);
  pending_.emplace(id, Pending{std::move(op)});
  return id;
}

bool Requests::resuming() const {
  return std::any_of(pending_.begin(), pending_.end(),
                     [](const auto& p) { return std::holds_alternative<ResumeRequest>(p.second.op); });
}

std::vector<messages::Request> Requests::take_due(std::int64_t now_ms) {
  const bool only_resume = resuming();
  std::vector<messages::Request> due;
  for (auto& [id, pending] : pending_) {
    if (pending.due_ms > now_ms) continue;
    if (only_resume && !std::holds_alternative<ResumeRequest>(pending.op)) continue;
    due.push_back({id, pending.op});
    pending.due_ms = now_ms + pending.repeat_ms;
    pending.repeat_ms = std::min(pending.repeat_ms * 2, kMaxRepeatMs);
  }
  return due;
}

std::optional<std::int64_t> Requests::next_due() const {
  const bool only_resume = resuming();
  std::optional<std::int64_t> next;
  for (const auto& [id, pending] : pending_) {
    if (only_resume && !std::holds_alternative<ResumeRequest>(pending.op)) continue;
    if (!next || pending.due_ms < *next) next = pending.due_ms;
  }
  return next;
}

std::optional<Requests::Operation> Requests::answered(std::string_view id) {
  const auto it = pending_.find(id);
  if (it == pending_.end()) return std::nullopt;
  Operation op = std::move(it->second.op);
  pending_.erase(it);
  return op;
}

bool Requests::postpone(std::string_view id, std::int64_t now_ms, std::int64_t delay_ms) {
  const auto it = pending_.find(id);
  if (it == pending_.end()) return false;
  it->second.due_ms = now_ms + std::clamp<std::int64_t>(delay_ms, 100, kMaxRepeatMs);
  return true;
}

void Requests::all_due_now() {
  for (auto& [id, pending] : pending_) {
    pending.due_ms = 0;
    pending.repeat_ms = kFirstRepeatMs;
  }
}

std::vector<std::string> Requests::drop_group(std::string_view group) {
  std::vector<std::string> awaited;
  std::erase_if(pending_, [&](const auto& p) {
    if (group_of(p.second.op) != group) return false;
    if (std::holds_alternative<messages::AvailableRequest>(p.second.op)) awaited.push_back(p.first);
    return true;
  });
  return awaited;
}

void Requests::drop_holds() {
  std::erase_if(pending_, [](const auto& p) { return std::holds_alternative<HoldRequest>(p.second.op); });
}

void Requests::drop_registrations(std::string_view plan) {
  std::erase_if(pending_, [&](const auto& p) {
    const auto* registers = std::get_if<messages::RegisterRequest>(&p.second.op);
    return registers != nullptr && registers->plan == plan;
  });
}

void Requests::drop_blocks(std::string_view user) {
  std::erase_if(pending_, [&](const auto& p) {
    const auto* blocks = std::get_if<messages::BlockRequest>(&p.second.op);
    return blocks != nullptr && blocks->user == user;
  });
}

void Requests::drop_other_sites() {
  std::erase_if(pending_, [](const auto& p) {
    return std::holds_alternative<messages::OtherSitesRequest>(p.second.op);
  });
}

void Requests::drop_state_reports() {
  drop_holds();
  std::erase_if(pending_, [](const auto& p) { return std::holds_alternative<ResumeRequest>(p.second.op); });
}

}  // namespace convoke::sdk
