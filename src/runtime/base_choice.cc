#include "runtime/base_choice.h"

namespace genepool {
namespace {

constexpr double kPromptTokens = 256, kAnswerTokens = 64;
constexpr double kWorthIt = 1.1;  // beyond what two runs of the same file differ by

double request_seconds(double prompt_rate, double answer_rate) {
  return prompt_rate > 0 && answer_rate > 0 ? kPromptTokens / prompt_rate + kAnswerTokens / answer_rate : 0;
}

std::string megabytes(std::uint64_t bytes) { return fmt::format("{:.0f} MB", static_cast<double>(bytes) / 1e6); }

}  // namespace

double gain_of(const BaseCandidate& candidate) {
  const double own = request_seconds(candidate.prompt_rate, candidate.answer_rate);
  return own > 0 ? request_seconds(candidate.source_prompt_rate, candidate.source_answer_rate) / own : 0;
}

std::string objection_to(const BaseCandidate& candidate, const BaseLimits& limits, bool is_wanted) {
  if (candidate.bytes > limits.bytes) {
    return fmt::format("needs {} of RAM, {} allowed", megabytes(candidate.bytes), megabytes(limits.bytes));
  }
  if (is_wanted || candidate.positions == 0) return "";
  if (candidate.kl > limits.max_kl) return fmt::format("says {:.3f} nats otherwise, {} allowed", candidate.kl, limits.max_kl);
  if (gain_of(candidate) < kWorthIt) return "not 1.1 times as fast";
  return "";
}

}  // namespace genepool
