// trace generate, profiles, import, info: traces as files. None needs a server or a data directory.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <set>

#include "cli/terminal.h"
#include "cli/text_files.h"
#include "cli/trace_report.h"
#include "cli/trace_source.h"
#include "cli/verbs.h"
#include "trace/csv.h"
#include "trace/generate.h"
#include "trace/import_trace.h"

namespace genepool::cli {
namespace {

Result<void> write_trace(const std::string& path, const Trace& trace) {
  return write_to(path, [&](std::ostream& out) { write_trace_csv(trace, out); });
}

Result<std::uint64_t> seed_of(const Invocation& invocation) {
  GENEPOOL_TRY(const std::int64_t seed, invocation.count("--seed", 1, 0, INT64_MAX));
  return static_cast<std::uint64_t>(seed);
}

std::string size_text(const Trace& trace) {
  return fmt::format("{} of {}", counted(trace.requests.size(), "request"), counted(trace.genomes.size(), "genome"));
}

// What generate() refuses by its options' names is refused by the flags'.
template <class T>
Result<T> with_flag(Result<T> result) {
  if (!result && !result.error().param.empty()) {
    std::string flag = result.error().param;
    std::ranges::replace(flag, '_', '-');
    result.error().message = fmt::format("--{}: {}", flag, result.error().message);
    result.error().code = Code::kUsage;
  }
  return result;
}

Result<TraceOptions> generate_options(const Invocation& invocation) {
  TraceOptions options;
  GENEPOOL_TRY(options.seed, seed_of(invocation));
  if (invocation.has("--requests")) {
    GENEPOOL_TRY(options.requests, invocation.count("--requests", 1, 1, static_cast<std::int64_t>(kMaxTraceRequests)));
  }
  if (invocation.has("--cv")) {
    GENEPOOL_TRY(options.cv, invocation.ratio("--cv", 1, -INFINITY, INFINITY));
  }
  if (invocation.has("--no-day")) options.has_day = false;
  GENEPOOL_TRY(options.speed, invocation.ratio("--speed", 1, -INFINITY, INFINITY));
  return options;
}

Result<ImportOptions> import_options(const Invocation& invocation) {
  ImportOptions options;
  GENEPOOL_TRY(options.seed, seed_of(invocation));
  GENEPOOL_TRY(options.rate_factor, invocation.ratio("--rate-factor", 1, -INFINITY, INFINITY));
  const std::string genome = invocation.text("--genome", "model");
  if (genome == "group") {
    options.genome = ImportOptions::Genome::kGroup;
  } else if (genome == "both") {
    options.genome = ImportOptions::Genome::kModelAndGroup;
  } else if (genome != "model") {
    return fail(Code::kUsage, "--genome must be model, group or both, found \"{}\"", genome);
  }
  return options;
}

Result<const ImportFormat*> format_called(const std::string& name) {
  std::string known;
  for (const ImportFormat& format : import_formats()) {
    if (format.name == name) return &format;
    known.append(known.empty() ? "" : ", ").append(format.name);
  }
  return fail(Code::kNotFound, "there is no trace format \"{}\", only {}", name, known);
}

// The names must differ: `servegen` tells its clients apart by them.
Result<std::vector<std::ifstream>> open_each(const std::vector<std::string>& paths) {
  std::vector<std::ifstream> files;
  std::set<std::string> names;
  for (const std::string& path : paths) {
    GENEPOOL_TRY(std::ifstream file, open_trace_file(path));
    const std::string name = std::filesystem::path(path).filename().string();
    if (!names.insert(name).second) return fail(Code::kBadRequest, "two files are called {}", name);
    files.push_back(std::move(file));
  }
  return files;
}

Result<ReadTrace> import_files(const ImportFormat& format, const std::vector<std::string>& paths, const ImportOptions& options) {
  GENEPOOL_TRY(std::vector<std::ifstream> files, open_each(paths));
  std::vector<TraceInput> inputs;
  for (std::size_t i = 0; i < files.size(); ++i) inputs.push_back({std::filesystem::path(paths[i]).filename().string(), &files[i]});
  Result<ReadTrace> read = with_flag(import_trace(format.name, inputs, options));
  const bool has_line = !read && read.error().message.starts_with("line ");
  if (has_line) read.error().message = fmt::format("{}: {}", paths.front(), read.error().message);
  return read;
}

}  // namespace

Result<int> verb_trace_generate(const Invocation& invocation) {
  const std::string& name = invocation.argument("PROFILE");
  const Profile* profile = find_profile(name);
  if (profile == nullptr) return fail(Code::kNotFound, "there is no profile \"{}\": `genepool trace profiles` lists them", name);
  GENEPOOL_TRY(const TraceOptions options, generate_options(invocation));
  GENEPOOL_TRY(const Trace trace, with_flag(generate(*profile, options)));
  GENEPOOL_TRY_VOID(write_trace(invocation.argument("FILE"), trace));
  print_note(fmt::format("{}: {}, seed {}, rank exponent {}", name, size_text(trace), options.seed, profile->head_exponent));
  return 0;
}

Result<int> verb_trace_profiles(const Invocation& invocation) {
  Table table({"PROFILE", "GENOMES", "REQUESTS", "RANK EXPONENT", "GAPS' CV", "DAY", "WHAT"});
  for (const Profile& profile : profiles()) {
    const bool has_tail = profile.head_ranks > 1;
    const std::string exponent = has_tail ? fmt::format("{} to rank {}, then {}", profile.head_exponent, profile.head_ranks, profile.tail_exponent)
                                          : fmt::format("{}", profile.head_exponent);
    table.add({std::string(profile.name), human_count(profile.genomes), human_count(profile.requests), exponent,
               fmt::format("{}", profile.cv), profile.has_day ? "yes" : "no", std::string(profile.summary)});
  }
  print(table.text(colours_for(invocation)));
  return 0;
}

Result<int> verb_trace_import(const Invocation& invocation) {
  GENEPOOL_TRY(const ImportFormat* format, format_called(invocation.argument("FORMAT")));
  GENEPOOL_TRY(const ImportOptions options, import_options(invocation));
  GENEPOOL_TRY(const ReadTrace read, import_files(*format, invocation.rest("FILE"), options));
  GENEPOOL_TRY_VOID(write_trace(invocation.text("--output"), read.trace));
  note_rows(read);
  print_note(fmt::format("{}; a genome is {}; terms of use: {}", size_text(read.trace), format->genome, format->terms));
  return 0;
}

Result<int> verb_trace_info(const Invocation& invocation) {
  const std::string& name = invocation.argument("TRACE");
  GENEPOOL_TRY(const std::uint64_t seed, seed_of(invocation));
  GENEPOOL_TRY(const ReadTrace read, load_trace(name, seed));
  const TraceReport report{name, read.trace, trace_info(read.trace), read.rows_moved, read.rows_skipped};
  print(invocation.has("--json") ? trace_json(report) : trace_text(report));
  const std::string page = invocation.text("--html");
  if (!page.empty()) GENEPOOL_TRY_VOID(write_text(page, trace_html(report)));
  return 0;
}

}  // namespace genepool::cli
