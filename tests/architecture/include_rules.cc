#include "tests/architecture/include_rules.h"

#include <algorithm>
#include <fstream>
#include <regex>

namespace convoke::architecture {
namespace {

namespace fs = std::filesystem;

const std::vector<std::string> kSystem = {"arpa/",  "dirent.h",  "fcntl.h",  "netdb.h", "netinet/",
                                          "poll.h", "pthread.h", "signal.h", "sys/",    "unistd.h"};
const std::vector<std::string> kImpure = {
    "chrono", "condition_variable", "ctime",  "filesystem", "fstream",    "future",   "iostream", "mutex",
    "random", "shared_mutex",       "thread", "atomic",     "stop_token", "semaphore"};

std::vector<std::string> with_system(std::vector<std::string> foreign) {
  foreign.insert(foreign.end(), kSystem.begin(), kSystem.end());
  return foreign;
}

bool begins_with(const std::string& text, const std::string& start) {
  return text.compare(0, start.size(), start) == 0;
}

bool contains(const std::vector<std::string>& list, const std::string& text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

/// The rule of the deepest folder that `path` is in; null if there is none.
const Rule* rule_of(const std::string& path, const std::vector<Rule>& rules) {
  const Rule* deepest = nullptr;
  for (const auto& rule : rules) {
    const bool inside = begins_with(path, rule.folder + "/");
    if (inside && (deepest == nullptr || rule.folder.size() > deepest->folder.size())) deepest = &rule;
  }
  return deepest;
}

/// What is wrong with this include; empty if nothing.
std::string fault(const Rule& rule, const std::string& header, const std::vector<Rule>& rules) {
  // The SDK's public headers are found as their users find them.
  const std::string path = begins_with(header, "convoke/") ? "mobile-sdk/include/" + header : header;
  if (const Rule* target = rule_of(path, rules)) {
    if (target->folder == rule.folder || contains(rule.ours, target->folder)) return {};
    return rule.folder + " may not use " + target->folder;
  }
  const bool standard = header.find_first_of("./") == std::string::npos;
  if (standard) return contains(rule.banned, header) ? rule.folder + " does without it" : std::string();
  const bool allowed =
      std::any_of(rule.foreign.begin(), rule.foreign.end(),
                  [&header](const std::string& start) { return begins_with(header, start); });
  return allowed ? std::string() : rule.folder + " may not use this library";
}

void check_file(const fs::path& file, const std::string& path, const std::vector<Rule>& rules,
                std::vector<std::string>& found) {
  static const std::regex kInclude(R"re(^\s*#\s*include\s*[<"]([^>"]+)[>"])re");
  const Rule* rule = rule_of(path, rules);
  if (rule == nullptr) {
    found.push_back(path + ": this folder has no rule; give it one in tests/architecture/include_rules.cc");
    return;
  }
  std::ifstream in(file);
  std::string line;
  for (int number = 1; std::getline(in, line); ++number) {
    std::smatch match;
    if (!std::regex_search(line, match, kInclude)) continue;
    const std::string wrong = fault(*rule, match[1], rules);
    if (!wrong.empty())
      found.push_back(path + ":" + std::to_string(number) + ": includes " + match[1].str() + ", but " +
                      wrong);
  }
}

}  // namespace

const std::vector<Rule>& rules() {
  static const std::vector<Rule> kRules = {
      {"topics", {}, {}},
      {"topics/sync", {}, {}},
      {"topics/messages", {"topics"}, {"boost/"}},
      {"topics/token", {"topics"}, {"boost/json", "openssl/"}},
      {"topics/broker_plugin",
       {"topics", "topics/messages", "topics/token"},
       with_system({"boost/unordered", "mosquitto", "mqtt_protocol.h"})},
      {"geo", {"topics"}, {"boost/", "date/tz.h", "pugixml.hpp"}, kImpure},
      {"backend/core",
       {"geo", "topics", "topics/messages"},
       {"boost/", "date/tz.h", "libical/ical.h"},  // dates: rules of repeating times
       kImpure},
      {"backend/ingress", {"backend/core", "geo", "topics", "topics/messages"}, {"boost/json", "toml++/"}},
      {"backend/store",
       {"backend/core", "backend/ingress", "geo", "topics", "topics/messages"},
       with_system({"boost/json", "rocksdb/"})},
      {"backend/egress",
       {"backend/core", "topics", "topics/messages", "topics/sync"},
       with_system({"mqtt/"})},
      {"backend/gateways",
       {"backend/core", "topics", "topics/messages", "topics/sync", "topics/token"},
       with_system({"openssl/", "phonenumbers/"})},
      {"backend/gateways/hooks",
       {"backend/core", "backend/gateways", "topics", "topics/messages", "topics/sync"},
       with_system({"httplib.h", "openssl/"})},
      {"backend/gateways/mail",
       {"backend/core", "backend/gateways"},
       with_system({"gmime/", "grp.h", "openssl/"})},
      {"backend/app",
       {"backend/core", "backend/egress", "backend/gateways", "backend/gateways/hooks",
        "backend/gateways/mail", "backend/ingress", "backend/store", "geo", "topics", "topics/messages",
        "topics/sync", "topics/token"},
       with_system(
           {"CLI/", "boost/json", "fmt/", "httplib.h", "openssl/", "prometheus/", "spdlog/", "toml++/"})},
      {"mobile-sdk/include", {}, {"stddef.h", "stdint.h"}},
      {"mobile-sdk/src",
       {"mobile-sdk/include", "topics", "topics/messages", "topics/sync"},
       with_system({"boost/", "mqtt/", "MQTT"})},
      {"mobile-sdk/examples", {"mobile-sdk/include"}, with_system({"stdio.h", "stdlib.h"})},
      {"ops/cli",
       {"geo", "ops/rehearsal", "ops/tracks", "topics", "topics/token"},
       with_system({"CLI/", "boost/json", "fmt/", "httplib.h"})},
      {"ops/crowd",
       {"geo", "mobile-sdk/include", "ops/tracks", "topics", "topics/messages", "topics/sync",
        "topics/token"},
       with_system({"CLI/", "boost/json", "fmt/", "mqtt/"})},
      {"ops/rehearsal",
       {"backend/core", "backend/gateways", "backend/ingress", "geo", "ops/tracks", "topics",
        "topics/messages"},
       {"boost/json"},
       kImpure},
      {"ops/tracks", {"geo", "topics"}, with_system({"fmt/", "pugixml.hpp", "zlib.h"})},
  };
  return kRules;
}

std::vector<std::string> violations(const fs::path& root, const std::vector<Rule>& rules) {
  std::vector<std::string> found;
  for (const char* part : {"topics", "geo", "backend", "mobile-sdk", "ops"}) {
    if (!fs::exists(root / part)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(root / part)) {
      const auto extension = entry.path().extension();
      if (extension != ".h" && extension != ".cc" && extension != ".c") continue;
      check_file(entry.path(), fs::relative(entry.path(), root).generic_string(), rules, found);
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace convoke::architecture
