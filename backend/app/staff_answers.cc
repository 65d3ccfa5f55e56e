#include "backend/app/staff_answers.h"

#include <algorithm>

#include "topics/token/key.h"

namespace convoke::app {
namespace {

/// Stands for the request: what staff ask may name people, and is not kept.
std::string mark(std::string_view topic, std::string_view request) {
  return token::sha256_hex(std::string(topic) + "\n" + std::string(request));
}

bool is_old(const core::StaffAnswer& answer, std::int64_t now_ms) {
  return now_ms - answer.at_ms >= StaffAnswers::kMaxAgeMs;
}

}  // namespace

void StaffAnswers::load(std::vector<std::pair<std::string, core::StaffAnswer>> answers) {
  for (auto& [request, had] : answers) answers_.push_front({std::move(request), std::move(had)});
}

const std::string* StaffAnswers::find(std::string_view topic, std::string_view request,
                                      std::int64_t now_ms) const {
  const std::string asked = mark(topic, request);
  for (const Kept& kept : answers_)
    if (kept.request == asked && !is_old(kept.had, now_ms)) return &kept.had.answer;
  return nullptr;
}

void StaffAnswers::remember(std::string_view topic, std::string_view request, std::string answer,
                            std::int64_t now_ms, core::Effects& fx) {
  const std::string asked = mark(topic, request);
  std::erase_if(answers_, [&](const Kept& kept) { return kept.request == asked; });
  while (answers_.size() >= kMax) forget_last(fx);
  answers_.push_front({asked, {now_ms, std::move(answer)}});
  fx.staff_answers[asked] = answers_.front().had;
}

void StaffAnswers::forget_old(std::int64_t now_ms, core::Effects& fx) {
  while (!answers_.empty() && is_old(answers_.back().had, now_ms)) forget_last(fx);
}

void StaffAnswers::forget_last(core::Effects& fx) {
  fx.staff_answers[answers_.back().request].reset();
  answers_.pop_back();
}

}  // namespace convoke::app
