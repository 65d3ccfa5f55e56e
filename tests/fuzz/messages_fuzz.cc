#include <cstdint>
#include <string_view>

#include "tests/fuzz/check.h"
#include "topics/messages/area_event.h"
#include "topics/messages/chat.h"
#include "topics/messages/feed.h"
#include "topics/messages/inbox.h"
#include "topics/messages/limits.h"
#include "topics/messages/owntracks.h"
#include "topics/messages/peer.h"
#include "topics/messages/position.h"
#include "topics/messages/presence.h"
#include "topics/messages/request.h"
#include "topics/messages/roster.h"
#include "topics/messages/staff.h"

namespace {

using namespace convoke::messages;

/// What a decoder takes, the encoder writes so that it is taken again and written the same.
template <auto Decode>
void check(std::string_view payload) {
  const auto first = Decode(payload);
  if (first.has_error()) {
    FUZZ_CHECK(!first.error().expected.empty());
    return;
  }
  const std::string written = encode(*first);
  if (written.size() > kMaxPayloadBytes) return;  // 1e9 became 1000000000
  const auto second = Decode(written);
  FUZZ_CHECK(second.has_value());
  FUZZ_CHECK(encode(*second) == written);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view payload(reinterpret_cast<const char*>(data), size);
  check<decode_position_report>(payload);
  check<decode_presence>(payload);
  check<decode_roster_head>(payload);
  check<decode_roster_page>(payload);
  check<decode_roster_changes>(payload);
  check<decode_inbox>(payload);
  check<decode_chat_message>(payload);
  check<decode_archived_message>(payload);
  check<decode_archived_up_to>(payload);
  check<decode_notice>(payload);
  check<decode_signal>(payload);
  check<decode_request>(payload);
  check<decode_response>(payload);
  check<decode_area_event>(payload);
  check<decode_occupancy>(payload);
  check<decode_server_status>(payload);
  check<decode_staff_request>(payload);
  check<decode_staff_response>(payload);
  check<decode_feed>(payload);
  check<decode_feed_response>(payload);
  check<decode_peer_batch>(payload);
  if (const auto fix = decode_owntracks(payload); fix && *fix)
    check<decode_position_report>(encode(PositionReport{{**fix}}));
  request_id(payload);
  return 0;
}
