#include "convoke/client.h"

#include <condition_variable>
#include <deque>
#include <limits>
#include <random>
#include <stdexcept>

#include "mobile-sdk/src/convert.h"
#include "mobile-sdk/src/mqtt_link.h"
#include "mobile-sdk/src/runtime.h"
#include "mobile-sdk/src/session.h"
#include "topics/principal.h"
#include "topics/sync/mutex.h"

namespace convoke::sdk {
namespace {

constexpr std::size_t kMaxWaitingEvents = 65'536;
constexpr auto kGoodbyePatience = std::chrono::seconds(1);
constexpr auto kTearDownPatience = std::chrono::seconds(2);

void expect(bool holds, const char* field, const char* expected) {
  if (!holds) throw std::invalid_argument(std::string(field) + ": expected " + expected);
}

Self check(const Options& options) {
  const bool tls = !options.brokers.empty() && options.brokers.front().starts_with("ssl://");
  expect(!options.brokers.empty(), "brokers", "at least one");
  for (const std::string& broker : options.brokers)
    expect(broker.starts_with(tls ? "ssl://" : "tcp://"), "brokers",
           "tcp://host:port or ssl://host:port, all of one kind");
  expect(static_cast<bool>(options.token), "token", "a function");
  constexpr auto kMaxExpiry = std::numeric_limits<std::uint32_t>::max();
  expect(options.session_expiry.count() > 0 && options.session_expiry.count() <= kMaxExpiry, "session_expiry",
         "1 s to 136 years");
  expect(options.keepalive.count() > 0 && options.keepalive.count() <= 65'535, "keepalive", "1 to 65535 s");
  Self self{topics::SiteId::parse(options.site), topics::UserId::parse(options.user),
            topics::DeviceId::parse(options.device)};
  expect(!self.site.empty(), "site", "1 to 64 of A-Z a-z 0-9 . _ -");
  expect(!self.user.empty(), "user", "1 to 64 of A-Z a-z 0-9 . _ -");
  expect(!self.device.empty(), "device", "1 to 64 of A-Z a-z 0-9 . _ -");
  return self;
}

std::uint64_t system_seed() {
  std::random_device device;
  return (static_cast<std::uint64_t>(device()) << 32) | device();
}

MqttLink::Config link_config(const Options& options, const Self& self) {
  const topics::Principal who{self.site, topics::Role::terminal, self.user.str(), self.device};
  return {.brokers = options.brokers,
          .client_id = topics::client_id(who),
          .user = options.user,
          .ca_file = options.ca_file,
          .keepalive_s = static_cast<int>(options.keepalive.count()),
          .session_expiry_s = static_cast<std::uint32_t>(options.session_expiry.count())};
}

}  // namespace

/// Joins the session, the connection and the runtime's thread. The session and the events belong to mutex_;
/// the connection, the token and the storage to the runtime's thread, which alone talks to Paho, without the
/// mutex.
class Client::Impl : public std::enable_shared_from_this<Client::Impl> {
 public:
  Impl(Options options, const Self& self, Runtime::Impl& runtime)
      : options_(std::move(options)),
        self_(self),
        runtime_(runtime),
        session_(self, options_.seed != 0 ? options_.seed : system_seed(),
                 options_.storage.load ? parse_saved_state(options_.storage.load()) : SavedState{},
                 system_now(), options_.suppress_positions) {}

  void make_link() {
    link_ = std::make_unique<MqttLink>(link_config(options_, self_),
                                       [weak = weak_from_this(), &runtime = runtime_](LinkEvent e) {
                                         runtime.post([weak, event = std::move(e)] {
                                           if (const auto self = weak.lock()) self->on(event);
                                         });
                                       });
  }

  /// Runs `f(session, now)` for the app and has its consequences carried out on the runtime's thread.
  template <class F>
  auto call(F f) {
    const MutexLock lock(mutex_);
    struct Finally {
      Impl& impl;
      ~Finally() { impl.request_pump(); }
    } finally{*this};
    return f(session_, system_now());
  }
  template <class F>
  auto ask(F f) const {
    const MutexLock lock(mutex_);
    return f(session_);
  }

  std::size_t poll(const std::function<void(const Event&)>& handler);
  std::size_t wait_and_poll(std::chrono::milliseconds timeout,
                            const std::function<void(const Event&)>& handler);
  void shut_down();
  bool closed() const {
    const MutexLock lock(mutex_);
    return session_.closed() && !pump_requested_;
  }
  std::int64_t clock() const { return options_.clock ? options_.clock() : system_now().unix_ms; }

 private:
  void request_pump() CONVOKE_REQUIRES(mutex_);
  void on(const LinkEvent& event);
  void pump() CONVOKE_EXCLUDES(mutex_);
  void carry_out(const Command& command);
  void connect(const ConnectCommand& command);
  void keep(std::vector<Event> events) CONVOKE_REQUIRES(mutex_);
  void schedule(std::int64_t due_ms);
  void tear_down() CONVOKE_EXCLUDES(mutex_);
  bool gone() const {
    const MutexLock lock(mutex_);
    return gone_;
  }

  const Options options_;
  const Self self_;
  Runtime::Impl& runtime_;

  // Of the runtime's thread.
  std::unique_ptr<MqttLink> link_;
  std::string token_;
  std::int64_t timer_ms_ = std::numeric_limits<std::int64_t>::max();

  mutable Mutex mutex_;
  std::condition_variable_any changed_;
  Session session_ CONVOKE_GUARDED_BY(mutex_);
  std::deque<Event> events_ CONVOKE_GUARDED_BY(mutex_);
  std::uint64_t lost_ CONVOKE_GUARDED_BY(mutex_) = 0;
  bool told_ CONVOKE_GUARDED_BY(mutex_) = false;  // the app knows that there is something to poll
  bool pump_requested_ CONVOKE_GUARDED_BY(mutex_) = false;
  /// The Client is destroyed: nothing of the app is called any more.
  bool gone_ CONVOKE_GUARDED_BY(mutex_) = false;
};

void Client::Impl::request_pump() {
  if (std::exchange(pump_requested_, true)) return;
  runtime_.post([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->pump();
  });
}

void Client::Impl::on(const LinkEvent& event) {
  {
    const MutexLock lock(mutex_);
    session_.on(event, system_now());
  }
  pump();
}

/// On the runtime's thread: takes from the session what it wants done, and does it.
void Client::Impl::pump() {
  std::vector<Command> commands;
  std::optional<SavedState> state;
  std::optional<std::int64_t> next_ms;
  bool tell = false;
  {
    const MutexLock lock(mutex_);
    pump_requested_ = false;
    commands = session_.take_commands();
    state = session_.take_state_to_save();
    next_ms = session_.next_tick();
    keep(session_.take_events());
    tell = !gone_ && !events_.empty() && !std::exchange(told_, true);
    if (gone_) state.reset();
  }
  if (state && options_.storage.save)
    options_.storage.save(format(*state));  // before anybody sees the number
  for (const Command& command : commands) carry_out(command);
  if (next_ms) schedule(*next_ms);
  changed_.notify_all();
  if (tell && options_.on_events) options_.on_events();
}

void Client::Impl::keep(std::vector<Event> events) {
  for (Event& event : events) events_.push_back(std::move(event));
  while (events_.size() > kMaxWaitingEvents) {
    events_.pop_front();
    ++lost_;
  }
}

void Client::Impl::schedule(std::int64_t due_ms) {
  if (timer_ms_ <= due_ms) return;  // the pending one comes first and schedules again
  timer_ms_ = due_ms;
  runtime_.post_at(due_ms, [weak = weak_from_this(), due_ms] {
    const auto self = weak.lock();
    if (!self || self->timer_ms_ != due_ms) return;
    self->timer_ms_ = std::numeric_limits<std::int64_t>::max();
    {
      const MutexLock lock(self->mutex_);
      self->session_.tick(system_now());
    }
    self->pump();
  });
}

void Client::Impl::carry_out(const Command& command) {
  if (!link_) return;
  if (const auto* connecting = std::get_if<ConnectCommand>(&command)) connect(*connecting);
  if (std::holds_alternative<DisconnectCommand>(command)) link_->disconnect();
  if (const auto* message = std::get_if<PublishCommand>(&command)) link_->publish(*message);
  if (const auto* filters = std::get_if<SubscribeCommand>(&command)) link_->subscribe(*filters);
  if (const auto* gone = std::get_if<UnsubscribeCommand>(&command)) link_->unsubscribe(*gone);
}

void Client::Impl::connect(const ConnectCommand& command) {
  if (gone()) return;
  if (command.fresh_token || token_.empty()) token_ = options_.token();
  if (!token_.empty()) return link_->connect(command, token_);
  runtime_.post([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->on(LinkDown{0, "no token yet"});
  });
}

std::size_t Client::Impl::poll(const std::function<void(const Event&)>& handler) {
  std::deque<Event> events;
  std::uint64_t lost = 0;
  {
    const MutexLock lock(mutex_);
    events.swap(events_);
    lost = std::exchange(lost_, 0);
    told_ = false;
  }
  if (lost > 0) handler(EventsLost{lost});
  for (const Event& event : events) handler(event);
  return events.size();
}

std::size_t Client::Impl::wait_and_poll(std::chrono::milliseconds timeout,
                                        const std::function<void(const Event&)>& handler) {
  {
    const MutexLock lock(mutex_);
    changed_.wait_for(mutex_, timeout, [this]() CONVOKE_REQUIRES(mutex_) { return !events_.empty(); });
  }
  return poll(handler);
}

/// Says goodbye and has the runtime's thread take the connection down. That thread may be held up by the
/// app's own functions: then it does so later, without this client being waited for.
void Client::Impl::shut_down() {
  call([](Session& session, Now) { session.close(); });
  if (runtime_.on_own_thread()) {
    pump();  // the goodbye
    return tear_down();
  }
  const MutexLock lock(mutex_);
  changed_.wait_for(mutex_, kGoodbyePatience,
                    [this]() CONVOKE_REQUIRES(mutex_) { return session_.closed() && !pump_requested_; });
  runtime_.post([self = shared_from_this()] { self->tear_down(); });
  changed_.wait_for(mutex_, kTearDownPatience, [this]() CONVOKE_REQUIRES(mutex_) { return gone_; });
  gone_ = true;
}

void Client::Impl::tear_down() {
  link_.reset();
  const MutexLock lock(mutex_);
  gone_ = true;
  changed_.notify_all();
}

// ---- The public face --------------------------------------------------------------------------------------

Client::Client(Options options, std::shared_ptr<Runtime> runtime) : runtime_(std::move(runtime)) {
  const Self self = check(options);
  impl_ = std::make_shared<Impl>(std::move(options), self, runtime_->impl());
  impl_->make_link();
}

Client::~Client() { impl_->shut_down(); }

void Client::open() {
  impl_->call([](Session& session, Now now) { session.open(now); });
}

void Client::retry_now() {
  impl_->call([](Session& session, Now now) { session.retry_now(now); });
}

void Client::close() {
  impl_->call([](Session& session, Now) { session.close(); });
}

bool Client::closed() const { return impl_->closed(); }

bool Client::connected() const {
  return impl_->ask([](const Session& session) { return session.connected(); });
}

void Client::set_presence(Presence presence) {
  impl_->call([presence](Session& session, Now) { session.set_presence(presence); });
}

bool Client::report_position(const Fix& fix) {
  Fix timed = fix;
  if (timed.time_ms == 0) timed.time_ms = impl_->clock();
  if (!is_usable(timed)) return false;
  impl_->call([&timed](Session& session, Now now) { session.report_position(timed, now); });
  return true;
}

PositionCounts Client::position_counts() const {
  return impl_->ask([](const Session& session) { return session.position_counts(); });
}

std::vector<Group> Client::groups() const {
  return impl_->ask([](const Session& session) { return session.groups(); });
}

std::optional<Group> Client::group(std::string_view group) const {
  return impl_->ask([group](const Session& session) { return session.group(group); });
}

std::vector<Buddy> Client::buddies(std::string_view group) const {
  return impl_->ask([group](const Session& session) { return session.buddies(group); });
}

std::vector<Buddy> Client::available_buddies(std::string_view group) const {
  return impl_->ask([group](const Session& session) { return session.available_buddies(group); });
}

bool Client::load_more_buddies(std::string_view group) {
  return impl_->call([group](Session& session, Now now) { return session.load_more_buddies(group, now); });
}

std::optional<std::string> Client::request_available(std::string_view group, std::string_view after) {
  return impl_->call([=](Session& session, Now now) { return session.request_available(group, after, now); });
}

std::optional<std::string> Client::send(std::string_view group, std::string_view text,
                                        std::optional<std::string> reply_to) {
  return impl_->call(
      [&](Session& session, Now now) { return session.send(group, text, std::move(reply_to), now); });
}

std::optional<std::string> Client::edit(std::string_view group, std::string_view message,
                                        std::string_view text) {
  return impl_->call([&](Session& session, Now now) { return session.edit(group, message, text, now); });
}

std::optional<std::string> Client::delete_message(std::string_view group, std::string_view message) {
  return impl_->call([&](Session& session, Now now) { return session.delete_message(group, message, now); });
}

std::optional<std::string> Client::report(std::string_view group, std::string_view from,
                                          std::string_view message, std::string_view reason) {
  return impl_->call(
      [&](Session& session, Now now) { return session.report(group, from, message, reason, now); });
}

std::optional<std::string> Client::set_registered(std::string_view plan, bool registered) {
  return impl_->call(
      [&](Session& session, Now now) { return session.set_registered(plan, registered, now); });
}

std::optional<std::string> Client::set_blocked(std::string_view user, bool blocked) {
  return impl_->call([&](Session& session, Now now) { return session.set_blocked(user, blocked, now); });
}

std::optional<std::string> Client::let_other_sites(bool allow) {
  return impl_->call([&](Session& session, Now now) { return session.let_other_sites(allow, now); });
}

std::optional<std::string> Client::request_blocked() {
  return impl_->call([](Session& session, Now now) { return session.request_blocked(now); });
}

std::optional<std::string> Client::erase_user() {
  return impl_->call([](Session& session, Now now) { return session.erase_user(now); });
}

void Client::signal(std::string_view group, SignalReceived::Kind kind, const Stamp& up_to) {
  impl_->call([&](Session& session, Now) { session.signal(group, kind, {up_to.epoch, up_to.n}, {}); });
}

void Client::signal(SignalReceived::Kind kind, const Message& up_to) {
  const HomePlace home = up_to.home.value_or(HomePlace{});
  impl_->call([&](Session& session, Now) {
    session.signal(up_to.group, kind, {up_to.stamp.epoch, up_to.stamp.n}, {home.epoch, home.n});
  });
}

bool Client::leave(std::string_view group) {
  return impl_->call([group](Session& session, Now now) { return session.leave(group, now); });
}

std::size_t Client::poll(const std::function<void(const Event&)>& handler) { return impl_->poll(handler); }

std::size_t Client::wait_and_poll(std::chrono::milliseconds timeout,
                                  const std::function<void(const Event&)>& handler) {
  return impl_->wait_and_poll(timeout, handler);
}

}  // namespace convoke::sdk
