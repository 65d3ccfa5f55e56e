#include "backend/ingress/cloud_event.h"

#include "topics/messages/json_reader.h"

namespace convoke::ingress {
namespace {

constexpr std::size_t kMaxBytes = 1 << 20;

}  // namespace

messages::Result<core::ExternalEvent> decode_cloud_event(std::string_view payload) {
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

std::string answer_id(std::string_view payload) {
  messages::JsonReader reader(payload, kMaxBytes);
  return reader.ok() && reader.root()["answerid"].present() ? reader.root()["answerid"].plain_id()
                                                            : std::string();
}

}  // namespace convoke::ingress
