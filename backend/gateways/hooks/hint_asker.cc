#include "backend/gateways/hooks/hint_asker.h"

#include <chrono>
#include <exception>
#include <utility>

namespace convoke::gateways::hooks {
namespace {

constexpr auto kLook = std::chrono::seconds(1);  // whether a pause is over

std::int64_t steady_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
}

}  // namespace

void HintAsker::start() {
  thread_ = std::thread([this] { run(); });
}

void HintAsker::stop() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void HintAsker::put(KeptHint hint) {
  {
    const MutexLock lock(mutex_);
    queue_.put(std::move(hint));
  }
  changed_.notify_one();
}

void HintAsker::run() {
  while (auto hint = next()) ask(*std::move(hint));
}

std::optional<KeptHint> HintAsker::next() {
  const MutexLock lock(mutex_);
  while (!stopping_) {
    if (auto hint = queue_.take(steady_ms())) return hint;
    if (queue_.empty())
      changed_.wait(mutex_);
    else
      changed_.wait_for(mutex_, kLook);
  }
  return std::nullopt;
}

/// A machine that has no thread or no memory left may have some later.
HookService::Asked HintAsker::result_of(const KeptHint& hint) {
  try {
    return service_.ask_again(hint.hook, hint.about, hooks_.now_ms());
  } catch (const std::exception&) {
    hooks_.note(hint.hook, "unavailable", "this machine cannot ask");
    return HookService::Asked::away;
  }
}

/// What it came to is on the disk before it is gone from there.
void HintAsker::ask(KeptHint hint) {
  const HookService::Asked result = result_of(hint);
  const bool done = result == HookService::Asked::done;
  const bool too_old = !done && hooks_.now_ms() - hint.told_ms >= kKeptMs;
  const bool gone = (done || too_old) && hooks_.drop(hint);
  if (too_old && gone) hooks_.note(hint.hook, "given-up", "its shop has not answered for three days");
  const MutexLock lock(mutex_);
  queue_.asked(std::move(hint), result, gone, steady_ms());
}

}  // namespace convoke::gateways::hooks
