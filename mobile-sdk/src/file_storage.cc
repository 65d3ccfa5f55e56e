#include <cstdio>
#include <fstream>
#include <iterator>

#include "convoke/client.h"

namespace convoke::sdk {
namespace {

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

/// A reader sees the old text or the new one, never half of one.
void replace_file(const std::string& path, const std::string& text) {
  const std::string draft = path + ".new";
  {
    std::ofstream out(draft, std::ios::binary | std::ios::trunc);
    out << text;
    if (!out.flush()) return;  // a full disk: the old text stays, which costs only a longer resume
  }
  std::rename(draft.c_str(), path.c_str());
}

}  // namespace

Storage file_storage(std::string path) {
  return {.load = [path] { return read_file(path); },
          .save = [path](const std::string& text) { replace_file(path, text); }};
}

}  // namespace convoke::sdk
