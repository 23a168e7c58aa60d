// The manifest of a bundle as JSON.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "genome/name.h"
#include "import/bundle.h"

namespace genepool {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kFormat = "genepool-bundle";
constexpr std::size_t kMaxDepth = 16;

template <class... Args>
tl::unexpected<Error> wrong(fmt::format_string<Args...> format, Args&&... args) {
  return fail(Code::kBadRequest, "the bundle's manifest: {}", fmt::format(format, std::forward<Args>(args)...));
}

Result<std::string> text_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_string()) return wrong("{} is no text", key);
  return found->get<std::string>();
}

Result<Digest> digest_of(const Json& object, const char* key) {
  GENEPOOL_TRY(const std::string text, text_of(object, key));
  auto digest = Digest::from_hex(text);
  if (!digest) return wrong("{} is no SHA-256", key);
  return digest;
}

Result<std::string> name_of(const Json& object, const char* key) {
  GENEPOOL_TRY(std::string name, text_of(object, key));
  if (const auto checked = check_name(name); !checked) return wrong("{}: {}", key, checked.error().message);
  return name;
}

Result<const Json*> part_of(const Json& object, const char* key, Json::value_t type) {
  const auto found = object.find(key);
  if (found == object.end() || found->type() != type) return wrong("it has no proper \"{}\"", key);
  return &*found;
}

Result<std::vector<BundleLayer>> layers_of(const Json& json) {
  std::vector<BundleLayer> layers;
  std::set<std::string> names;
  std::set<LayerId> ids;
  for (const Json& entry : json) {
    if (!entry.is_object()) return wrong("a layer is no object");
    BundleLayer layer;
    GENEPOOL_TRY(layer.name, name_of(entry, "name"));
    GENEPOOL_TRY(layer.id, digest_of(entry, "id"));
    const auto bytes = entry.find("bytes");
    if (bytes == entry.end() || !bytes->is_number_unsigned() || *bytes == 0) return wrong("layer {} has no size", layer.name);
    layer.bytes = bytes->get<std::uint64_t>();
    if (!names.insert(layer.name).second || !ids.insert(layer.id).second) return wrong("layer {} stands twice", layer.name);
    layers.push_back(std::move(layer));
    if (layers.size() > kMaxStack) return wrong("it has more than {} layers", kMaxStack);
  }
  return layers;
}

Result<std::vector<NamedEntry>> stack_of(const Json& json) {
  std::vector<NamedEntry> stack;
  for (const Json& entry : json) {
    if (!entry.is_string()) return wrong("an entry of the stack is no text");
    auto parsed = parse_entry(entry.get<std::string>());
    if (!parsed) return wrong("{}", parsed.error().message);
    stack.push_back(std::move(*parsed));
    if (stack.size() > kMaxStack) return wrong("the stack has more than {} layers", kMaxStack);
  }
  return stack;
}

// The stack uses exactly the layers, and they make the identity.
Result<void> check_whole(const Manifest& manifest) {
  Genome genome{manifest.base, {}};
  std::set<std::string> used;
  for (const NamedEntry& entry : manifest.stack) {
    const auto layer = std::ranges::find(manifest.layers, entry.layer, &BundleLayer::name);
    if (layer == manifest.layers.end()) return wrong("the stack uses {}, which is not among the layers", entry.layer);
    genome.stack.push_back({layer->id, entry.weight});
    used.insert(entry.layer);
  }
  if (used.size() != manifest.layers.size()) return wrong("it has layers that the stack does not use");
  if (identity_of(genome) != manifest.identity) return wrong("base and stack do not make the identity {}", manifest.identity.brief());
  return {};
}

Result<Manifest> manifest_of(const Json& json) {
  if (!json.is_object() || json.value("format", Json()) != kFormat) return wrong("it is none of genepool's");
  const Json version = json.value("version", Json());
  if (version != Manifest::kVersion) {
    return wrong("it has version {}, this genepool reads version {}", version.dump(), Manifest::kVersion);
  }
  Manifest manifest;
  GENEPOOL_TRY(const Json* genome, part_of(json, "genome", Json::value_t::object));
  GENEPOOL_TRY(manifest.genome, name_of(*genome, "name"));
  GENEPOOL_TRY(manifest.identity, digest_of(*genome, "identity"));
  GENEPOOL_TRY(manifest.system_prompt, text_of(*genome, "system_prompt"));
  GENEPOOL_TRY(const Json* stack, part_of(*genome, "stack", Json::value_t::array));
  GENEPOOL_TRY(manifest.stack, stack_of(*stack));
  GENEPOOL_TRY(const Json* parameters, part_of(*genome, "parameters", Json::value_t::object));
  if (!parameters->empty()) manifest.default_parameters = parameters->dump();
  GENEPOOL_TRY(const Json* base, part_of(json, "base", Json::value_t::object));
  GENEPOOL_TRY(manifest.base, digest_of(*base, "id"));
  GENEPOOL_TRY(manifest.base_name, text_of(*base, "name"));
  GENEPOOL_TRY(manifest.architecture, text_of(*base, "architecture"));
  GENEPOOL_TRY(manifest.licence, text_of(json, "licence"));
  GENEPOOL_TRY(const Json* layers, part_of(json, "layers", Json::value_t::array));
  GENEPOOL_TRY(manifest.layers, layers_of(*layers));
  GENEPOOL_TRY_VOID(check_whole(manifest));
  return manifest;
}

}  // namespace

Result<Manifest> parse_manifest(std::string_view text) {
  bool is_deep = false;
  const Json json = Json::parse(
      text.begin(), text.end(),
      [&](int depth, Json::parse_event_t, Json&) { return !(is_deep = is_deep || depth > static_cast<int>(kMaxDepth)); }, false);
  if (json.is_discarded() || is_deep) return wrong("it is no JSON");
  return manifest_of(json);
}

std::string manifest_text(const Manifest& manifest) {
  Json stack = Json::array();
  for (const NamedEntry& entry : manifest.stack) stack.push_back(entry_text(entry));
  Json layers = Json::array();
  for (const BundleLayer& layer : manifest.layers) {
    layers.push_back({{"name", layer.name}, {"id", layer.id.hex()}, {"bytes", layer.bytes}});
  }
  const Json parameters =
      manifest.default_parameters.empty() ? Json::object() : Json::parse(manifest.default_parameters, nullptr, false);
  const Json json{{"format", kFormat},
                  {"version", Manifest::kVersion},
                  {"genome",
                   {{"name", manifest.genome},
                    {"identity", manifest.identity.hex()},
                    {"stack", stack},
                    {"system_prompt", manifest.system_prompt},
                    {"parameters", parameters}}},
                  {"base", {{"id", manifest.base.hex()}, {"name", manifest.base_name}, {"architecture", manifest.architecture}}},
                  {"licence", manifest.licence},
                  {"layers", layers}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace genepool
