#pragma once

#include "backend/gateways/hooks/generic_event.h"

namespace convoke::gateways::hooks {

/// A CloudEvents 1.0 event as JSON ("structured mode") with data of ours in it. Its id counts once together
/// with its source. `now_ms`: its time, where it states none.
Reading read_cloud_event(std::string_view json, std::int64_t now_ms, const std::string& country,
                         const IdentityVault& vault);

/// How an event is counted once: source and id, whatever their length.
std::string cloud_event_id(const std::string& source, const std::string& id);

}  // namespace convoke::gateways::hooks
