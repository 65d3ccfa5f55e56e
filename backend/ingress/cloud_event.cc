#include "backend/ingress/cloud_event.h"

#include "topics/messages/json_reader.h"

namespace convoke::ingress {

messages::Result<core::ExternalEvent> decode_cloud_event(std::string_view payload) {
  constexpr std::size_t kMaxBytes = 1 << 20;
  messages::JsonReader reader(payload, kMaxBytes);
  const messages::Field& root = reader.root();
  const messages::Field version = root["specversion"], id = root["id"], source = root["source"],
                        type = root["type"], subject = root["subject"];
  const auto is_one = [](std::string_view text) {
    return text == "1.0" ? std::optional(true) : std::nullopt;
  };
  version.choice(is_one, "1.0");
  core::ExternalEvent event{id.line(1, core::kMaxEventBytes),
                            source.line(1, core::kMaxEventBytes),
                            type.line(1, core::kMaxEventBytes),
                            {}};
  if (subject.present()) event.subject = subject.line(1, core::kMaxEventBytes);
  return reader.finish(std::move(event));
}

}  // namespace convoke::ingress
