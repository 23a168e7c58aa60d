// Invocation: one parsed command line: the verb, its flags and its arguments as text. Thread: a value.
// Use:   GENEPOOL_TRY(std::int64_t tokens, invocation.count("--max-tokens", 256, 1, 1'000'000));
//        const std::string& genome = invocation.argument("GENOME");
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "cli/command_table.h"

namespace genepool::cli {

struct Invocation {
  const CommandRow* command = nullptr;
  std::map<std::string, std::string, std::less<>> flags;  // "--max-tokens" -> "32"; a switch -> ""
  std::map<std::string, std::vector<std::string>, std::less<>> arguments;  // "GENOME" -> its words

  [[nodiscard]] bool has(std::string_view flag) const { return flags.find(flag) != flags.end(); }
  [[nodiscard]] std::string text(std::string_view flag, std::string_view otherwise = "") const;

  // kUsage naming the flag when it is no number or out of bounds.
  [[nodiscard]] Result<std::int64_t> count(std::string_view flag, std::int64_t otherwise, std::int64_t least,
                                           std::int64_t most) const;
  [[nodiscard]] Result<double> ratio(std::string_view flag, double otherwise, double least, double most) const;

  [[nodiscard]] const std::string& argument(std::string_view name) const;  // "" when it was not given
  [[nodiscard]] const std::vector<std::string>& rest(std::string_view name) const;
};

}  // namespace genepool::cli
