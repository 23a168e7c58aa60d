// Writes seeds for the corpora: the valid files, and every hostile one that is small. usage: fuzz_seeds CORPUS_FOLDER
// What they cover beyond the corpus is kept by `tools/fuzz --merge`.
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "hostile/cases.h"

namespace genepool::hostile {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t kMaxSeed = 16 << 10;

std::string read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Into the corpora of all targets that read such a file.
void seed(const std::string& corpus, const std::string& name, const std::string& file, const std::vector<const char*>& targets) {
  std::error_code error;
  if (!fs::is_regular_file(file, error) || fs::file_size(file, error) > kMaxSeed) return;
  for (const char* target : targets) {
    fs::create_directories(fs::path(corpus) / target);
    write_file(fs::path(corpus) / target / name, read(file));
  }
}

void seed_path(const std::string& corpus, const std::string& name, const std::string& path) {
  seed(corpus, name, path, {"gguf", "gguf_layer", "layer_file"});
  seed(corpus, name, path + "/adapter_config.json", {"peft_config"});
  seed(corpus, name, path + "/adapter_model.safetensors", {"safetensors", "peft_tensors"});
}

void write_all(const std::string& corpus) {
  std::string folder = (fs::temp_directory_path() / "genepool-seeds-XXXXXX").string();
  GENEPOOL_CHECK(::mkdtemp(folder.data()) != nullptr);
  const auto fresh = [&](const std::string& name) {
    fs::create_directories(folder + "/" + name);
    return folder + "/" + name;
  };
  valid_peft().write(fresh("valid"));
  seed_path(corpus, "valid", folder + "/valid");
  write_file(folder + "/valid.gguf", valid_gguf_layer().bytes());
  seed_path(corpus, "valid", folder + "/valid.gguf");
  write_file(folder + "/base.gguf", valid_base().bytes());
  seed(corpus, "base", folder + "/base.gguf", {"gguf"});
  for (const auto& cases : {safetensors_cases(), peft_config_cases(), peft_tensor_cases(), gguf_container_cases(), gguf_layer_cases()}) {
    for (const Case& hostile : cases) seed_path(corpus, hostile.name, hostile.make(fresh(hostile.name)));
  }
  for (const Case& hostile : base_cases()) seed(corpus, "base_" + hostile.name, hostile.make(fresh(hostile.name)), {"gguf"});
  fs::remove_all(folder);
}

}  // namespace
}  // namespace genepool::hostile

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: fuzz_seeds CORPUS_FOLDER\n");
    return 2;
  }
  genepool::hostile::write_all(argv[1]);
  return 0;
}
