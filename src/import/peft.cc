#include "import/peft.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <map>
#include <tuple>

#include "import/modules.h"
#include "import/peft_config.h"
#include "import/peft_tensors.h"
#include "import/source_file.h"

namespace genepool {
namespace {

struct Halves {
  const SafeTensor* a = nullptr;
  const SafeTensor* b = nullptr;
  std::string module;  // "model.layers.0.self_attn.q_proj"
  ModulePlace place;
};
// By base tensor and first row in it: the parts of a matrix that holds q, k and v stand together.
using Pairs = std::map<std::pair<std::string, std::uint64_t>, Halves>;

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

bool take_suffix(std::string_view& text, std::string_view suffix) {
  if (!text.ends_with(suffix)) return false;
  text.remove_suffix(suffix.size());
  return true;
}

// PEFT saves a copy of the base's weight beside an adapted embedding or output: only its size is of interest.
Result<void> check_base_copy(std::string_view module, const SafeTensor& tensor, const BaseModel& base, const std::string& file) {
  auto place = place_of(module, base);
  if (!place) return reject_source(file, "tensor {}.base_layer.weight: {}", module, place.error().message);
  if (layout_of(place->base_tensor) == PairLayout::kLookup) std::swap(place->in, place->out);
  if (tensor.shape == std::vector<std::uint64_t>{place->out, place->in}) return {};
  return reject_source(file, "{}.base_layer.weight has another shape than the base's {}: its vocabulary has grown, or it was made "
                             "for another base", module, place->base_tensor);
}

// Where one tensor of the file belongs; refuses by name what is no plain LoRA of a known module.
Result<void> sort_in(const std::string& name, const SafeTensor& tensor, const BaseModel& base, const std::string& file, Pairs& pairs) {
  std::string_view rest = name;
  if (!take_prefix(rest, "base_model.model.")) return reject_source(file, "tensor {} does not begin with base_model.model.", name);
  if (take_suffix(rest, ".base_layer.weight")) return check_base_copy(rest, tensor, base, file);
  if (rest.find("lora_magnitude_vector") != std::string_view::npos) return reject_source(file, "tensor {} belongs to DoRA", name);
  const bool is_embedding = rest.ends_with(".lora_embedding_A") || rest.ends_with(".lora_embedding_B");
  const bool is_a = take_suffix(rest, ".lora_A.weight") || take_suffix(rest, ".lora_embedding_A");
  if (!is_a && !take_suffix(rest, ".lora_B.weight") && !take_suffix(rest, ".lora_embedding_B")) {
    return reject_source(file, "tensor {} is neither lora_A.weight nor lora_B.weight", name);
  }
  auto place = place_of(rest, base);
  if (!place) return reject_source(file, "tensor {}: {}", name, place.error().message);
  if (is_embedding != (layout_of(place->base_tensor) == PairLayout::kLookup)) {
    return reject_source(file, "tensor {}: lora_embedding_A and _B belong to embed_tokens, and only they do", name);
  }
  Halves& halves = pairs[{place->base_tensor, place->first_row}];
  const SafeTensor*& half = is_a ? halves.a : halves.b;
  if (half) return reject_source(file, "tensor {} adapts {} a second time", name, halves.module);
  half = &tensor;
  halves.module = std::string(rest);
  halves.place = std::move(*place);
  return {};
}

Result<Pairs> pair_up(const PeftTensors& source, const BaseModel& base) {
  Pairs pairs;
  for (const auto& [name, tensor] : source.tensors()) GENEPOOL_TRY_VOID(sort_in(name, tensor, base, source.file(), pairs));
  for (const auto& [where, halves] : pairs) {
    if (!halves.a || !halves.b) return reject_source(source.file(), "{} has no {}", halves.module, halves.a ? "lora_B" : "lora_A");
  }
  if (pairs.empty()) return reject_source(source.file(), "it has no LoRA tensors");
  return pairs;
}

Result<void> check_shapes(const Halves& halves, const PeftConfig& config, const std::string& file) {
  const auto& a = halves.a->shape;
  const auto& b = halves.b->shape;
  const auto& [module, place] = std::tie(halves.module, halves.place);
  if (a.size() != 2 || b.size() != 2) return reject_source(file, "{} is not two matrices", module);
  if (a[1] != place.in || b[0] != place.out || a[0] != b[1]) {
    const bool is_vocabulary = !place.block;
    return reject_source(file, "{}: lora_A is {}x{} and lora_B {}x{}, where {} of the base needs rank x {} and {} x rank: it was made for another base{}", module,
                         a[0], a[1], b[0], b[1], place.base_tensor, place.in, place.out,
                         is_vocabulary ? ", or its vocabulary has grown" : "");
  }
  if (a[0] < 1 || a[0] > kMaxRank) return reject_source(file, "{} has rank {}, accepted are 1 to {}", module, a[0], kMaxRank);
  if (static_cast<double>(a[0]) != config.rank_of(module)) {
    return reject_source(file, "{} has rank {}, adapter_config.json says {}", module, a[0], config.rank_of(module));
  }
  if (!config.adapts(module, place.block)) {
    return reject_source(file, "{} has tensors, but adapter_config.json does not say that it is adapted: PEFT would ignore them", module);
  }
  return {};
}

// [rows][columns] -> [columns][rows]. Requires: `size` bytes an element.
std::vector<std::byte> transposed(std::span<const std::byte> from, std::uint64_t rows, std::uint64_t columns) {
  std::vector<std::byte> to(from.size());
  const std::uint64_t size = from.size() / (rows * columns);
  for (std::uint64_t row = 0; row < rows; ++row) {
    for (std::uint64_t column = 0; column < columns; ++column) {
      std::memcpy(to.data() + (column * rows + row) * size, from.data() + (row * columns + column) * size, size);
    }
  }
  return to;
}

Result<LayerPairData> convert(const Halves& halves, const PeftConfig& config, const std::string& file) {
  GENEPOOL_TRY_VOID(check_shapes(halves, config, file));
  const ModulePlace& place = halves.place;
  const std::uint64_t rank = halves.a->shape[0];
  LayerPairData pair{place.base_tensor, halves.a->type, halves.b->type, place.in, rank, place.out, {}, {}, 1.0F};
  const auto a = halves.a->data, b = halves.b->data;
  const bool is_lookup = layout_of(place.base_tensor) == PairLayout::kLookup;
  pair.a = is_lookup ? transposed(a, rank, place.in) : std::vector(a.begin(), a.end());
  pair.b.assign(b.begin(), b.end());
  pair.scale = static_cast<float>(config.scale_of(halves.module, rank));
  if (place.permuted_heads != 0) permute_rows(pair.b, pair.b.size() / place.out, place.out, place.permuted_heads);
  return pair;
}

struct JoinedPart {
  LayerPairData pair;
  std::uint64_t first_row;
};

// Pairs on parts of one base matrix as one pair on all of it: A stacked, B block-diagonal, so B A x puts each part's own
// result into the part's own rows. Rows that no part has are zero.
Result<LayerPairData> join(const std::vector<JoinedPart>& parts, std::uint64_t rows, const std::string& file) {
  const LayerPairData& first = parts.front().pair;
  LayerPairData joined{first.base_tensor, first.type_a, first.type_b, first.in, 0, rows, {}, {}, first.scale};
  for (const auto& [pair, first_row] : parts) {
    if (pair.type_a != joined.type_a || pair.type_b != joined.type_b || pair.scale != joined.scale) {
      return reject_source(file, "{} holds q, k and v, whose adapters differ in type or scale: they cannot be joined", joined.base_tensor);
    }
    joined.rank += pair.rank;
    joined.a.insert(joined.a.end(), pair.a.begin(), pair.a.end());
  }
  const std::uint64_t element = tensor_bytes(static_cast<std::uint32_t>(joined.type_b), 1);
  joined.b.assign(rows * joined.rank * element, std::byte{0});
  std::uint64_t column = 0;
  for (const auto& [pair, first_row] : parts) {
    for (std::uint64_t row = 0; row < pair.out; ++row) {
      std::memcpy(joined.b.data() + ((first_row + row) * joined.rank + column) * element, pair.b.data() + row * pair.rank * element,
                  pair.rank * element);
    }
    column += pair.rank;
  }
  return joined;
}

}  // namespace

void permute_rows(std::span<std::byte> rows, std::uint64_t row_bytes, std::uint64_t row_count, std::uint64_t heads) {
  const std::uint64_t d = row_count / heads;
  const std::vector<std::byte> from(rows.begin(), rows.end());
  for (std::uint64_t head = 0; head < heads; ++head) {
    for (std::uint64_t j = 0; j < d / 2; ++j) {
      for (std::uint64_t p = 0; p < 2; ++p) {
        std::memcpy(rows.data() + (head * d + 2 * j + p) * row_bytes, from.data() + (head * d + p * (d / 2) + j) * row_bytes, row_bytes);
      }
    }
  }
}

Result<SourceLayer> read_peft(const std::string& folder, const BaseModel& base) {
  if (auto known = check_peft_architecture(base); !known) return reject_source(folder, "{}", known.error().message);
  GENEPOOL_TRY(const PeftConfig config, read_peft_config((std::filesystem::path(folder) / "adapter_config.json").string()));
  GENEPOOL_TRY(const PeftTensors source, PeftTensors::open(folder));
  GENEPOOL_TRY(const Pairs pairs, pair_up(source, base));

  SourceLayer layer{{}, source.source_hash(), "peft", config.base_name};
  for (auto at = pairs.begin(); at != pairs.end();) {
    const std::string& base_tensor = at->first.first;
    const std::uint64_t rows = at->second.place.rows;
    std::vector<JoinedPart> parts;
    for (; at != pairs.end() && at->first.first == base_tensor; ++at) {
      GENEPOOL_TRY(LayerPairData pair, convert(at->second, config, source.file()));
      parts.push_back({std::move(pair), at->second.place.first_row});
    }
    if (parts.front().pair.out == rows) {
      layer.pairs.push_back(std::move(parts.front().pair));
    } else {
      GENEPOOL_TRY(layer.pairs.emplace_back(), join(parts, rows, source.file()));
    }
  }
  return layer;
}

}  // namespace genepool
