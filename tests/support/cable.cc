#include "tests/support/cable.h"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <cstdlib>
#include <thread>

namespace convoke::test {
namespace {

bool run(const std::string& command) { return std::system((command + " > /dev/null 2>&1").c_str()) == 0; }

/// Calls it on a thread in that namespace, whose threads stay there.
template <class F>
bool in_namespace(const std::string& name, F f) {
  bool done = false;
  std::thread([&] {
    const int fd = ::open(("/run/netns/" + name).c_str(), O_RDONLY | O_CLOEXEC);
    done = fd >= 0 && ::setns(fd, CLONE_NEWNET) == 0;
    if (fd >= 0) ::close(fd);
    if (done) f();
  }).join();
  return done;
}

}  // namespace

std::unique_ptr<Cable> Cable::lay(std::uint16_t target) {
  static unsigned laid = 0;
  const unsigned pid = static_cast<unsigned>(::getpid()), n = laid++;
  const std::string net = "10." + std::to_string(200 + n % 50) + "." + std::to_string(pid / 64 % 256) + ".";
  const unsigned at = pid % 64 * 4;  // a network of four addresses
  std::unique_ptr<Cable> cable(new Cable("cv" + std::to_string(pid) + "-" + std::to_string(n),
                                         net + std::to_string(at + 1), net + std::to_string(at + 2)));
  return cable->set_up(target) ? std::move(cable) : nullptr;
}

bool Cable::set_up(std::uint16_t target) {
  const std::string in = "ip -n " + name_ + " ";
  const bool laid = run("ip netns add " + name_) &&
                    run("ip link add " + name_ + " type veth peer name far netns " + name_) &&
                    run("ip addr add " + near_ + "/30 dev " + name_) && run("ip link set " + name_ + " up") &&
                    run(in + "addr add " + far_ + "/30 dev far") && run(in + "link set far up");
  if (!laid) return false;
  here_ = std::make_unique<TcpProxy>(target, TcpProxy::Ends{near_, "127.0.0.1"});
  return in_namespace(name_, [&] {
    there_ = std::make_unique<TcpProxy>(here_->port(), TcpProxy::Ends{far_, near_});
  });
}

Cable::~Cable() {
  there_.reset();
  here_.reset();
  run("ip netns del " + name_);  // and the cable with it
}

void Cable::unplug() { run("ip -n " + name_ + " link set far down"); }
void Cable::plug_in() { run("ip -n " + name_ + " link set far up"); }

}  // namespace convoke::test
