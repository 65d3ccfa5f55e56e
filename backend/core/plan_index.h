#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "backend/core/model.h"

/// Which plans something may concern: what happens to a user or in an area looks at those only, however many
/// others there are. The same of questions that other sites keep asking (kept_questions.h).
namespace convoke::core {

/// What a plan asks after.
enum class Concern {
  start_area,     // a start: who is in this area
  start_user,     // a start: whether this user is available
  start_event,    // a start: an event from outside of this type,
  start_mail,     // a mail of this user,
  start_mailing,  // a mail that this domain vouches for
  registers,      // who does this outside: see acts_of
  end_area,       // an end: who is in this area, and whether this user is available
  end_user,
  left_area,        // who has left this area
  from_area,        // a following audience: whoever qualifies is, or was, in this area,
  from_list,        // or is this user,
  from_having,      // or has this attribute,
  from_registered,  // or is registered with this plan,
  from_members,     // or is in the chat of this plan,
  from_all,         // or may be anybody
  members           // a following audience: who is in the chat of this plan
};

/// Stands for all acts of a kind: calls of this number, mails to this address, tickets of this shop.
std::string acts_of(const std::string& source, const std::string& to);

class PlanIndex {
 public:
  /// Takes the plan, both as it is and as its group began with it, in the place of what was known of it.
  void put(const PlanRecord& plan);
  /// Takes the plan's audience alone, which follows, under another id.
  void put_audience(const PlanId& id, const Plan& plan);
  void erase(const PlanId& plan);
  /// In order, and a copy: what is done about them may change the plans.
  std::vector<PlanId> of(Concern concern, const std::string& id) const;
  /// Adds them to `plans`.
  void add(Concern concern, const std::string& id, std::set<PlanId>& plans) const;
  bool any(Concern concern, const std::string& id) const { return plans_.contains({concern, id}); }

 private:
  using Key = std::pair<Concern, std::string>;

  void put(const PlanId& id, std::set<Key> keys);

  std::map<Key, std::set<PlanId>> plans_;
  std::map<PlanId, std::set<Key>> keys_;
};

}  // namespace convoke::core
