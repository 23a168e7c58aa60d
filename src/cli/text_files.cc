#include "cli/text_files.h"

#include <cerrno>
#include <fstream>
#include <iostream>
#include <iterator>

namespace genepool::cli {

Result<std::string> read_text(const std::string& path) {
  std::ifstream file;
  if (path != "-") file.open(path);
  std::istream& in = path == "-" ? std::cin : file;
  if (!in) return fail_errno("read " + path, errno);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

Result<void> write_text(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  if (!file.flush()) return fail_errno("write " + path, errno);
  return {};
}

Result<void> write_to(const std::string& path, const std::function<void(std::ostream&)>& write) {
  if (path.empty() || path == "-") {
    write(std::cout);
    return std::cout.flush() ? Result<void>() : fail_errno("write to stdout", errno);
  }
  std::ofstream file(path, std::ios::binary);
  if (file) write(file);
  if (!file.flush()) return fail_errno("write " + path, errno);
  return {};
}

}  // namespace genepool::cli
