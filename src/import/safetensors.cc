#include "import/safetensors.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>

#include "import/source_file.h"

namespace genepool {
namespace {

using Json = nlohmann::json;

constexpr int kMaxDepth = 4;  // the format needs three
// A tensor is 15 of them (keys, values, ends of objects and arrays). A JSON value takes 16 bytes and more, its text two.
constexpr std::size_t kMaxEvents = 20 * SafetensorsView::kMaxTensors;

// A parser callback sees every key, also one that stands twice, and every depth and value before it is built.
struct HeaderGuard {
  std::set<std::string> names, fields;  // of the header, and of the entry under way
  std::size_t events = 0;
  std::string problem;
  bool operator()(int depth, Json::parse_event_t event, Json& parsed) {
    if (!problem.empty()) return false;
    if (depth > kMaxDepth) problem = "the header is nested too deeply";
    if (++events > kMaxEvents) problem = "the header has too many values";
    if (event == Json::parse_event_t::object_start) fields.clear();
    if (event == Json::parse_event_t::key) {
      const auto& key = parsed.get_ref<const std::string&>();
      if (!(depth == 1 ? names : fields).insert(key).second) problem = key + " stands twice";
    }
    return problem.empty();
  }
};

Result<Json> parse_header(std::span<const std::byte> bytes, const std::string& file) {
  const auto* text = reinterpret_cast<const char*>(bytes.data());
  // The parser would skip a byte order mark, and takes a NUL for the end of its text, whatever follows.
  if (bytes.empty() || *text != '{' || std::memchr(text, '\0', bytes.size()) != nullptr) {
    return reject_source(file, "the header is no JSON object");
  }
  HeaderGuard guard;
  Json header = Json::parse(
      text, text + bytes.size(), [&](int depth, Json::parse_event_t event, Json& parsed) { return guard(depth, event, parsed); },
      false);
  if (!guard.problem.empty()) return reject_source(file, "{}", guard.problem);
  if (!header.is_object()) return reject_source(file, "the header is no JSON object");
  return header;
}

Result<TensorType> type_of(const Json& entry, const std::string& name, const std::string& file) {
  const auto found = entry.find("dtype");
  const std::string text = found != entry.end() && found->is_string() ? found->get<std::string>() : "";
  if (text == "F32") return TensorType::kF32;
  if (text == "F16") return TensorType::kF16;
  if (text == "BF16") return TensorType::kBF16;
  return reject_source(file, "tensor {} has dtype \"{}\": only F32, F16 and BF16 are accepted", name, text);
}

Result<std::vector<std::uint64_t>> numbers_of(const Json& entry, const char* key, const std::string& name, const std::string& file) {
  std::vector<std::uint64_t> numbers;
  const auto found = entry.find(key);
  if (found == entry.end() || !found->is_array() || found->size() > 8) {
    return reject_source(file, "tensor {} has no proper {}", name, key);
  }
  for (const Json& value : *found) {
    if (!value.is_number_unsigned()) return reject_source(file, "tensor {} has a {} that is no natural number", name, key);
    numbers.push_back(value.get<std::uint64_t>());
  }
  return numbers;
}

Result<void> check_metadata(const Json& metadata, const std::string& file) {
  const auto is_text = [](const Json& value) { return value.is_string(); };
  if (metadata.is_object() && std::ranges::all_of(metadata, is_text)) return {};
  return reject_source(file, "__metadata__ is no table of texts");
}

struct Extent {
  std::uint64_t begin, end;
  std::string name;
};

Result<Extent> read_entry(const std::string& name, const Json& entry, std::span<const std::byte> data, const std::string& file,
                          SafeTensor& tensor) {
  if (!entry.is_object()) return reject_source(file, "tensor {} has no description", name);
  GENEPOOL_TRY(tensor.type, type_of(entry, name, file));
  GENEPOOL_TRY(tensor.shape, numbers_of(entry, "shape", name, file));
  GENEPOOL_TRY(const auto offsets, numbers_of(entry, "data_offsets", name, file));
  if (offsets.size() != 2 || offsets[0] > offsets[1] || offsets[1] > data.size()) {
    return reject_source(file, "tensor {} lies outside the file", name);
  }
  std::uint64_t elements = 1;
  for (const std::uint64_t n : tensor.shape) {
    if (n != 0 && elements > std::numeric_limits<std::uint64_t>::max() / 8 / n) return reject_source(file, "tensor {} overflows", name);
    elements *= n;
  }
  if (offsets[1] - offsets[0] != tensor_bytes(static_cast<std::uint32_t>(tensor.type), elements)) {
    return reject_source(file, "tensor {} has {} bytes, its shape wants {}", name, offsets[1] - offsets[0],
                         tensor_bytes(static_cast<std::uint32_t>(tensor.type), elements));
  }
  tensor.data = data.subspan(offsets[0], offsets[1] - offsets[0]);
  return Extent{offsets[0], offsets[1], name};
}

Result<void> check_tiling(std::vector<Extent> extents, std::uint64_t data_size, const std::string& file) {
  std::ranges::sort(extents, {}, [](const Extent& e) { return std::pair(e.begin, e.end); });
  std::uint64_t at = 0;
  for (const Extent& extent : extents) {
    if (extent.begin < at) return reject_source(file, "tensor {} overlaps another", extent.name);
    if (extent.begin > at) return reject_source(file, "there is a hole before tensor {}", extent.name);
    at = extent.end;
  }
  if (at != data_size) return reject_source(file, "{} bytes stand after the last tensor", data_size - at);
  return {};
}

}  // namespace

Result<SafetensorsView> SafetensorsView::parse(std::span<const std::byte> bytes, const std::string& file) {
  std::uint64_t header_size = 0;
  if (bytes.size() < sizeof header_size) return reject_source(file, "too short for a safetensors file");
  std::memcpy(&header_size, bytes.data(), sizeof header_size);
  if (header_size > kMaxHeader || header_size > bytes.size() - sizeof header_size) {
    return reject_source(file, "the header claims {} bytes", header_size);
  }
  GENEPOOL_TRY(const Json header, parse_header(bytes.subspan(sizeof header_size, header_size), file));
  if (header.size() > kMaxTensors) return reject_source(file, "{} tensors, at most {}", header.size(), kMaxTensors);
  const auto data = bytes.subspan(sizeof header_size + header_size);

  SafetensorsView view;
  std::vector<Extent> extents;
  for (const auto& [name, entry] : header.items()) {
    if (name == "__metadata__") {
      GENEPOOL_TRY_VOID(check_metadata(entry, file));
      continue;
    }
    GENEPOOL_TRY(Extent extent, read_entry(name, entry, data, file, view.tensors_[name]));
    extents.push_back(std::move(extent));
  }
  GENEPOOL_TRY_VOID(check_tiling(std::move(extents), data.size(), file));
  return view;
}

}  // namespace genepool
