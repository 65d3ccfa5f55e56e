#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "convoke/types.h"

namespace convoke::sdk {

/// What survives the end of the process: the connect number and which chats the phone was in. Not the
/// messages: what was sent and not archived yet is lost with the process, and the archive of each chat is
/// read anew by the next, with a MessageReceived for each message. Neither function may throw.
struct Storage {
  std::function<std::string()> load;  // called in the client's constructor; "" if nothing was saved
  /// Replaces it. Called on the SDK's thread, with a few kB, at most a few times a minute.
  std::function<void(const std::string&)> save;
};

/// Keeps it in one file, replaced as a whole at each save. The folder must exist.
Storage file_storage(std::string path);

struct Options {
  std::vector<std::string> brokers;  // "tcp://host:1883" or "ssl://host:8883", all of one kind; tried in turn
  std::string site;
  std::string user;
  std::string device;  // names this phone among the user's devices; keep it for ever

  /// Gives the token that proves all this (docs/protocol/tokens.md). Called on the SDK's thread before the
  /// first connect and again after each refusal, so it must return soon (all clients wait meanwhile) and not
  /// throw; "" means "not now, ask again later", or at Client::retry_now.
  std::function<std::string()> token;

  std::string ca_file;  // PEM; for ssl://. Empty: the system's certificates

  /// Called, on the SDK's thread, when there is something to poll and the app has not been told yet. Wake the
  /// app's main loop here; do nothing else, and do not throw. Optional.
  std::function<void()> on_events;

  /// Unix milliseconds for fixes without time. Default: the system clock. The server refuses what is more
  /// than five minutes ahead of its own clock, so a phone whose system clock is fast takes no part until the
  /// clock is right (its connections are numbered by it): show the Refused event with `what` "report" in the
  /// log.
  std::function<std::int64_t()> clock;

  Storage storage;  // optional; without it a restarted phone asks the server for everything again

  // Send no position while nothing can follow from it: while the phone stays within the region that the
  // server told it, for ten minutes or so at most. Nobody is drawn into a chat later for it. False: send
  // each.
  bool suppress_positions = true;

  std::chrono::seconds session_expiry{86'400};  // how long the broker keeps messages for an absent phone
  std::chrono::seconds keepalive{30};           // longer saves battery, shorter notices a dead network sooner
  std::uint64_t seed = 0;  // of ids and retry delays; 0: from the system. Set it for replays only
};

/// The thread that drives clients: timers, and what comes from the network. One for all clients of a process
/// is right; make your own only to separate groups of thousands.
class Runtime {
 public:
  Runtime();
  /// Every client of it must be gone. Waits one second at most for a `token` or `storage` function that does
  /// not return; the thread then ends when it does.
  ~Runtime();
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  /// The one that clients share by default. Lives as long as somebody holds it.
  static std::shared_ptr<Runtime> shared();

  class Impl;
  Impl& impl() { return *impl_; }

 private:
  std::shared_ptr<Impl> impl_;  // the thread holds it too
};

/// One phone: one user on one device at one site.
///
/// All methods may be called from any thread; none blocks on the network. Nothing of the app is called back
/// from the network's threads: what happened waits in a queue until the app polls. Group and message ids of
/// chats that are not (or no longer) held are never an error: the call just says so.
class Client {
 public:
  /// Throws std::invalid_argument naming the field if an option is not usable. Does not connect yet.
  explicit Client(Options options, std::shared_ptr<Runtime> runtime = Runtime::shared());
  /// Closes if still open, so that others see this device offline. Waits three seconds at most, on a network
  /// that takes nothing or for a `token` or `storage` function that does not return; afterwards nothing of
  /// the app is called any more, except that such a function still ends.
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// Connects, and stays connected: an interrupted connection comes back by itself, after a random pause of a
  /// range that grows to 30 s (after ten minutes: to 2 min).
  void open();
  /// Ends such a pause: call it when the network or a token is there again. Does nothing at other times.
  void retry_now();
  /// Says goodbye (others see this device offline at once) and stays disconnected until the next open.
  /// Returns at once; `closed` tells when it is done. After a close the next open waits for that by itself.
  void close();
  bool closed() const;
  bool connected() const;

  /// What others see. Initially available. Kept over reconnects.
  void set_presence(Presence presence);

  /// Reports where the phone is; report each fix, in order of time: Options::suppress_positions says which of
  /// them are sent. While there is no connection the last 200 fixes are kept and sent afterwards. False if a
  /// number is out of range.
  bool report_position(const Fix& fix);
  PositionCounts position_counts() const;

  /// The chats this user is in now.
  std::vector<Group> groups() const;
  std::optional<Group> group(std::string_view group) const;

  /// The part of the buddy list that the phone holds, in order of user id; live as presence changes. The
  /// whole list if `Group::pages_held == pages`, but for those who are hidden by a block (set_blocked), who
  /// count among `Group::members` all the same.
  std::vector<Buddy> buddies(std::string_view group) const;
  /// Of these, who is available for chat now, without this user.
  std::vector<Buddy> available_buddies(std::string_view group) const;
  /// Fetches the next page that is not held; it comes with a BuddyListChanged. False if all are held or under
  /// way.
  bool load_more_buddies(std::string_view group);
  /// Asks the server who is available over the whole list, those after user `after` ("" to begin). The answer
  /// is an AvailableBuddies or a Refused event with the request's id, which is returned; nothing if the group
  /// is not held.
  std::optional<std::string> request_available(std::string_view group, std::string_view after);

  /// Sends a text of 1 to 4096 bytes of UTF-8 and keeps at it, while this object lives, until it is archived.
  /// Returns the message's id; nothing if the group is not held, the text is not usable, or 200 messages
  /// already wait.
  std::optional<std::string> send(std::string_view group, std::string_view text,
                                  std::optional<std::string> reply_to = std::nullopt);
  /// Gives an own message, of this or an earlier life of the app, another text; or deletes it. Goes out once
  /// the message itself is archived, and then as `send` does; of several edits of one message only the newest
  /// is sent. Returns the change's own id, which OwnMessage events carry; nothing as for `send`, and for an
  /// edit of a message that is being deleted.
  std::optional<std::string> edit(std::string_view group, std::string_view message, std::string_view text);
  std::optional<std::string> delete_message(std::string_view group, std::string_view message);
  /// Asks staff to look at a message, for `reason` (0 to 1000 bytes). They get it as it is archived now.
  /// Returns the request's id, which a Refused event names if there is no such message; nothing if the group
  /// is not held or an argument is not usable.
  std::optional<std::string> report(std::string_view group, std::string_view from, std::string_view message,
                                    std::string_view reason);
  /// Registers this user with a plan of the site, or takes that back; the plan says when it takes it. A
  /// Registered event comes when the server has kept it, a Refused event if it does not take it. Returns the
  /// request's id; nothing if `plan` is no id.
  std::optional<std::string> set_registered(std::string_view plan, bool registered = true);
  /// Blocks a user, or takes that back: of this user and that one neither is shown to the other, nor what
  /// they say, whatever the chat; in a small chat only one of them takes part. That user is not told. A
  /// Blocked event comes when it is in force, a Refused event with 200 others. Returns the request's id;
  /// nothing if `user` is no id or one's own.
  std::optional<std::string> set_blocked(std::string_view user, bool blocked = true);
  /// Asks whom this user has blocked. A BlockedUsers event with the request's id answers.
  std::optional<std::string> request_blocked();
  /// Says whether other sites may draw this user into chats, because of where they are, who they are or what
  /// they registered for here; until it is said they may not. It holds for all of the user's phones. An
  /// OtherSites event comes when the server has kept it. Returns the request's id.
  std::optional<std::string> let_other_sites(bool allow = true);
  /// Asks the server to erase everything that it holds about this user, from their chats to their messages.
  /// An Erased event comes when that is decided; their chats end, and their tokens, this one too, are void.
  /// Close the client then, and delete what the app keeps. There is no way back. Returns the request's id.
  std::optional<std::string> erase_user();
  /// Tells the others that this user types, or has received or read all up to this stamp. Lost while offline.
  void signal(std::string_view group, SignalReceived::Kind kind, const Stamp& up_to = {});
  /// The same, up to this message. In a chat of another site members of other sites are told too, once the
  /// message has its place there (`home`).
  void signal(SignalReceived::Kind kind, const Message& up_to);
  /// Leaves the chat. The ChatEnded comes when the server has taken the user out. False if the group is not
  /// held.
  bool leave(std::string_view group);

  /// Calls `handler` for each waiting event, in order, on this thread. Returns how many there were. If
  /// `handler` throws, the exception comes out here and the events behind it are lost.
  std::size_t poll(const std::function<void(const Event&)>& handler);
  /// Waits until there is an event or the time is over, then polls.
  std::size_t wait_and_poll(std::chrono::milliseconds timeout,
                            const std::function<void(const Event&)>& handler);

 private:
  class Impl;
  std::shared_ptr<Runtime> runtime_;
  std::shared_ptr<Impl> impl_;
};

}  // namespace convoke::sdk
