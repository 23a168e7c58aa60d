// Runs every committed input through its target: what was found once stays mended, with any compiler and sanitizer.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "fuzz/targets.h"

namespace genepool::fuzz {
namespace {

struct Target {
  const char* name;
  int (*run)(std::span<const std::byte>);
};
constexpr Target kTargets[] = {
#define GENEPOOL_FUZZ(name) {#name, fuzz_##name},
#include "fuzz/targets.def"
#undef GENEPOOL_FUZZ
};

std::vector<std::filesystem::path> inputs_of(const char* target) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(GENEPOOL_FUZZ_CORPUS) / target)) {
    files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

std::string read(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class Replay : public testing::TestWithParam<Target> {};

TEST_P(Replay, every_input_of_the_corpus) {
  const auto inputs = inputs_of(GetParam().name);
  EXPECT_FALSE(inputs.empty());
  for (const auto& input : inputs) {
    SCOPED_TRACE(input.filename().string());
    const std::string text = read(input);
    // On the heap and exactly as long as the input, so that a sanitizer sees the first byte too far.
    const std::vector<std::byte> bytes(reinterpret_cast<const std::byte*>(text.data()),
                                       reinterpret_cast<const std::byte*>(text.data()) + text.size());
    std::fprintf(stderr, "%s/%s\n", GetParam().name, input.filename().c_str());  // the last line names a killer
    EXPECT_EQ(GetParam().run(bytes), 0);
  }
}

INSTANTIATE_TEST_SUITE_P(Fuzz, Replay, testing::ValuesIn(kTargets), [](const auto& one) { return std::string(one.param.name); });

}  // namespace
}  // namespace genepool::fuzz
