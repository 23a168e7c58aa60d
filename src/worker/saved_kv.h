// SavedKv: the KV of a genome's finished requests as bytes in RAM, written by a worker before it ends and read by the next
// worker of the same genome, which then need not prefill them again.
// Layout: u32 size of the index; the index (genome's identity, hex; per sequence its tokens and the bytes of its KV), in the
// frames' encoding; the sequences' KV one after the other, as the engine writes it.
// Only for workers of one server: nothing in it says which build, base or context it is of, but for the identity.
// Owner: values; a SavedKv owns its mapping. Thread: one at a time.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/memory_file.h"
#include "engine/engine.h"

namespace genepool {

class SavedKv {
 public:
  struct Entry {
    std::vector<Token> tokens;
    std::span<const std::byte> kv;  // points into the mapping
  };

  SavedKv() = default;
  // kBadRequest: not such bytes, or another genome's.
  [[nodiscard]] static Result<SavedKv> parse(Mapping bytes, const std::string& genome);

  [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }

 private:
  Mapping bytes_;
  std::vector<Entry> entries_;
};

// What to write for each sequence: `fill` writes exactly `kv_bytes` bytes.
struct KvToSave {
  std::vector<Token> tokens;
  std::size_t kv_bytes = 0;
  std::function<Result<void>(std::span<std::byte> to)> fill;
};

// Sealed. kIo, kUnavailable: no memory.
[[nodiscard]] Result<MemoryFile> write_saved_kv(const std::string& genome, const std::vector<KvToSave>& sequences);

}  // namespace genepool
