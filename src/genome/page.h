// The page of a genome: its whole stack fused into one adapter by rank concatenation, which is exact:
//     A = [A_1; A_2; ...]   B = [s_1 B_1 | s_2 B_2 | ...],  s_i = weight_i * scale_i   =>   B A = sum s_i B_i A_i
// (the token embedding's A lies transposed, so there A = [A_1 | A_2 | ...] as it is in memory.)
// A page is itself a plain GGUF LoRA without alpha (used with weight 1): our worker uses it in place, and stock llama.cpp
// can load the very same bytes. Equal genomes give equal bytes.
// Thread: any, pure. Memory: FusePlan holds views, no copies of tensors.
// Use:   GENEPOOL_TRY(FusePlan plan, FusePlan::make(parts));
//        GENEPOOL_TRY(MemoryFile file, MemoryFile::create("page", plan.byte_size()));
//        plan.write(file.writable());
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "genome/gguf.h"
#include "genome/layer_file.h"

namespace genepool {

struct FusePart {
  const LayerView* layer = nullptr;  // must outlive the plan
  float weight = 1.0F;               // finite; 0 adds nothing to the page
};

class FusePlan {
 public:
  // kBadRequest: architectures or shapes differ between the parts. kLayerCorrupt: a scaled value of B is not finite.
  // Requires: parts not empty. Reads every B.
  [[nodiscard]] static Result<FusePlan> make(std::span<const FusePart> parts);
  [[nodiscard]] std::uint64_t byte_size() const { return byte_size_; }
  // Fills `page` (exactly byte_size() bytes) in one pass.
  void write(std::span<std::byte> page) const;

 private:
  struct Part {
    const LayerView* layer;
    const LayerPair* pair;
    float scale;  // weight * pair scale, computed in double, rounded once
  };
  struct Target {
    std::string base_tensor;
    PairShape shape;               // its rank is the parts' sum
    std::size_t index_a, index_b;  // in layout_
    TensorType type_a, type_b;
    std::vector<Part> parts;
  };
  [[nodiscard]] Result<void> add_target(Target target);
  enum class Half { kA, kB };
  // The parts' tensors one after the other: rows of A.
  void write_stacked_a(const Target& target, std::span<std::byte> to) const;
  // The parts' rows side by side: B, scaled, and the A of a lookup as it is.
  void write_beside(const Target& target, Half half, std::span<std::byte> to) const;

  GgufLayout layout_;
  std::vector<Target> targets_;
  std::uint64_t byte_size_ = 0;
};

struct PagePair {
  std::string base_tensor;
  GgufTensor a, b;  // ne as in layer_file.h; offsets are 32-byte aligned in the page
  PairShape shape;
};

class PageView {
 public:
  // Shape and bounds only, no look at the values: the page was made by us and arrives sealed. kLayerCorrupt.
  [[nodiscard]] static Result<PageView> parse(std::span<const std::byte> bytes);
  [[nodiscard]] const std::string& architecture() const { return architecture_; }
  [[nodiscard]] const std::vector<PagePair>& pairs() const { return pairs_; }  // may be empty: all weights were 0
  [[nodiscard]] std::span<const std::byte> data(const GgufTensor& t) const { return file_.data(t); }

 private:
  GgufView file_;
  std::string architecture_;
  std::vector<PagePair> pairs_;
};

}  // namespace genepool
