#include "suite/workload.h"

#include <gtest/gtest.h>

#include <unistd.h>

#include <cstdlib>
#include <set>

#include "suite/phases.h"

namespace genepool::bench {
namespace {

TEST(GeneratedGenomes, fill_up_to_twenty_different_stacks) {
  for (const std::vector<std::string>& layers : {std::vector<std::string>{"a"}, {"a", "b", "c", "d", "e"}}) {
    std::vector<GenomeLine> genomes = {{"mine", {"a:1"}}};
    add_generated_genomes(layers, Workload::kGenomes, genomes);
    EXPECT_EQ(genomes.size(), Workload::kGenomes);
    std::set<std::vector<std::string>> stacks;
    for (const GenomeLine& genome : genomes) EXPECT_TRUE(stacks.insert(genome.stack).second) << genome.name;
  }
}

TEST(MixingStride, visits_every_place_once) {
  for (std::size_t count = 1; count <= 40; ++count) {
    std::set<std::size_t> places;
    for (std::size_t i = 0; i < count; ++i) places.insert(i * mixing_stride(count) % count);
    EXPECT_EQ(places.size(), count);
  }
}

TEST(Workload, results_name_no_machine) {
  EXPECT_EQ(without_machine("/home/somebody/models/base.gguf"), "models/base.gguf");
  EXPECT_EQ(without_machine("generated: rank 16, all linears"), "generated: rank 16, all linears");
}

}  // namespace
}  // namespace genepool::bench
