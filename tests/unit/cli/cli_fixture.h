#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "ops/cli/cli.h"

namespace convoke::cli {

/// Runs convokectl in this process, in a folder of its own, with no help from the environment.
class CliTest : public testing::Test {
 protected:
  struct Outcome {
    int code = 0;
    std::string out, err;
  };

  CliTest() {
    ::unsetenv("CONVOKE_URL");
    ::unsetenv("CONVOKE_TOKEN_FILE");
    std::string name = (std::filesystem::temp_directory_path() / "convoke-cli-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    write("token", "some.signed.token\n");
  }
  ~CliTest() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path path(const std::string& name) const { return folder_ / name; }

  std::string write(const std::string& name, const std::string& content) const {
    std::filesystem::create_directories(path(name).parent_path());
    std::ofstream(path(name)) << content;
    return path(name).string();
  }

  Outcome call(std::vector<std::string> arguments) const { return call_from(folder_, std::move(arguments)); }

  static Outcome call_from(const std::filesystem::path& here, std::vector<std::string> arguments) {
    std::ostringstream out, err;
    const int code = run(std::move(arguments), {out, err, here});
    return {code, out.str(), err.str()};
  }

  /// The same with server and token named.
  Outcome call(const std::string& url, std::vector<std::string> arguments) const {
    arguments.insert(arguments.end(), {"--server", url, "--token-file", path("token").string()});
    return call(std::move(arguments));
  }

 private:
  std::filesystem::path folder_;
};

}  // namespace convoke::cli
