// Runs a call in a child process with bounds on its memory and its time, so that what kills it is a failure with a name.
// Thread: the test's only one (it forks).
// Use:   EXPECT_EQ(isolated([&] { return import_layer(path, base).map(...); }).death, "");
#pragma once

#include <functional>
#include <string>

#include "base/error.h"

namespace genepool::hostile {

// Beyond what the process has already, and much less than what hostile files claim. Not enforced under sanitizers, whose
// shadow memory is larger than any bound.
inline constexpr std::uint64_t kMemoryBound = 256 << 20;
inline constexpr unsigned kTimeBoundSeconds = 20;

struct Isolated {
  std::string death;  // "signal 11", "" when it came back
  bool is_accepted = false;
  Code code = Code::kInternal;
  std::string message;
};

[[nodiscard]] Isolated isolated(const std::function<Result<void>()>& call);

}  // namespace genepool::hostile
