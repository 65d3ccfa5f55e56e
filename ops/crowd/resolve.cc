#include "ops/crowd/resolve.h"

#include <netdb.h>
#include <sys/socket.h>

namespace convoke::crowd {

std::vector<std::string> resolve(const std::string& broker) {
  const std::size_t colon = broker.rfind(':');
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  std::vector<std::string> addresses;
  if (colon == std::string::npos ||
      getaddrinfo(broker.substr(0, colon).c_str(), broker.substr(colon + 1).c_str(), &hints, &found) != 0)
    return addresses;
  for (const addrinfo* a = found; a != nullptr; a = a->ai_next)
    addresses.emplace_back(reinterpret_cast<const char*>(a->ai_addr), a->ai_addrlen);
  freeaddrinfo(found);
  return addresses;
}

}  // namespace convoke::crowd
