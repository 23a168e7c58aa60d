// What is known of prepared bases, as JSON; see wire.h. Thread: any, pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "store/store.h"

namespace genepool::cli {

[[nodiscard]] Result<std::vector<PreparedBase>> parse_prepared_bases(std::string_view text);
[[nodiscard]] std::string json_of(const std::vector<PreparedBase>& bases);

}  // namespace genepool::cli
