// What the admin API says (docs/reference/admin-api.md), as values. The only JSON of the command line is in wire*.cc.
// Thread: any, pure. Every parse_ function: kInternal when the text is not what the API promises.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "genome/genome.h"
#include "genome/layer_effect.h"
#include "genome/layer_norms.h"

namespace genepool::cli {

struct LayerInfo {
  std::string name, id, source_kind, declared_base, doubt, architecture;
  std::uint64_t bytes = 0, rank_min = 0, rank_max = 0, parameter_count = 0, genomes = 0;
  std::vector<std::string> targets;
  std::optional<LayerEffect> effect;
  std::int64_t created_ms = 0;
  // Only of a layer asked for by name, and whose file is good.
  std::map<std::string, double> norms;  // of the changes, by kind of matrix
  std::optional<LayerScales> scales;
  std::string problem;                  // why its file cannot be used, "" = it can
};
struct GenomeInfo {
  std::string name, identity, version, base, system_prompt, tier;  // tier "" = not known without a server
  std::string parameters;                                         // a JSON object's text, "" = none
  std::vector<NamedEntry> stack;
  std::vector<std::string> layer_ids;                             // parallel to stack
  std::int64_t created_ms = 0;
  bool is_pinned = false;
  std::uint64_t move = 0;  // the name's move that brought it here: 1, 2, ...; 0 = it is no name of the catalog
  std::int64_t moved_ms = 0;
  std::string moved_by, moved_from, parent;  // parent: a version, "" = none
};
struct BaseInfo {
  std::string id, name, architecture;
};
struct ResidentInfo {
  std::string name, identity, tier, state;
  std::int64_t pid = 0;
  std::uint64_t in_flight = 0, waiting = 0, page_bytes = 0, pss_bytes = 0, private_bytes = 0, requests = 0;
  double idle_ms = 0;
  bool is_pinned = false;
  std::string breaker;  // the state of one that is shut, "" = none
};
struct TimingInfo {
  std::uint64_t count = 0;
  double p50_ms = 0, p99_ms = 0, mean_ms = 0, max_ms = 0;
};
struct StatsInfo {
  std::vector<std::pair<std::string, TimingInfo>> timings;  // "layerLoadTime" and so on, in the document's order
  std::uint64_t cache_hits = 0, cache_misses = 0, hot_hits = 0, warm_hits = 0, cold_starts = 0;
  double ratio = 0, eviction_rate = 0;
  bool is_thrashing = false;
  double thrash_ratio = 0, mean_assembly_ms = 0, mean_inference_ms = 0, thrash_share = 0, refault_share = 0;
  std::string thrash_why;  // in words; "" when nothing was assembled
  std::uint64_t thrash_requests = 0, thrash_alarms = 0;
};
struct MoveInfo {  // answer to warm, load, evict, pin, unpin
  std::string genome, tier;
  double ms = 0;
};

struct SettingInfo {
  std::string name, value, origin;
};

[[nodiscard]] Result<std::vector<LayerInfo>> parse_layers(std::string_view text);
[[nodiscard]] Result<LayerInfo> parse_layer(std::string_view text);
[[nodiscard]] Result<std::vector<GenomeInfo>> parse_genomes(std::string_view text);
[[nodiscard]] Result<GenomeInfo> parse_genome(std::string_view text);
[[nodiscard]] Result<BaseInfo> parse_base(std::string_view text);
[[nodiscard]] Result<std::vector<ResidentInfo>> parse_residents(std::string_view text);
[[nodiscard]] Result<StatsInfo> parse_stats(std::string_view text);
[[nodiscard]] Result<MoveInfo> parse_move(std::string_view text);
[[nodiscard]] Result<std::string> parse_knob(std::string_view text, std::string_view name);  // of /api/knobs

// The same shapes, for verbs that work without a server.
[[nodiscard]] std::string json_of(const LayerInfo& layer);
[[nodiscard]] std::string json_of(const GenomeInfo& genome);
[[nodiscard]] std::string json_of_layers(const std::vector<LayerInfo>& layers);
[[nodiscard]] std::string json_of_genomes(const std::vector<GenomeInfo>& genomes);
[[nodiscard]] std::string json_of_settings(const std::vector<SettingInfo>& settings);
[[nodiscard]] std::string json_of_texts(const std::vector<std::pair<std::string, std::string>>& fields);

// {"error": {"message", "code", ...}} of an answer that is not 2xx; without that, the status and the text itself.
[[nodiscard]] Error error_of_answer(int status, std::string_view text);

struct NewLayerRequest {
  std::string path, name;
  bool force = false;  // also one without any effect, or made for a base of another name
};
struct NewGenomeRequest {
  std::string name, system_prompt;
  std::string parameters;  // a JSON object's text, "" = none
  std::vector<std::string> stack;
  bool replace = false;
  std::string if_version;
  bool skip_golden = false;
};
struct ChatRequest {
  std::string model, prompt;
  std::optional<std::string> system;
  std::int64_t max_tokens = 0;
  std::optional<double> temperature;  // none: the genome's own, else the server's
  std::optional<std::int64_t> seed;
};
[[nodiscard]] std::string json_of(const NewLayerRequest& request);
[[nodiscard]] std::string json_of(const NewGenomeRequest& request);
[[nodiscard]] std::string json_of(const ChatRequest& request);  // streamed, with usage at its end

struct ReceiptInfo {
  std::string tier;
  double queue_ms = 0, layer_load_ms = 0, layer_stack_ms = 0, process_spawn_ms = 0, prefill_ms = 0, decode_ms = 0,
         inference_ms = 0, total_ms = 0;
  std::vector<std::string> evicted;
};
struct ChatChunk {
  std::string text;           // what the answer goes on with
  std::string finish_reason;  // "" = not yet
  std::optional<std::uint64_t> prompt_tokens, completion_tokens;
  std::optional<ReceiptInfo> receipt;
};
// One `data:` of the stream; its error if it is one.
[[nodiscard]] Result<ChatChunk> parse_chunk(std::string_view text);

}  // namespace genepool::cli
