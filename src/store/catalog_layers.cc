#include <algorithm>
#include <limits>

#include "store/catalog.h"

namespace genepool {
namespace {

#define GENEPOOL_LAYER_COLUMNS                                                                               \
  "SELECT n.name, l.id, l.bytes, l.checksum, n.source_kind, n.declared_base, l.architecture, n.source_hash," \
  " l.rank_min, l.rank_max, l.parameter_count, l.targets, n.created_ms, l.genomes, l.effect_kl,"             \
  " l.effect_top1_changed, l.effect_prompts, l.effect_is_none"                                               \
  " FROM layer_names n JOIN layers l ON l.id = n.layer "

std::vector<std::string> split_targets(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    out.emplace_back(text.substr(0, comma));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return out;
}

LayerRow read_layer(Statement& row) {
  LayerRow out;
  out.name = row.text(0);
  out.id = row.digest(1);
  out.bytes = row.count(2);
  out.checksum = row.count(3);
  out.source_kind = row.text(4);
  out.declared_base = row.text(5);
  out.architecture = row.text(6);
  out.source_hash = row.digest(7);
  out.rank_min = row.count(8);
  out.rank_max = row.count(9);
  out.parameter_count = row.count(10);
  out.targets = split_targets(row.text(11));
  out.created_ms = row.integer(12);
  out.genomes = row.count(13);
  if (!row.is_null(14)) {
    out.effect = LayerEffect{row.real(14), static_cast<std::uint32_t>(row.count(15)), static_cast<std::uint32_t>(row.count(16)),
                             row.integer(17) != 0};
  }
  return out;
}

Result<std::optional<LayerRow>> first_layer(Result<Statement> row) {
  if (!row) return tl::unexpected(std::move(row.error()));
  GENEPOOL_TRY(const bool found, row->step());
  return found ? std::optional(read_layer(*row)) : std::nullopt;
}

}  // namespace

Result<std::optional<LayerRow>> Catalog::find_layer(std::string_view name) {
  return first_layer(db_.query(GENEPOOL_LAYER_COLUMNS "WHERE n.name = ?1", name));
}

Result<std::optional<LayerRow>> Catalog::find_layer(const LayerId& id) {
  return first_layer(db_.query(GENEPOOL_LAYER_COLUMNS "WHERE n.layer = ?1 ORDER BY n.name LIMIT 1", id));
}

Result<LayerRow> Catalog::layer(std::string_view name) {
  GENEPOOL_TRY(std::optional<LayerRow> row, find_layer(name));
  if (row) return std::move(*row);
  GENEPOOL_TRY(const std::string near, suggestion("layer_names", name));
  return fail(Code::kLayerNotFound, "there is no layer \"{}\"{}", name, near);
}

Result<LayerRow> Catalog::layer_by_id(const LayerId& id) {
  GENEPOOL_TRY(std::optional<LayerRow> row, find_layer(id));
  if (row) return std::move(*row);
  return fail(Code::kLayerNotFound, "there is no layer with the id {}", id.brief());
}

Result<std::vector<LayerRow>> Catalog::list_layers(const ListOptions& options) {
  const std::uint64_t limit = std::min<std::uint64_t>(options.limit, std::numeric_limits<std::int64_t>::max());
  GENEPOOL_TRY(Statement rows,
               db_.query(GENEPOOL_LAYER_COLUMNS "WHERE n.name > ?1 AND instr(n.name, lower(?2)) > 0 ORDER BY n.name LIMIT ?3",
                         options.after, options.search, limit));
  std::vector<LayerRow> out;
  while (true) {
    GENEPOOL_TRY(const bool found, rows.step());
    if (!found) return out;
    out.push_back(read_layer(rows));
  }
}

Result<std::set<LayerId>> Catalog::layer_ids() {
  GENEPOOL_TRY(Statement rows, db_.query("SELECT id FROM layers"));
  std::set<LayerId> out;
  while (true) {
    GENEPOOL_TRY(const bool found, rows.step());
    if (!found) return out;
    out.insert(rows.digest(0));
  }
}

Result<void> Catalog::insert_layer(const LayerRow& row, const std::function<Result<void>()>& publish) {
  std::string targets;
  for (const std::string& target : row.targets) targets += (targets.empty() ? "" : ",") + target;
  GENEPOOL_TRY(Transaction transaction, Transaction::begin(db_));
  GENEPOOL_TRY_VOID(db_.run(
      "INSERT OR IGNORE INTO layers (id, bytes, checksum, architecture, rank_min, rank_max, parameter_count, targets)"
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
      row.id, row.bytes, row.checksum, row.architecture, row.rank_min, row.rank_max, row.parameter_count, targets));
  if (row.effect) {
    GENEPOOL_TRY_VOID(db_.run("UPDATE layers SET effect_kl = ?2, effect_top1_changed = ?3, effect_prompts = ?4, effect_is_none = ?5"
                              " WHERE id = ?1",
                              row.id, row.effect->kl, std::int64_t{row.effect->top1_changed}, std::int64_t{row.effect->prompts},
                              std::int64_t{row.effect->is_none}));
  }
  GENEPOOL_TRY_VOID(db_.run("INSERT OR IGNORE INTO layer_names (name, layer, created_ms, source_kind, source_hash, declared_base)"
                            " VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                            row.name, row.id, row.created_ms, row.source_kind, row.source_hash, row.declared_base));
  GENEPOOL_TRY_VOID(publish());
  return transaction.commit();
}

// Whose names and histories keep a layer's name from being removed; "" when nothing does. Those of today first.
Result<std::string> Catalog::users_of(std::string_view layer_name) {
  GENEPOOL_TRY(Statement rows, db_.query("SELECT e.genome, max(e.move) = g.move AS is_now FROM move_entries e JOIN genomes g"
                                         " ON g.name = e.genome WHERE e.layer_name = ?1 GROUP BY e.genome"
                                         " ORDER BY is_now DESC, e.genome LIMIT 4",
                                         layer_name));
  std::string users, only_history;
  bool is_in_history = false;
  for (int named = 0; true; ++named) {
    GENEPOOL_TRY(const bool found, rows.step());
    if (!found) break;
    if (named == 3) {
      users += " and others";
      break;
    }
    const bool is_now = rows.integer(1) != 0;
    if (users.empty() && !is_now) only_history = rows.text(0);
    is_in_history |= !is_now;
    users += fmt::format("{}{}{}", users.empty() ? "" : ", ", is_now ? "" : "the history of ", rows.text(0));
  }
  if (users.empty()) return users;
  if (only_history.empty()) {
    return users + ": change or remove those first" + (is_in_history ? "; `genepool genome history NAME --keep 1` forgets a history" : "");
  }
  return fmt::format("{}: `genepool genome history {} --keep 1` forgets it", users, only_history);
}

Result<std::pair<LayerId, bool>> Catalog::remove_layer(std::string_view name) {
  GENEPOOL_TRY(const LayerRow row, layer(name));
  GENEPOOL_TRY(const std::string users, users_of(name));
  if (!users.empty()) return fail(Code::kConflict, "the layer \"{}\" is used by {}", name, users);
  GENEPOOL_TRY(Transaction transaction, Transaction::begin(db_));
  GENEPOOL_TRY_VOID(db_.run("DELETE FROM layer_names WHERE name = ?1", name));
  GENEPOOL_TRY_VOID(
      db_.run("DELETE FROM layers WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM layer_names WHERE layer = ?1)", row.id));
  const bool was_last = db_.changed_rows() > 0;
  GENEPOOL_TRY_VOID(transaction.commit());
  return std::pair(row.id, was_last);
}

#define GENEPOOL_UNUSED_NAME "NOT EXISTS (SELECT 1 FROM move_entries e WHERE e.layer_name = n.name)"

Result<Catalog::Unused> Catalog::unused_layers() {
  Unused unused;
  {
    GENEPOOL_TRY(Statement rows, db_.query(GENEPOOL_LAYER_COLUMNS "WHERE " GENEPOOL_UNUSED_NAME " ORDER BY n.name"));
    while (true) {
      GENEPOOL_TRY(const bool found, rows.step());
      if (!found) break;
      unused.names.push_back(read_layer(rows));
    }
  }
  GENEPOOL_TRY(Statement rows, db_.query("SELECT l.id, l.bytes FROM layers l WHERE NOT EXISTS (SELECT 1 FROM layer_names n"
                                         " WHERE n.layer = l.id AND NOT " GENEPOOL_UNUSED_NAME ")"));
  while (true) {
    GENEPOOL_TRY(const bool found, rows.step());
    if (!found) return unused;
    unused.layers.emplace_back(rows.digest(0), rows.count(1));
  }
}

Result<Catalog::Unused> Catalog::remove_unused_layers() {
  GENEPOOL_TRY(Transaction transaction, Transaction::begin(db_));
  GENEPOOL_TRY(Unused unused, unused_layers());
  for (const LayerRow& row : unused.names) GENEPOOL_TRY_VOID(db_.run("DELETE FROM layer_names WHERE name = ?1", row.name));
  for (const auto& [id, bytes] : unused.layers) GENEPOOL_TRY_VOID(db_.run("DELETE FROM layers WHERE id = ?1", id));
  GENEPOOL_TRY_VOID(transaction.commit());
  return unused;
}

Result<std::uint64_t> Catalog::layer_bytes() {
  GENEPOOL_TRY(Statement row, db_.query("SELECT coalesce(sum(bytes), 0) FROM layers"));
  GENEPOOL_TRY_VOID(row.step());
  return row.count(0);
}

}  // namespace genepool
