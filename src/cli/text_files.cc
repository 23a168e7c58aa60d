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

}  // namespace genepool::cli
