#pragma once

#include <cstdint>

namespace convoke::egress {

/// Sets TCP_NODELAY on this process's connections to that port. Paho has no option for it, and without it
/// what is written after an MQTT acknowledgement waits up to 40 ms for the acknowledgement of TCP.
void set_no_delay(std::uint16_t port);

}  // namespace convoke::egress
