#include <algorithm>
#include <cmath>
#include <limits>

#include "genome/name.h"
#include "store/catalog.h"

namespace genepool {
namespace {

#define GENEPOOL_GENOME_COLUMNS                                                                  \
  "SELECT g.name, v.base, v.identity, v.id, v.system_prompt, v.default_parameters, g.created_ms" \
  " FROM genomes g JOIN versions v ON v.id = g.version "

GenomeRow read_genome(Statement& row) {
  GenomeRow out;
  out.name = row.text(0);
  out.base = row.digest(1);
  out.identity = row.digest(2);
  out.version = row.digest(3);
  out.system_prompt = row.text(4);
  out.default_parameters = row.text(5);
  out.created_ms = row.integer(6);
  return out;
}

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
  GENEPOOL_TRY(Statement rows, db_.query("SELECT g.layer_name, v.layer, v.weight FROM genome_entries g JOIN version_entries v"
                                         " ON v.version = ?2 AND v.position = g.position WHERE g.genome = ?1 ORDER BY g.position",
                                         row.name, row.version));
  while (true) {
    GENEPOOL_TRY(const bool found, rows.step());
    if (!found) return {};
    const auto weight = static_cast<float>(rows.real(2));
    row.stack.push_back({rows.text(0), weight});
    row.entries.push_back({rows.digest(1), weight});
  }
}

Result<std::optional<GenomeRow>> Catalog::find_genome(std::string_view name) {
  GENEPOOL_TRY(Statement row, db_.query(GENEPOOL_GENOME_COLUMNS "WHERE g.name = ?1", name));
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
               db_.query(GENEPOOL_GENOME_COLUMNS "WHERE g.name > ?1 AND instr(g.name, lower(?2)) > 0 ORDER BY g.name LIMIT ?3",
                         options.after, options.search, limit));
  std::vector<GenomeRow> out;
  while (true) {
    GENEPOOL_TRY(const bool found, rows.step());
    if (!found) return out;
    out.push_back(read_genome(rows));
    GENEPOOL_TRY_VOID(add_entries(out.back()));
  }
}

// The row that `wanted` would be.
Result<GenomeRow> Catalog::resolve(const Store::NewGenome& wanted, std::int64_t now_ms) {
  GENEPOOL_TRY_VOID(check_new(wanted));
  GenomeRow row;
  row.name = wanted.name;
  row.base = wanted.base;
  row.stack = wanted.stack;
  row.system_prompt = wanted.system_prompt;
  row.default_parameters = wanted.default_parameters;
  row.created_ms = now_ms;
  for (NamedEntry& entry : row.stack) {
    GENEPOOL_TRY(const LayerRow found, layer(entry.layer));
    entry.weight = entry.weight == 0.0F ? 0.0F : entry.weight;  // -0 is 0
    row.entries.push_back({found.id, entry.weight});
  }
  row.identity = identity_of({row.base, row.entries});
  row.version = version_of(row.identity, row.system_prompt, row.default_parameters);
  return row;
}

Result<GenomeRow> Catalog::create_genome(const Store::NewGenome& wanted, std::int64_t now_ms) {
  GENEPOOL_TRY(Transaction transaction, Transaction::begin(db_));
  GENEPOOL_TRY(GenomeRow row, resolve(wanted, now_ms));
  GENEPOOL_TRY(std::optional<GenomeRow> old, find_genome(row.name));
  if (old && old->version == row.version && (!wanted.replace || old->stack == row.stack)) return std::move(*old);
  if (old && !wanted.replace) {
    return fail_param(Code::kConflict, "name", "the genome \"{}\" exists already with another stack or prompt (version {})",
                      row.name, old->version.brief());
  }
  if (old) GENEPOOL_TRY_VOID(unpoint(*old));
  GENEPOOL_TRY_VOID(point(row));
  GENEPOOL_TRY_VOID(transaction.commit());
  return row;
}

// Writes the version unless it is known, the name that points to it, and counts the genome at its layers.
Result<void> Catalog::point(const GenomeRow& row) {
  GENEPOOL_TRY_VOID(
      db_.run("INSERT OR IGNORE INTO versions (id, identity, base, system_prompt, default_parameters)"
              " VALUES (?1, ?2, ?3, ?4, ?5)",
              row.version, row.identity, row.base, row.system_prompt, row.default_parameters));
  const bool is_new_version = db_.changed_rows() > 0;
  GENEPOOL_TRY_VOID(
      db_.run("INSERT INTO genomes (name, version, created_ms) VALUES (?1, ?2, ?3)", row.name, row.version, row.created_ms));
  for (std::size_t i = 0; i < row.stack.size(); ++i) {
    GENEPOOL_TRY_VOID(db_.run("INSERT INTO genome_entries (genome, position, layer_name) VALUES (?1, ?2, ?3)", row.name, i,
                              row.stack[i].layer));
    if (!is_new_version) continue;
    GENEPOOL_TRY_VOID(db_.run("INSERT INTO version_entries (version, position, layer, weight) VALUES (?1, ?2, ?3, ?4)",
                              row.version, i, row.entries[i].layer, static_cast<double>(row.entries[i].weight)));
  }
  return db_.run("UPDATE layers SET genomes = genomes + 1 WHERE id IN (SELECT layer FROM version_entries WHERE version = ?1)",
                 row.version);
}

// The reverse. A version goes with its last name.
Result<void> Catalog::unpoint(const GenomeRow& row) {
  GENEPOOL_TRY_VOID(db_.run(
      "UPDATE layers SET genomes = genomes - 1 WHERE id IN (SELECT layer FROM version_entries WHERE version = ?1)", row.version));
  GENEPOOL_TRY_VOID(db_.run("DELETE FROM genomes WHERE name = ?1", row.name));
  return db_.run("DELETE FROM versions WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM genomes WHERE version = ?1)", row.version);
}

Result<void> Catalog::remove_genome(std::string_view name) {
  GENEPOOL_TRY(const GenomeRow row, genome(name));
  GENEPOOL_TRY(Transaction transaction, Transaction::begin(db_));
  GENEPOOL_TRY_VOID(unpoint(row));
  return transaction.commit();
}

Result<std::optional<std::string>> Catalog::name_of(const Identity& identity) {
  GENEPOOL_TRY(Statement row, db_.query(R"(
      SELECT g.name FROM versions v JOIN genomes g ON g.version = v.id WHERE v.identity = ?1 ORDER BY g.name LIMIT 1)", identity));
  GENEPOOL_TRY(const bool found, row.step());
  if (!found) return std::nullopt;
  return row.text(0);
}

Result<std::uint64_t> Catalog::count_genomes() {
  GENEPOOL_TRY(Statement row, db_.query("SELECT count(*) FROM genomes"));
  GENEPOOL_TRY_VOID(row.step());
  return row.count(0);
}

}  // namespace genepool
