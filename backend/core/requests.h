#pragma once

#include <string>

#include "backend/core/effects.h"
#include "backend/core/state.h"
#include "topics/messages/request.h"

namespace convoke::core {

/// Where a request came from and where its answer goes.
struct Asker {
  UserId user;
  DeviceId device;
  std::string correlation;  // MQTT 5 correlation data, given back
};

/// Answers a terminal's request. Every kind is idempotent.
void terminal_request(State& state, const Asker& asker, const messages::Request& request, Context& ctx);

/// Answers that it is done.
void respond_empty(const State& state, const Asker& asker, const std::string& id, Context& ctx);

/// Answers with an error: for a request that could not be read, with its id if that much was readable.
void refuse_request(const State& state, const Asker& asker, const std::string& id,
                    messages::RequestError error, Context& ctx);

}  // namespace convoke::core
