// Catalog rows and residents as JSON, as docs/reference/admin-api.md shows them, and small helpers that several files of
// handlers share. For api/*.cc only.
#pragma once

#include <functional>
#include <map>

#include "api/call.h"
#include "api/context.h"
#include "api/json.h"
#include "runtime/runtime.h"

namespace genepool::api {

using Residents = std::map<Identity, const ResidentRow*>;
[[nodiscard]] Residents by_identity(const RuntimeStatus& status);
[[nodiscard]] Tier tier_of(const Residents& residents, const Identity& identity);

[[nodiscard]] Out layer_json(const LayerRow& row, const BaseModel& base);  // `base`: whether the layer was made for it
[[nodiscard]] Out genome_json(const GenomeRow& row, const Residents& residents);
[[nodiscard]] Out resident_json(const ResidentRow& row);
[[nodiscard]] Out thrash_json(const ThrashState& state, const ThrashCauses& causes);

// The genomes' tiers as they are now go with them.
[[nodiscard]] Out genome_json(Runtime& runtime, const GenomeRow& row);
[[nodiscard]] Out genomes_json(Runtime& runtime, const std::vector<GenomeRow>& rows);

// What /api/ps, /api/tiers, /api/inflight and /api/stats (less the samples) say, at one moment. Blocks for /proc.
[[nodiscard]] Out status_json(Runtime& runtime);

// A query's whole number; `otherwise` when it is absent. kBadRequest names it.
[[nodiscard]] Result<std::uint64_t> query_count(const Call& call, const char* key, std::uint64_t least, std::uint64_t most,
                                                std::uint64_t otherwise);
inline constexpr std::uint64_t kMostRows = 10000;  // of one answer or request

// The server's own path of a layer that a client names: the Unix socket's users may have read what the server may read;
// over TCP only what lies below the configured root. kForbidden. Blocks on disk: for a loader thread.
[[nodiscard]] Result<std::string> readable_path(Context& context, const Call& call, const std::string& path);

// `base + pirate:0.8`, the inline stack that means the same.
[[nodiscard]] std::string stack_text(const std::vector<NamedEntry>& stack);

// Runs `work` (which may block) on a loader thread and answers with what it returns.
void answer_offloaded(Context& context, const CallPtr& call, int status, std::function<Result<Out>()> work,
                      Runtime::Errand kind = Runtime::Errand::kQuick);

// "a/b" or "/root/a/b" -> the real path. kForbidden unless it exists below `root`. Blocks on disk.
[[nodiscard]] Result<std::string> path_below(const std::string& root, const std::string& path, const char* param);

}  // namespace genepool::api
