// The fake engine's script: delays and faults of a whole process family (words: fake_engine.h). Thread: values.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/error.h"

namespace genepool {

struct FakeScript {
  Duration load{}, rehearse{}, attach{}, reserve{};
  Duration prefill_per_token{}, decode{}, wide_step{};
  bool fails_load = false, fails_attach = false;
  bool crashes_with_page = false, ignores_page = false;

  [[nodiscard]] static Result<FakeScript> parse(const std::string& text);
};

}  // namespace genepool
