#include "genome/layer_norms.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "genome/values.h"

namespace genepool {
namespace {

std::vector<float> values_of(const LayerView& layer, const GgufTensor& tensor) {
  std::vector<float> values(tensor.element_count());
  read_values(tensor.type(), layer.data(tensor), 0, values);
  return values;
}

double dot(const float* a, const float* b, std::size_t count) {
  double sum = 0;
  for (std::size_t i = 0; i < count; ++i) sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return sum;
}

// The columns of a factor with `rank` of them, each together.
std::vector<float> columns_of(const LayerView& layer, const GgufTensor& tensor, std::size_t rank) {
  const std::vector<float> values = values_of(layer, tensor);
  const std::size_t length = values.size() / rank;
  std::vector<float> turned(values.size());
  for (std::size_t row = 0; row < length; ++row) {
    for (std::size_t i = 0; i < rank; ++i) turned[i * length + row] = values[row * rank + i];
  }
  return turned;
}

// || s B A ||^2 = s^2 sum_ij (A A^T)_ij (B^T B)_ij, with both products rank x rank.
double squared_norm(const LayerView& layer, const LayerPair& pair) {
  const std::size_t rank = pair.shape.rank;
  const bool is_lookup = layout_of(pair.base_tensor) == PairLayout::kLookup;  // then A lies transposed
  const std::vector<float> a = is_lookup ? columns_of(layer, pair.a, rank) : values_of(layer, pair.a);
  const std::vector<float> b = columns_of(layer, pair.b, rank);
  const std::size_t in = a.size() / rank, out = b.size() / rank;
  double sum = 0;
  for (std::size_t i = 0; i < rank; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      const double product = dot(&a[i * in], &a[j * in], in) * dot(&b[i * out], &b[j * out], out);
      sum += i == j ? product : 2 * product;
    }
  }
  return sum * static_cast<double>(pair.scale) * static_cast<double>(pair.scale);
}

}  // namespace

std::string kind_of(const std::string& base_tensor) {
  const std::size_t end = base_tensor.rfind('.');
  const std::size_t begin = base_tensor.rfind('.', end - 1);
  return base_tensor.substr(begin + 1, end - begin - 1);
}

std::vector<KindNorm> norms_of(const LayerView& layer) {
  std::map<std::string, double> squares;
  for (const LayerPair& pair : layer.pairs()) squares[kind_of(pair.base_tensor)] += squared_norm(layer, pair);
  std::vector<KindNorm> norms;
  for (const auto& [kind, square] : squares) norms.push_back({kind, std::sqrt(std::max(0.0, square))});
  return norms;
}

LayerScales scales_of(const LayerView& layer) {
  constexpr double kMost = std::numeric_limits<double>::infinity();
  LayerScales scales{kMost, -kMost, kMost, -kMost};
  for (const LayerPair& pair : layer.pairs()) {
    const double scale = static_cast<double>(pair.scale), alpha = scale * static_cast<double>(pair.shape.rank);
    scales = {std::min(scales.scale_min, scale), std::max(scales.scale_max, scale), std::min(scales.alpha_min, alpha),
              std::max(scales.alpha_max, alpha)};
  }
  return scales;
}

}  // namespace genepool
