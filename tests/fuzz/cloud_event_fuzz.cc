// CloudEvents as JSON: what is accepted is bounded as the core expects it.

#include "backend/ingress/cloud_event.h"

#include <cstdint>
#include <string_view>

#include "tests/fuzz/check.h"
#include "topics/ids.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string answer = convoke::ingress::answer_id(text);
  FUZZ_CHECK(answer.empty() || convoke::topics::is_plain_id(answer));
  const auto event = convoke::ingress::decode_cloud_event(text);
  if (!event) {
    FUZZ_CHECK(!event.error().to_string().empty());
    return 0;
  }
  for (const std::string& part : {event->id, event->source, event->type, event->subject.value_or("-")})
    FUZZ_CHECK(!part.empty() && part.size() <= convoke::core::kMaxEventBytes);
  return 0;
}
