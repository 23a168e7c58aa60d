// SQLite with owners and Results: what the catalog and the history need of it and no more.
// Thread: one at a time (its owner's mutex). Not here: any SQL of ours (catalog*.cc, history_rows.cc).
// Use:   GENEPOOL_TRY(Statement rows, db.query("SELECT id FROM layers WHERE bytes > ?1", 100));
//        while (true) { GENEPOOL_TRY(const bool found, rows.step()); if (!found) break; use(rows.integer(0)); }
//        GENEPOOL_TRY_VOID(db.run("DELETE FROM layers WHERE id = ?1", id));
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/hash.h"

struct sqlite3;
struct sqlite3_stmt;

namespace genepool {

// A prepared statement lent by the Database, which keeps it for the next time: preparing costs more than most of our
// queries do. Given back (reset) when it ends; at most one lease of the same text at a time.
class Statement {
 public:
  Statement(Statement&&) = default;
  Statement& operator=(Statement&&) = delete;
  ~Statement();

  // A failed bind (no memory, too big) shows at the next step().
  void bind(int index, std::int64_t value);
  void bind(int index, double value);
  void bind(int index, std::uint64_t value);  // kept as the int64 of the same bits
  void bind(int index, std::string_view value);
  void bind(int index, const Digest& value);
  template <class T>
  void bind(int index, const std::optional<T>& value) {
    if (value) bind(index, *value);  // what is not bound is NULL
  }

  [[nodiscard]] Result<bool> step();  // true: there is a row
  [[nodiscard]] std::int64_t integer(int column);
  [[nodiscard]] std::uint64_t count(int column) { return static_cast<std::uint64_t>(integer(column)); }
  [[nodiscard]] double real(int column);
  [[nodiscard]] std::string text(int column);
  [[nodiscard]] Digest digest(int column);  // the schema checks the length
  [[nodiscard]] bool is_null(int column);

 private:
  friend class Database;
  struct Reset {
    void operator()(sqlite3_stmt* statement) const;
  };
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}
  void note(int result);

  std::unique_ptr<sqlite3_stmt, Reset> statement_;
  int bind_result_ = 0;
};

class Database {
 public:
  Database();
  Database(Database&&) noexcept;
  Database& operator=(Database&&) noexcept;
  ~Database();

  // WAL, foreign keys on, a commit is on disk when it returns. kIo names the file.
  [[nodiscard]] static Result<Database> open(const std::string& path);

  // kStoreFull: the disk is full; kConflict: a constraint; kIo: all else. Any number of statements without results.
  [[nodiscard]] Result<void> execute(const std::string& sql);

  // Requires: `sql` is one of a bounded number of texts, for each is kept.
  template <class... Args>
  [[nodiscard]] Result<Statement> query(std::string_view sql, const Args&... args) {
    GENEPOOL_TRY(Statement statement, prepare(sql));
    int index = 0;
    (statement.bind(++index, args), ...);
    return statement;
  }
  template <class... Args>
  [[nodiscard]] Result<void> run(std::string_view sql, const Args&... args) {
    GENEPOOL_TRY(Statement statement, query(sql, args...));
    GENEPOOL_TRY_VOID(statement.step());
    return {};
  }
  [[nodiscard]] std::int64_t changed_rows() const;  // of the last run()

 private:
  [[nodiscard]] Result<Statement> prepare(std::string_view sql);

  struct Close {
    void operator()(sqlite3* connection) const;
  };
  std::unique_ptr<sqlite3, Close> connection_;
  std::map<std::string, sqlite3_stmt*, std::less<>> statements_;  // finalized by ~Database
};

// Reads the whole file: "" when it is a sound SQLite database whose rows keep their tables' CHECKs, else the first thing that
// is wrong. An error is not the file's fault: it is not there, no memory, the disk.
[[nodiscard]] Result<std::string> damage_of(const std::string& path);

// Rolled back unless committed. Takes the write lock at once, so that nothing fails half way for want of it; begin_read()
// takes none: what is read until its end is of one moment.
class Transaction {
 public:
  [[nodiscard]] static Result<Transaction> begin(Database& db);
  [[nodiscard]] static Result<Transaction> begin_read(Database& db);
  Transaction(Transaction&& other) noexcept : db_(std::exchange(other.db_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();
  [[nodiscard]] Result<void> commit();

 private:
  explicit Transaction(Database& db) : db_(&db) {}
  Database* db_;
};

}  // namespace genepool
