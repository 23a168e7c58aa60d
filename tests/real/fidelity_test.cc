// What genepool serves is what was trained, on the base that is served: every demo layer and several stacks (negative, repeated)
// against next-token probabilities that the training side computed in float32. A wrong row permutation, scale or order moves
// these by whole nats.
//
// Tolerance: the served base is Q4_1 with 8 bit activations, the reference its dequantised float32, and 8 bit activations make
// small differences large: a layer scaled by 1e-6 already moves this base's logits by 0.65. So the likeliest token must agree
// where the reference leads by 0.7 nat, and likely tokens' log-probabilities stay within 0.7, on average 0.15. What is left when
// the base is exact too, fidelity_f32_test.cc tells: a hundredth of it.
#include <gtest/gtest.h>

#include <fstream>
#include <map>

#include "base/hash.h"
#include "engine/test_pages.h"
#include "genome/layer_file.h"
#include "import/import.h"
#include "reference.h"

namespace genepool {
namespace {

using test::Json;

TEST(Fidelity, every_layer_and_stack_speaks_as_it_was_trained) {
  const std::string model = test::model_path();
  ASSERT_FALSE(model.empty());
  const auto engine = make_engine("llama");
  ASSERT_TRUE(engine->load({.base_path = model, .context_size = 512, .sequences = 1, .batch_size = 128}));
  test::expect_as_trained(*engine, test::base_model(model), {.clear_lead = 0.7, .most_moved = 0.7, .mean_moved = 0.15});
}

// One hash over every tensor's name, type and bytes, in order of name: as tools/train_layers/converted.py makes it of what
// llama.cpp's own converter wrote.
std::string hash_of_tensors(const LayerView& layer) {
  std::map<std::string, const GgufTensor*> tensors;
  for (const LayerPair& pair : layer.pairs()) {
    tensors[pair.a.name] = &pair.a;
    tensors[pair.b.name] = &pair.b;
  }
  Sha256 hash;
  for (const auto& [name, tensor] : tensors) {
    GENEPOOL_CHECK(tensor->type() == TensorType::kF16, "{}", name);
    hash.add(name + " F16 ");
    hash.add(layer.data(*tensor));
  }
  return hash.finish().hex();
}

TEST(Fidelity, the_importer_arrives_at_the_bytes_of_llama_cpps_converter) {
  std::ifstream file("tests/data/converted_layers.json");
  const Json converted = Json::parse(file);
  ASSERT_EQ(converted.size(), 10u);
  const BaseModel base = test::base_model(test::model_path());
  for (const auto& [name, expected] : converted.items()) {
    const auto layer = import_layer("demo/layers/" + name, base);
    ASSERT_TRUE(layer) << layer.error().message;
    const auto view = LayerView::parse(layer->bytes, false);
    EXPECT_EQ(2 * view->pairs().size(), expected["tensors"].get<std::size_t>()) << name;
    EXPECT_EQ(hash_of_tensors(*view), expected["sha256"].get<std::string>()) << name;
  }
}

}  // namespace
}  // namespace genepool
