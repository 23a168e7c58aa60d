// Mixture: how much each voice is listened to. Fixed share (Herbster, Warmuth 1998): after each request a voice's weight is
// multiplied by the chance that it gave what came, then .005 of all weight is dealt out evenly, so that a voice that was wrong
// for long can come back within a few requests. Also the books: prequential log-loss (nats per request, said before it came) of
// each voice and of the mixture. Thread: one at a time.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace genepool {

class Mixture {
 public:
  explicit Mixture(std::size_t voices);  // Requires: at least one

  // The mixture's chance of what the voices give `chances`, in their order.
  [[nodiscard]] double mix(std::span<const double> chances) const;
  // It came. Requires: every chance > 0.
  void observe(std::span<const double> chances);

  [[nodiscard]] const std::vector<double>& weights() const { return weights_; }  // add up to 1
  [[nodiscard]] std::uint64_t requests() const { return requests_; }
  [[nodiscard]] double log_loss() const { return mean(loss_); }
  [[nodiscard]] double log_loss_of(std::size_t voice) const { return mean(voice_losses_[voice]); }

 private:
  [[nodiscard]] double mean(double sum) const { return requests_ == 0 ? 0 : sum / static_cast<double>(requests_); }

  std::vector<double> weights_, voice_losses_;
  double loss_ = 0;
  std::uint64_t requests_ = 0;
};

}  // namespace genepool
