#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace convoke::cli {

/// What `ops/run` wrote into `run.json` of its data folder.
struct RunFile {
  std::string http;  // "http://127.0.0.1:18080"
  std::string site;
  std::string token_file;  // a token of role operator
  std::string keys;        // the signing keys
};

/// What the user said: options first, then environment. Empty: not said.
struct Wishes {
  std::string server = {};      // --server, CONVOKE_URL
  std::string token_file = {};  // --token-file, CONVOKE_TOKEN_FILE
  std::string data_dir = {};    // --data
};

/// Which server to speak to and with which token file.
struct Target {
  std::string url;  // without a slash at the end
  std::string token_file;
};

/// The run file of `--data`, or else of the nearest `.convoke` folder from `from` upward; nothing if there is
/// none. Throws Failure if `--data` names a folder without one, or the file cannot be understood.
std::optional<RunFile> find_run_file(const Wishes& wishes, const std::filesystem::path& from);

/// Server and credential. The run file's token is used only for the run file's own server, so that no token
/// goes to a server that it was not made for. Throws Failure that says how to name what is missing.
Target locate(const Wishes& wishes, const std::filesystem::path& from);

}  // namespace convoke::cli
