#include <convoke/client.h>

#include <cstdio>

int main() {
  convoke::sdk::Options options;
  options.brokers = {"tcp://127.0.0.1:1"};  // nobody there: an app that starts without a network
  options.site = "demo";
  options.user = "anna";
  options.device = "phone";
  options.token = [] { return std::string(); };
  convoke::sdk::Client client(options);
  client.open();
  const bool fine =
      client.report_position({.lat = 52.5, .lon = 13.2}) && client.groups().empty() && !client.connected();
  std::puts(fine ? "the installed SDK works" : "the installed SDK does not work");
  return fine ? 0 : 1;
}
