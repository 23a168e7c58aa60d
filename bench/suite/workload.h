// Workload: a fresh data directory with the base, layers and genomes that the suite measures; removed at the end.
// Owner: the verb. Thread: one; blocks on disk. Use: GENEPOOL_TRY(Workload workload, prepare_workload(options));
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/temporary_dir.h"
#include "genome/genome_lines.h"

namespace genepool::bench {

struct WorkloadOptions {
  std::string base;          // GGUF; "" = find_base()
  std::string user_data_dir; // asked for the base it remembers
  std::string layers_dir;    // of PEFT folders and GGUF files; "" = demo/layers, else generated layers
  std::string genomes_file;  // "" = genomes.txt beside layers_dir
  std::uint64_t generated_rank = 0;  // > 0: random layers of that rank instead
  std::size_t registered = 0;        // > 0: so many genomes instead of kGenomes at least
};

struct Workload {
  TemporaryDir dir;
  std::string base_path, base_name, base_id;
  std::uint64_t base_bytes = 0;    // of its file
  std::string layers_from;         // the folder, or "generated, rank 16"
  std::vector<std::string> layers;
  std::uint64_t layer_bytes = 0;   // all together
  std::vector<GenomeLine> genomes; // at least kGenomes, each with layers
  bool is_on_disk = true;          // false: the directory is in RAM, so "page cache dropped" means nothing

  static constexpr std::size_t kGenomes = 20;
};

// Where tools/fetch-model, tools/fetch-engine and tools/build-peers keep what they made: genepool below the XDG cache directory.
[[nodiscard]] std::string cache_dir();

// The last two words of a path, for results that go to others: "models/base.gguf". What is no path stays as it is.
[[nodiscard]] std::string without_machine(const std::string& path);

[[nodiscard]] Result<Workload> prepare_workload(const WorkloadOptions& options);

// Brings `genomes` to at least `count` by stacks of one, two, three and four of `layers`, all different.
void add_generated_genomes(const std::vector<std::string>& layers, std::size_t count, std::vector<GenomeLine>& genomes);

}  // namespace genepool::bench
