#include "topics/broker_plugin/membership_feed.h"

#include <utility>
#include <variant>

namespace convoke::broker_plugin {

using namespace messages;  // the operations, all from feed.h

struct MembershipFeed::Applier {
  MembershipFeed& feed;

  void operator()(const FeedBegin&) const {
    feed.building_.emplace();
    feed.retired_.clear();
  }
  void operator()(const FeedReady&) const {
    feed.in_force_ = std::move(*feed.building_);
    feed.building_.reset();
    feed.ready_ = true;
  }
  void operator()(const FeedAdd& op) const {
    for (const auto& user : op.users) feed.target().add(op.group, user);
  }
  void operator()(const FeedRemove& op) const {
    for (const auto& user : op.users) feed.target().remove(op.group, user);
  }
  void operator()(const FeedRetire& op) const {
    feed.target().retire(op.group);
    feed.retired_.push_back(op.group);
  }
  void operator()(const FeedStanding& op) const {
    for (const auto& user : op.users) feed.target().set_standing(op.group, user, op.standing);
  }
  void operator()(const FeedRules& op) const { feed.target().set_rules(op.group, op.rules); }
  void operator()(const FeedBlock& op) const { feed.target().block(op.a, op.b); }
  void operator()(const FeedUnblock& op) const { feed.target().unblock(op.a, op.b); }
  void operator()(const FeedRevoke&) const {}
  void operator()(const FeedRevoked&) const {}
  void operator()(const FeedPeer&) const {}
  void operator()(const FeedCounters&) const {}
  void operator()(const FeedSignIns&) const {}
};

std::string MembershipFeed::why_not(const std::vector<FeedOp>& ops) const {
  bool building = building_.has_value();
  bool ready = ready_;
  for (std::size_t i = 0; i < ops.size(); ++i) {
    const FeedOp& op = ops[i];
    if (std::holds_alternative<FeedBegin>(op)) {
      building = true;
    } else if (std::holds_alternative<FeedReady>(op)) {
      if (!building) return "ops[" + std::to_string(i) + "]: expected begin before ready";
      building = false;
      ready = true;
    } else if (!building && !ready && !std::holds_alternative<FeedRevoke>(op) &&
               !std::holds_alternative<FeedRevoked>(op) && !std::holds_alternative<FeedCounters>(op)) {
      return "ops[" + std::to_string(i) +
             "]: expected begin first: this broker has not been fed since it started";
    }
  }
  return {};
}

std::vector<std::string> MembershipFeed::apply(const std::vector<FeedOp>& ops) {
  for (const FeedOp& op : ops) std::visit(Applier{*this}, op);
  if (building_) return {};  // the old table still lets the retired groups speak
  return std::exchange(retired_, {});
}

}  // namespace convoke::broker_plugin
