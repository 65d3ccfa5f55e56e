#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "topics/membership.h"
#include "topics/messages/result.h"

namespace convoke::messages {

/// What the server tells the broker plugin on `$CONTROL/convoke/v1` (never seen by other clients), and the
/// plugin's answer on `$CONTROL/convoke/v1/response`. An operation of the whole message fails or holds as
/// one.
///   {"seq":7,"ops":[{"op":"add","group":"…","users":["anna","ben"]}]}

/// "begin": a full feed starts; build the new table aside, the old one stays in force.
struct FeedBegin {};
/// "ready": the table built since "begin" replaces the old one; terminals may connect.
struct FeedReady {};
/// "add", at most 500 users.
struct FeedAdd {
  std::string group;
  std::vector<std::string> users;
};
/// "remove", at most 500 users.
struct FeedRemove {
  std::string group;
  std::vector<std::string> users;
};
/// "retire": the group has no members any more.
struct FeedRetire {
  std::string group;
};
/// "standing": of members, at most 500 users. A removal takes it away.
struct FeedStanding {
  std::string group;
  topics::Standing standing = topics::Standing::member;
  std::vector<std::string> users;
};
/// "rules": of a group that has members.
struct FeedRules {
  std::string group;
  topics::ChatRules rules;
};
/// "block".
struct FeedBlock {
  std::string a;
  std::string b;
};
/// "unblock".
struct FeedUnblock {
  std::string a;
  std::string b;
};
/// "revoke": tokens issued before are void, live connections cut.
struct FeedRevoke {
  std::string user;
  std::int64_t issued_before_ms = 0;
};
/// "revoked": as "revoke", of the user with this mark (token::subject_mark); for connections still to come.
struct FeedRevoked {
  std::string mark;  // 64 hexadecimal digits
  std::int64_t issued_before_ms = 0;
};
/// "peer": who shows a token of role peer that is signed with one of these keys speaks for that site; none:
/// nobody does from now on, live connections are cut.
struct FeedPeer {
  std::string site;
  std::string keys;  // JWK Set, public parts only; empty: none
};
/// "counters": answer with the counters.
struct FeedCounters {};
/// "sign-ins": tell who connects with a token that proves a number or an address, those after this one; the
/// others are on the server's disk.
struct FeedSignIns {
  std::uint64_t after = 0;
};

using FeedOp =
    std::variant<FeedBegin, FeedReady, FeedAdd, FeedRemove, FeedRetire, FeedStanding, FeedRules, FeedBlock,
                 FeedUnblock, FeedRevoke, FeedCounters, FeedRevoked, FeedSignIns, FeedPeer>;

struct Feed {
  std::uint64_t seq = 0;    // the server's own number, echoed in the answer
  std::vector<FeedOp> ops;  // at most 64
};

/// A user connected with a token that proves this of them.
struct SignIn {
  std::uint64_t n = 0;  // which sign-in: they count up, also over restarts of the broker
  std::string user;
  std::int64_t issued_ms = 0;  // when the token was
  std::string phone;           // empty: none is proven
  std::string mail;
};

/// {"seq":7,"ok":true,"epoch":1767225600000,"ready":true,"counters":{"denied_publish":3}}
/// {"seq":7,"ok":false,"error":"ops[0].users: expected …","epoch":…,"ready":false}
struct FeedResponse {
  std::uint64_t seq = 0;
  std::string error;                                            // empty: done
  std::uint64_t epoch = 0;                                      // changes with every start of the broker
  bool ready = false;                                           // terminals may connect
  std::vector<std::pair<std::string, std::uint64_t>> counters;  // only where asked for
  std::vector<SignIn>
      sign_ins;  // at most 64; then `seq` is 0: it is no answer, but what was asked to be told
};

[[nodiscard]] Result<Feed> decode_feed(std::string_view payload);
std::string encode(const Feed&);
[[nodiscard]] Result<FeedResponse> decode_feed_response(std::string_view payload);
std::string encode(const FeedResponse&);

}  // namespace convoke::messages
