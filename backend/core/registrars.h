#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "backend/core/effects.h"
#include "backend/core/state.h"
#include "backend/core/triggers.h"

/// What people do outside that makes them part of a plan: they call a number, write a mail or buy
/// a ticket; and mails that start a chat.
namespace convoke::core {

inline constexpr const char* kByCall = "call";
inline constexpr const char* kByMail = "mail";
inline constexpr const char* kByTicket = "ticket";

/// How well a caller's operator vouches for the number (STIR/SHAKEN): fully "A", partially "B", as a gateway
/// "C". Whether `had` is at least as good as `wanted`.
bool attested_as(const std::string& had, const std::string& wanted);

/// One act, as its source tells of it. What comes in is bounded by the ingress: each text has at most 200
/// bytes.
struct Act {
  std::string source = {};    // kByCall, kByMail or kByTicket
  std::string provider = {};  // which hook it came by
  std::string id = {};        // the provider's own id of this telling: it counts once
  std::string subject =
      {};               // what it is about, and is taken back by: the order; of a call or mail, who it was
  TimeMs at_ms = 0;     // when it was done
  TimeMs told_ms = 0;   // when its source came to know, where that is later: of one subject the newest counts
  std::string to = {};  // the number called, the address written to, the shop
  std::vector<std::string> products = {};  // of a ticket
  std::vector<Identity> who = {};          // each is registered
  std::optional<UserId> user = {};         // who it was, where that is proven by other means
  bool verified = false;                   // somebody vouches for `who`
  std::string attested = {};               // of a call: "A", "B", "C" or nothing
  std::string proof = {};                  // in words: "dkim=pass club.example"
  bool withdrawn = false;                  // taken back: a refund, a "stop"
};

struct ActOutcome {
  bool known = false;     // nothing was done: told before, or something newer was told about the same subject
  std::size_t plans = 0;  // that it means something to, now
  std::size_t registered = 0;  // users
  std::size_t waiting = 0;     // identities that nobody has proved yet
  std::size_t withdrawn = 0;   // registrations
};

/// Registers those who did it with every plan that it is meant for, or takes that back. An identity that
/// nobody has proved waits until the plan's window is over, or 30 days.
ActOutcome act(State& state, const Act& act, Context& ctx);

/// A mail that came in, after the ingress has judged who vouches for it.
struct Mail {
  std::string id = {};                    // Message-ID
  TimeMs at_ms = 0;                       // when it came
  std::string to = {};                    // recipient, lower case, without what follows a "+"
  std::optional<Identity> from = {};      // where there is exactly one sender
  std::optional<Identity> personal = {};  // of the personal address it was sent to, if it was one
  bool verified = false;                  // the sender's domain vouches for `from`
  std::string domain = {};                // DKIM domain that vouches for the mail; empty: none
  std::string list = {};                  // List-Id
  std::string subject = {};
  std::map<std::string, std::string> headers = {};  // other fields that `domain` vouches for
  std::string proof = {};
  bool stops = false;  // asks to be left out again
};

struct MailOutcome {
  ActOutcome act;
  std::vector<std::pair<PlanId, StartOutcome>> starts;
};

/// Registers the sender, and starts the plans that wait for such a mail.
MailOutcome mail(State& state, const Mail& mail, Context& ctx);

/// Forgets acts of long ago, and what waited in vain; sets the timer for the next time.
void forget_acts(State& state, Context& ctx);

}  // namespace convoke::core
