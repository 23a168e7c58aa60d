#include "fuzz/fused.h"

#include <vector>

#include "genome/genome.h"
#include "genome/page.h"

namespace genepool::fuzz {

void check_layer_fuses(std::span<const std::byte> layer) {
  const auto view = LayerView::parse(layer, true);
  GENEPOOL_CHECK(view.has_value(), "{}", view.error().message);
  const FusePart parts[] = {{&*view, 1.0F}, {&*view, -kMaxWeight}};  // twice, and as hard as a stack may
  const auto plan = FusePlan::make(parts);
  GENEPOOL_CHECK(plan.has_value(), "{}", plan.error().message);
  std::vector<std::byte> page(plan->byte_size());
  plan->write(page);
  const auto read = PageView::parse(page);
  GENEPOOL_CHECK(read.has_value(), "{}", read.error().message);
  GENEPOOL_CHECK(read->pairs().size() == view->pairs().size());
}

}  // namespace genepool::fuzz
