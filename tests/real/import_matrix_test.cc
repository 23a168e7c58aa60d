// The import matrix on the real engine: every adapter of tests/data/import (made by the real peft for tiny random bases) is
// imported, fused, attached by our own code, and its logits compared with those that torch computed in float32 from the same
// folder. The bare bases are compared too: a base whose rows lay in another order could not prove an adapter's.
//
// Tolerance: the bases are F32, but the engine keeps K and V in f16 and rounds activations to f16 where an adapter is f16, each
// 2^-11 relative on logits of about 1 to 10; what torch and the engine sum in other orders is far below. Every layer moves
// the logits by more than kMoved times what is allowed to differ, so a wrong row, scale or half cannot hide.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cmath>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "engine/llama_engine.h"
#include "engine/test_pages.h"
#include "import/import.h"

namespace genepool {
namespace {

using Json = nlohmann::json;
const std::string kData = "tests/data/import/";
constexpr double kMostDifferent = 0.02, kMoved = 25;

const Json& matrix() {
  static const Json the_matrix = Json::parse(std::ifstream(kData + "matrix.json"));
  return the_matrix;
}

std::string base_path(const std::string& name) { return kData + "bases/" + name + ".gguf"; }

Mapping page_of(const Json& row, const BaseModel& base) {
  const auto layer = import_layer(kData + "layers/" + row["source"].get<std::string>(), base);
  GENEPOOL_CHECK(layer.has_value(), "{}: {}", row["name"].get<std::string>(), layer ? "" : layer.error().message);
  const MemoryFile page = test::make_page({layer->bytes}, {1.0F});
  return std::move(*Mapping::of_fd(page.fd()));
}

double most_different(std::span<const float> found, const Json& wanted) {
  GENEPOOL_CHECK(found.size() == wanted.size(), "{} logits, wanted {}", found.size(), wanted.size());
  double most = 0;
  for (std::size_t i = 0; i < found.size(); ++i) most = std::max(most, std::abs(static_cast<double>(found[i]) - wanted[i].get<double>()));
  return most;
}

struct Compared {
  double different = 0;  // the largest difference of a logit from torch's
  double moved = 0;      // the largest from the bare base's
};

// Every prompt's last logits against torch's `wanted`, and against the bare base's.
Compared compare(LlamaEngine& engine, const Json& wanted, const Json& bare) {
  Compared result;
  for (std::size_t p = 0; p < matrix()["prompts"].size(); ++p) {
    engine.keep_only(0, 0);
    std::vector<BatchToken> batch;
    for (const Json& token : matrix()["prompts"][p]) batch.push_back({token.get<Token>(), static_cast<std::int32_t>(batch.size()), 0, false});
    batch.back().want_logits = true;
    const auto status = engine.decode(batch, 1);
    GENEPOOL_CHECK(status.has_value(), "{}", status ? "" : status.error().message);
    result.different = std::max(result.different, most_different(engine.logits(0), wanted[p]));
    result.moved = std::max(result.moved, most_different(engine.logits(0), bare[p]));
  }
  return result;
}

// In a process of its own: one attaches once. `row` null = the bare base.
Compared run_row(const std::string& base, const Json& row) {
  std::array<int, 2> pipe_ends{};
  GENEPOOL_CHECK(::pipe(pipe_ends.data()) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    LlamaEngine engine;
    const auto info = engine.load({.base_path = base_path(base), .context_size = 256, .sequences = 1, .batch_size = 64});
    GENEPOOL_CHECK(info.has_value(), "{}: {}", base, info ? "" : info.error().message);
    const auto attached = engine.attach(row.is_null() ? Mapping() : page_of(row, test::base_model(base_path(base))));
    GENEPOOL_CHECK(attached.has_value(), "{}", attached ? "" : attached.error().message);
    const Json& bare = matrix()["bases"][base];
    const Compared result = compare(engine, row.is_null() ? bare : row["logits"], bare);
    ::_exit(::write(pipe_ends[1], &result, sizeof result) == sizeof result ? 0 : 1);
  }
  ::close(pipe_ends[1]);
  Compared result{1e9, 0};
  if (::read(pipe_ends[0], &result, sizeof result) != static_cast<ssize_t>(sizeof result)) result = {1e9, 0};
  ::close(pipe_ends[0]);
  ::waitpid(child, nullptr, 0);
  return result;
}

TEST(ImportMatrix, the_bare_bases_speak_as_in_torch) {
  for (const auto& [base, logits] : matrix()["bases"].items()) {
    const Compared result = run_row(base, nullptr);
    std::printf("%-28s differs by %.5f\n", base.c_str(), result.different);
    EXPECT_LE(result.different, kMostDifferent) << base;
  }
}

TEST(ImportMatrix, every_row_speaks_as_in_torch) {
  std::map<std::string, std::pair<double, double>> per_base;  // most different, least moved
  int rows = 0;
  for (const Json& row : matrix()["rows"]) {
    if (row.contains("refused")) continue;
    const auto name = row["name"].get<std::string>(), base = row["base"].get<std::string>();
    const Compared result = run_row(base, row);
    std::printf("%-28s differs by %.5f, moved by %.2f\n", name.c_str(), result.different, result.moved);
    EXPECT_LE(result.different, kMostDifferent) << name;
    EXPECT_GE(result.moved, kMoved * kMostDifferent) << name << ": a wrong import could hide";
    auto& [different, moved] = per_base.try_emplace(base, 0.0, 1e9).first->second;
    different = std::max(different, result.different), moved = std::min(moved, result.moved);
    ++rows;
  }
  EXPECT_GE(rows, 36);
  for (const auto& [base, both] : per_base) {
    std::printf("in all, %-20s differs by at most %.5f, moved by at least %.2f\n", base.c_str(), both.first, both.second);
  }
}

// A tied base has no place for an embedding's pair: the engine itself would assert while it decodes.
TEST(ImportMatrix, an_embedding_page_on_a_tied_base_is_refused_by_the_engine) {
  const pid_t child = ::fork();
  if (child == 0) {
    LlamaEngine engine;
    GENEPOOL_CHECK(engine.load({.base_path = base_path("gemma3"), .context_size = 256, .sequences = 1, .batch_size = 64}).has_value());
    std::vector<std::byte> zeros(4 * 64), wide(4 * 32);
    const auto layer = write_layer("gemma3", {{"token_embd.weight", TensorType::kF32, TensorType::kF32, 64, 1, 32, zeros, wide, 1.0F}});
    const MemoryFile page = test::make_page({layer}, {1.0F});
    const auto attached = engine.attach(std::move(*Mapping::of_fd(page.fd())));
    ::_exit(!attached && attached.error().message.find("output as well") != std::string::npos ? 0 : 1);
  }
  int status = 1;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace genepool
