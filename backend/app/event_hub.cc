#include "backend/app/event_hub.h"

#include "topics/messages/json_writer.h"

namespace convoke::app {
namespace {

using messages::JsonWriter;

constexpr std::size_t kMaxLines = 10'000;

void write(JsonWriter& w, const core::TransitionEvent& e) {
  w.member("user", e.user);
  w.member("area", e.area);
  w.member("transition", e.transition);
  w.member("reason", e.reason);
  w.member("distance_m", e.distance_m);
  w.member("accuracy_m", e.acc_m);
  w.member("inside", e.inside);
}
void write(JsonWriter& w, const core::StartEvent& e) {
  w.member("plan", e.plan.str());
  w.member("group", e.group.str());
  w.member("name", e.name);
  w.key("reasons");
  w.begin_list();
  for (const auto& r : e.reasons) w.string(r);
  w.end_list();
  w.member("members", e.members);
}
void write(JsonWriter& w, const core::ScheduledEvent& e) {
  w.member("plan", e.plan.str());
  w.member("group", e.group.str());
  w.member("opens_ms", e.opens_ms);
  w.key("reasons");
  w.begin_list();
  for (const auto& r : e.reasons) w.string(r);
  w.end_list();
}
void write(JsonWriter& w, const core::NoMembersEvent& e) {
  w.member("plan", e.plan.str());
  w.member("reason", e.reason);
}
void write(JsonWriter& w, const core::HoldingEvent& e) {
  w.member("group", e.group.str());
  w.member("version", e.version);
  w.member("holding", e.holding);
  w.member("members", e.members);
}
void write(JsonWriter& w, const core::ChatEvent& e) {
  w.member("group", e.group.str());
  w.member("messages", e.messages);
}
void write(JsonWriter& w, const core::ChangeEvent& e) {
  w.member("group", e.group.str());
  w.member("version", e.version);
  w.member("members", e.members);
  w.member("available", e.available);
}
void write(JsonWriter& w, const core::EndEvent& e) {
  w.member("group", e.group.str());
  w.member("plan", e.plan.str());
  w.member("reason", e.reason);
}
void write(JsonWriter& w, const core::RetiredEvent& e) { w.member("group", e.group.str()); }
void write(JsonWriter& w, const core::ReportEvent& e) {
  w.member("group", e.group.str());
  w.member("reporter", e.reporter);
  w.member("from", e.from);
  w.member("message", e.message);
}

}  // namespace

const char* event_type(const core::Event& event) {
  static constexpr const char* kTypes[] = {"transition", "scheduled", "start", "no-members", "holding",
                                           "chat",       "change",    "end",   "retired",    "report"};
  static_assert(std::size(kTypes) == std::variant_size_v<core::EventBody>);
  return kTypes[event.body.index()];
}

std::string event_line(const core::Event& event) {
  JsonWriter w;
  w.begin_object();
  w.member("t", event.time_ms);
  w.member("type", event_type(event));
  std::visit([&](const auto& body) { write(w, body); }, event.body);
  w.end_object();
  return w.take();
}

std::optional<std::string> EventHub::Watcher::next(std::chrono::milliseconds timeout) {
  const MutexLock lock(mutex_);
  changed_.wait_for(mutex_, timeout,
                    [this]() CONVOKE_REQUIRES(mutex_) { return closed_ || !lines_.empty(); });
  if (std::exchange(lost_, false)) return R"({"type":"lost"})";
  if (lines_.empty()) return std::nullopt;
  std::string line = std::move(lines_.front());
  lines_.pop_front();
  return line;
}

bool EventHub::Watcher::closed() const {
  const MutexLock lock(mutex_);
  return closed_;
}

std::shared_ptr<EventHub::Watcher> EventHub::watch() {
  const MutexLock lock(mutex_);
  std::erase_if(watchers_, [](const auto& w) { return w.expired(); });
  if (watchers_.size() >= kMaxWatchers) return nullptr;
  auto watcher = std::make_shared<Watcher>(closed_);
  watchers_.push_back(watcher);
  return watcher;
}

void EventHub::publish(const std::vector<core::Event>& events) {
  const MutexLock lock(mutex_);
  std::erase_if(watchers_, [](const auto& w) { return w.expired(); });
  if (watchers_.empty()) return;
  for (const core::Event& event : events) {
    const std::string line = event_line(event);
    for (const auto& weak : watchers_) {
      auto watcher = weak.lock();
      if (!watcher) continue;
      const MutexLock watcher_lock(watcher->mutex_);
      if (watcher->lines_.size() >= kMaxLines) {
        watcher->lines_.pop_front();
        watcher->lost_ = true;
      }
      watcher->lines_.push_back(line);
      watcher->changed_.notify_one();
    }
  }
}

void EventHub::close() {
  const MutexLock lock(mutex_);
  closed_ = true;
  for (const auto& weak : watchers_) {
    auto watcher = weak.lock();
    if (!watcher) continue;
    const MutexLock watcher_lock(watcher->mutex_);
    watcher->closed_ = true;
    watcher->changed_.notify_all();
  }
}

}  // namespace convoke::app
