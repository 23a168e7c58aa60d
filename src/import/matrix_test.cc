// The import matrix: adapters that the real peft wrote for tiny bases (tests/data/import, by tools/make_import_corpus), each
// imported and compared with what peft says it adds to every weight, or refused with the reason. The engine's side of it is
// tests/real/import_matrix_test.cc.
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "base/memory_file.h"
#include "genome/page.h"
#include "genome/values.h"
#include "import/import.h"

namespace genepool {
namespace {

using Json = nlohmann::json;
const std::string kData = "tests/data/import/";

const Json& matrix() {
  static const Json the_matrix = Json::parse(std::ifstream(kData + "matrix.json"));
  return the_matrix;
}

BaseModel base_of(const std::string& name) {
  const auto file = Mapping::of_file(kData + "bases/" + name + ".gguf");
  GENEPOOL_CHECK(file.has_value(), "{}", name);
  return *read_base_model(*GgufView::parse(file->bytes(), GgufLimits{.is_base = true}));
}

Result<ImportedLayer> import_row(const Json& row) {
  return import_layer(kData + "layers/" + row["source"].get<std::string>(), base_of(row["base"]));
}

std::vector<double> values(TensorType type, std::span<const std::byte> bytes, std::uint64_t count) {
  std::vector<float> floats(count);
  read_values(type, bytes, 0, floats);
  return {floats.begin(), floats.end()};
}

// scale * B A x with x[i] = cos(1 + i): what the pair adds to the base tensor's product with x, as the generator says it. The
// token embedding's matrix has a row per token, so there it is (B A)^T x.
template <class View, class Pair>
std::vector<double> probe(const View& view, const Pair& pair, double scale) {
  const auto [in, rank, out] = pair.shape;
  const auto a = values(pair.a.type(), view.data(pair.a), in * rank);
  const auto b = values(pair.b.type(), view.data(pair.b), rank * out);
  const bool is_lookup = layout_of(pair.base_tensor) == PairLayout::kLookup;
  std::vector<double> middle(rank), result(is_lookup ? in : out);
  const auto x = [](std::uint64_t i) { return std::cos(1.0 + static_cast<double>(i)); };
  for (std::uint64_t r = 0; r < rank; ++r) {
    for (std::uint64_t i = 0; i < (is_lookup ? out : in); ++i) middle[r] += x(i) * (is_lookup ? b[i * rank + r] : a[r * in + i]);
  }
  for (std::uint64_t row = 0; row < result.size(); ++row) {
    for (std::uint64_t r = 0; r < rank; ++r) result[row] += scale * middle[r] * (is_lookup ? a : b)[row * rank + r];
  }
  return result;
}

void expect_close(const std::vector<double>& found, const std::vector<double>& wanted, double tolerance, const std::string& what) {
  ASSERT_EQ(found.size(), wanted.size()) << what;
  double peak = 0, difference = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    peak = std::max(peak, std::abs(wanted[i]));
    difference = std::max(difference, std::abs(found[i] - wanted[i]));
  }
  EXPECT_GT(peak, 0.01) << what << ": nothing to compare";
  EXPECT_LE(difference, tolerance * peak) << what;
}

// The generator writes five digits; fusing rounds B once more to f16 where the layer has f16.
constexpr double kWritten = 1e-4, kFused = 2e-3;

void expect_deltas(const Json& row) {
  const auto name = row["name"].get<std::string>();
  const auto layer = import_row(row);
  ASSERT_TRUE(layer) << name << ": " << layer.error().message;
  const auto view = LayerView::parse(layer->bytes, true);
  ASSERT_TRUE(view) << name;
  EXPECT_EQ(view->pairs().size(), row["deltas"].size()) << name;
  const FusePart part{&*view, 1.0F};
  const auto plan = FusePlan::make({&part, 1});
  ASSERT_TRUE(plan) << name;
  std::vector<std::byte> bytes(plan->byte_size());
  plan->write(bytes);
  const auto page = PageView::parse(bytes);
  ASSERT_TRUE(page) << name;
  for (std::size_t i = 0; i < view->pairs().size(); ++i) {
    const LayerPair& pair = view->pairs()[i];
    const auto wanted = row["deltas"].value(pair.base_tensor, std::vector<double>());
    const std::string what = name + ", " + pair.base_tensor;
    expect_close(probe(*view, pair, static_cast<double>(pair.scale)), wanted, kWritten, what);
    expect_close(probe(*page, page->pairs()[i], 1.0), wanted, kFused, what + ", fused");
  }
}

void expect_refused(const Json& row) {
  const auto layer = import_row(row);
  ASSERT_FALSE(layer) << row["name"];
  EXPECT_EQ(layer.error().code, Code::kLayerRejected) << row["name"] << layer.error().message;
  EXPECT_NE(layer.error().message.find(row["refused"].get<std::string>()), std::string::npos) << row["name"] << ": " << layer.error().message;
}

TEST(ImportMatrix, every_row_becomes_what_peft_adds_to_the_weights) {
  int rows = 0;
  for (const Json& row : matrix()["rows"]) {
    if (row.contains("refused")) continue;
    expect_deltas(row);
    ++rows;
  }
  EXPECT_GE(rows, 36);
}

TEST(ImportMatrix, what_cannot_be_served_is_refused_with_the_reason) {
  int rows = 0;
  for (const Json& row : matrix()["rows"]) {
    if (!row.contains("refused")) continue;
    expect_refused(row);
    ++rows;
  }
  EXPECT_GE(rows, 15);
}

TEST(ImportMatrix, a_layer_of_another_base_is_refused_and_says_what_does_not_fit) {
  for (const Json& row : matrix()["elsewhere"]) expect_refused(row);
  EXPECT_GE(matrix()["elsewhere"].size(), 5u);
}

// A layer that names another base of the same shape: the names decide, and can be overruled.
TEST(ImportMatrix, a_layer_that_names_another_base_is_taken_by_force) {
  const auto layer = import_layer(kData + "layers/no-other-name", base_of("llama"), {.force = true});
  ASSERT_TRUE(layer) << layer.error().message;
  EXPECT_EQ(layer->declared_base, "Qwen/Qwen2.5-0.5B");
}

TEST(ImportMatrix, the_stored_file_keeps_the_scales_and_types_of_its_source) {
  std::map<std::string, Json> rows;
  for (const Json& row : matrix()["rows"]) rows[row["name"]] = row;
  const auto stored = [&](const char* name, auto look) {
    const auto layer = import_row(rows.at(name));
    ASSERT_TRUE(layer) << layer.error().message;
    look(*LayerView::parse(layer->bytes, true));
  };
  stored("llama-rslora", [](const LayerView& v) { EXPECT_FLOAT_EQ(v.pairs()[0].scale, 8.0F / 3.0F); });  // 8 / sqrt(9)
  stored("llama-r256", [](const LayerView& v) { EXPECT_EQ(v.pairs()[0].shape.rank, 256u); });
  stored("llama-bf16", [](const LayerView& v) { EXPECT_EQ(v.pairs()[0].a.type(), TensorType::kBF16); });
  stored("llama-gguf-q8_0", [](const LayerView& v) { EXPECT_EQ(v.pairs()[0].b.type(), TensorType::kQ8_0); });
  stored("llama-alpha-pattern", [](const LayerView& v) {
    std::map<std::string, float> scale;
    for (const LayerPair& pair : v.pairs()) scale[pair.base_tensor] = pair.scale;
    EXPECT_EQ(scale["blk.0.attn_q.weight"], 4.0F);  // 16 / 4
    EXPECT_EQ(scale["blk.1.attn_q.weight"], 1.0F) << "4 / 4: the first in the file counts, and peft sorts them when it saves";
    EXPECT_EQ(scale["blk.1.attn_k.weight"], 1.0F);  // 4 / 4
    EXPECT_EQ(scale["blk.0.attn_k.weight"], 2.0F);  // 8 / 4
  });
}

// What does not depend on where a row came from.
TEST(ImportMatrix, equal_rows_give_equal_layers) {
  for (const Json& row : matrix()["rows"]) {
    if (row["name"] != "llama-all" && row["name"] != "llama-shards") continue;
    EXPECT_EQ(import_row(row)->id, import_row(row)->id);
  }
}

}  // namespace
}  // namespace genepool
