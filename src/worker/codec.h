// Messages to frame payloads and back. The decode functions are declared in frames.h, where users look for them.
#pragma once

#include <cstddef>
#include <vector>

#include "worker/messages.h"

namespace genepool {

struct Encoded {
  std::uint16_t type = 0;
  std::vector<std::byte> payload;
};
[[nodiscard]] Encoded encode(const ToZygote& message);
[[nodiscard]] Encoded encode(const FromZygote& message);
[[nodiscard]] Encoded encode(const ToWorker& message);
[[nodiscard]] Encoded encode(const FromWorker& message);

}  // namespace genepool
