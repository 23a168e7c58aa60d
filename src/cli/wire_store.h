// What the admin API says of histories and of the store as a whole, as values; see wire.h. Thread: any, pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "api/golden_check.h"
#include "cli/wire.h"
#include "store/store.h"

namespace genepool::cli {

struct VerifyInfo {
  std::string name, id;
  std::uint64_t bytes = 0;
  std::string problem;  // "" = it is good
};
struct GarbageInfo {
  std::vector<LayerInfo> layers;
  std::uint64_t files = 0, bytes = 0;
  bool is_dry_run = false;
};
// One line of a genome's difference to another.
struct Difference {
  std::string field;  // "stack", "system_prompt", "parameters", "base"
  char sign = ' ';    // '-' only the first has it, '+' only the second, ' ' both (of a stack)
  std::string text;
};

[[nodiscard]] Result<std::vector<GenomeInfo>> parse_history(std::string_view text);
[[nodiscard]] Result<std::uint64_t> parse_number(std::string_view text, const char* key);
[[nodiscard]] Result<VerifyInfo> parse_verified(std::string_view text);
[[nodiscard]] Result<StoreInfo> parse_store_info(std::string_view text);
[[nodiscard]] Result<GarbageInfo> parse_garbage(std::string_view text);
[[nodiscard]] Result<std::string> parse_golden(std::string_view text);  // the array
[[nodiscard]] Result<std::vector<api::GoldenResult>> parse_golden_results(std::string_view text);

// Bodies of requests.
[[nodiscard]] std::string json_of(const std::vector<NewGenomeRequest>& genomes);
[[nodiscard]] std::string json_of(const Store::CopyGenome& copy, bool skip_golden);
[[nodiscard]] std::string json_of(const Store::Rollback& back, bool skip_golden);
[[nodiscard]] std::string golden_json(const std::string& prompts);  // a JSON array's text
[[nodiscard]] std::string dry_run_json(bool is_dry_run);
[[nodiscard]] std::string path_json(const std::string& path);  // "" for none

// What the verbs print with --json.
[[nodiscard]] std::string json_of_history(const std::string& name, const std::vector<GenomeInfo>& history);
[[nodiscard]] std::string json_of_difference(const GenomeInfo& from, const GenomeInfo& to, const std::vector<Difference>& lines);
[[nodiscard]] std::string json_of_verified(const std::vector<VerifyInfo>& layers);
[[nodiscard]] std::string json_of(const StoreInfo& info);
[[nodiscard]] std::string json_of(const GarbageInfo& garbage);
[[nodiscard]] Result<std::string> spread_json(std::string_view text);  // over lines, for people
[[nodiscard]] std::string json_of_golden(const std::vector<api::GoldenResult>& results);
[[nodiscard]] std::string json_of_count(const char* key, std::uint64_t count);

}  // namespace genepool::cli
