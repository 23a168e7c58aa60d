#include "store/set_aside.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <string_view>
#include <vector>

namespace genepool {
namespace {

constexpr std::string_view kMark = ".damaged-";
constexpr std::string_view kLog = "-wal";

// The numbers of the files set aside before, in order.
std::vector<unsigned> numbers_of(const std::string& file) {
  namespace fs = std::filesystem;
  const std::string start = fs::path(file).filename().string() + std::string(kMark);
  std::vector<unsigned> numbers;
  std::error_code ignored;
  for (const fs::directory_entry& entry : fs::directory_iterator(fs::path(file).parent_path(), ignored)) {
    const std::string name = entry.path().filename();
    if (!name.starts_with(start)) continue;
    unsigned number = 0;
    const auto [end, error] = std::from_chars(name.data() + start.size(), name.data() + name.size(), number);
    if (error == std::errc() && end == name.data() + name.size()) numbers.push_back(number);
  }
  std::ranges::sort(numbers);
  return numbers;
}

std::string numbered(const std::string& file, unsigned number) { return fmt::format("{}{}{}", file, kMark, number); }

Result<void> move_if_there(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) == 0 || errno == ENOENT) return {};
  return fail_errno(fmt::format("rename {} to {}", from, to), errno);
}

}  // namespace

Result<std::string> set_aside(const std::string& file) {
  const std::vector<unsigned> before = numbers_of(file);
  const std::string kept = numbered(file, before.empty() ? 1 : before.back() + 1);
  // The log first: a new database must never find that of the old one.
  GENEPOOL_TRY_VOID(move_if_there(file + std::string(kLog), kept + std::string(kLog)));
  GENEPOOL_TRY_VOID(move_if_there(file, kept));
  static_cast<void>(::unlink((file + "-shm").c_str()));  // made again from the log
  for (std::size_t i = 0; i + kDamagedKept <= before.size(); ++i) {
    const std::string old = numbered(file, before[i]);
    static_cast<void>(::unlink(old.c_str()));
    static_cast<void>(::unlink((old + std::string(kLog)).c_str()));
  }
  return kept;
}

bool was_set_aside(const std::string& file) { return !numbers_of(file).empty(); }

}  // namespace genepool
