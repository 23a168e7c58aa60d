// Recorded traces as files of one folder, DIR/trace-20310203T040506.789Z.csv: csv as trace/csv.h has it, times counted from
// the file's own beginning, which is its name (UTC). Other files of the folder are none of them.
// Thread: any; the calls with a folder or a stream block on the disk.
// Use:   GENEPOOL_TRY(const std::vector<RecordedFile> files, recorded_files(dir));
//        GENEPOOL_TRY(const JoinedTrace joined, join_recorded(files, out));
#pragma once

#include <cstdint>
#include <optional>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace genepool {

struct RecordedFile {
  std::string path;
  std::int64_t began_ms = 0;  // Unix time
  std::uint64_t bytes = 0;
};

[[nodiscard]] std::string recorded_dir(const std::string& data_dir);
[[nodiscard]] std::string recorded_name(std::int64_t began_ms);
[[nodiscard]] std::optional<std::int64_t> recorded_began_ms(std::string_view name);

// Oldest first; none when there is no folder. kIo.
[[nodiscard]] Result<std::vector<RecordedFile>> recorded_files(const std::string& dir);

struct JoinedTrace {
  std::uint64_t rows = 0;
  std::uint64_t rows_skipped = 0;  // unfinished, or damaged by a crash
};

// One csv of them all, counted from the first one's beginning. Memory: a row. A file that is gone by now is left out.
// The caller looks at `out` for failure. kBadRequest: a file is no recorded trace.
[[nodiscard]] Result<JoinedTrace> join_recorded(std::span<const RecordedFile> files, std::ostream& out);

}  // namespace genepool
