#pragma once

#include <compare>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace convoke::topics {

/// True if `text` is a plain identifier: 1 to 64 characters out of `A-Z a-z 0-9 . _ -`.
/// Sites, devices, areas, plans, servers and users of the own site are named so.
bool is_plain_id(std::string_view text);

/// True if `text` names a user: a plain identifier, or `user@site` for a user of another site.
/// `@` occurs nowhere else in the language.
bool is_user_id(std::string_view text);

/// True if `text` is a group identifier: exactly 32 lower-case hexadecimal digits (128 random bits).
bool is_group_id(std::string_view text);

/// A checked identifier. Different kinds do not convert into one another, and none can be made from
/// unchecked text except through `parse`. An empty Id is only ever a default-constructed one.
template <class Tag>
class Id {
 public:
  Id() = default;

  /// The identifier, or an empty one (`!id`) if `text` does not obey the rule of its kind.
  static Id parse(std::string_view text) { return Tag::is_valid(text) ? Id(std::string(text)) : Id(); }

  const std::string& str() const { return text_; }
  bool empty() const { return text_.empty(); }
  explicit operator bool() const { return !text_.empty(); }
  friend auto operator<=>(const Id&, const Id&) = default;

 private:
  explicit Id(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

struct SiteTag {
  static bool is_valid(std::string_view t) { return is_plain_id(t); }
};
struct UserTag {
  static bool is_valid(std::string_view t) { return is_user_id(t); }
};
struct DeviceTag {
  static bool is_valid(std::string_view t) { return is_plain_id(t); }
};
struct AreaTag {
  static bool is_valid(std::string_view t) { return is_plain_id(t); }
};
struct PlanTag {
  static bool is_valid(std::string_view t) { return is_plain_id(t); }
};
struct GroupTag {
  static bool is_valid(std::string_view t) { return is_group_id(t); }
};
struct ServerTag {
  static bool is_valid(std::string_view t) { return is_plain_id(t); }
};

using SiteId = Id<SiteTag>;
using UserId = Id<UserTag>;
using DeviceId = Id<DeviceTag>;
using AreaId = Id<AreaTag>;
using PlanId = Id<PlanTag>;
using GroupId = Id<GroupTag>;
using ServerId = Id<ServerTag>;

}  // namespace convoke::topics

template <class Tag>
struct std::hash<convoke::topics::Id<Tag>> {
  std::size_t operator()(const convoke::topics::Id<Tag>& id) const noexcept {
    return std::hash<std::string>{}(id.str());
  }
};
