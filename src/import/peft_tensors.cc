#include "import/peft_tensors.h"

#include <filesystem>

#include "import/import.h"
#include "import/strict_json.h"

namespace genepool {
namespace {

constexpr std::uint64_t kMaxIndex = 16 << 20;
constexpr int kMaxDepth = 4;
constexpr std::size_t kMaxFileName = 255;

using Listed = std::map<std::string, std::set<std::string>>;  // shard -> its tensors

// Nothing that leaves the folder, is hidden in it, or is another kind of file.
bool is_plain_name(const std::string& name) {
  return !name.empty() && name.size() <= kMaxFileName && name.front() != '.' && name.ends_with(".safetensors") &&
         name.find_first_of(std::string("/\\\0", 3)) == std::string::npos;
}

Result<Listed> read_index(const std::string& index) {
  GENEPOOL_TRY(const auto json, read_json_object(index, kMaxIndex, kMaxDepth));
  const auto map = json.find("weight_map");
  if (map == json.end() || !map->is_object() || map->empty()) return reject_source(index, "it has no weight_map");
  if (map->size() > SafetensorsView::kMaxTensors) {
    return reject_source(index, "{} tensors, at most {}", map->size(), SafetensorsView::kMaxTensors);
  }
  Listed listed;
  for (const auto& [tensor, file] : map->items()) {
    const std::string name = file.is_string() ? file.get<std::string>() : "";
    if (!is_plain_name(name)) return reject_source(index, "tensor {} lies in \"{}\", which is no plain file name", tensor, name);
    listed[name].insert(tensor);
    if (listed.size() > PeftTensors::kMaxShards) return reject_source(index, "it names more than {} files", PeftTensors::kMaxShards);
  }
  return listed;
}

}  // namespace

Result<PeftTensors> PeftTensors::open(const std::string& folder) {
  const auto inside = [&](const char* name) { return (std::filesystem::path(folder) / name).string(); };
  const std::string file = inside("adapter_model.safetensors"), index = inside("adapter_model.safetensors.index.json");
  std::error_code ignored;  // what cannot be looked at cannot be opened either, and then says why
  const bool has_file = std::filesystem::exists(file, ignored), has_index = std::filesystem::exists(index, ignored);
  if (has_file && has_index) return reject_source(folder, "it has adapter_model.safetensors and an index of shards: which one counts?");
  if (has_index) return open_shards(folder, index);
  if (!has_file && std::filesystem::exists(inside("adapter_model.bin"), ignored)) {
    return reject_source(folder, "adapter_model.bin is a pickle, which can run code and is never opened: save it as safetensors");
  }
  return open_one(file);
}

Result<PeftTensors> PeftTensors::open_one(const std::string& file) {
  PeftTensors opened;
  opened.file_ = file;
  GENEPOOL_TRY(opened.files_.emplace_back(), map_source(file, kMaxSourceBytes));
  const auto bytes = opened.files_.front().bytes();
  GENEPOOL_TRY(const SafetensorsView view, SafetensorsView::parse(bytes, file));
  opened.tensors_ = view.tensors();
  opened.source_hash_ = sha256(bytes);
  return opened;
}

Result<PeftTensors> PeftTensors::open_shards(const std::string& folder, const std::string& index) {
  PeftTensors opened;
  opened.file_ = index;
  GENEPOOL_TRY(const Listed listed, read_index(index));
  GENEPOOL_TRY(const Digest index_hash, sha256_of_file(index));
  Sha256 hash;
  hash.add(std::as_bytes(std::span(index_hash.bytes)));
  std::uint64_t left = kMaxSourceBytes;
  for (const auto& [name, wanted] : listed) {
    const std::string file = (std::filesystem::path(folder) / name).string();
    GENEPOOL_TRY(opened.files_.emplace_back(), map_source(file, left));
    const auto bytes = opened.files_.back().bytes();
    left -= bytes.size();
    const Digest shard_hash = sha256(bytes);
    hash.add(std::as_bytes(std::span(shard_hash.bytes)));
    GENEPOOL_TRY(const SafetensorsView view, SafetensorsView::parse(bytes, file));
    for (const auto& [tensor, found] : view.tensors()) {
      if (!wanted.contains(tensor)) return reject_source(file, "the index does not say that tensor {} lies here", tensor);
      opened.tensors_.emplace(tensor, found);  // new: the index has it once, in this file
    }
    for (const std::string& tensor : wanted) {
      if (!view.tensors().contains(tensor)) return reject_source(file, "tensor {} is missing, which the index says lies here", tensor);
    }
  }
  opened.source_hash_ = hash.finish();
  return opened;
}

}  // namespace genepool
