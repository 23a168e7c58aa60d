#include "store/history_rows.h"

#include <algorithm>
#include <filesystem>
#include <limits>

namespace genepool {
namespace {

constexpr std::int64_t kFormat = 1;

// The CHECKs are what a file is examined with at opening. REAL that may be NULL: NaN. Ids are whole numbers of a double, for JSON.
constexpr const char* kSchema = R"sql(
CREATE TABLE decisions (
  id INTEGER PRIMARY KEY CHECK (id BETWEEN 1 AND 9007199254740990), unix_ms INTEGER NOT NULL, t_seconds REAL NOT NULL,
  kind TEXT NOT NULL, subject TEXT NOT NULL, action TEXT NOT NULL, reason TEXT NOT NULL,
  is_advice INTEGER NOT NULL CHECK (is_advice IN (0, 1)), unit TEXT NOT NULL, expected REAL, realised REAL,
  outcome TEXT NOT NULL,
  CHECK (length(subject) + length(action) + length(reason) + length(unit) + length(outcome) <= 16384)) STRICT;
CREATE TABLE decision_numbers (
  decision INTEGER NOT NULL REFERENCES decisions(id) ON DELETE CASCADE, is_input INTEGER NOT NULL CHECK (is_input IN (0, 1)),
  position INTEGER NOT NULL CHECK (position BETWEEN 0 AND 255), name TEXT NOT NULL, value REAL, unit TEXT NOT NULL,
  PRIMARY KEY (decision, is_input, position), CHECK (length(name) + length(unit) <= 1024)) STRICT, WITHOUT ROWID;
)sql";

#define GENEPOOL_DECISION_COLUMNS \
  "SELECT id, unix_ms, t_seconds, kind, subject, action, reason, is_advice, unit, expected, realised, outcome FROM decisions "

// Of every row: `take(row)` -> Result<void>.
template <class Take>
Result<void> each_row(Statement& rows, Take take) {
  while (true) {
    GENEPOOL_TRY(const bool is_row, rows.step());
    if (!is_row) return {};
    GENEPOOL_TRY_VOID(take(rows));
  }
}

Result<std::int64_t> one_integer(Database& db, std::string_view sql) {
  GENEPOOL_TRY(Statement row, db.query(sql));
  GENEPOOL_TRY([[maybe_unused]] const bool is_row, row.step());
  return row.integer(0);
}

Result<std::string> tables_of(Database& db) {
  std::string all;
  GENEPOOL_TRY(Statement rows, db.query("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name"));
  GENEPOOL_TRY_VOID(each_row(rows, [&](Statement& row) -> Result<void> {
    all += row.text(0) + ";\n";
    return {};
  }));
  return all;
}

Result<void> make_tables(Database& db) {
  GENEPOOL_TRY(Transaction transaction, Transaction::begin(db));
  GENEPOOL_TRY_VOID(db.execute(fmt::format("{}; PRAGMA user_version = {}", kSchema, kFormat)));
  return transaction.commit();
}

Result<bool> is_new(Database& db) {
  GENEPOOL_TRY(const std::int64_t format, one_integer(db, "PRAGMA user_version"));
  GENEPOOL_TRY(const std::string tables, tables_of(db));
  return format == 0 && tables.empty();
}

// Tables that are ours to the letter, whose CHECKs hold, are rows that can be read: only the kinds remain to be looked at.
Result<std::string> foreignness_of(Database& db) {
  GENEPOOL_TRY(const std::int64_t format, one_integer(db, "PRAGMA user_version"));
  if (format > kFormat) return fmt::format("it has format {}, this genepool knows up to {}", format, kFormat);
  GENEPOOL_TRY(Database ours, Database::open(":memory:"));
  GENEPOOL_TRY_VOID(make_tables(ours));
  GENEPOOL_TRY(const std::string wanted, tables_of(ours));
  GENEPOOL_TRY(const std::string found, tables_of(db));
  if (found != wanted) return "its tables are not those of a history";
  std::string why;
  GENEPOOL_TRY(Statement rows, db.query("SELECT DISTINCT kind FROM decisions"));
  GENEPOOL_TRY_VOID(each_row(rows, [&](Statement& row) -> Result<void> {
    if (!decision_kind_from(row.text(0))) why = fmt::format("it has decisions of the unknown kind \"{}\"", row.text(0));
    return {};
  }));
  return why;
}

double real_or_nan(Statement& row, int column) {
  return row.is_null(column) ? std::numeric_limits<double>::quiet_NaN() : row.real(column);
}

Result<Decision> read_decision(Statement& row) {
  Decision d;
  d.id = row.count(0);
  d.unix_ms = row.integer(1);
  d.t_seconds = row.real(2);
  const std::optional<DecisionKind> kind = decision_kind_from(row.text(3));
  if (!kind) return fail(Code::kIo, "decision {} has the unknown kind \"{}\"", d.id, row.text(3));
  d.kind = *kind;
  d.subject = row.text(4);
  d.action = row.text(5);
  d.reason = row.text(6);
  d.is_advice = row.integer(7) != 0;
  d.unit = row.text(8);
  d.expected = real_or_nan(row, 9);
  if (!row.is_null(10)) d.realised = row.real(10);
  d.outcome = row.text(11);
  return d;
}

}  // namespace

Result<std::string> HistoryRows::damage_of(const std::string& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (status.type() == std::filesystem::file_type::not_found) return "";
  if (!std::filesystem::is_regular_file(status)) return "it is not a regular file";
  GENEPOOL_TRY(std::string damage, genepool::damage_of(path));
  if (!damage.empty()) return damage;
  GENEPOOL_TRY(Database db, Database::open(path));
  GENEPOOL_TRY(const bool is_empty, is_new(db));
  return is_empty ? std::string() : foreignness_of(db);
}

Result<HistoryRows> HistoryRows::open(const std::string& path) {
  GENEPOOL_TRY(Database db, Database::open(path));
  // A power cut may take the last decisions, not the file: they are not worth a wait for the disk each.
  GENEPOOL_TRY_VOID(db.execute("PRAGMA synchronous=NORMAL"));
  GENEPOOL_TRY(const bool is_empty, is_new(db));
  if (is_empty) GENEPOOL_TRY_VOID(make_tables(db));
  return HistoryRows(std::move(db));
}

Result<std::uint64_t> HistoryRows::last_id() {
  GENEPOOL_TRY(const std::int64_t id, one_integer(db_, "SELECT max(id) FROM decisions"));
  return static_cast<std::uint64_t>(id);
}

Result<std::vector<Decision>> HistoryRows::list(const DecisionQuery& query) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();
  GENEPOOL_TRY(const Transaction moment, Transaction::begin_read(db_));
  std::vector<Decision> all;
  {
    std::optional<std::string_view> kind;
    if (query.kind) kind = decision_kind_name(*query.kind);
    GENEPOOL_TRY(Statement rows, db_.query(GENEPOOL_DECISION_COLUMNS
                                           "WHERE id > ?1 AND id < ?2 AND (?3 IS NULL OR kind = ?3) ORDER BY id DESC LIMIT ?4",
                                           std::min(query.after, kMost), query.before == 0 ? kMost : std::min(query.before, kMost), kind,
                                           std::min(query.limit, kMost)));
    GENEPOOL_TRY_VOID(each_row(rows, [&](Statement& row) -> Result<void> {
      GENEPOOL_TRY(all.emplace_back(), read_decision(row));
      return {};
    }));
  }
  for (Decision& decision : all) GENEPOOL_TRY_VOID(read_numbers(decision));
  return all;
}

Result<Decision> HistoryRows::find(std::uint64_t id) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();
  if (id > 0 && id < kMost) {
    GENEPOOL_TRY(std::vector<Decision> found, list({.after = id - 1, .before = id + 1, .limit = 1}));
    if (!found.empty()) return std::move(found.front());
  }
  return fail_param(Code::kNotFound, "id", "there is no decision {}, or it is too long ago", id);
}

Result<void> HistoryRows::read_numbers(Decision& decision) {
  GENEPOOL_TRY(Statement rows, db_.query("SELECT is_input, name, value, unit FROM decision_numbers WHERE decision = ?1"
                                         " ORDER BY is_input, position", decision.id));
  return each_row(rows, [&](Statement& row) -> Result<void> {
    auto& numbers = row.integer(0) != 0 ? decision.inputs : decision.alternatives;
    numbers.push_back({row.text(1), real_or_nan(row, 2), row.text(3)});
    return {};
  });
}

Result<void> HistoryRows::add(const Decision& d) {
  GENEPOOL_TRY_VOID(db_.run("INSERT INTO decisions (id, unix_ms, t_seconds, kind, subject, action, reason, is_advice, unit, expected,"
                            " realised, outcome) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
                            d.id, d.unix_ms, d.t_seconds, decision_kind_name(d.kind), d.subject, d.action, d.reason,
                            std::int64_t{d.is_advice}, d.unit, d.expected, d.realised, d.outcome));
  auto numbers = add_numbers(d.id, true, d.inputs);
  if (numbers) numbers = add_numbers(d.id, false, d.alternatives);
  if (!numbers) GENEPOOL_TRY_VOID(db_.run("DELETE FROM decisions WHERE id = ?1", d.id));  // half of it would mislead
  return numbers;
}

Result<void> HistoryRows::add_numbers(std::uint64_t id, bool is_input, const std::vector<Decision::Number>& numbers) {
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    GENEPOOL_TRY_VOID(db_.run("INSERT INTO decision_numbers (decision, is_input, position, name, value, unit)"
                              " VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                              id, std::int64_t{is_input}, i, numbers[i].name, numbers[i].value, numbers[i].unit));
  }
  return {};
}

Result<void> HistoryRows::settle(const Settlement& s) {
  return db_.run("UPDATE decisions SET realised = ?2, outcome = ?3 WHERE id = ?1", s.id, s.realised, s.outcome);
}

Result<void> HistoryRows::trim_decisions(std::uint64_t most) {
  return db_.run("DELETE FROM decisions WHERE id <= (SELECT max(id) FROM decisions) - ?1", most);
}

}  // namespace genepool
