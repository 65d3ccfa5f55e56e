#include "backend/egress/host_lookup.h"

#include <netdb.h>
#include <sys/socket.h>

#include <system_error>
#include <thread>
#include <utility>

#include "topics/sync/mutex.h"

namespace convoke::egress {
namespace {

/// Says what is wrong; empty: it is found.
std::string find(const std::string& host) {
  addrinfo hints{}, *found = nullptr;
  hints.ai_socktype = SOCK_STREAM;
  const int error = ::getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (error != 0) return "cannot find host " + host + ": " + ::gai_strerror(error);
  ::freeaddrinfo(found);
  return {};
}

}  // namespace

struct HostLookup::Asked {
  Mutex mutex;
  Done done CONVOKE_GUARDED_BY(mutex);  // empty: cancelled
};

HostLookup::HostLookup() = default;
HostLookup::~HostLookup() { cancel(); }

void HostLookup::start(const std::string& host, Done done) {
  cancel();
  asked_ = std::make_shared<Asked>();
  {
    const MutexLock lock(asked_->mutex);
    asked_->done = std::move(done);
  }
  const auto answer = [asked = asked_](const std::string& problem) {
    const MutexLock lock(asked->mutex);
    if (asked->done) asked->done(problem);
  };
  try {
    // Detached: a name server may take a minute, which nobody is to wait for.
    std::thread([answer, host] { answer(find(host)); }).detach();
  } catch (const std::system_error&) {
    answer("cannot find host " + host + ": this machine has no thread left");
  }
}

void HostLookup::cancel() {
  if (!asked_) return;
  const MutexLock lock(asked_->mutex);
  asked_->done = nullptr;
}

}  // namespace convoke::egress
