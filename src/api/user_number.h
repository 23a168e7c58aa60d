// A number for whoever asks, from the client's own word for it (`user`): the word itself goes no further. Thread: any, pure.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/hash.h"

namespace genepool::api {

// Never 0, which is nobody.
[[nodiscard]] inline std::uint64_t user_number(std::string_view user) {
  Sha256 hash;
  hash.add(user);
  const Digest digest = hash.finish();
  std::uint64_t number = 0;
  std::memcpy(&number, digest.bytes.data(), sizeof number);
  return std::max<std::uint64_t>(number, 1);
}

}  // namespace genepool::api
