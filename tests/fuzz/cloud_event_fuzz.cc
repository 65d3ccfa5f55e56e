// CloudEvents as JSON: what is accepted is bounded as the core expects it.

#include "backend/ingress/cloud_event.h"

#include <cstdint>
#include <string_view>

#include "tests/fuzz/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto event = convoke::ingress::decode_cloud_event({reinterpret_cast<const char*>(data), size});
  if (!event) {
    FUZZ_CHECK(!event.error().to_string().empty());
    return 0;
  }
  for (const std::string& text : {event->id, event->source, event->type, event->subject.value_or("-")})
    FUZZ_CHECK(!text.empty() && text.size() <= convoke::core::kMaxEventBytes);
  return 0;
}
