// A chat on the console: what others write appears, what you type goes to the first chat you are in.
//   chat_console tcp://127.0.0.1:1883 SITE USER TOKEN
#include <poll.h>
#include <unistd.h>

#include <iostream>

#include "convoke/client.h"

using namespace convoke::sdk;

template <class... F>
struct On : F... {
  using F::operator()...;
};
template <class... F>
On(F...) -> On<F...>;

int main(int argc, char** argv) {
  if (argc != 5) return std::cerr << "usage: chat_console tcp://HOST:PORT SITE USER TOKEN\n", 2;
  Options options;
  options.brokers = {argv[1]};
  options.site = argv[2];
  options.user = argv[3];
  options.device = "console";
  options.token = [token = std::string(argv[4])] { return token; };
  Client client(options);
  client.open();

  const On show{
      [](const ChatStarted& e) { std::cout << "* chat " << e.group.name << " has started\n"; },
      [](const ChatEnded& e) { std::cout << "* chat " << e.plan << " has ended: " << e.reason << "\n"; },
      [](const MessageReceived& e) { std::cout << e.message.from << ": " << e.message.text << "\n"; },
      [](const Disconnected& e) { std::cout << "* not connected: " << e.reason << "\n"; },
      [&](const BuddyListChanged& e) {
        std::cout << "* available:";
        for (const Buddy& buddy : client.available_buddies(e.group)) std::cout << " " << buddy.user;
        std::cout << "\n";
      },
      [](const auto&) {}};
  for (std::string line; std::cin;) {
    client.wait_and_poll(std::chrono::milliseconds(100),
                         [&](const Event& event) { std::visit(show, event); });
    pollfd typed{STDIN_FILENO, POLLIN, 0};
    if (poll(&typed, 1, 0) != 1 || !std::getline(std::cin, line)) continue;
    for (const Group& group : client.groups()) client.send(group.id, line);
  }
}
