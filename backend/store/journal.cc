#include "backend/store/journal.h"

#include <algorithm>
#include <stdexcept>

#include "backend/core/chat_archive.h"
#include "backend/store/records.h"
#include "geo/geojson.h"

namespace convoke::store {
namespace {

/// The value, or an exception that names the record.
template <class T>
T checked(messages::Result<T> result, const char* family, std::string_view key) {
  if (result) return *std::move(result);
  throw std::runtime_error(
      "store: record " + std::string(family) + "/" + std::string(key) + ": " + result.error().to_string() +
      ". It is damaged, or was written by a newer server: restore a backup or start that server.");
}

geo::Area decode_area(std::string_view key, std::string_view value) {
  geo::AreaFile parsed =
      geo::parse_geojson(value, {.max_vertices = value.size(), .any_time_zone = true});  // as allowed then
  if (parsed.areas.size() == 1) return std::move(parsed.areas[0]);
  throw std::runtime_error("store: record areas/" + std::string(key) +
                           " is not an area: " + (parsed.errors.empty() ? "" : parsed.errors[0].what));
}

/// A group that has not ended goes by its plan.
void check_plans(const core::State& state) {
  for (const auto& [id, group] : state.groups) {
    const bool over = group.state == core::GroupState::ending || group.state == core::GroupState::retired;
    if (!over && !group.home && !state.plans.contains(group.plan))
      throw std::runtime_error("store: record groups/" + id.str() + ": there is no plan " + group.plan.str() +
                               ". The store is damaged: restore a backup.");
  }
}

constexpr std::size_t kMaxWithheld = 1000;  // messages passed over for one part of a history

/// What a member whom the reader shall not hear has said, or what became of it. What staff and the server say
/// is for all.
bool is_withheld(const messages::ArchivedMessage& m, const std::set<core::UserId>& without) {
  const bool by_server = m.message.id.starts_with(messages::kServerIdPrefix);
  if (without.empty() || (by_server && !m.message.author)) return false;
  return without.contains(core::UserId::parse(m.message.author.value_or(m.from)));
}

void check_schema(Store& store) {
  std::string found;
  store.scan(Family::meta, kSchemaKey, {}, [&](auto, auto value) {
    found = value;
    return false;
  });
  if (found == kSchema) return;
  if (!found.empty())
    throw std::runtime_error("store: schema " + found + ", but this server reads schema " +
                             std::string(kSchema) + ": use the server that wrote it");
  if (auto failure = store.write({{Family::meta, std::string(kSchemaKey), std::string(kSchema)}}, true))
    throw std::runtime_error("store: cannot be written: " + *failure);
}

}  // namespace

std::vector<std::pair<std::uint64_t, core::Outgoing>> Journal::load(core::Engine& engine, core::TimeMs now) {
  check_schema(store_);
  auto all = [&](Family family, auto f) {
    store_.scan(family, {}, {}, [&](auto k, auto v) {
      f(k, v);
      return true;
    });
  };
  all(Family::areas, [&](auto k, auto v) { engine.load_area(decode_area(k, v), now); });
  all(Family::users, [&](auto k, auto v) { engine.load_user(checked(decode_user(k, v), "users", k)); });
  all(Family::positions, [&](auto k, auto v) {
    engine.load_position(core::UserId::parse(k), checked(decode_position(v), "positions", k));
  });
  all(Family::plans, [&](auto k, auto v) { engine.load_plan(checked(decode_plan(k, v), "plans", k)); });
  all(Family::registrations, [&](auto k, auto v) {
    const auto [plan, user] = checked(decode_registration_key(k), "registrations", k);
    engine.load_registrations(plan, user, checked(decode_registrations(v), "registrations", k));
  });
  all(Family::identities, [&](auto k, auto v) {
    engine.load_identity(std::string(k), checked(decode_identity(v), "identities", k));
  });
  all(Family::waiting, [&](auto k, auto v) {
    const auto [plan, identity] = checked(decode_waiting_key(k), "waiting", k);
    engine.load_waiting(plan, identity, checked(decode_waiting(v), "waiting", k));
  });
  all(Family::acts,
      [&](auto k, auto v) { engine.load_act(std::string(k), checked(decode_act(v), "acts", k)); });
  all(Family::hints, [&](auto k, auto v) {
    const auto [hook, about] = checked(decode_hint_key(k), "hints", k);
    engine.load_hint(hook, about, checked(decode_hint(v), "hints", k).told_ms);
  });
  all(Family::groups, [&](auto k, auto v) {
    if (v == kTombstone) return engine.load_tombstone(core::GroupId::parse(k));
    engine.load_group(checked(decode_group(k, v), "groups", k));
  });
  check_plans(engine.state());
  all(Family::revocations, [&](auto k, auto v) {
    engine.load_revocation(std::string(k), checked(decode_revocation(v), "revocations", k));
  });
  all(Family::members, [&](auto k, auto v) {
    const auto [group, user] = checked(decode_member_key(k), "members", k);
    engine.load_member(group, user, checked(decode_member(v), "members", k));
  });
  all(Family::invitations, [&](auto k, auto v) {
    const auto [group, user] = checked(decode_member_key(k), "invitations", k);
    engine.load_invitation(group, user, checked(decode_invitation(v), "invitations", k));
  });
  all(Family::peers, [&](auto k, auto v) { engine.load_peer(checked(decode_peer(k, v), "peers", k)); });
  all(Family::relayed, [&](auto k, auto v) {
    const auto [group, key] = checked(decode_relayed_key(k), "relayed", k);
    engine.load_relayed(group, key, checked(decode_relayed(v), "relayed", k));
  });
  all(Family::questions, [&](auto k, auto v) {
    const auto key = checked(decode_question_key(k), "questions", k);
    if (key.user)
      engine.load_told(key.site, key.id, key.user);
    else
      engine.load_question(key.site, key.id, checked(decode_question(v), "questions", k));
  });
  all(Family::met, [&](auto k, auto v) {
    const auto [group, user] = checked(decode_member_key(k), "met", k);
    engine.load_met(group, user, checked(decode_met(v), "met", k));
  });
  all(Family::watches, [&](auto k, auto v) {
    const auto [site, plan] = checked(decode_watches_key(k), "watches", k);
    engine.load_watches(site, plan, checked(decode_watches(v), "watches", k));
  });
  for (const auto& [id, group] : engine.state().groups) {
    if (group.state != core::GroupState::open) continue;
    store_.scan(Family::past, id.str() + "/", {}, [&](auto k, auto v) {
      const auto [of, user] = checked(decode_member_key(k), "past", k);
      auto was = checked(decode_past_member(v), "past", k);
      engine.load_past(of, user, std::move(was));
      return true;
    });
    store_.scan(Family::chat, id.str() + "/", {}, [&engine, &of = id](auto k, auto v) {
      const auto m = checked(messages::decode_archived_message(v), "chat", k);
      engine.load_message_key(of, core::message_key(m.from, m.message.id), {m.stamp.epoch, m.stamp.n});
      return true;
    });
  }
  std::vector<std::pair<std::uint64_t, core::Outgoing>> waiting;
  all(Family::outbox, [&](auto k, auto v) {
    waiting.emplace_back(parse_outbox_key(k), checked(decode_outgoing(v), "outbox", k));
  });
  if (!waiting.empty()) next_seq_ = waiting.back().first + 1;
  return waiting;
}

std::vector<core::PeerOutgoing> Journal::peer_items() const {
  std::vector<core::PeerOutgoing> items;
  store_.scan(Family::peer_items, {}, {}, [&](auto k, auto v) {
    const auto [site, number] = checked(decode_peer_item_key(k), "peer_items", k);
    items.push_back({site, number, std::string(v)});
    return true;
  });
  return items;
}

std::vector<std::pair<std::string, core::StaffAnswer>> Journal::staff_answers() const {
  std::vector<std::pair<std::string, core::StaffAnswer>> answers;
  store_.scan(Family::staff_answers, {}, {}, [&](auto k, auto v) {
    if (auto answer = decode_staff_answer(v)) answers.emplace_back(k, *std::move(answer));
    return true;
  });
  std::stable_sort(answers.begin(), answers.end(),
                   [](const auto& a, const auto& b) { return a.second.at_ms < b.second.at_ms; });
  return answers;
}

std::vector<std::uint64_t> Journal::add(const core::Engine& engine, const core::Effects& fx) {
  add_records(engine, fx);
  add_outside(engine.state(), fx);
  for (const core::GroupId& id : fx.forgotten) add_forgotten(id);
  auto report = fx.reports.begin();
  for (std::size_t i = 0; i <= fx.archive.size(); ++i) {
    for (; report != fx.reports.end() && report->after == i; ++report) add_report(*report);
    if (i == fx.archive.size()) break;
    if (fx.archive[i].changes)
      add_change(fx.archive[i]);
    else
      add_chat(fx.archive[i]);
  }
  for (const core::PlaceEntry& place : fx.places) add_place(place);
  add_peers(engine.state(), fx);
  for (const auto& [request, answer] : fx.staff_answers)
    put(Family::staff_answers, request, answer ? std::optional(encode_staff_answer(*answer)) : std::nullopt);
  positions_.insert(fx.positions.begin(), fx.positions.end());
  // Not a second later: the files may be compacted by then.
  for (const core::UserId& user : fx.erased) {
    positions_.erase(user);
    put(Family::positions, user.str(), std::nullopt);
  }
  std::vector<std::uint64_t> seqs;
  for (const core::Outgoing& out : fx.out) {
    const auto* publish = std::get_if<core::Publish>(&out);
    const bool durable = !publish || publish->durable;
    seqs.push_back(durable ? next_seq_++ : 0);
    if (durable) put(Family::outbox, outbox_key(seqs.back()), encode_outgoing(out));
  }
  must_sync_ = must_sync_ || !batch_.empty();
  return seqs;
}

void Journal::add_chat(const core::ArchiveEntry& entry) {
  put(Family::chat, chat_key(entry.group, entry.message.stamp.epoch, entry.message.stamp.n),
      encode(entry.message));
}

/// As it will be once the batch is written.
std::optional<std::string> Journal::chat_value(const std::string& key) const {
  std::optional<std::string> found;
  const auto waiting = std::find_if(batch_.rbegin(), batch_.rend(), [&](const Write& write) {
    return write.family == Family::chat && write.key == key;
  });
  if (waiting != batch_.rend())
    found = waiting->value;
  else
    store_.scan(Family::chat, key, {}, [&](auto, auto value) {
      found = value;
      return false;
    });
  return found;
}

std::optional<messages::ArchivedMessage> Journal::archived(const std::string& key) const {
  const auto found = chat_value(key);
  if (!found) return std::nullopt;
  auto message = messages::decode_archived_message(*found);
  return message ? std::optional(*std::move(message)) : std::nullopt;
}

/// The message gets its present text, or loses it, and at most one change of it stays beside it: nothing that
/// was taken back is left in the records. The core knows messages by a hash only, so what is found must
/// really be what the change is about.
void Journal::add_change(const core::ArchiveEntry& change) {
  const messages::ChatMessage& message = change.message.message;
  const std::string& from = change.message.from;
  const std::string key = chat_key(change.group, change.changes->epoch, change.changes->n);
  auto old = archived(key);
  if (!old || old->from != message.author.value_or(from) || old->message.id != message.of) return;
  if (old->deleted || old->message.changes_another()) return;
  const auto order = [](const messages::Stamp& s) { return std::pair(s.epoch, s.n); };
  if (old->edited && order(change.message.stamp) <= order(*old->edited)) return;
  if (old->edited)
    put(Family::chat, chat_key(change.group, old->edited->epoch, old->edited->n), std::nullopt);
  core::ArchiveEntry entry = change;
  if (message.type == messages::kEdit) {
    old->edited = change.message.stamp;
  } else {
    entry.message.message.text = messages::kDeletedText;
    old->edited.reset();
    old->deleted = change.message.stamp;
    old->deleted_by = from;
  }
  old->message.text = entry.message.message.text;
  put(Family::chat, key, encode(*old));
  add_chat(entry);
}

/// The first report of a message by each reporter stands: what it was about may be changed or gone later.
void Journal::add_report(const core::ReportEntry& report) {
  const std::string key = report_key(report);
  const auto message = archived(chat_key(report.group, report.place.epoch, report.place.n));
  if (!message || message->from != report.from || message->message.id != report.message) return;
  if (!chat_value(key)) put(Family::chat, key, encode_report(report, *message));
}

/// The core knows messages by a hash only, so it must really be this one.
void Journal::add_place(const core::PlaceEntry& place) {
  const std::string key = chat_key(place.group, place.place.epoch, place.place.n);
  auto message = archived(key);
  if (!message || message->from != place.from.str() || message->message.id != place.message) return;
  message->message.home = place.home;
  put(Family::chat, key, encode(*message));
}

void Journal::add_peers(const core::State& s, const core::Effects& fx) {
  for (const core::SiteId& site : fx.peers) {
    const auto it = s.peers.find(site);
    put(Family::peers, site.str(),
        it != s.peers.end() ? std::optional(encode_peer(it->second)) : std::nullopt);
  }
  for (const core::SiteId& site : fx.peers_cleared)
    remove_range(Family::peer_items, site.str() + "/", site.str() + "0");  // '0' comes after '/'
  for (const auto& [site, upto] : fx.peers_took)
    remove_range(Family::peer_items, site.str() + "/", peer_item_key(site, upto + 1));
  for (const core::PeerOutgoing& out : fx.peer_items)
    put(Family::peer_items, peer_item_key(out.site, out.number), out.item);
  add_questions(s, fx);
  for (const auto& [id, key] : fx.relayed) {
    const core::Group* group = s.group(id);
    const auto it =
        group ? group->relayed.find(key) : std::map<std::uint64_t, core::Relayed>::const_iterator();
    const bool there = group && it != group->relayed.end();
    put(Family::relayed, relayed_key(id, key),
        there ? std::optional(encode_relayed(it->second)) : std::nullopt);
  }
  for (const auto& [site, plan] : fx.watches) {
    const auto of = s.watches.find(site);
    const bool there = of != s.watches.end() && of->second.contains(plan);
    put(Family::watches, watches_key(site, plan),
        there ? std::optional(encode_watches(of->second.at(plan))) : std::nullopt);
  }
}

void Journal::add_questions(const core::State& s, const core::Effects& fx) {
  const auto find = [&](const core::SiteId& site, const core::PlanId& id) {
    const auto of = s.kept.find(site);
    if (of == s.kept.end() || !of->second.all.contains(id))
      return static_cast<const core::KeptQuestion*>(nullptr);
    return &of->second.all.at(id);
  };
  for (const auto& [site, id] : fx.questions) {
    const core::KeptQuestion* question = find(site, id);
    put(Family::questions, question_key(site, id),
        question ? std::optional(encode_question(*question)) : std::nullopt);
  }
  for (const auto& [of, user] : fx.told) {
    const core::KeptQuestion* question = find(of.first, of.second);
    const bool told = question && question->told.contains(user);
    put(Family::questions, question_key(of.first, of.second, user),
        told ? std::optional<std::string>("{}") : std::nullopt);
  }
  for (const auto& [id, user] : fx.met) {
    const core::Group* group = s.group(id);
    const bool met = group && group->met.contains(user);
    put(Family::met, member_key(id, user),
        met ? std::optional(encode_met(group->met.at(user))) : std::nullopt);
  }
}

void Journal::add_records(const core::Engine& engine, const core::Effects& fx) {
  const core::State& s = engine.state();
  for (const auto& id : fx.users) {
    const core::User* user = s.user(id);
    put(Family::users, id.str(), user ? std::optional(encode_user(*user)) : std::nullopt);
  }
  for (const auto& id : fx.plans) {
    auto it = s.plans.find(id);
    put(Family::plans, id.str(), it != s.plans.end() ? std::optional(encode_plan(it->second)) : std::nullopt);
  }
  for (const auto& id : fx.areas) {
    const geo::Area* area = engine.tracker().index().find(id.str());
    put(Family::areas, id.str(), area ? std::optional(geo::to_geojson({*area})) : std::nullopt);
  }
  for (const auto& id : fx.groups) {
    const core::Group* group = s.group(id);
    put(Family::groups, id.str(), group ? std::optional(encode_group(*group)) : std::nullopt);
  }
  for (const auto& [id, user] : fx.members) {
    const core::Group* group = s.group(id);
    const bool there = group && group->members.contains(user);
    put(Family::members, member_key(id, user),
        there ? std::optional(encode_member(group->members.at(user))) : std::nullopt);
  }
  for (const auto& [id, user] : fx.registrations) {
    const auto plan = s.plans.find(id);
    const bool known = plan != s.plans.end() && plan->second.registrations.contains(user);
    put(Family::registrations, registration_key(id, user),
        known ? std::optional(encode_registrations(plan->second.registrations.at(user))) : std::nullopt);
  }
  for (const std::string& mark : fx.revocations)
    put(Family::revocations, mark, std::to_string(s.revocations.at(mark)));
  for (const auto& [who, member] : fx.past)
    put(Family::past, member_key(who.first, who.second), encode_past_member(member));
  for (const auto& [id, user] : fx.invited) {
    const core::Group* group = s.group(id);
    const bool there = group && group->invited.contains(user);
    put(Family::invitations, member_key(id, user),
        there ? std::optional(encode_invitation(group->invited.at(user))) : std::nullopt);
  }
}

/// However much it is, it is a few writes: ranges of keys.
void Journal::add_forgotten(const core::GroupId& id) {
  put(Family::groups, id.str(), std::string(kTombstone));
  const auto remove = [&](Family family, std::string prefix) {
    std::string end = prefix;
    ++end.back();
    batch_.push_back({family, std::move(prefix), std::nullopt, std::move(end)});
  };
  for (const Family family :
       {Family::members, Family::past, Family::invitations, Family::chat, Family::relayed})
    remove(family, id.str() + "/");
  remove(Family::chat, report_prefix(id));
}

/// What is known of acts outside and of who did them.
void Journal::add_outside(const core::State& s, const core::Effects& fx) {
  for (const std::string& key : fx.identities) {
    const auto it = s.identities.find(key);
    put(Family::identities, key,
        it != s.identities.end() ? std::optional(encode_identity(it->second)) : std::nullopt);
  }
  for (const std::string& key : fx.acts) {
    const auto it = s.acts.find(key);
    put(Family::acts, key, it != s.acts.end() ? std::optional(encode_act(it->second)) : std::nullopt);
  }
  for (const auto& [hook, about] : fx.hints) {
    const auto of = s.hints.find(hook);
    const bool waits = of != s.hints.end() && of->second.contains(about);
    put(Family::hints, hint_key(hook, about),
        waits ? std::optional(encode_hint(of->second.at(about))) : std::nullopt);
  }
  for (const auto& [id, identity] : fx.waiting) {
    const auto plan = s.plans.find(id);
    const bool waits = plan != s.plans.end() && plan->second.waiting.contains(identity);
    put(Family::waiting, waiting_key(id, identity),
        waits ? std::optional(encode_waiting(plan->second.waiting.at(identity))) : std::nullopt);
  }
}

void Journal::remove_outgoing(const std::vector<std::uint64_t>& seqs) {
  for (std::uint64_t seq : seqs) put(Family::outbox, outbox_key(seq), std::nullopt);
}

void Journal::add(std::vector<Write> writes) {
  must_sync_ = must_sync_ || !writes.empty();
  for (Write& write : writes) batch_.push_back(std::move(write));
}

void Journal::put_meta(std::string_view key, std::string value) {
  put(Family::meta, std::string(key), std::move(value));
}

std::string Journal::meta(std::string_view key) const {
  std::string found;
  store_.scan(Family::meta, key, {}, [&](auto, auto value) {
    found = value;
    return false;
  });
  return found;
}

void Journal::add_positions(const core::Engine& engine) {
  for (const auto& id : positions_) {
    auto last = engine.tracker().last(id.str());
    put(Family::positions, id.str(), last ? std::optional(encode_position(*last)) : std::nullopt);
  }
  positions_.clear();
}

Failure Journal::commit() {
  if (batch_.empty()) return std::nullopt;
  if (auto failure = store_.write(batch_, must_sync_)) return failure;
  batch_.clear();
  must_sync_ = false;
  return std::nullopt;
}

std::optional<HistoryPart> Journal::history(const core::HistoryQuery& query) const try {
  HistoryPart part;
  std::size_t withheld = 0;
  for (const core::Stay& stay : query.stays) {
    const core::ChatPlace after = std::max(stay.from, core::ChatPlace{query.epoch, query.n});
    const std::string last = chat_key(query.group, stay.to.epoch, stay.to.n);
    store_.scan(Family::chat, query.group.str() + "/", chat_key(query.group, after.epoch, after.n + 1),
                [&](auto key, auto value) {
                  if (key > last) return false;
                  auto m = messages::decode_archived_message(value);
                  if (m && is_withheld(*m, query.without)) {
                    if (++withheld == kMaxWithheld) part.looked_up_to = {m->stamp.epoch, m->stamp.n};
                  } else if (m) {
                    part.messages.push_back(*std::move(m));
                  }
                  return !part.looked_up_to && part.messages.size() <= query.limit;
                });
    if (part.looked_up_to || part.messages.size() > query.limit) break;
  }
  return part;
} catch (const std::runtime_error&) {
  return std::nullopt;
}

std::optional<std::vector<std::pair<core::UserId, core::PastMember>>> Journal::past_members(
    const core::GroupId& group, const std::string& after, std::size_t limit) const try {
  const std::string prefix = group.str() + "/";
  std::vector<std::pair<core::UserId, core::PastMember>> out;
  store_.scan(Family::past, prefix, prefix + after, [&](auto key, auto value) {
    const auto user = core::UserId::parse(key.substr(prefix.size()));
    if (auto was = decode_past_member(value); was && user.str() != after)
      out.emplace_back(user, *std::move(was));
    return out.size() < limit;
  });
  return out;
} catch (const std::runtime_error&) {
  return std::nullopt;
}

std::optional<std::optional<core::PastMember>> Journal::past_member(const core::GroupId& group,
                                                                    const core::UserId& user) const try {
  std::optional<core::PastMember> found;
  const std::string asked = member_key(group, user);
  store_.scan(Family::past, asked, {}, [&](auto key, auto value) {
    if (auto was = decode_past_member(value); was && key == asked) found = *std::move(was);
    return false;
  });
  return found;
} catch (const std::runtime_error&) {
  return std::nullopt;
}

std::optional<std::vector<std::pair<std::string, Report>>> Journal::reports(const core::GroupId& group,
                                                                            const std::string& after,
                                                                            std::size_t limit) const try {
  const std::string prefix = report_prefix(group);
  std::vector<std::pair<std::string, Report>> out;
  store_.scan(Family::chat, prefix, prefix + after, [&](auto key, auto value) {
    std::string name(key.substr(prefix.size()));
    if (auto report = decode_report(value); report && name != after)
      out.emplace_back(std::move(name), *std::move(report));
    return out.size() < limit;
  });
  return out;
} catch (const std::runtime_error&) {
  return std::nullopt;
}

}  // namespace convoke::store
