#include "backend/gateways/hooks/cloud_event.h"

namespace convoke::gateways::hooks {

std::string cloud_event_id(const std::string& source, const std::string& id) {
  // Two texts that cannot run into one another.
  return sha256_hex(std::to_string(source.size()) + " " + source + " " + id);
}

Reading read_cloud_event(std::string_view json, std::int64_t now_ms, const std::string& country,
                         const IdentityVault& vault) {
  JsonReader reader(json, kMaxBodyBytes);
  const Field &root = reader.root(), version = root["specversion"], id = root["id"], source = root["source"],
              type = root["type"], time = root["time"], data = root["data"];
  version.exactly("1.0");
  const std::string from = source.line(1, kMaxTextBytes);
  Envelope envelope{cloud_event_id(from, id.line(1, kMaxTextBytes)), type.line(1, kMaxTextBytes), now_ms};
  if (const auto at = optional_date_time(time)) envelope.at_ms = *at;
  if (!reader.ok()) return finish(reader, Nothing{});
  return finish(reader, read_generic(envelope, data, country, vault));
}

}  // namespace convoke::gateways::hooks
