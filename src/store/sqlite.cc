#include "store/sqlite.h"

#include <sqlite3.h>

#include <algorithm>
#include <utility>

namespace genepool {
namespace {

tl::unexpected<Error> fail_sqlite(const char* file, const char* message, int result) {
  const int primary = result & 0xff;
  const Code code = primary == SQLITE_FULL ? Code::kStoreFull : primary == SQLITE_CONSTRAINT ? Code::kConflict : Code::kIo;
  return fail(code, "the database {}: {}", file, message);
}

tl::unexpected<Error> fail_sqlite(sqlite3* connection, int result) {
  const char* const file = sqlite3_db_filename(connection, "main");
  return fail_sqlite(file != nullptr ? file : "", sqlite3_errmsg(connection), result);
}

// The connection does not know its file then.
tl::unexpected<Error> fail_open(const std::string& path, int result) { return fail_sqlite(path.c_str(), sqlite3_errstr(result), result); }

}  // namespace

void Statement::Reset::operator()(sqlite3_stmt* statement) const {
  sqlite3_reset(statement);
  sqlite3_clear_bindings(statement);
}

Statement::~Statement() = default;

void Statement::note(int result) { bind_result_ = bind_result_ == SQLITE_OK ? result : bind_result_; }
void Statement::bind(int index, std::int64_t value) { note(sqlite3_bind_int64(statement_.get(), index, value)); }
void Statement::bind(int index, double value) { note(sqlite3_bind_double(statement_.get(), index, value)); }
void Statement::bind(int index, std::uint64_t value) { bind(index, static_cast<std::int64_t>(value)); }
void Statement::bind(int index, std::string_view value) {
  // An empty view may have no data, which SQLite would take for NULL.
  const char* const data = value.empty() ? "" : value.data();
  note(sqlite3_bind_text64(statement_.get(), index, data, value.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
}
void Statement::bind(int index, const Digest& value) {
  note(sqlite3_bind_blob64(statement_.get(), index, value.bytes.data(), value.bytes.size(), SQLITE_TRANSIENT));
}

Result<bool> Statement::step() {
  const int result = bind_result_ == SQLITE_OK ? sqlite3_step(statement_.get()) : bind_result_;
  if (result == SQLITE_ROW) return true;
  if (result == SQLITE_DONE) return false;
  return fail_sqlite(sqlite3_db_handle(statement_.get()), result);
}

std::int64_t Statement::integer(int column) { return sqlite3_column_int64(statement_.get(), column); }
double Statement::real(int column) { return sqlite3_column_double(statement_.get(), column); }

std::string Statement::text(int column) {
  const auto* const data = sqlite3_column_text(statement_.get(), column);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column));
  return data == nullptr ? std::string() : std::string(reinterpret_cast<const char*>(data), size);
}

Digest Statement::digest(int column) {
  Digest out;
  const auto* const data = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_.get(), column));
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column));
  if (data != nullptr) std::copy_n(data, std::min(size, out.bytes.size()), out.bytes.begin());
  return out;
}

bool Statement::is_null(int column) { return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL; }

void Database::Close::operator()(sqlite3* connection) const { sqlite3_close(connection); }

Database::Database() = default;
Database::Database(Database&&) noexcept = default;
Database& Database::operator=(Database&& other) noexcept {
  std::swap(connection_, other.connection_);
  std::swap(statements_, other.statements_);
  return *this;
}
Database::~Database() {
  for (const auto& [sql, statement] : statements_) sqlite3_finalize(statement);
}

Result<Database> Database::open(const std::string& path) {
  Database db;
  sqlite3* connection = nullptr;
  // NOMUTEX: the store has its own.
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  const int result = sqlite3_open_v2(path.c_str(), &connection, flags, nullptr);
  db.connection_.reset(connection);
  if (result != SQLITE_OK) return fail_open(path, result);
  sqlite3_busy_timeout(connection, 2000);  // somebody looks with the sqlite3 tool
  // synchronous=FULL: a removed layer's file must not come off the disk before its row does.
  GENEPOOL_TRY_VOID(
      db.execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF;"
                 "PRAGMA temp_store=MEMORY;"));
  return db;
}

Result<std::string> damage_of(const std::string& path) {
  sqlite3* opened = nullptr;
  // A READONLY connection would not know the CHECKs.
  const int result = sqlite3_open_v2(path.c_str(), &opened, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  const std::unique_ptr<sqlite3, decltype(&sqlite3_close)> connection(opened, &sqlite3_close);
  if (result != SQLITE_OK) return fail_open(path, result);
  sqlite3_db_config(opened, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);  // a damaged file keeps its log
  std::string found;
  const auto take = [](void* text, int, char** columns, char**) {
    static_cast<std::string*>(text)->append(columns[0] != nullptr ? columns[0] : "");
    return 0;
  };
  const int checked = sqlite3_exec(opened, "PRAGMA trusted_schema=OFF; PRAGMA integrity_check(1)", take, &found, nullptr);
  const int primary = checked & 0xff;
  if (primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB) return sqlite3_errmsg(opened);
  if (checked != SQLITE_OK) return fail_sqlite(opened, checked);
  return found == "ok" ? "" : found;
}

Result<void> Database::execute(const std::string& sql) {
  const int result = sqlite3_exec(connection_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  if (result != SQLITE_OK) return fail_sqlite(connection_.get(), result);
  return {};
}

Result<Statement> Database::prepare(std::string_view sql) {
  const auto known = statements_.find(sql);
  if (known != statements_.end()) {
    GENEPOOL_CHECK(sqlite3_stmt_busy(known->second) == 0, "{}", sql);
    return Statement(known->second);
  }
  sqlite3_stmt* made = nullptr;
  const int result =
      sqlite3_prepare_v3(connection_.get(), sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &made, nullptr);
  if (result != SQLITE_OK) return fail_sqlite(connection_.get(), result);
  statements_.emplace(sql, made);
  return Statement(made);
}

std::int64_t Database::changed_rows() const { return sqlite3_changes64(connection_.get()); }

Result<Transaction> Transaction::begin(Database& db) {
  GENEPOOL_TRY_VOID(db.run("BEGIN IMMEDIATE"));
  return Transaction(db);
}

Result<Transaction> Transaction::begin_read(Database& db) {
  GENEPOOL_TRY_VOID(db.run("BEGIN"));
  return Transaction(db);
}

Transaction::~Transaction() {
  // SQLite may have rolled back by itself (disk full); then there is nothing left to undo and this fails, which is fine.
  if (db_ != nullptr) static_cast<void>(db_->run("ROLLBACK"));
}

Result<void> Transaction::commit() {
  GENEPOOL_TRY_VOID(db_->run("COMMIT"));
  db_ = nullptr;
  return {};
}

}  // namespace genepool
