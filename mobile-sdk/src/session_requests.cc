// The part of the session that deals with requests and their answers.
#include "mobile-sdk/src/convert.h"
#include "mobile-sdk/src/session.h"
#include "topics/messages/limits.h"

namespace convoke::sdk {

using namespace messages;

namespace {

std::string name_of(const Requests::Operation& op) {
  static constexpr const char* kNames[] = {"resume",  "hold",    "page",           "available",
                                           "history", "leave",   "report-message", "register",
                                           "block",   "blocked", "erase",          "other-sites"};
  return kNames[op.index()];
}

}  // namespace

void Session::on_response(std::string_view payload, Now now) {
  const auto response = decode_response(payload);
  if (!response) return refuse_bad_payload("res", response.error());
  if (const auto* error = std::get_if<RequestError>(&response->result))
    return on_error(response->id, *error, now);
  const std::optional<Requests::Operation> op = requests_.answered(response->id);
  if (!op) return;  // the answer to a repeat
  if (const auto* resume = std::get_if<ResumeRequest>(&*op)) {
    if (const auto* result = std::get_if<ResumeAnswer>(&response->result)) answer(*resume, *result, now);
  } else if (const auto* hold = std::get_if<HoldRequest>(&*op)) {
    answer(*hold);
  } else if (const auto* page = std::get_if<PageRequest>(&*op)) {
    if (const auto* result = std::get_if<RosterPage>(&response->result)) answer(*page, *result, now);
  } else if (const auto* history = std::get_if<HistoryRequest>(&*op)) {
    if (const auto* result = std::get_if<HistoryAnswer>(&response->result)) answer(*history, *result, now);
  } else if (const auto* available = std::get_if<AvailableRequest>(&*op)) {
    if (const auto* result = std::get_if<AvailableAnswer>(&response->result))
      events_.push_back(
          AvailableBuddies{response->id, available->group, from_wire(result->buddies), result->more});
  } else if (const auto* registered = std::get_if<RegisterRequest>(&*op)) {
    events_.push_back(Registered{registered->plan, !registered->withdraw});
  } else if (const auto* block = std::get_if<BlockRequest>(&*op)) {
    events_.push_back(Blocked{block->user, !block->undo});
  } else if (const auto* sites = std::get_if<OtherSitesRequest>(&*op)) {
    events_.push_back(OtherSites{sites->allow});
  } else if (std::holds_alternative<EraseRequest>(*op)) {
    events_.push_back(Erased{});
  } else if (std::holds_alternative<BlockedRequest>(*op)) {
    if (const auto* result = std::get_if<BlockedAnswer>(&response->result))
      events_.push_back(BlockedUsers{response->id, result->users});
  }
}

/// First of all the ends, so that nothing is done for a chat that is over.
void Session::answer(const ResumeRequest&, const ResumeAnswer& result, Now now) {
  for (const ChatEnd& end : result.ends) end_group(end);
  if (!result.hidden) hide({{}, true});
  for (const ChatStart& start : result.starts) start_group(start.head, now);
  for (auto& [id, entry] : groups_) {
    entry.resubscribe_ms = entry.resubscribe_pause_ms = 0;
    entry.transcript.ask_archive();
    entry.order.look_again();
  }
  resumed_ = true;
}

void Session::answer(const HoldRequest& hold) {
  for (const HeldGroup& held : hold.groups) {
    if (held.ended) ended_to_report_.erase(held.group);
    if (const auto entry = groups_.find(held.group); entry != groups_.end() && !held.ended)
      entry->second.reported = held.version;
  }
}

void Session::answer(const PageRequest& asked, const RosterPage& page, Now now) {
  GroupEntry* entry = find_started(asked.group);
  if (entry != nullptr && page.page == asked.page) entry->roster.answered(page, now.steady_ms);
}

void Session::answer(const HistoryRequest& asked, const HistoryAnswer& history, Now now) {
  GroupEntry* entry = find_started(asked.group);
  if (entry == nullptr) return;
  std::optional<Place> upto;
  for (ArchivedMessage archived : history.messages) {
    believe_home(*entry, archived);
    const Place place{archived.stamp.epoch, archived.stamp.n};
    upto = place;
    const bool is_new = entry->transcript.archived(archived.from, archived.message.id, place);
    if (archived.from == self_.user.str() && outbox_.remove(asked.group, archived.message.id))
      events_.push_back(
          OwnMessage{asked.group, archived.message.id, OwnMessage::State::archived, std::nullopt});
    else if (is_new)
      tell(asked.group, archived);
    note_order(asked.group, *entry, archived, now);
  }
  if (history.after) upto = Place{history.after->first, history.after->second};
  if (history.after) entry->transcript.looked_up_to(*upto);
  const bool goes_on = history.after || !history.messages.empty();
  entry->order.looked(upto, history.more && goes_on);
  entry->transcript.history_done(history.more && goes_on, now.steady_ms);
}

/// The server could not use a position or a presence of this device.
void Session::on_refused_report(const RequestError& error, Now now) {
  events_.push_back(Refused{"report", "", 0, error.code + ": " + error.detail});
  // A connect number far ahead, kept from a time when this phone's clock was fast, is refused with every
  // presence. The clock has been set since, so begin anew from it.
  if (phase_ != Phase::up || static_cast<std::int64_t>(connect_number_) <= now.unix_ms + kMaxFutureMs) return;
  connect_number_ = 0;
  order(DisconnectCommand{});
}

void Session::on_error(const std::string& id, const RequestError& error, Now now) {
  if (id.empty()) return on_refused_report(error, now);
  // "Not now" leaves the request waiting; so does any error to a resume, without which nothing else can go
  // on.
  const bool later = error.retry_after_ms || error.code == "unavailable" || error.code == "rate-limited";
  if (later && requests_.postpone(id, now.steady_ms, error.retry_after_ms.value_or(1'000))) return;
  const std::optional<Requests::Operation> op = requests_.answered(id);
  if (!op) return;
  events_.push_back(
      Refused{name_of(*op), "", 0, error.code + ": " + error.detail, id, Requests::group_of(*op)});
  // Its end was lost, with a queue of the broker that overflowed: the answer to resume says so again.
  const std::string group = Requests::group_of(*op);
  if (error.code == "not-member" && find_started(group) && doubted_.insert(group).second)
    ask_which_groups_live();
  if (const auto* resume = std::get_if<ResumeRequest>(&*op)) {
    if (const auto again = requests_.add(*resume)) requests_.postpone(*again, now.steady_ms, 5'000);
  } else if (const auto* page = std::get_if<PageRequest>(&*op)) {
    if (GroupEntry* entry = find_started(page->group)) entry->roster.page_unknown(page->page, now.steady_ms);
  } else if (const auto* history = std::get_if<HistoryRequest>(&*op)) {
    if (GroupEntry* entry = find_started(history->group)) entry->transcript.history_failed();
  }
}

void Session::refuse_bad_payload(std::string_view topic, const Error& error) {
  events_.push_back(Refused{"message", std::string(topic), 0, error.to_string()});
}

// ---- The app's requests -----------------------------------------------------------------------------------

bool Session::leave(std::string_view group, Now now) {
  if (find_started(group) == nullptr) return false;
  const bool added = requests_.add(LeaveRequest{std::string(group)}).has_value();
  flush(now);
  return added;
}

std::optional<std::string> Session::report(std::string_view group, std::string_view from,
                                           std::string_view message, std::string_view reason, Now now) {
  if (find_started(group) == nullptr) return std::nullopt;
  ReportRequest report{std::string(group), std::string(from), std::string(message), std::string(reason)};
  if (!decode_request(encode(Request{"1", report}))) return std::nullopt;
  std::optional<std::string> id = requests_.add(std::move(report));
  flush(now);
  return id;
}

std::optional<std::string> Session::set_registered(std::string_view plan, bool registered, Now now) {
  if (!topics::is_plain_id(plan)) return std::nullopt;
  requests_.drop_registrations(plan);
  std::optional<std::string> id = requests_.add(RegisterRequest{std::string(plan), !registered});
  flush(now);
  return id;
}

std::optional<std::string> Session::set_blocked(std::string_view user, bool blocked, Now now) {
  if (!topics::is_user_id(user) || user == self_.user.str()) return std::nullopt;
  requests_.drop_blocks(user);
  std::optional<std::string> id = requests_.add(BlockRequest{std::string(user), !blocked});
  flush(now);
  return id;
}

std::optional<std::string> Session::let_other_sites(bool allow, Now now) {
  requests_.drop_other_sites();
  std::optional<std::string> id = requests_.add(OtherSitesRequest{allow});
  flush(now);
  return id;
}

std::optional<std::string> Session::request_blocked(Now now) {
  std::optional<std::string> id = requests_.add(BlockedRequest{});
  flush(now);
  return id;
}

std::optional<std::string> Session::erase_user(Now now) {
  std::optional<std::string> id = requests_.add(EraseRequest{});
  flush(now);
  return id;
}

bool Session::load_more_buddies(std::string_view group, Now now) {
  GroupEntry* entry = find_started(group);
  if (entry == nullptr || !entry->roster.load_more()) return false;
  flush(now);
  return true;
}

std::optional<std::string> Session::request_available(std::string_view group, std::string_view after,
                                                      Now now) {
  if (find_started(group) == nullptr) return std::nullopt;
  if (!after.empty() && !topics::is_user_id(after)) return std::nullopt;
  std::optional<std::string> id = requests_.add(AvailableRequest{std::string(group), std::string(after)});
  flush(now);
  return id;
}

}  // namespace convoke::sdk
