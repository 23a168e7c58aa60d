#include "runtime/base_choice.h"

namespace genepool {
namespace {

constexpr double kWorthIt = 1.1;  // beyond what two runs of the same file differ by

}  // namespace

std::string megabytes(std::uint64_t bytes) {
  return bytes < 1'000'000 ? fmt::format("{} bytes", bytes) : fmt::format("{:.0f} MB", static_cast<double>(bytes) / 1e6);
}

std::string objection_to(const BaseCandidate& candidate, const BaseLimits& limits, bool is_wanted) {
  if (candidate.bytes > limits.bytes) {
    return fmt::format("needs {} of RAM, {} allowed", megabytes(candidate.bytes), megabytes(limits.bytes));
  }
  if (is_wanted || candidate.positions == 0) return "";
  if (candidate.kl > limits.max_kl) return fmt::format("says {:.3f} nats otherwise, {} allowed", candidate.kl, limits.max_kl);
  if (candidate.gain() < kWorthIt) return "not 1.1 times as fast";
  return "";
}

}  // namespace genepool
