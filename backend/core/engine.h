#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "backend/core/effects.h"
#include "backend/core/hints.h"
#include "backend/core/identities.h"
#include "backend/core/peers.h"
#include "backend/core/registrars.h"
#include "backend/core/requests.h"
#include "backend/core/state.h"
#include "backend/core/triggers.h"
#include "geo/fence_tracker.h"
#include "topics/messages/position.h"

namespace convoke::core {

/// The whole of the core behind one door: records are loaded, then every input is one call, which changes the
/// state and says in `ctx.fx` what must be written and sent. Deterministic: no thread, clock, random source
/// or I/O inside. One thread at a time.
class Engine {
 public:
  Engine(topics::SiteId site, geo::Rule rule);

  // Loading, before any input and all at the same `now`: areas first, then users, then their positions and
  // the rest. Then `loaded` works out what follows from the records and sets the timers; a tick is due at
  // once.
  void load_user(User user);
  void load_position(const UserId& user, geo::Position position);
  void load_area(geo::Area area, TimeMs now);
  void load_plan(PlanRecord plan);
  void load_registrations(const PlanId& plan, const UserId& user, std::vector<Registration> all);
  void load_group(Group group);
  void load_revocation(std::string mark, std::int64_t before_ms);
  void load_tombstone(const GroupId& group);
  void load_member(const GroupId& group, const UserId& user, Member member);
  /// Of a group that is open.
  void load_past(const GroupId& group, const UserId& user, PastMember was);
  void load_invitation(const GroupId& group, const UserId& user, Invitation invitation);
  void load_identity(const std::string& key, IdentityRecord identity);
  void load_waiting(const PlanId& plan, const std::string& identity, std::vector<WaitingAct> acts);
  void load_act(const std::string& key, ActRecord act);
  void load_hint(const std::string& hook, const std::string& about, TimeMs told_ms);
  void load_peer(Peer peer);
  void load_question(const SiteId& site, const PlanId& id, messages::PeerSelect asked);
  void load_told(const SiteId& site, const PlanId& question, const UserId& user);
  void load_met(const GroupId& group, const UserId& user, bool sure);
  void load_watches(const SiteId& site, const PlanId& plan, std::vector<messages::PeerWatched> watches);
  void load_relayed(const GroupId& group, std::uint64_t key, Relayed relayed);
  void load_message_key(const GroupId& group, std::uint64_t key, ChatPlace place);
  void loaded(TimeMs now);

  // Inputs from phones.
  void position(const UserId& user, const messages::Fix& fix, Context& ctx);
  /// All fixes of a report are in, `newest` last. `takes_regions`: the sender is a terminal, which may be
  /// told where to keep silent.
  void reported(const UserId& user, const messages::Fix& newest, bool takes_regions, Context& ctx);
  void presence(const UserId& user, const DeviceId& device, const messages::Presence& presence, Context& ctx);
  void chat(const GroupId& group, const UserId& from, const messages::ChatMessage& message,
            const messages::Stamp& stamp, Context& ctx);
  void notice(const GroupId& group, const messages::Notice& notice, const messages::Stamp& stamp,
              Context& ctx);
  void signal(const GroupId& group, const UserId& from, const messages::Signal& signal, Context& ctx);
  void chat_unreadable(const GroupId& group, const messages::Stamp& stamp, Context& ctx);
  void request(const Asker& asker, const messages::Request& request, Context& ctx);
  void bad_request(const Asker& asker, const std::string& id, messages::RequestError error, Context& ctx);

  // Inputs from staff. Areas are checked by geo, plans by their codec, before they come here.
  void put_areas(const std::vector<geo::Area>& areas, Context& ctx);
  bool delete_area(const AreaId& id, Context& ctx);
  void put_plan(Plan plan, Context& ctx);
  bool delete_plan(const PlanId& id, Context& ctx);
  std::vector<std::pair<PlanId, StartOutcome>> external_event(const ExternalEvent& event, Context& ctx);
  void put_profile(const UserId& user, std::string name, std::map<std::string, std::string> attributes,
                   std::optional<TimeMs> chat_duration_ms, Context& ctx);

  // Inputs from outside, whose senders are proven by the ingress.
  ActOutcome act(const Act& act, Context& ctx);
  MailOutcome mail(const Mail& mail, Context& ctx);
  std::optional<std::uint64_t> keep_hint(const std::string& hook, const std::string& about, TimeMs told_ms,
                                         Context& ctx);
  void drop_hint(const std::string& hook, const std::string& about, std::uint64_t number, Context& ctx);
  LinkResult link_identity(const UserId& user, const Identity& identity, bool proven,
                           const std::string& source, Context& ctx);
  void sign_in(const UserId& user, const std::vector<Identity>& proven, TimeMs issued_ms, Context& ctx);
  bool unlink_identity(const UserId& user, const std::string& key, Context& ctx);

  void erase_user(const UserId& user, Context& ctx);

  // Inputs from other sites' servers and about them.
  void put_peer(const SiteId& site, std::string host, int port, std::string keys, Context& ctx);
  bool delete_peer(const SiteId& site, Context& ctx);
  bool allow_peer(const SiteId& site, std::set<std::string> may, Context& ctx);
  PeerTaken peer_batch(const SiteId& from, const messages::PeerBatch& batch, Context& ctx);
  void bad_peer_batch(const SiteId& from, bool other_version, Context& ctx);

  // Inputs from the broker's side.
  /// The broker's plugin has had its full feed; the broker may know nothing else: publishes the retained
  /// topics of every live group. `restarted_at`: a broker started at this time and has forgotten everybody's
  /// presence.
  void broker_connected(std::optional<TimeMs> restarted_at, Context& ctx);
  void feed_confirmed(const GroupId& retired, Context& ctx);

  /// Fires what is due, in order. Call it only once the broker's backlog has been drained.
  void tick(Context& ctx);
  std::optional<TimeMs> next_deadline() const;

  /// To be called after the last input of a batch: markers that stand for all of it.
  void finish(Context& ctx);

  const State& state() const { return state_; }
  State& state() { return state_; }
  const geo::FenceTracker& tracker() const { return tracker_; }

 private:
  void transitions(const std::vector<geo::Transition>& transitions, Context& ctx);
  /// Tells the tracker who is there and who is not.
  void note_presence(const User& user, TimeMs now);
  void fire(const TimerKey& key, Context& ctx);
  void fire_group(TimerKind kind, const std::string& id, Context& ctx);

  State state_;
  geo::FenceTracker tracker_;
  std::optional<TimeMs> resume_ms_;  // until the first tick after loading
  TimeMs ticked_ms_ = 0;             // what the clock showed at the last tick
};

}  // namespace convoke::core
