#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "topics/membership.h"
#include "topics/messages/chat.h"
#include "topics/messages/peer_condition.h"
#include "topics/messages/peer_watch.h"
#include "topics/messages/presence.h"
#include "topics/messages/result.h"

namespace convoke::messages {

/// What one site's server tells another's, on `cv1/{their site}/peer/{own site}/link`: batches of numbered
/// items. docs/protocol/peer.md is the page. Every user in it is written in full: `anna@demo`.

inline constexpr std::uint32_t kPeerVersion = 2;        // of the batch and of all that is in it: the latest,
inline constexpr std::uint32_t kOldestPeerVersion = 1;  // and the one before
inline constexpr std::size_t kMaxPeerFeatures = 32;     // that a site may say it has
inline constexpr std::size_t kMaxPeerItems = 64;        // in one batch
inline constexpr std::size_t kMaxPeerBytes = 40'000;    // of the items of one batch, as the sender makes them
inline constexpr std::size_t kMaxPeerMembers = 100;     // in one item
inline constexpr std::size_t kMaxPeerGroups = 1'000;    // in one item
inline constexpr std::size_t kMaxPeerSignals = 100;     // in one batch

// What a server can do beyond what each of its version can. Said in each batch; what needs one is told only
// to who has it.
inline constexpr const char* kGroupRanges = "group-ranges";  // `groups` of a part of all ids
inline constexpr const char* kErasures = "erasures";         // `erase`
inline constexpr const char* kBlocks = "blocks";             // `blocks`
inline constexpr const char* kSelection = "selection";       // `select`
inline constexpr const char* kFollowing = "following";       // `keep`, `later`, `unchosen`, `drop`
inline constexpr const char* kWatching = "watching";         // `watch` and `holds`
inline constexpr const char* kSignals = "signals";           // `signals` of a batch
/// All that this server has.
inline constexpr std::array kPeerFeatures = {kGroupRanges, kErasures, kBlocks, kSelection,
                                             kFollowing,   kWatching, kSignals};

/// A member, or somebody chosen, as another site may see them.
struct PeerMember {
  std::string user;
  std::string name;  // empty: show the user id
  PresenceState presence = PresenceState::offline;
  topics::Standing standing = topics::Standing::member;
  std::optional<std::int64_t> since_ms = {};  // of a member: when they came in, at home
};

// Home to a member's site.

/// "groups": these are all the groups of mine that you have a part in; where `after` and `upto` are given, of
/// those whose ids come after the one and not after the other.
struct PeerGroups {
  std::vector<std::string> groups;
  std::optional<std::string> after = {}, upto = {};
};
/// "ask": who of these users of yours takes part?
struct PeerAsk {
  std::string group, plan, name;
  std::vector<std::string> users;
  bool any_presence = false;  // else only those who are available
  bool keep = false;          // and from now on, who comes to be so
};
/// "open": the group as it is now, with its first members; `put` brings the others.
struct PeerOpen {
  std::string group, plan, name;
  std::int64_t started_ms = 0;
  std::optional<std::int64_t> ends_ms;
  bool anonymous = false;  // members are not told one another's names
  topics::ChatRules rules;
  std::vector<PeerMember> members;
  bool more = false;  // a `put` follows with more of the same list
};
/// "put": members who came in or look different now.
struct PeerPut {
  std::string group;
  std::vector<PeerMember> members;
  bool more = false;
};
/// "gone": members no more.
struct PeerGone {
  std::string group;
  std::vector<std::string> users;
  std::string reason;  // the chat-end's
};
/// "head": when it ends from now on, and its rules.
struct PeerHead {
  std::string group;
  std::optional<std::int64_t> ends_ms;
  topics::ChatRules rules;
};
/// "end".
struct PeerEnd {
  std::string group, reason;
};
/// "place": where this message stands in the group's order.
struct PeerPlace {
  std::string group, from, message;
  Stamp home;
};
/// "notice": what the server or staff say in the chat.
struct PeerNotice {
  std::string group;
  Notice notice;
};

// A member's site to home.

/// "chosen": of those asked for, these take part.
struct PeerChosen {
  std::string group;
  std::vector<PeerMember> members;
  bool selected = false;     // the answer to a `select`, or a part of it; else to an `ask`
  bool more = false;         // more of the same answer follows
  std::string refused = {};  // why the question is not answered; empty: it is
  bool later = false;        // no answer: these have come to meet a question that is kept
};
/// "unchosen": these do not meet any more what is asked.
struct PeerUnchosen {
  std::string group;
  std::vector<std::string> users;
};
/// "left": a member of mine.
struct PeerLeft {
  std::string group, user, reason;
};
/// "closed": no member of mine is in it any more.
struct PeerClosed {
  std::string group;
};

// Each site of a group to each other.

/// "said": a user of mine said this.
struct PeerSaid {
  std::string group, from;
  ChatMessage message;  // with its place where the sender is the group's home
};
/// "presence": how users of mine are who are in a chat with users of yours.
struct PeerPresence {
  struct Seen {
    std::string user;
    PresenceState presence = PresenceState::offline;
    std::optional<std::string> name = {};  // theirs now; absent: as it was told before
  };
  std::vector<Seen> users;
};
/// "erase": this user of mine is erased.
struct PeerErase {
  std::string user;
};
/// "blocks": these users of yours are whom that user of mine blocks now; without a user: nobody of mine
/// blocks anybody, but for whom it is told next.
struct PeerBlocks {
  std::string user;
  std::vector<std::string> blocks;  // at most kMaxBlocked
};

/// "select", home to any site: who of yours meets this?
struct PeerSelect {
  std::string group, plan;  // `registered` is with the plan of this id at the asked site
  std::vector<PeerCondition> any, all, none;
  bool any_presence = false;
  std::uint32_t max = 1;  // of more a lot decides
  bool keep = false;      // and from now on, who comes to meet it or does not any more
};
/// "drop", home to any site: what was to be kept for this group is over.
struct PeerDrop {
  std::string group;
};

/// "watch", home to any site: what this plan of mine waits for at yours, and nothing else any more. Without a
/// plan: no plan of mine waits for anything, but for what is told next.
struct PeerWatch {
  std::string plan;
  std::vector<PeerWatched> watches;  // at most kMaxPeerWatches
};
/// "holds", the answer, and again whenever one of them has changed: what holds now.
struct PeerHolds {
  std::string plan;
  std::vector<PeerLevel> levels;
  std::int64_t at_ms = 0;  // the sender's time
};

/// A kind of a later server: passed over.
struct PeerUnknown {};

/// No item, as it is not kept: a user of mine types, or has received or read up to there in home's order.
struct PeerSignal {
  std::string group, user;
  Signal::Type type = Signal::Type::typing;
  std::uint64_t epoch = 0, n = 0;  // typing: none
};

using PeerItem =
    std::variant<PeerUnknown, PeerGroups, PeerAsk, PeerOpen, PeerPut, PeerGone, PeerHead, PeerEnd, PeerPlace,
                 PeerNotice, PeerChosen, PeerLeft, PeerClosed, PeerSaid, PeerPresence, PeerSelect, PeerErase,
                 PeerBlocks, PeerUnchosen, PeerDrop, PeerWatch, PeerHolds>;

/// {"v":2,"features":["group-ranges"],"epoch":1767225600000,"first":17,
///  "ack":{"epoch":1767225500000,"upto":41},"items":[…]}
struct PeerBatch {
  std::uint64_t epoch = 0;      // of the sender's numbers: another one where it began to count anew
  std::uint64_t first = 1;      // number of items[0]; the others follow
  std::uint64_t ack_epoch = 0;  // of the receiver's numbers; 0: nothing was received yet
  std::uint64_t ack_upto = 0;   // all items up to this have been taken
  std::vector<PeerItem> items;  // may be empty
  std::uint32_t version = kOldestPeerVersion;  // in which this batch is written
  std::uint32_t speaks = kOldestPeerVersion;   // the latest that the sender speaks
  std::vector<std::string> features = {};      // that it has; none in version 1
  std::vector<PeerSignal> signals = {};        // have no number: whoever misses them, does
};

[[nodiscard]] Result<PeerBatch> decode_peer_batch(std::string_view payload);
std::string encode(const PeerBatch&);

std::string encode(const PeerItem&);
/// One item, as it was encoded.
[[nodiscard]] Result<PeerItem> decode_peer_item(std::string_view item, std::size_t max_bytes);
/// A batch of items that are encoded already; `batch.items` does not count.
std::string encode_peer_batch(const PeerBatch& batch, const std::vector<std::string_view>& items);

}  // namespace convoke::messages
