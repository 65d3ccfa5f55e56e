#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

// Runs a fuzz target over the files of a corpus, each as it is, cut off at every byte, and with each byte
// replaced by some that matter to parsers. For compilers without libFuzzer, and to repeat what libFuzzer
// found.
namespace {

namespace fs = std::filesystem;

void run(const std::string& input) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
}

void run_with_neighbours(const std::string& input) {
  run(input);
  for (std::size_t i = 0; i < input.size(); ++i) {
    run(input.substr(0, i));
    std::string changed = input;
    for (const char other : {'"', '9', '-', '\0', '\xff'}) {
      changed[i] = other;
      run(changed);
    }
  }
}

std::vector<fs::path> files_under(const fs::path& path) {
  if (fs::is_regular_file(path)) return {path};
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(path)) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

int main(int count, char** arguments) {
  std::size_t inputs = 0;
  for (int i = 1; i < count; ++i) {
    for (const fs::path& file : files_under(arguments[i])) {
      std::ifstream in(file, std::ios::binary);
      const std::string input{std::istreambuf_iterator<char>(in), {}};
      run_with_neighbours(input);
      ++inputs;
    }
  }
  std::printf("%zu inputs\n", inputs);
  return inputs > 0 ? 0 : 1;
}
