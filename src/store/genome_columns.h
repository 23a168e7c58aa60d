// The columns of a GenomeRow but for its stack, and how they are read: `identity` is over the base as named until
// Catalog::add_entries() has seen the stack. For catalog_genomes.cc and catalog_history.cc only.
#pragma once

#include "store/sqlite.h"
#include "store/store.h"

namespace genepool {

#define GENEPOOL_GENOME_COLUMNS                                                                          \
  "SELECT g.name, v.base, v.identity, v.id, v.system_prompt, v.default_parameters, g.created_ms, m.move," \
  " m.moved_ms, m.moved_by, m.moved_from, m.parent, p.prepared "

// CROSS keeps SQLite from any other order of the loops than this one.
#define GENEPOOL_GENOMES_NOW                                                                                      \
  GENEPOOL_GENOME_COLUMNS "FROM genomes g CROSS JOIN moves m ON m.genome = g.name AND m.move = g.move CROSS JOIN" \
                          " versions v ON v.id = m.version LEFT JOIN prepared_bases p ON p.source = v.base "
#define GENEPOOL_GENOMES_THEN \
  GENEPOOL_GENOME_COLUMNS "FROM moves m CROSS JOIN genomes g ON g.name = m.genome CROSS JOIN" \
                          " versions v ON v.id = m.version LEFT JOIN prepared_bases p ON p.source = v.base "

inline GenomeRow read_genome(Statement& row) {
  GenomeRow out;
  out.name = row.text(0);
  out.base = row.digest(1);
  out.identity = row.digest(2);
  out.version = row.digest(3);
  out.system_prompt = row.text(4);
  out.default_parameters = row.text(5);
  out.created_ms = row.integer(6);
  out.move = row.count(7);
  out.moved_ms = row.integer(8);
  out.moved_by = row.text(9);
  out.moved_from = row.text(10);
  if (!row.is_null(11)) out.parent = row.digest(11);
  out.weights = row.is_null(12) ? out.base : row.digest(12);
  return out;
}

}  // namespace genepool
