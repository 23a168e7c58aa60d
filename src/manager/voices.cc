#include "manager/voices.h"

#include <array>

namespace genepool {
namespace {

template <double (*counted)(const UsageCounts&, GenomeIndex, Instant)>
class CountVoice final : public Voice {
 public:
  explicit CountVoice(const VoiceSources& sources) : counts_(sources.counts) {}
  double share(GenomeIndex genome, const Moment& moment) const override { return counted(*counts_, genome, moment.now); }

 private:
  const UsageCounts* counts_;
};

class WeekVoice final : public Voice {
 public:
  explicit WeekVoice(const VoiceSources& sources) : counts_(sources.counts), hours_(kGenomesPerHour, *sources.lives) {}
  double share(GenomeIndex genome, const Moment& moment) const override {
    return counts_->share_of_row(hours_, moment.week_hour % kHours, genome, moment.now);
  }
  void observe(GenomeIndex genome, const Moment& moment) override { hours_.add(moment.week_hour % kHours, genome); }

 private:
  static constexpr std::uint32_t kHours = 168;
  static constexpr std::size_t kGenomesPerHour = 64;
  const UsageCounts* counts_;
  CountRows hours_;
};

template <class One>
std::unique_ptr<Voice> make(const VoiceSources& sources) {
  return std::make_unique<One>(sources);
}

double share_10m(const UsageCounts& counts, GenomeIndex genome, Instant now) { return counts.share_10m(genome, now); }
double share_1h(const UsageCounts& counts, GenomeIndex genome, Instant now) { return counts.share_1h(genome, now); }
double share_1d(const UsageCounts& counts, GenomeIndex genome, Instant now) { return counts.share_1d(genome, now); }
double share_ever(const UsageCounts& counts, GenomeIndex genome, Instant) { return counts.share_ever(genome); }
double share_next(const UsageCounts& counts, GenomeIndex genome, Instant now) { return counts.share_after_previous(genome, now); }

struct VoiceRow {
  std::string_view name;
  std::unique_ptr<Voice> (*make)(const VoiceSources&);
};
constexpr std::array kVoices = {
    VoiceRow{"d10m", make<CountVoice<share_10m>>},
    VoiceRow{"d1h", make<CountVoice<share_1h>>},
    VoiceRow{"d1d", make<CountVoice<share_1d>>},
    VoiceRow{"all", make<CountVoice<share_ever>>},
    VoiceRow{"markov1", make<CountVoice<share_next>>},
    VoiceRow{"week", make<WeekVoice>},
};
constexpr std::array<std::string_view, 6> kBaseVoices = {"d10m", "d1h", "d1d", "all", "markov1", "week"};

}  // namespace

std::unique_ptr<Voice> make_voice(std::string_view name, const VoiceSources& sources) {
  for (const VoiceRow& row : kVoices) {
    if (row.name == name) return row.make(sources);
  }
  return nullptr;
}

std::span<const std::string_view> base_voices() { return kBaseVoices; }

}  // namespace genepool
