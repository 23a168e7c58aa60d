// Runs in workers.
#include "worker/saved_kv.h"

#include <cstring>
#include <utility>

#include "worker/wire.h"

namespace genepool {
namespace {

struct Index {
  std::string genome;
  std::vector<std::pair<std::vector<Token>, std::uint64_t>> sequences;  // tokens, bytes of KV
};

}  // namespace

Result<SavedKv> SavedKv::parse(Mapping bytes, const std::string& genome) {
  const auto broken = [] { return fail(Code::kBadRequest, "these bytes are no saved KV"); };
  std::span<const std::byte> rest = bytes.bytes();
  std::uint32_t index_size = 0;
  if (rest.size() < sizeof index_size) return broken();
  std::memcpy(&index_size, rest.data(), sizeof index_size);
  rest = rest.subspan(sizeof index_size);
  if (rest.size() < index_size) return broken();
  ByteReader reader(rest.first(index_size));
  rest = rest.subspan(index_size);
  Index index;
  reader(index.genome, index.sequences);
  if (!reader.finished()) return broken();
  if (index.genome != genome) return fail(Code::kBadRequest, "the saved KV is of genome {}, not of {}", index.genome, genome);
  SavedKv saved;
  for (auto& [tokens, kv_bytes] : index.sequences) {
    if (kv_bytes > rest.size()) return broken();
    saved.entries_.push_back({std::move(tokens), rest.first(kv_bytes)});
    rest = rest.subspan(kv_bytes);
  }
  saved.bytes_ = std::move(bytes);
  return saved;
}

Result<MemoryFile> write_saved_kv(const std::string& genome, const std::vector<KvToSave>& sequences) {
  Index index{genome, {}};
  std::size_t size = sizeof(std::uint32_t);
  for (const KvToSave& sequence : sequences) {
    index.sequences.emplace_back(sequence.tokens, sequence.kv_bytes);
    size += sequence.kv_bytes;
  }
  ByteWriter writer;
  writer(index.genome, index.sequences);
  const std::vector<std::byte> index_bytes = writer.take();
  const auto index_size = static_cast<std::uint32_t>(index_bytes.size());
  GENEPOOL_TRY(MemoryFile file, MemoryFile::create("genepool-kv", size + index_size));
  std::span<std::byte> rest = file.writable();
  const auto put = [&rest](const void* from, std::size_t count) {
    std::memcpy(rest.data(), from, count);
    rest = rest.subspan(count);
  };
  put(&index_size, sizeof index_size);
  put(index_bytes.data(), index_bytes.size());
  for (const KvToSave& sequence : sequences) {
    GENEPOOL_TRY_VOID(sequence.fill(rest.first(sequence.kv_bytes)));
    rest = rest.subspan(sequence.kv_bytes);
  }
  GENEPOOL_TRY_VOID(file.seal());
  return file;
}

}  // namespace genepool
