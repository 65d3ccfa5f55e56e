#pragma once

#include <string_view>

#include "backend/core/triggers.h"
#include "topics/messages/result.h"

namespace convoke::ingress {

/// Reads a CloudEvents 1.0 event as JSON ("structured mode"), at most 1 MiB; what it carries besides its
/// names is passed over.
[[nodiscard]] messages::Result<core::ExternalEvent> decode_cloud_event(std::string_view payload);

/// The id under which the sender of such an event wants to be answered (extension attribute "answerid");
/// empty if it does not, or not in that form.
std::string answer_id(std::string_view payload);

}  // namespace convoke::ingress
