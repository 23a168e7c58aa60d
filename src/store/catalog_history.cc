// Names move: create, replace, copy and rollback are all one step of a name's history (docs/adr/0007).
#include <algorithm>
#include <limits>
#include <utility>

#include "genome/name.h"
#include "store/catalog.h"
#include "store/genome_columns.h"

namespace genepool {
namespace {

constexpr std::size_t kFewestDigits = 4;          // of a version that is looked for in one name's history
constexpr std::size_t kFewestExpectedDigits = 8;  // of one that is to be the present one

Result<void> check_digits(std::string_view digits, std::size_t fewest, const char* param) {
  const bool is_hex = digits.find_first_not_of("0123456789abcdef") == std::string_view::npos;
  if (is_hex && digits.size() >= fewest && digits.size() <= 64) return {};
  return fail_param(Code::kBadRequest, param, "a version is named by its first {} to 64 hex digits, found \"{}\"", fewest, digits);
}

// The compare of compare-and-swap.
Result<void> check_expected(const std::string& name, const std::optional<GenomeRow>& present, const std::string& if_version) {
  if (if_version.empty()) return {};
  GENEPOOL_TRY_VOID(check_digits(if_version, kFewestExpectedDigits, "if_version"));
  if (!present) {
    return fail_param(Code::kConflict, "if_version", "there is no genome \"{}\", so it is not at version {}", name, if_version);
  }
  if (present->version.hex().starts_with(if_version)) return {};
  return fail_param(Code::kConflict, "if_version", "the genome \"{}\" is at version {} and not at {}: somebody moved it", name,
                    present->version.hex(), if_version);
}

}  // namespace

Result<GenomeRow> Catalog::point(GenomeRow row, bool may_replace, const std::string& if_version, std::int64_t now_ms) {
  GENEPOOL_TRY(std::optional<GenomeRow> old, find_genome(row.name));
  GENEPOOL_TRY_VOID(check_expected(row.name, old, if_version));
  const bool may_move = may_replace || !if_version.empty();
  if (old && old->version == row.version && (!may_move || old->stack == row.stack)) return std::move(*old);
  if (old && !may_move) {
    return fail_param(Code::kConflict, "name", "the genome \"{}\" exists already with another {} (version {}): replacing it must be asked for (--replace)",
                      row.name, old->base == row.base ? "stack or prompt" : "base", old->version.brief());
  }
  row.parent = old ? std::optional(old->version) : std::nullopt;
  if (row.moved_by == "create" && old) row.moved_by = "replace";
  row.move = old ? old->move + 1 : 1;
  row.moved_ms = now_ms;
  row.created_ms = old ? old->created_ms : now_ms;
  if (old && old->identity != row.identity) row.left = Genome{old->base, old->entries};
  GENEPOOL_TRY_VOID(write_version(row));
  if (old) {
    GENEPOOL_TRY_VOID(count_at_layers(old->version, -1));
    GENEPOOL_TRY_VOID(db_.run("UPDATE genomes SET version = ?2, move = ?3 WHERE name = ?1", row.name, row.version, row.move));
  } else {
    GENEPOOL_TRY_VOID(db_.run("INSERT INTO genomes (name, version, created_ms, move) VALUES (?1, ?2, ?3, ?4)", row.name,
                              row.version, row.created_ms, row.move));
  }
  GENEPOOL_TRY_VOID(write_move(row));
  GENEPOOL_TRY_VOID(count_at_layers(row.version, 1));
  return row;
}

// Unless it is known: another name may have it, or a move before.
Result<void> Catalog::write_version(const GenomeRow& row) {
  GENEPOOL_TRY_VOID(
      db_.run("INSERT OR IGNORE INTO versions (id, identity, base, system_prompt, default_parameters)"
              " VALUES (?1, ?2, ?3, ?4, ?5)",
              row.version, identity_of({row.base, row.entries}), row.base, row.system_prompt, row.default_parameters));
  if (db_.changed_rows() == 0) return {};
  for (std::size_t i = 0; i < row.entries.size(); ++i) {
    GENEPOOL_TRY_VOID(db_.run("INSERT INTO version_entries (version, position, layer, weight) VALUES (?1, ?2, ?3, ?4)",
                              row.version, i, row.entries[i].layer, static_cast<double>(row.entries[i].weight)));
  }
  return {};
}

Result<void> Catalog::write_move(const GenomeRow& row) {
  GENEPOOL_TRY_VOID(
      db_.run("INSERT INTO moves (genome, move, version, parent, moved_ms, moved_by, moved_from)"
              " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
              row.name, row.move, row.version, row.parent, row.moved_ms, row.moved_by, row.moved_from));
  for (std::size_t i = 0; i < row.stack.size(); ++i) {
    GENEPOOL_TRY_VOID(db_.run("INSERT INTO move_entries (genome, move, position, layer_name) VALUES (?1, ?2, ?3, ?4)", row.name,
                              row.move, i, row.stack[i].layer));
  }
  return {};
}

Result<void> Catalog::count_at_layers(const VersionId& version, std::int64_t by) {
  return db_.run("UPDATE layers SET genomes = genomes + ?2 WHERE id IN (SELECT layer FROM version_entries WHERE version = ?1)",
                 version, by);
}

Result<GenomeRow> Catalog::copy_genome(const Store::CopyGenome& copy, std::int64_t now_ms, Keep keep) {
  if (auto name = check_name(copy.name); !name) return fail_param(Code::kBadRequest, "name", "{}", name.error().message);
  GENEPOOL_TRY(Transaction transaction, Transaction::begin(db_));
  GENEPOOL_TRY(GenomeRow row, genome_at(copy.from));
  row.moved_by = "cp";
  row.moved_from = std::exchange(row.name, copy.name);
  GENEPOOL_TRY(GenomeRow made, point(std::move(row), copy.replace, copy.if_version, now_ms));
  if (keep == Keep::kYes) GENEPOOL_TRY_VOID(transaction.commit());
  return made;
}

Result<GenomeRow> Catalog::roll_back(const Store::Rollback& back, std::int64_t now_ms, Keep keep) {
  GENEPOOL_TRY(Transaction transaction, Transaction::begin(db_));
  GENEPOOL_TRY(const GenomeRow present, genome(back.name));
  GenomeRow row;
  if (!back.to.empty()) {
    GENEPOOL_TRY(row, find_version(back.name, back.to));
  } else {
    // Counted in moves of the history as it is now, of which the rollback becomes one: twice is there and back.
    const std::uint64_t wanted = std::clamp<std::uint64_t>(back.steps, 1, std::numeric_limits<std::int32_t>::max());
    GENEPOOL_TRY(const std::vector<GenomeRow> before, history(back.name, wanted, present.move));
    if (before.size() < wanted) {
      return fail_param(Code::kNotFound, "steps", "the history of \"{}\" goes back {} moves, not {}", back.name, before.size(), wanted);
    }
    row = before.back();
  }
  row.moved_by = "rollback";
  row.moved_from.clear();
  GENEPOOL_TRY(GenomeRow made, point(std::move(row), true, back.if_version, now_ms));
  if (keep == Keep::kYes) GENEPOOL_TRY_VOID(transaction.commit());
  return made;
}

// The newest move to a version with these first digits.
Result<GenomeRow> Catalog::find_version(std::string_view name, std::string_view digits) {
  GENEPOOL_TRY_VOID(check_digits(digits, kFewestDigits, "version"));
  GENEPOOL_TRY([[maybe_unused]] const GenomeRow present, genome(name));
  std::optional<GenomeRow> found;
  {
    GENEPOOL_TRY(Statement rows, db_.query(GENEPOOL_GENOMES_THEN
                                           "WHERE m.genome = ?1 AND substr(lower(hex(m.version)), 1, length(?2)) = ?2"
                                           " ORDER BY m.move DESC", name, digits));
    while (true) {
      GENEPOOL_TRY(const bool is_row, rows.step());
      if (!is_row) break;
      GenomeRow row = read_genome(rows);
      if (found && found->version != row.version) {
        return fail_param(Code::kBadRequest, "version", "\"{}\" had both version {} and {}: give more digits", name,
                          found->version.brief(), row.version.brief());
      }
      if (!found) found = std::move(row);
    }
  }
  if (!found) return fail_param(Code::kNotFound, "version", "the history of \"{}\" has no version {}: `genepool genome history {}` lists them", name, digits, name);
  GENEPOOL_TRY_VOID(add_entries(*found));
  return std::move(*found);
}

Result<GenomeRow> Catalog::genome_at(std::string_view name_at_version) {
  const std::size_t at = name_at_version.find('@');
  if (at == std::string_view::npos) return genome(name_at_version);
  return find_version(name_at_version.substr(0, at), name_at_version.substr(at + 1));
}

Result<std::vector<GenomeRow>> Catalog::history(std::string_view name, std::uint64_t limit, std::uint64_t before) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();
  GENEPOOL_TRY([[maybe_unused]] const GenomeRow present, genome(name));
  GENEPOOL_TRY(Statement rows, db_.query(GENEPOOL_GENOMES_THEN "WHERE m.genome = ?1 AND m.move < ?2 ORDER BY m.move DESC LIMIT ?3",
                                         name, before == 0 ? kMost : std::min(before, kMost), std::min(limit, kMost)));
  return all_of(rows);
}

Result<std::uint64_t> Catalog::trim_history(std::string_view name, std::uint64_t keep) {
  if (keep == 0) return fail_param(Code::kBadRequest, "keep", "the newest move is the genome itself: keep at least 1");
  GENEPOOL_TRY(Transaction transaction, Transaction::begin(db_));
  GENEPOOL_TRY([[maybe_unused]] const GenomeRow present, genome(name));
  GENEPOOL_TRY_VOID(db_.run(R"(
      DELETE FROM moves WHERE genome = ?1 AND move <=
        (SELECT move FROM moves WHERE genome = ?1 ORDER BY move DESC LIMIT 1 OFFSET ?2))",
                            name, std::min<std::uint64_t>(keep, std::numeric_limits<std::int64_t>::max())));
  const auto gone = static_cast<std::uint64_t>(db_.changed_rows());
  GENEPOOL_TRY_VOID(transaction.commit());
  return gone;
}

}  // namespace genepool
