#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace convoke::cli {

/// The whole content of a file, or of standard input for "-". Throws Failure if it cannot be read or is
/// larger.
std::string read_file(const std::string& path, std::size_t max_bytes);

/// Who may read a file that is made here.
enum class Readers { owner, everyone };

/// Makes a new file. Throws Failure if it exists already or cannot be written: no half-written file stays
/// behind.
void write_new_file(const std::string& path, std::string_view content, Readers readers);

}  // namespace convoke::cli
