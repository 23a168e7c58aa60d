// What was found of a base and what it was prepared as: one row for each base that was tried.
#include "store/catalog.h"

namespace genepool {
namespace {

#define GENEPOOL_PREPARED_BASES "SELECT source, prepared, type, bytes, machine, made_ms FROM prepared_bases "

PreparedBase read_prepared(Statement& row) {
  PreparedBase base;
  base.source = row.digest(0);
  if (!row.is_null(1)) base.prepared = row.digest(1);
  base.type = row.text(2);
  base.bytes = row.count(3);
  base.machine = row.text(4);
  base.made_ms = row.integer(5);
  return base;
}

BaseCandidate read_candidate(Statement& row) {
  return {.type = row.text(0),
          .bytes = row.count(1),
          .prompt_rate = row.real(2),
          .answer_rate = row.real(3),
          .source_prompt_rate = row.real(4),
          .source_answer_rate = row.real(5),
          .kl = row.real(6),
          .top1_changed = row.count(7),
          .positions = row.count(8),
          .verdict = row.text(9)};
}

}  // namespace

Result<void> Catalog::keep_prepared(const PreparedBase& base) {
  GENEPOOL_TRY(Transaction transaction, Transaction::begin(db_));
  GENEPOOL_TRY_VOID(forget_prepared(base.source));
  GENEPOOL_TRY_VOID(db_.run("INSERT INTO prepared_bases (source, prepared, type, bytes, machine, made_ms)"
                            " VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                            base.source, base.prepared, base.type, base.bytes, base.machine, base.made_ms));
  for (std::size_t i = 0; i < base.candidates.size(); ++i) {
    const BaseCandidate& c = base.candidates[i];
    GENEPOOL_TRY_VOID(db_.run("INSERT INTO base_candidates (source, position, type, bytes, prompt_rate, answer_rate,"
                              " source_prompt_rate, source_answer_rate, kl, top1_changed, positions, verdict)"
                              " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
                              base.source, i, c.type, c.bytes, c.prompt_rate, c.answer_rate, c.source_prompt_rate,
                              c.source_answer_rate, c.kl, c.top1_changed, c.positions, c.verdict));
  }
  return transaction.commit();
}

Result<void> Catalog::add_candidates(PreparedBase& base) {
  GENEPOOL_TRY(Statement rows, db_.query("SELECT type, bytes, prompt_rate, answer_rate, source_prompt_rate, source_answer_rate, kl,"
                                         " top1_changed, positions, verdict FROM base_candidates WHERE source = ?1 ORDER BY position",
                                         base.source));
  while (true) {
    GENEPOOL_TRY(const bool found, rows.step());
    if (!found) return {};
    base.candidates.push_back(read_candidate(rows));
  }
}

Result<std::vector<PreparedBase>> Catalog::prepared_bases() {
  GENEPOOL_TRY(Statement rows, db_.query(GENEPOOL_PREPARED_BASES "ORDER BY made_ms"));
  std::vector<PreparedBase> bases;
  while (true) {
    GENEPOOL_TRY(const bool found, rows.step());
    if (!found) return bases;
    GENEPOOL_TRY_VOID(add_candidates(bases.emplace_back(read_prepared(rows))));
  }
}

Result<std::optional<PreparedBase>> Catalog::find_prepared(const BaseId& source) {
  GENEPOOL_TRY(Statement row, db_.query(GENEPOOL_PREPARED_BASES "WHERE source = ?1", source));
  GENEPOOL_TRY(const bool found, row.step());
  if (!found) return std::nullopt;
  PreparedBase base = read_prepared(row);
  GENEPOOL_TRY_VOID(add_candidates(base));
  return base;
}

Result<void> Catalog::forget_prepared(const BaseId& source) {
  return db_.run("DELETE FROM prepared_bases WHERE source = ?1", source);
}

}  // namespace genepool
