// The verbs of the base: prepare, ls, forget. What preparation is: docs/adr/0013.
#include <fmt/core.h>

#include <algorithm>

#include "cli/catalog.h"
#include "cli/settings.h"
#include "cli/terminal.h"
#include "cli/verbs.h"
#include "cli/wire_base.h"
#include "runtime/base_preparation.h"
#include "runtime/process_settings.h"

namespace genepool::cli {
namespace {

std::string rate_text(double rate) { return rate > 0 ? fmt::format("{:.0f}", rate) : "-"; }

std::string candidates_text(const PreparedBase& base, Colours colours) {
  Table table({"TYPE", "WEIGHTS", "PROMPT TOK/S", "ANSWER TOK/S", "GAIN", "KL", "TOP-1 CHANGED", ""});
  for (const BaseCandidate& c : base.candidates) {
    const bool is_tried = c.positions > 0;
    table.add({c.type, human_bytes(c.bytes), is_tried ? fmt::format("{} ({})", rate_text(c.prompt_rate), rate_text(c.source_prompt_rate)) : "-",
               is_tried ? fmt::format("{} ({})", rate_text(c.answer_rate), rate_text(c.source_answer_rate)) : "-",
               is_tried ? fmt::format("{:.2f}", c.gain()) : "-", is_tried ? fmt::format("{:.4f}", c.kl) : "-",
               is_tried ? fmt::format("{} of {}", c.top1_changed, c.positions) : "-",
               {c.verdict, c.verdict == "kept" ? Paint::kGreen : Paint::kDim}});
  }
  return table.text(colours);
}

constexpr const char* kLegend =
    "in brackets: the base itself, measured beside it; GAIN: how much sooner 256 + 64 tokens are done; KL: nats per token said otherwise\n";

std::string verdict_text(const PreparedBase& base, bool is_trial) {
  if (!base.prepared && !is_trial) return fmt::format("kept as it is ({}): nothing is better here\n", base.type);
  if (is_trial) return fmt::format("would compute as {}; nothing was kept (--dry-run)\n", base.type);
  return fmt::format("computes as {} from now on: {}, {}\n", base.type, base.prepared->brief(), human_bytes(base.bytes));
}

Result<PreparedBase> prepare(const Config& config, Store& store, const PreparationOptions& options) {
  GENEPOOL_TRY(const auto base, store.use_base(config.base_path));
  StatusLine status;
  const PreparationListener listener{.now = [&](const std::string& now) { status.show(now); },
                                     .warning = [&](const std::string& why) {
                                       status.clear();
                                       print_note(why);
                                     }};
  return prepare_base(store, base_tool(config), base.first, base.second, options, listener);
}

// By its first digits, or the one there is.
Result<PreparedBase> find(Store& store, const std::string& digits) {
  GENEPOOL_TRY(std::vector<PreparedBase> bases, store.prepared_bases());
  std::erase_if(bases, [&](const PreparedBase& base) { return !base.source.hex().starts_with(digits); });
  if (bases.size() == 1) return std::move(bases.front());
  if (bases.empty()) return fail(Code::kNotFound, "no base{} has been tried here: `genepool base ls`", digits.empty() ? "" : " " + digits);
  return fail(Code::kBadRequest, "{} bases are meant: name one by its first digits, `genepool base ls`", bases.size());
}

}  // namespace

Result<int> verb_base_prepare(const Invocation& invocation) {
  GENEPOOL_TRY(Config config, settings_of(invocation));
  if (!invocation.argument("FILE").empty()) config.base_path = invocation.argument("FILE");
  GENEPOOL_TRY_VOID(check_worker_program(config));
  PreparationOptions options = preparation_options(config);
  options.wanted = invocation.text("--type");
  options.is_trial = invocation.has("--dry-run");
  GENEPOOL_TRY(const std::unique_ptr<Store> store, Store::open(data_dir_of(config)));
  GENEPOOL_TRY(const PreparedBase base, prepare(config, *store, options));
  if (invocation.has("--json")) {
    print(json_of(std::vector{base}) + "\n");
  } else {
    print(candidates_text(base, colours_for(invocation)) + kLegend + verdict_text(base, options.is_trial));
  }
  return 0;
}

Result<int> verb_base_ls(const Invocation& invocation) {
  GENEPOOL_TRY(const auto catalog, open_catalog(invocation));
  GENEPOOL_TRY(const std::vector<PreparedBase> bases, catalog->prepared_bases());
  if (invocation.has("--json")) {
    print(json_of(bases) + "\n");
    return 0;
  }
  if (bases.empty()) print("no base has been tried: `genepool base prepare` does it\n");
  for (const PreparedBase& base : bases) {
    print(fmt::format("base {}, tried {} on {}\n", base.source.brief(), human_date(base.made_ms), base.machine));
    print(candidates_text(base, colours_for(invocation)) + verdict_text(base, false));
  }
  return 0;
}

Result<int> verb_base_forget(const Invocation& invocation) {
  GENEPOOL_TRY(const Config config, settings_of(invocation));
  GENEPOOL_TRY(const std::unique_ptr<Store> store, Store::open(data_dir_of(config)));
  GENEPOOL_TRY(const PreparedBase wanted, find(*store, invocation.argument("BASE")));
  GENEPOOL_TRY(const PreparedBase base, store->forget_base(wanted.source));
  if (invocation.has("--json")) {
    print(json_of(std::vector{base}) + "\n");
    return 0;
  }
  print(fmt::format("forgot base {}; {} freed\n", base.source.brief(), human_bytes(base.prepared ? base.bytes : 0)));
  return 0;
}

}  // namespace genepool::cli
