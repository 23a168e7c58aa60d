#include <algorithm>
#include <cmath>
#include <limits>

#include "genome/name.h"
#include "store/catalog.h"
#include "store/genome_columns.h"

namespace genepool {
namespace {

Result<void> check_new(const Store::NewGenome& wanted) {
  if (auto name = check_name(wanted.name); !name) return fail_param(Code::kBadRequest, "name", "{}", name.error().message);
  if (wanted.stack.size() > kMaxStack) {
    return fail_param(Code::kBadRequest, "stack", "a stack has at most {} layers, found {}", kMaxStack, wanted.stack.size());
  }
  for (const NamedEntry& entry : wanted.stack) {
    if (std::isfinite(entry.weight) && std::fabs(entry.weight) <= kMaxWeight) continue;
    return fail_param(Code::kBadRequest, "stack", "the weight of layer \"{}\" must be a number from -{} to {}, found {}",
                      entry.layer, kMaxWeight, kMaxWeight, entry.weight);
  }
  return {};
}

}  // namespace

Result<void> Catalog::add_entries(GenomeRow& row) {
  GENEPOOL_TRY(Statement rows, db_.query("SELECT e.layer_name, v.layer, v.weight FROM move_entries e JOIN version_entries v"
                                         " ON v.version = ?3 AND v.position = e.position WHERE e.genome = ?1 AND e.move = ?2"
                                         " ORDER BY e.position",
                                         row.name, row.move, row.version));
  while (true) {
    GENEPOOL_TRY(const bool found, rows.step());
    if (!found) break;
    const auto weight = static_cast<float>(rows.real(2));
    row.stack.push_back({rows.text(0), weight});
    row.entries.push_back({rows.digest(1), weight});
  }
  if (!uses_prepared_) row.weights = row.base;
  if (row.weights != row.base) row.identity = identity_of({row.weights, row.entries});
  return {};
}

Result<std::optional<GenomeRow>> Catalog::find_genome(std::string_view name) {
  GENEPOOL_TRY(Statement row, db_.query(GENEPOOL_GENOMES_NOW "WHERE g.name = ?1", name));
  GENEPOOL_TRY(const bool found, row.step());
  if (!found) return std::nullopt;
  GenomeRow genome = read_genome(row);
  GENEPOOL_TRY_VOID(add_entries(genome));
  return genome;
}

Result<GenomeRow> Catalog::genome(std::string_view name) {
  GENEPOOL_TRY(std::optional<GenomeRow> row, find_genome(name));
  if (row) return std::move(*row);
  GENEPOOL_TRY(const std::string near, suggestion("genomes", name));
  return fail_param(Code::kGenomeNotFound, "model", "there is no genome \"{}\"{}", name, near);
}

Result<std::vector<GenomeRow>> Catalog::list_genomes(const ListOptions& options) {
  const std::uint64_t limit = std::min<std::uint64_t>(options.limit, std::numeric_limits<std::int64_t>::max());
  GENEPOOL_TRY(Statement rows,
               db_.query(GENEPOOL_GENOMES_NOW "WHERE g.name > ?1 AND instr(g.name, lower(?2)) > 0 ORDER BY g.name LIMIT ?3",
                         options.after, options.search, limit));
  return all_of(rows);
}

Result<std::vector<GenomeRow>> Catalog::all_of(Statement& rows) {
  std::vector<GenomeRow> out;
  while (true) {
    GENEPOOL_TRY(const bool found, rows.step());
    if (!found) return out;
    out.push_back(read_genome(rows));
    GENEPOOL_TRY_VOID(add_entries(out.back()));
  }
}

// The row that `wanted` would be.
Result<GenomeRow> Catalog::resolve(const Store::NewGenome& wanted) {
  GENEPOOL_TRY_VOID(check_new(wanted));
  GenomeRow row;
  row.name = wanted.name;
  row.base = wanted.base;
  row.stack = wanted.stack;
  row.system_prompt = wanted.system_prompt;
  row.default_parameters = wanted.default_parameters;
  row.moved_by = "create";
  for (NamedEntry& entry : row.stack) {
    GENEPOOL_TRY(const LayerRow found, layer(entry.layer));
    entry.weight = entry.weight == 0.0F ? 0.0F : entry.weight;  // -0 is 0
    row.entries.push_back({found.id, entry.weight});
  }
  GENEPOOL_TRY(const std::optional<PreparedBase> prepared, find_prepared(row.base));
  row.weights = uses_prepared_ && prepared ? prepared->prepared.value_or(row.base) : row.base;
  row.identity = identity_of({row.weights, row.entries});
  row.version = version_of(identity_of({row.base, row.entries}), row.system_prompt, row.default_parameters);
  if (wanted.only_to && row.version != *wanted.only_to) {
    return fail(Code::kConflict, "a layer of \"{}\" became another while it was checked: begin again", row.name);
  }
  return row;
}

Result<std::vector<GenomeRow>> Catalog::create_genomes(std::span<const Store::NewGenome> wanted, std::int64_t now_ms, Keep keep) {
  GENEPOOL_TRY(Transaction transaction, Transaction::begin(db_));
  std::vector<GenomeRow> made;
  for (const Store::NewGenome& one : wanted) {
    auto row = resolve(one).and_then([&](GenomeRow found) { return point(std::move(found), one.replace, one.if_version, now_ms); });
    if (!row && wanted.size() > 1) row.error().message = fmt::format("genome \"{}\": {}", one.name, row.error().message);
    GENEPOOL_TRY(made.emplace_back(), std::move(row));
  }
  if (keep == Keep::kYes) GENEPOOL_TRY_VOID(transaction.commit());
  return made;
}

Result<void> Catalog::remove_genome(std::string_view name) {
  GENEPOOL_TRY(const GenomeRow row, genome(name));
  GENEPOOL_TRY(Transaction transaction, Transaction::begin(db_));
  GENEPOOL_TRY_VOID(count_at_layers(row.version, -1));
  GENEPOOL_TRY_VOID(db_.run("DELETE FROM genomes WHERE name = ?1", name));  // and with it its moves, and their versions
  return transaction.commit();
}

Result<std::optional<std::string>> Catalog::name_of(const Identity& identity) {
  GENEPOOL_TRY(Statement row, db_.query(R"(
      SELECT g.name FROM versions v JOIN genomes g ON g.version = v.id WHERE v.identity = ?1 ORDER BY g.name LIMIT 1)", identity));
  GENEPOOL_TRY(const bool found, row.step());
  if (!found) return std::nullopt;
  return row.text(0);
}

Result<std::string> Catalog::golden_prompts(std::string_view name) {
  GENEPOOL_TRY(Statement row, db_.query("SELECT prompts FROM golden_prompts WHERE genome = ?1", name));
  GENEPOOL_TRY(const bool found, row.step());
  return found ? row.text(0) : std::string();
}

Result<void> Catalog::set_golden_prompts(std::string_view name, std::string_view prompts) {
  GENEPOOL_TRY([[maybe_unused]] const GenomeRow row, genome(name));
  if (prompts.empty()) return db_.run("DELETE FROM golden_prompts WHERE genome = ?1", name);
  return db_.run("INSERT INTO golden_prompts (genome, prompts) VALUES (?1, ?2)"
                 " ON CONFLICT (genome) DO UPDATE SET prompts = excluded.prompts", name, prompts);
}

Result<std::uint64_t> Catalog::count_genomes() {
  GENEPOOL_TRY(Statement row, db_.query("SELECT count(*) FROM genomes"));
  GENEPOOL_TRY_VOID(row.step());
  return row.count(0);
}

}  // namespace genepool
