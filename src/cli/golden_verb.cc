// `genome golden`: the prompts that guard a name (docs/adr/0009).
#include <algorithm>

#include "api/golden_prompts.h"
#include "base/printable.h"
#include "cli/catalog.h"
#include "cli/genome_views.h"
#include "cli/text_files.h"
#include "cli/terminal.h"
#include "cli/verbs.h"

namespace genepool::cli {
namespace {

Result<int> check(const Invocation& invocation, Catalog& catalog, const std::string& name) {
  std::vector<api::GoldenResult> results;
  {
    StatusLine status;
    status.show(fmt::format("asking {} ...", name));
    GENEPOOL_TRY(results, catalog.check_golden(name));
  }
  if (results.empty()) return fail(Code::kNotFound, "{} has no golden prompts: `genepool genome golden {} FILE` sets them", name, name);
  const auto failed = std::ranges::count_if(results, [](const auto& result) { return !result.failures.empty(); });
  if (invocation.has("--json")) {
    print(json_of_golden(results) + "\n");
    return failed == 0 ? 0 : 1;
  }
  const Colours colours = colours_for(invocation);
  for (const api::GoldenResult& result : results) {
    const bool is_good = result.failures.empty();
    print(painted(is_good ? "passes  " : "FAILS   ", is_good ? Paint::kGreen : Paint::kRed, colours));
    print(fmt::format("{}\n        {}\n", printable(result.prompt), printable(result.answer)));
    for (const std::string& failure : result.failures) print(fmt::format("        it {}\n", printable(failure)));
  }
  print(fmt::format("{} of {} golden prompts pass\n", results.size() - static_cast<std::size_t>(failed), results.size()));
  return failed == 0 ? 0 : 1;
}

}  // namespace

Result<int> verb_genome_golden(const Invocation& invocation) {
  const std::string& name = invocation.argument("GENOME");
  const std::string& file = invocation.argument("FILE");
  const int asked = (file.empty() ? 0 : 1) + (invocation.has("--check") ? 1 : 0) + (invocation.has("--clear") ? 1 : 0);
  if (asked > 1) return fail(Code::kUsage, "FILE, --check or --clear, one of them");
  GENEPOOL_TRY(const auto catalog, open_catalog(invocation));
  if (invocation.has("--check")) return check(invocation, *catalog, name);
  if (invocation.has("--clear")) GENEPOOL_TRY_VOID(catalog->set_golden(name, "[]"));
  if (!file.empty()) {
    GENEPOOL_TRY(const std::string prompts, read_text(file));
    GENEPOOL_TRY(const std::string checked, api::check_golden(prompts));
    GENEPOOL_TRY_VOID(catalog->set_golden(name, checked.empty() ? "[]" : checked));
  }
  GENEPOOL_TRY(const std::string prompts, catalog->golden(name));
  GENEPOOL_TRY(const std::string shown, spread_json(prompts));
  print(shown == "[]" && !invocation.has("--json") ? name + " has no golden prompts\n" : shown + "\n");
  return 0;
}

}  // namespace genepool::cli
