// A chat on the console: what others write appears, what you type goes to every chat you are in. With a
// position you stand there; chats of that place then draw you in.
//   chat_console tcp://127.0.0.1:18883 SITE USER TOKEN [LAT LON]
#include <atomic>
#include <cstdlib>
#include <iostream>
#include <thread>

#include "convoke/client.h"

using namespace convoke::sdk;

template <class... F>
struct On : F... {
  using F::operator()...;
};
template <class... F>
On(F...) -> On<F...>;

int main(int argc, char** argv) {
  if (argc != 5 && argc != 7)
    return std::cerr << "usage: chat_console tcp://HOST:PORT SITE USER TOKEN [LAT LON]\n", 2;
  Options options;
  options.brokers = {argv[1]};
  options.site = argv[2];
  options.user = argv[3];
  options.device = "console";
  options.token = [token = std::string(argv[4])] { return token; };
  Client client(options);
  client.open();
  if (argc == 7) client.report_position({.lat = std::atof(argv[5]), .lon = std::atof(argv[6]), .acc_m = 5});

  const On show{
      [](const ChatStarted& e) { std::cout << "* chat " << e.group.name << " has started" << std::endl; },
      [](const ChatEnded& e) { std::cout << "* chat " << e.plan << " has ended: " << e.reason << std::endl; },
      [](const MessageReceived& e) { std::cout << e.message.from << ": " << e.message.text << std::endl; },
      [](const Disconnected& e) { std::cout << "* not connected: " << e.reason << std::endl; },
      [&](const BuddyListChanged& e) {
        std::cout << "* available:";
        for (const Buddy& buddy : client.available_buddies(e.group)) std::cout << " " << buddy.user;
        std::cout << std::endl;
      },
      [](const auto&) {}};
  std::atomic<bool> over = false;
  std::thread events([&] {
    while (!over)
      client.wait_and_poll(std::chrono::milliseconds(100), [&](const Event& e) { std::visit(show, e); });
  });
  for (std::string line; std::getline(std::cin, line);)
    for (const Group& group : client.groups()) client.send(group.id, line);
  over = true;
  events.join();
}
