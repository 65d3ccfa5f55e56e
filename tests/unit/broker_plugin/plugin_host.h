#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/temp_dir.h"
#include "tests/support/test_tokens.h"

typedef struct mqtt5__property mosquitto_property;

/// The broker's connection, which the plugin sees only from outside.
struct mosquitto {
  std::string id;
};

namespace convoke::test {

/// Calls the plugin's entry points as Mosquitto 2.0.11 does, in a process of its own, so that they run under
/// sanitizers. There is one host at a time: the broker's functions are global.
class PluginHost {
 public:
  using Options = std::vector<std::pair<std::string, std::string>>;

  /// Writes the key file that option `keys` names; does not load anything yet.
  PluginHost();
  ~PluginHost();

  /// What mosquitto_plugin_init returned. `options` come after the usual site and keys.
  int load(const Options& options = {});
  void unload();

  int connect(const mosquitto& client, const char* password);
  int disconnect(const mosquitto& client);
  int check(const mosquitto& client, int access, const char* topic, bool retain = false);
  struct Message {
    std::string topic;
    bool retain = false;
    std::vector<std::pair<std::string, std::string>> user_properties;
    std::string response_topic;
  };
  /// Like the broker: `message` is changed as the plugin changes it.
  int publish(const mosquitto& client, Message& message);
  /// The plugin's answer to a message on its control topic.
  std::string control(const mosquitto& client, const std::string& payload);
  void tick();
  int reload();
  void write_keys(const std::string& text);

  const TestTokens tokens;
  std::map<int, std::pair<int (*)(int, void*, void*), void*>> callbacks;
  std::vector<std::string> kicked;
  std::vector<std::string> log;
  std::string answer;
  static PluginHost* current;

 private:
  int call(int event, void* data);
  TempDir dir_;
  void* userdata_ = nullptr;
};

}  // namespace convoke::test
