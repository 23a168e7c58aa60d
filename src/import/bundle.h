// Bundle: one genome in one file, to carry elsewhere: a tar (so that anybody can look into it) of manifest.json and the layer
// files it names, layers/<sha-256>.gguf, in the manifest's order. The same genome gives the same bytes.
// Reading trusts nothing: entries must be exactly those, plain files of the stated size, and each layer must have its hash.
// Thread: one a bundle; blocks on disk. Memory: the manifest (<= kMaxManifest) and one block.
// Use:   GENEPOOL_TRY(Bundle bundle, Bundle::open("captain.genome"));
//        while (bundle.layers_left() > 0) GENEPOOL_TRY_VOID(bundle.extract_layer(path));
//        GENEPOOL_TRY_VOID(bundle.finish());
// Not here: whether the base fits, names that are taken (cli/bundle_verbs.cc).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "genome/genome.h"

struct archive;

namespace genepool {

struct BundleLayer {
  std::string name;
  LayerId id;
  std::uint64_t bytes = 0;
};

struct Manifest {
  static constexpr std::uint32_t kVersion = 1;
  std::string genome;               // its name
  std::vector<NamedEntry> stack;    // names of `layers`
  std::string system_prompt;        // "" = none
  std::string default_parameters;   // a JSON object's text, "" = none
  Identity identity;
  BaseId base;
  std::string base_name, architecture;  // for people
  std::string licence;                  // "" = not stated
  std::vector<BundleLayer> layers;      // each once, in order of first use
};

// kBadRequest names what is wrong: no JSON, another version, a name, weight or hash that is none, a stack that does not fit the
// layers or the identity.
[[nodiscard]] Result<Manifest> parse_manifest(std::string_view json);
[[nodiscard]] std::string manifest_text(const Manifest& manifest);

// Writes beside `path` and renames. `layer_files`: where the manifest's layers are, in its order. kIo, kStoreFull; kLayerCorrupt
// when a file has not the bytes that the manifest states.
[[nodiscard]] Result<void> write_bundle(const std::string& path, const Manifest& manifest, const std::vector<std::string>& layer_files);

class Bundle {
 public:
  static constexpr std::uint64_t kMaxManifest = 1 << 20;

  // Reads the manifest. kBadRequest: no bundle; kNotFound; kIo.
  [[nodiscard]] static Result<Bundle> open(const std::string& path);
  [[nodiscard]] const Manifest& manifest() const { return manifest_; }
  [[nodiscard]] std::size_t layers_left() const { return manifest_.layers.size() - next_; }
  // Writes the next layer's bytes to `path`, which must not exist. kLayerCorrupt: not the bytes that the manifest states.
  [[nodiscard]] Result<void> extract_layer(const std::string& path);
  // Requires: no layer is left. kBadRequest: more follows.
  [[nodiscard]] Result<void> finish();

 private:
  struct Free {
    void operator()(archive* reader) const;
  };
  [[nodiscard]] Result<std::uint64_t> next_entry(const std::string& wanted);
  [[nodiscard]] tl::unexpected<Error> broken(const std::string& why) const;

  std::string path_;
  std::unique_ptr<archive, Free> reader_;
  Manifest manifest_;
  std::size_t next_ = 0;
};

}  // namespace genepool
