#include "suite/questions.h"

#include <fmt/core.h>

#include <algorithm>

#include "suite/report.h"

namespace genepool::bench {
namespace {

const Measurement* find(const std::vector<Measurement>& rows, std::string_view id) {
  const auto found = std::ranges::find(rows, id, &Measurement::id);
  return found == rows.end() || found->samples.empty() ? nullptr : &*found;
}

std::string p50_text(const std::vector<Measurement>& rows, std::string_view id) {
  const Measurement* row = find(rows, id);
  return row == nullptr ? "not measured" : unit_text(row->unit, value_of(*row, Statistic::kP50));
}

// All of the rows within their limits; the figures are those of the worst.
KeyAnswer answer(const std::vector<Measurement>& rows, std::string question, std::initializer_list<std::string_view> ids, std::string remedy) {
  KeyAnswer key{.question = std::move(question), .is_yes = true, .figures = {}, .remedy = std::move(remedy)};
  for (const std::string_view id : ids) {
    const Measurement* row = find(rows, id);
    if (row == nullptr && key.is_yes == true) key.is_yes.reset();
    if (row != nullptr && verdict_of(*row) == Verdict::kFail) key.is_yes = false;
    key.figures += key.figures.empty() ? "" : "; ";
    if (row == nullptr) {
      key.figures += fmt::format("{} not measured", id);
    } else {
      key.figures += fmt::format("{}: {} ({})", row->title, unit_text(row->unit, value_of(*row, row->limit->statistic)), bound_text(row->unit, *row->limit));
    }
  }
  return key;
}

std::uint64_t median_bytes(const std::vector<Measurement>& rows, std::string_view id) {
  const Measurement* row = find(rows, id);
  return row == nullptr ? 0 : static_cast<std::uint64_t>(value_of(*row, Statistic::kP50));
}

}  // namespace

std::vector<KeyAnswer> key_answers(const std::vector<Measurement>& rows) {
  return {
      answer(rows, "Is a layer loaded fast enough?", {"layer_load_disk", "layer_load_cached"},
             fmt::format("a faster disk (the same layer from RAM: {}), or compression (zstd: {})", p50_text(rows, "remedy_ram_disk"), p50_text(rows, "remedy_zstd"))),
      answer(rows, "Is a layer stacked fast enough?", {"layer_stack"}, "fewer or smaller layers a genome; if that does not do, the approach does not carry here"),
      answer(rows, "Are spawn and teardown acceptable?", {"spawn_teardown"},
             fmt::format("keep workers longer: a larger pool.max_hot and pool.idle_ttl (a HOT acquire: {})", p50_text(rows, "hot_acquire"))),
      answer(rows, "Is the memory of a genome acceptable?", {"memory_genome", "memory_five"}, "a smaller pool.max_hot, or smaller layers"),
      answer(rows, "Is the whole request under 3 s?", {"total_cold"},
             fmt::format("fewer layers a genome (with one: {}), or a smaller base", p50_text(rows, "remedy_one_layer"))),
  };
}

std::vector<Advice> recommended_settings(const std::vector<Measurement>& rows, std::uint64_t memory_bytes, unsigned cores) {
  // The pool charges what a genome's KV may take one day, which is more than it takes now.
  const std::uint64_t genome = std::max(median_bytes(rows, "memory_genome"), median_bytes(rows, "charged_genome"));
  const std::uint64_t measured = median_bytes(rows, "memory_genome"), page = median_bytes(rows, "page_bytes");
  const std::uint64_t five = median_bytes(rows, "memory_five");
  if (measured == 0 || five == 0 || memory_bytes == 0) return {};
  // 60 % of the RAM for the pool, as its budgets have it: two thirds of that for HOT.
  const std::uint64_t hot_bytes = memory_bytes / 10 * 4, warm_bytes = memory_bytes / 10 * 2;
  const std::uint64_t base = five > 5 * measured ? five - 5 * measured : 0;
  const std::uint64_t fits = hot_bytes > base ? (hot_bytes - base) / genome : 1;
  const std::uint64_t max_hot = std::clamp<std::uint64_t>(fits, 1, 64);
  std::vector<Advice> advice{
      {"pool.max_hot", std::to_string(max_hot),
       fmt::format("{} a HOT genome with all its KV beside the base's {}; {} for HOT hold {}{}", unit_text(Unit::kBytes, static_cast<double>(genome)),
                   unit_text(Unit::kBytes, static_cast<double>(base)), unit_text(Unit::kBytes, static_cast<double>(hot_bytes)), fits,
                   fits > 64 ? ", and 64 is the most" : "")},
      {"warm.bytes", fmt::format("{}MiB", warm_bytes >> 20), "a fifth of the RAM"},
  };
  if (page > 0) {
    advice.push_back({"warm.max_genomes", std::to_string(std::max<std::uint64_t>(20, warm_bytes / page)),
                      fmt::format("so many pages of {} fit into warm.bytes", unit_text(Unit::kBytes, static_cast<double>(page)))});
  }
  advice.push_back({"engine.threads", std::to_string(cores), "every core may compute; a worker that is alone takes them all, several take one each"});
  return advice;
}

}  // namespace genepool::bench
