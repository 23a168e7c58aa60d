#include "sim/cost_model.h"

#include <algorithm>
#include <cmath>

namespace genepool {
namespace {

constexpr double kMib = 1024.0 * 1024;

Duration from_seconds(double seconds) { return from_ms(seconds * 1e3); }

class Measured final : public CostModel {
 public:
  explicit Measured(const StageCosts& costs) : costs_(costs) {}
  Duration build(std::uint32_t, std::uint64_t bytes_read, std::uint64_t page_bytes, Random& random) const override {
    const double load = bytes_read == 0 ? 0 : costs_.layer_load_mib.draw(random) * static_cast<double>(bytes_read) / kMib;
    return from_seconds(load + costs_.fuse_mib.draw(random) * static_cast<double>(page_bytes) / kMib);
  }
  Duration spawn(std::uint32_t, Random& random) const override { return from_seconds(costs_.spawn.draw(random)); }
  Duration probe(Random& random) const override { return from_seconds(costs_.probe.draw(random)); }
  Duration teardown(Random& random) const override { return from_seconds(costs_.teardown.draw(random)); }
  Duration prefill(std::uint32_t tokens, Random& random) const override {
    return from_seconds(costs_.prefill_token.draw(random) * tokens);
  }
  Duration decode(std::uint32_t tokens, Random& random) const override {
    return from_seconds(costs_.decode_token.draw(random) * tokens);
  }
  double speed(std::size_t together, std::size_t busy) const override {
    const auto n = static_cast<double>(together);
    const double batch = std::pow(n, std::log(costs_.batch_of_4) / std::log(4.0)) / n;
    return batch * std::min(1.0, costs_.cores / static_cast<double>(busy));
  }

 private:
  StageCosts costs_;
};

class Fixed final : public CostModel {
 public:
  explicit Fixed(std::vector<double> load_seconds) : load_seconds_(std::move(load_seconds)) {}
  Duration build(std::uint32_t, std::uint64_t, std::uint64_t, Random&) const override { return {}; }
  Duration spawn(std::uint32_t genome, Random&) const override {
    return load_seconds_.empty() ? Duration(1) : from_seconds(load_seconds_.at(genome));
  }
  Duration probe(Random&) const override { return {}; }
  Duration teardown(Random&) const override { return {}; }
  Duration prefill(std::uint32_t, Random&) const override { return {}; }
  Duration decode(std::uint32_t, Random&) const override { return {}; }
  double speed(std::size_t, std::size_t) const override { return 1; }

 private:
  std::vector<double> load_seconds_;
};

}  // namespace

std::unique_ptr<CostModel> make_measured_costs(const StageCosts& costs) { return std::make_unique<Measured>(costs); }

std::unique_ptr<CostModel> make_fixed_costs(std::vector<double> load_seconds) {
  return std::make_unique<Fixed>(std::move(load_seconds));
}

}  // namespace genepool
