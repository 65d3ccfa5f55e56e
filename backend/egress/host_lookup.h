#pragma once

#include <functional>
#include <memory>
#include <string>

namespace convoke::egress {

/// Asks for a host's address on a thread of its own, and then forgets it: whoever dials finds out that the
/// name can be found now. Paho looks names up in the one thread that serves all connections of a process, so
/// that a name server that does not answer would hold up those that are well.
class HostLookup {
 public:
  using Done = std::function<void(const std::string& problem)>;  // empty: it was found

  HostLookup();
  ~HostLookup();
  HostLookup(const HostLookup&) = delete;
  HostLookup& operator=(const HostLookup&) = delete;

  /// Calls `done` on the other thread, or at once where none can be had, unless it is cancelled before. One
  /// at a time: what was asked before is cancelled.
  void start(const std::string& host, Done done);
  /// Afterwards `done` is not called, nor is it running. Does not wait for the name server.
  void cancel();

 private:
  struct Asked;
  std::shared_ptr<Asked> asked_;
};

}  // namespace convoke::egress
