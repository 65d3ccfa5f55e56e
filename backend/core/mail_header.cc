#include "backend/core/mail_header.h"

#include <algorithm>
#include <iterator>

namespace convoke::core {
namespace {

constexpr std::string_view kNotAsked[] = {"authentication-results",
                                          "bcc",
                                          "cc",
                                          "date",
                                          "delivered-to",
                                          "dkim-signature",
                                          "domainkey-signature",
                                          "from",
                                          "list-id",
                                          "message-id",
                                          "received",
                                          "received-spf",
                                          "reply-to",
                                          "return-path",
                                          "sender",
                                          "subject",
                                          "to",
                                          "x-original-to"};
constexpr std::string_view kNotAskedGroups[] = {"arc-", "resent-"};

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxHeaderNameBytes &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
         });
}

}  // namespace

bool plans_may_ask_for_header(std::string_view name) {
  const bool in_group = std::any_of(std::begin(kNotAskedGroups), std::end(kNotAskedGroups),
                                    [&](std::string_view group) { return name.starts_with(group); });
  return is_name(name) && !in_group &&
         std::find(std::begin(kNotAsked), std::end(kNotAsked), name) == std::end(kNotAsked);
}

}  // namespace convoke::core
