#include "convoke/c_api.h"

#include <cstdio>
#include <exception>

#include "convoke/client.h"

using namespace convoke::sdk;

struct convoke_client {
  Client client;
};

namespace {

convoke_event blank(convoke_event_type type) {
  convoke_event event{};
  event.type = type;
  event.group = event.plan = event.user = event.id = event.text = event.message_type = "";
  return event;
}

convoke_buddy to_c(const Buddy& buddy) {
  return {buddy.user.c_str(), buddy.name.c_str(), static_cast<convoke_presence>(buddy.presence),
          buddy.ends_ms.value_or(0), static_cast<convoke_standing>(buddy.standing)};
}

void put_stamp(convoke_event& event, const Stamp& stamp) {
  event.epoch = stamp.epoch;
  event.n = stamp.n;
  event.time_ms = stamp.time_ms;
}

void put_home(convoke_event& event, const HomePlace& home) {
  event.home_epoch = home.epoch;
  event.home_n = home.n;
}

/// One overload for each kind of event; the C struct points into the C++ one.
class ToC {
 public:
  convoke_event operator()(const Connected&) { return blank(CONVOKE_CONNECTED); }
  convoke_event operator()(const Disconnected& e) {
    convoke_event c = blank(CONVOKE_DISCONNECTED);
    c.text = e.reason.c_str();
    c.code = e.code;
    c.time_ms = e.retry_in_ms;
    return c;
  }
  convoke_event operator()(const ChatStarted& e) {
    convoke_event c = blank(CONVOKE_CHAT_STARTED);
    c.group = e.group.id.c_str();
    c.plan = e.group.plan.c_str();
    c.text = e.group.name.c_str();
    c.ends_ms = e.group.ends_ms.value_or(0);
    return c;
  }
  convoke_event operator()(const BuddyListChanged& e) {
    convoke_event c = blank(CONVOKE_BUDDY_LIST_CHANGED);
    c.group = e.group.c_str();
    c.version = e.version;
    return c;
  }
  convoke_event operator()(const ChatEnded& e) {
    convoke_event c = blank(CONVOKE_CHAT_ENDED);
    c.group = e.group.c_str();
    c.plan = e.plan.c_str();
    c.text = e.reason.c_str();
    c.time_ms = e.ended_ms;
    return c;
  }
  convoke_event operator()(const MessageReceived& e) {
    convoke_event c = blank(CONVOKE_MESSAGE_RECEIVED);
    c.group = e.message.group.c_str();
    c.user = e.message.from.c_str();
    c.id = e.message.id.c_str();
    c.text = e.message.text.c_str();
    c.message_type = e.message.type.c_str();
    c.code = e.message.deleted ? 2 : e.message.edited ? 1 : 0;
    put_stamp(c, e.message.stamp);
    if (e.message.home) put_home(c, *e.message.home);
    return c;
  }
  convoke_event operator()(const MessageEdited& e) {
    convoke_event c = blank(CONVOKE_MESSAGE_EDITED);
    c.group = e.group.c_str();
    c.user = e.from.c_str();
    c.id = e.id.c_str();
    c.text = e.text.c_str();
    put_stamp(c, e.stamp);
    return c;
  }
  convoke_event operator()(const MessageDeleted& e) {
    convoke_event c = blank(CONVOKE_MESSAGE_DELETED);
    c.group = e.group.c_str();
    c.user = e.from.c_str();
    c.id = e.id.c_str();
    c.text = e.by.c_str();
    put_stamp(c, e.stamp);
    return c;
  }
  convoke_event operator()(const MessagePlaced& e) {
    convoke_event c = blank(CONVOKE_MESSAGE_PLACED);
    c.group = e.group.c_str();
    c.user = e.from.c_str();
    c.id = e.id.c_str();
    put_home(c, e.home);
    return c;
  }
  convoke_event operator()(const OwnMessage& e) {
    static constexpr convoke_event_type kTypes[] = {CONVOKE_MESSAGE_SENT, CONVOKE_MESSAGE_ARCHIVED,
                                                    CONVOKE_MESSAGE_DROPPED};
    convoke_event c = blank(kTypes[static_cast<int>(e.state)]);
    c.group = e.group.c_str();
    c.id = e.id.c_str();
    if (e.stamp) put_stamp(c, *e.stamp);
    return c;
  }
  convoke_event operator()(const SignalReceived& e) {
    static constexpr convoke_event_type kTypes[] = {CONVOKE_TYPING, CONVOKE_DELIVERED, CONVOKE_READ};
    convoke_event c = blank(kTypes[static_cast<int>(e.kind)]);
    c.group = e.group.c_str();
    c.user = e.from.c_str();
    c.epoch = e.epoch;
    c.n = e.n;
    if (e.home) put_home(c, *e.home);
    return c;
  }
  convoke_event operator()(const AvailableBuddies& e) {
    for (const Buddy& buddy : e.buddies) buddies_.push_back(to_c(buddy));
    convoke_event c = blank(CONVOKE_AVAILABLE_BUDDIES);
    c.group = e.group.c_str();
    c.id = e.request.c_str();
    c.buddies = buddies_.data();
    c.buddy_count = buddies_.size();
    c.code = e.more ? 1 : 0;
    return c;
  }
  convoke_event operator()(const Registered& e) {
    convoke_event c = blank(CONVOKE_REGISTERED);
    c.plan = e.plan.c_str();
    c.code = e.registered ? 1 : 0;
    return c;
  }
  convoke_event operator()(const Blocked& e) {
    convoke_event c = blank(CONVOKE_BLOCKED);
    c.user = e.user.c_str();
    c.code = e.blocked ? 1 : 0;
    return c;
  }
  convoke_event operator()(const BlockedUsers& e) {
    for (const std::string& user : e.users)
      buddies_.push_back({user.c_str(), "", CONVOKE_OFFLINE, 0, CONVOKE_MEMBER});
    convoke_event c = blank(CONVOKE_BLOCKED_USERS);
    c.id = e.request.c_str();
    c.buddies = buddies_.data();
    c.buddy_count = buddies_.size();
    return c;
  }
  convoke_event operator()(const OtherSites& e) {
    convoke_event c = blank(CONVOKE_OTHER_SITES);
    c.code = e.allowed ? 1 : 0;
    return c;
  }
  convoke_event operator()(const Erased&) { return blank(CONVOKE_ERASED); }
  convoke_event operator()(const PositionWanted&) { return blank(CONVOKE_POSITION_WANTED); }
  convoke_event operator()(const Refused& e) {
    convoke_event c = blank(CONVOKE_REFUSED);
    c.message_type = e.what.c_str();
    c.id = e.request.empty() ? e.topic.c_str() : e.request.c_str();
    c.group = e.group.c_str();
    c.code = e.code;
    c.text = e.detail.c_str();
    return c;
  }
  convoke_event operator()(const EventsLost& e) {
    convoke_event c = blank(CONVOKE_EVENTS_LOST);
    c.version = e.count;
    return c;
  }

 private:
  std::vector<convoke_buddy> buddies_;
};

std::string text_or_empty(const char* text) { return text == nullptr ? "" : text; }

std::vector<std::string> split_at_commas(const std::string& text) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

std::function<std::string()> token_of(const convoke_options& options) {
  if (options.token == nullptr) return nullptr;
  return [ask = options.token, context = options.context] {
    char token[4097] = "";
    return ask(context, token, sizeof token) != 0 ? std::string(token) : std::string();
  };
}

Options to_cpp(const convoke_options& c) {
  Options options;
  options.brokers = split_at_commas(text_or_empty(c.broker));
  options.site = text_or_empty(c.site);
  options.user = text_or_empty(c.user);
  options.device = text_or_empty(c.device);
  options.ca_file = text_or_empty(c.ca_file);
  options.token = token_of(c);
  if (c.wake != nullptr) options.on_events = [wake = c.wake, context = c.context] { wake(context); };
  if (c.state_file != nullptr) options.storage = file_storage(c.state_file);
  if (c.keepalive_s != 0) options.keepalive = std::chrono::seconds(c.keepalive_s);
  if (c.session_expiry_s != 0) options.session_expiry = std::chrono::seconds(c.session_expiry_s);
  options.suppress_positions = c.send_every_position == 0;
  return options;
}

convoke_group to_c(const Group& group) {
  return {.id = group.id.c_str(),
          .plan = group.plan.c_str(),
          .name = group.name.c_str(),
          .started_ms = group.started_ms,
          .ends_ms = group.ends_ms.value_or(0),
          .version = group.version,
          .settled = group.settled ? 1 : 0,
          .members = group.members,
          .available = group.available,
          .pages = group.pages,
          .pages_held = group.pages_held,
          .announcement_only = group.announcement_only ? 1 : 0,
          .slow_ms = group.slow_ms,
          .per_minute = group.per_minute,
          .home = group.home.c_str()};
}

int hand_out(const std::optional<std::string>& id, char* out, std::size_t size) {
  if (!id) return 0;
  if (out != nullptr && size > 0) std::snprintf(out, size, "%s", id->c_str());
  return 1;
}

}  // namespace

convoke_client* convoke_create(const convoke_options* options, char* error, size_t error_size) {
  try {
    return new convoke_client{Client(to_cpp(options == nullptr ? convoke_options{} : *options))};
  } catch (const std::exception& e) {
    if (error != nullptr && error_size > 0) std::snprintf(error, error_size, "%s", e.what());
    return nullptr;
  }
}

void convoke_destroy(convoke_client* client) { delete client; }

void convoke_open(convoke_client* client) {
  if (client != nullptr) client->client.open();
}

void convoke_retry_now(convoke_client* client) {
  if (client != nullptr) client->client.retry_now();
}

void convoke_close(convoke_client* client) {
  if (client != nullptr) client->client.close();
}

int convoke_connected(const convoke_client* client) {
  return client != nullptr && client->client.connected() ? 1 : 0;
}

void convoke_set_presence(convoke_client* client, convoke_presence presence) {
  if (client == nullptr || presence < CONVOKE_AVAILABLE || presence > CONVOKE_OFFLINE) return;
  client->client.set_presence(static_cast<Presence>(presence));
}

int convoke_report_position(convoke_client* client, int64_t time_ms, double lat, double lon, double acc_m) {
  if (client == nullptr) return 0;
  Fix fix{.time_ms = time_ms, .lat = lat, .lon = lon};
  if (acc_m >= 0) fix.acc_m = acc_m;
  return client->client.report_position(fix) ? 1 : 0;
}

void convoke_position_counts(const convoke_client* client, uint64_t* sent, uint64_t* suppressed) {
  const PositionCounts counts = client != nullptr ? client->client.position_counts() : PositionCounts{};
  if (sent != nullptr) *sent = counts.sent;
  if (suppressed != nullptr) *suppressed = counts.suppressed;
}

size_t convoke_groups(const convoke_client* client, convoke_group_fn fn, void* context) {
  if (client == nullptr) return 0;
  const std::vector<Group> all = client->client.groups();
  for (const Group& group : all) {
    const convoke_group c = to_c(group);
    if (fn != nullptr) fn(context, &c);
  }
  return all.size();
}

size_t convoke_buddies(const convoke_client* client, const char* group, int only_available,
                       convoke_buddy_fn fn, void* context) {
  if (client == nullptr) return 0;
  const std::string id = text_or_empty(group);
  const std::vector<Buddy> all =
      only_available != 0 ? client->client.available_buddies(id) : client->client.buddies(id);
  for (const Buddy& buddy : all) {
    const convoke_buddy c = to_c(buddy);
    if (fn != nullptr) fn(context, &c);
  }
  return all.size();
}

int convoke_load_more_buddies(convoke_client* client, const char* group) {
  return client != nullptr && client->client.load_more_buddies(text_or_empty(group)) ? 1 : 0;
}

int convoke_request_available(convoke_client* client, const char* group, const char* after, char* id,
                              size_t id_size) {
  if (client == nullptr) return 0;
  return hand_out(client->client.request_available(text_or_empty(group), text_or_empty(after)), id, id_size);
}

int convoke_send(convoke_client* client, const char* group, const char* text, char* id, size_t id_size) {
  return convoke_reply(client, group, text, nullptr, id, id_size);
}

int convoke_reply(convoke_client* client, const char* group, const char* text, const char* reply_to, char* id,
                  size_t id_size) {
  if (client == nullptr) return 0;
  std::optional<std::string> answered;
  if (reply_to != nullptr) answered = reply_to;
  return hand_out(client->client.send(text_or_empty(group), text_or_empty(text), std::move(answered)), id,
                  id_size);
}

int convoke_edit(convoke_client* client, const char* group, const char* message, const char* text, char* id,
                 size_t id_size) {
  if (client == nullptr) return 0;
  return hand_out(client->client.edit(text_or_empty(group), text_or_empty(message), text_or_empty(text)), id,
                  id_size);
}

int convoke_delete_message(convoke_client* client, const char* group, const char* message, char* id,
                           size_t id_size) {
  if (client == nullptr) return 0;
  return hand_out(client->client.delete_message(text_or_empty(group), text_or_empty(message)), id, id_size);
}

int convoke_report_message(convoke_client* client, const char* group, const char* from, const char* message,
                           const char* reason, char* id, size_t id_size) {
  if (client == nullptr) return 0;
  return hand_out(client->client.report(text_or_empty(group), text_or_empty(from), text_or_empty(message),
                                        text_or_empty(reason)),
                  id, id_size);
}

int convoke_set_registered(convoke_client* client, const char* plan, int registered, char* id,
                           size_t id_size) {
  if (client == nullptr) return 0;
  return hand_out(client->client.set_registered(text_or_empty(plan), registered != 0), id, id_size);
}

int convoke_set_blocked(convoke_client* client, const char* user, int blocked, char* id, size_t id_size) {
  if (client == nullptr) return 0;
  return hand_out(client->client.set_blocked(text_or_empty(user), blocked != 0), id, id_size);
}

int convoke_request_blocked(convoke_client* client, char* id, size_t id_size) {
  if (client == nullptr) return 0;
  return hand_out(client->client.request_blocked(), id, id_size);
}

int convoke_let_other_sites(convoke_client* client, int allow, char* id, size_t id_size) {
  return client == nullptr ? 0 : hand_out(client->client.let_other_sites(allow != 0), id, id_size);
}

int convoke_erase_user(convoke_client* client, char* id, size_t id_size) {
  return client == nullptr ? 0 : hand_out(client->client.erase_user(), id, id_size);
}

void convoke_typing(convoke_client* client, const char* group) {
  if (client != nullptr) client->client.signal(text_or_empty(group), SignalReceived::Kind::typing);
}

void convoke_delivered(convoke_client* client, const char* group, uint64_t epoch, uint64_t n) {
  if (client == nullptr) return;
  client->client.signal(text_or_empty(group), SignalReceived::Kind::delivered,
                        {.site = {}, .epoch = epoch, .n = n});
}

void convoke_read(convoke_client* client, const char* group, uint64_t epoch, uint64_t n) {
  if (client == nullptr) return;
  client->client.signal(text_or_empty(group), SignalReceived::Kind::read,
                        {.site = {}, .epoch = epoch, .n = n});
}

int convoke_leave(convoke_client* client, const char* group) {
  return client != nullptr && client->client.leave(text_or_empty(group)) ? 1 : 0;
}

size_t convoke_poll(convoke_client* client, int timeout_ms, convoke_event_fn fn, void* context) {
  if (client == nullptr) return 0;
  const auto hand_over = [fn, context](const Event& event) {
    ToC to_c;
    const convoke_event c = std::visit(to_c, event);
    if (fn != nullptr) fn(context, &c);
  };
  return client->client.wait_and_poll(std::chrono::milliseconds(timeout_ms), hand_over);
}
