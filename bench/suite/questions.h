// The founding document's five key questions, answered from the rows of the suite limits, and what a run says about the settings
// that fit this machine. Thread: any, pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "suite/measurement.h"

namespace genepool::bench {

struct KeyAnswer {
  std::string question;
  std::optional<bool> is_yes;  // none: what was measured passes, and not all was measured
  std::string figures;  // "p99 2.6 ms of 100 ms allowed"; "not measured"
  std::string remedy;   // what to do if not, with what it would bring where a row measured that
};
[[nodiscard]] std::vector<KeyAnswer> key_answers(const std::vector<Measurement>& rows);

struct Advice {
  std::string setting, value;
  std::string why;  // the figures behind it
};
// `memory_bytes`: of the machine. Empty when the rows that it needs were not measured.
[[nodiscard]] std::vector<Advice> recommended_settings(const std::vector<Measurement>& rows, std::uint64_t memory_bytes, unsigned cores);

}  // namespace genepool::bench
