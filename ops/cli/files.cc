#include "ops/cli/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>

#include "ops/cli/failure.h"

namespace convoke::cli {
namespace {

std::string read_all(std::istream& in, const std::string& name, std::size_t max_bytes) {
  std::string content;
  char block[65536];
  while (in.read(block, sizeof block) || in.gcount() > 0) {
    content.append(block, static_cast<std::size_t>(in.gcount()));
    if (content.size() > max_bytes) {
      throw Failure(kFailed, name + ": expected at most " + std::to_string(max_bytes) + " bytes");
    }
  }
  if (in.bad()) throw Failure(kFailed, name + ": cannot be read");
  return content;
}

bool write_all(int fd, std::string_view content) {
  while (!content.empty()) {
    const auto written = ::write(fd, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

std::string read_file(const std::string& path, std::size_t max_bytes) {
  if (path == "-") return read_all(std::cin, "standard input", max_bytes);
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Failure(kFailed, path + ": " + std::strerror(errno));
  return read_all(file, path, max_bytes);
}

void write_new_file(const std::string& path, std::string_view content, Readers readers) {
  const mode_t mode = readers == Readers::owner ? 0600 : 0644;
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (fd < 0) {
    throw Failure(kFailed, path + ": " + std::strerror(errno),
                  errno == EEXIST ? "Remove it first, or choose another name." : "");
  }
  const bool written = write_all(fd, content) && ::fsync(fd) == 0;
  const int reason = errno;
  if (::close(fd) != 0 || !written) {
    ::unlink(path.c_str());
    throw Failure(kFailed, path + ": " + std::strerror(reason));
  }
}

}  // namespace convoke::cli
