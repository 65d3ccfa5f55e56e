#include "ops/cli/locate.h"

#include <boost/json.hpp>

#include "ops/cli/failure.h"
#include "ops/cli/files.h"

namespace convoke::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxRunFileBytes = 65536;

RunFile read_run_file(const fs::path& path) {
  boost::system::error_code error;
  const auto value = boost::json::parse(read_file(path.string(), kMaxRunFileBytes), error);
  const auto* object = error ? nullptr : value.if_object();
  if (object == nullptr) {
    throw Failure(kFailed, path.string() + ": expected the JSON object that ops/run writes",
                  "Start ops/run again, or name the server with --server and --token-file.");
  }
  const auto text = [object](const char* key) -> std::string {
    const auto* field = object->if_contains(key);
    return field != nullptr && field->is_string() ? std::string(field->get_string()) : std::string();
  };
  return {text("http"), text("site"), text("token_file"), text("keys")};
}

std::string without_trailing_slash(std::string url) {
  while (!url.empty() && url.back() == '/') url.pop_back();
  return url;
}

}  // namespace

std::optional<RunFile> find_run_file(const Wishes& wishes, const fs::path& from) {
  if (!wishes.data_dir.empty()) {
    const fs::path path = fs::path(wishes.data_dir) / "run.json";
    if (!fs::exists(path)) {
      throw Failure(kFailed, path.string() + " does not exist",
                    "Start a venue there first: ops/run --data " + wishes.data_dir);
    }
    return read_run_file(path);
  }
  for (fs::path folder = from;; folder = folder.parent_path()) {
    const fs::path path = folder / ".convoke" / "run.json";
    std::error_code ignored;  // a folder that may not be looked into holds nothing for us
    if (fs::exists(path, ignored)) return read_run_file(path);
    if (folder == folder.parent_path()) return std::nullopt;
  }
}

Target locate(const Wishes& wishes, const fs::path& from) {
  const auto run = find_run_file(wishes, from);
  Target target{without_trailing_slash(wishes.server), wishes.token_file};
  if (target.url.empty() && run) target.url = without_trailing_slash(run->http);
  if (target.url.empty()) {
    throw Failure(kUsage, "no server is named, and no .convoke/run.json is here or above",
                  "Give --server http://HOST:PORT (or set CONVOKE_URL), or start one with ops/run.");
  }
  if (target.token_file.empty() && run && target.url == without_trailing_slash(run->http)) {
    target.token_file = run->token_file;
  }
  if (target.token_file.empty()) {
    throw Failure(
        kUsage, "no token for " + target.url,
        "Give --token-file FILE (or set CONVOKE_TOKEN_FILE); make one with: "
        "convokectl token issue --user ME --role operator --device cli --keys signing.jwks --out FILE");
  }
  return target;
}

}  // namespace convoke::cli
