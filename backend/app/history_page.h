#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "backend/store/journal.h"
#include "topics/messages/request.h"

namespace convoke::app {

/// The first of these messages, as many as were asked for and one answer holds: `limit` and 48 kB as they are
/// written, where quotation marks and line feeds take twice their room; and from where to go on.
inline messages::HistoryAnswer history_page(store::HistoryPart found, std::uint32_t limit) {
  constexpr std::size_t kMaxBytes = 48'000;
  messages::HistoryAnswer answer;
  std::size_t bytes = 0;
  for (auto& message : found.messages) {
    bytes += encode(message).size() + 1;
    answer.more = answer.messages.size() == limit || bytes > kMaxBytes;
    if (answer.more) return answer;
    answer.messages.push_back(std::move(message));
  }
  if (found.looked_up_to) {
    answer.more = true;
    answer.after = {{found.looked_up_to->epoch, found.looked_up_to->n}};
  }
  return answer;
}

}  // namespace convoke::app
