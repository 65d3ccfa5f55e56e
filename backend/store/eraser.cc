#include "backend/store/eraser.h"

#include <algorithm>
#include <utility>

#include "backend/core/erasure.h"

namespace convoke::store {
namespace {

constexpr std::size_t kRecordsATurn = 2000;
constexpr std::size_t kNumberBytes = 16;     // as outbox_key writes it
constexpr std::string_view kTakenOut = "t";  // behind a record's numbers: of archive and past memberships
constexpr std::string_view kReports = "reports/";
constexpr std::string_view kCompactKey = "compact";  // family meta: files may hold what has been erased

/// The evidence of others stays, without who reported it; what the user said does not.
void erase_report(std::string_view key, std::string_view value, const core::UserId& user,
                  std::vector<Write>& batch) {
  const auto report = decode_report(value);
  if (!report) return;
  const bool about = report->message.from == user.str();
  if (!about && report->reporter != user.str()) return;
  batch.push_back({Family::chat, std::string(key)});
  if (about) return;
  core::ReportEntry entry;
  entry.reporter = core::UserId::parse(kErasedUser);
  entry.time_ms = report->time_ms;
  const std::string place(key.substr(0, key.rfind('/') + 1));
  batch.push_back({Family::chat, place + std::string(kErasedUser), encode_report(entry, report->message)});
}

}  // namespace

std::optional<messages::ArchivedMessage> without(const messages::ArchivedMessage& m,
                                                 const core::UserId& user) {
  const std::string nobody(kErasedUser);
  messages::ArchivedMessage left = m;
  if (m.from == user.str()) {
    left.from = nobody;
    left.message = {std::to_string(m.stamp.epoch) + "-" + std::to_string(m.stamp.n),
                    "text",
                    std::string(messages::kDeletedText),
                    {}};
    left.edited.reset();
    left.deleted = m.stamp;
    left.deleted_by = nobody;
    return left;
  }
  bool named = false;
  if (m.message.author == user.str()) {
    left.message.author = left.message.of = nobody;
    named = true;
  }
  if (m.deleted_by == user.str()) {
    left.deleted_by = nobody;
    named = true;
  }
  return named ? std::optional(std::move(left)) : std::nullopt;
}

std::vector<std::pair<core::UserId, core::TimeMs>> Eraser::load() {
  std::vector<std::pair<core::UserId, core::TimeMs>> users;
  store_.scan(Family::erasures, {}, {}, [&](auto key, auto value) {
    const auto user = core::UserId::parse(key);
    const std::size_t seq = std::min(value.size(), kNumberBytes);
    const std::size_t time = std::min(value.size() - seq, kNumberBytes);
    const bool taken_out = value.ends_with(kTakenOut);
    users.emplace_back(user, static_cast<core::TimeMs>(parse_outbox_key(value.substr(seq, time))));
    pending_.push_back({.user = user,
                        .last_seq = parse_outbox_key(value.substr(0, seq)),
                        .record = std::string(value.substr(0, seq + time)),
                        .chat_done = taken_out,
                        .past_done = taken_out});
    return true;
  });
  store_.scan(Family::meta, kCompactKey, {}, [&](auto, auto) {
    to_compact_ = 1;
    return false;
  });
  return users;
}

void Eraser::begin(const core::UserId& user, std::uint64_t last_seq, core::TimeMs now,
                   std::vector<Write>& batch) {
  const std::string record = outbox_key(last_seq) + outbox_key(static_cast<std::uint64_t>(now));
  batch.push_back({Family::erasures, user.str(), record});
  std::erase_if(pending_, [&](const Pending& p) { return p.user == user; });  // they came back: all once more
  pending_.push_back({.user = user, .last_seq = last_seq, .record = record});
}

void Eraser::work(const Waiting& waiting, std::vector<Write>& batch) {
  if (pending_.empty() || take_out(batch)) return;
  Pending& first = pending_.front();
  if (waiting.oldest && *waiting.oldest <= first.last_seq)
    return;  // some message that names them waits still
  if (!first.named_in.empty()) {
    forget_taken(first, waiting);
    if (!first.named_in.empty()) {  // the next one, who may wait for nobody
      std::rotate(pending_.begin(), pending_.begin() + 1, pending_.end());
      return;
    }
    first.next_item.clear();  // once more from the begin: something may have come since
  }
  items(first, waiting);
  if (!first.items_done || !first.named_in.empty()) return;
  answers(first, batch);
  batch.push_back({Family::erasures, first.user.str()});
  batch.push_back({Family::meta, std::string(kCompactKey), "1"});
  pending_.pop_front();
  ++to_compact_;
}

/// Out of the archive first, whoever has to wait then: what somebody says who has come back is not to be
/// taken for what they said before. One user a turn: what is written of one is read for the next.
bool Eraser::take_out(std::vector<Write>& batch) {
  const auto next =
      std::find_if(pending_.begin(), pending_.end(), [](const Pending& p) { return !p.past_done; });
  if (next == pending_.end()) return false;
  if (next->chat_done)
    past(*next, batch);
  else
    chat(*next, batch);
  return true;
}

void Eraser::chat(Pending& pending, std::vector<Write>& batch) {
  std::size_t seen = 0;
  std::string next;
  store_.scan(Family::chat, {}, pending.next_chat, [&](auto key, auto value) {
    if (++seen > kRecordsATurn) {
      next = key;
      return false;
    }
    if (key.starts_with(kReports)) {
      erase_report(key, value, pending.user, batch);
    } else if (const auto message = messages::decode_archived_message(value)) {
      if (auto left = without(*message, pending.user))
        batch.push_back({Family::chat, std::string(key), encode(*left)});
    }
    return true;
  });
  pending.chat_done = next.empty();
  pending.next_chat = std::move(next);
}

void Eraser::past(Pending& pending, std::vector<Write>& batch) {
  std::size_t seen = 0;
  std::string next;
  const std::string theirs = "/" + pending.user.str();
  store_.scan(Family::past, {}, pending.next_past, [&](auto key, auto) {
    if (++seen > kRecordsATurn) {
      next = key;
      return false;
    }
    if (key.ends_with(theirs)) batch.push_back({Family::past, std::string(key)});
    return true;
  });
  pending.past_done = next.empty();
  pending.next_past = std::move(next);
  if (pending.past_done)
    batch.push_back({Family::erasures, pending.user.str(), pending.record + std::string(kTakenOut)});
}

void Eraser::note_item(Pending& pending, const Waiting& waiting, const core::SiteId& site,
                       std::uint64_t number, std::string_view item) {
  const auto peer = waiting.peers.find(site);
  if (peer == waiting.peers.end() || number <= peer->second.acked || !core::mentions(item, pending.user))
    return;
  pending.named_in[site] = {peer->second.epoch, number};
}

/// What the site has taken waits no more, nor what is given up as it is told everything anew.
void Eraser::forget_taken(Pending& pending, const Waiting& waiting) {
  std::erase_if(pending.named_in, [&](const auto& last) {
    const auto peer = waiting.peers.find(last.first);
    return peer == waiting.peers.end() || peer->second.epoch != last.second.epoch ||
           peer->second.acked >= last.second.number;
  });
}

/// Looks for them in what waits for other sites.
void Eraser::items(Pending& pending, const Waiting& waiting) {
  std::size_t seen = 0;
  std::string next;
  store_.scan(Family::peer_items, {}, pending.next_item, [&](auto key, auto item) {
    if (++seen > kRecordsATurn) {
      next = key;
      return false;
    }
    if (const auto of = decode_peer_item_key(key)) note_item(pending, waiting, of->first, of->second, item);
    return true;
  });
  for (const core::PeerOutgoing& out : waiting.added)
    note_item(pending, waiting, out.site, out.number, out.item);
  pending.items_done = next.empty();
  pending.next_item = std::move(next);
}

/// What staff were told of them. They are few.
void Eraser::answers(const Pending& pending, std::vector<Write>& batch) {
  store_.scan(Family::staff_answers, {}, {}, [&](auto key, auto value) {
    if (core::mentions(value, pending.user)) batch.push_back({Family::staff_answers, std::string(key)});
    return true;
  });
}

std::set<core::SiteId> Eraser::waits_for() const {
  std::set<core::SiteId> sites;
  for (const Pending& pending : pending_)
    for (const auto& [site, last] : pending.named_in) sites.insert(site);
  return sites;
}

bool Eraser::take_compaction() {
  if (to_compact_ == 0 || compacting_ > 0) return false;
  compacting_ = std::exchange(to_compact_, 0);
  return true;
}

void Eraser::compacted(std::vector<Write>& batch) {
  compacting_ = 0;
  if (to_compact_ == 0) batch.push_back({Family::meta, std::string(kCompactKey)});
}

}  // namespace convoke::store
