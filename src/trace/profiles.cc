#include "trace/profiles.h"

#include <algorithm>
#include <array>

namespace genepool {
namespace {

constexpr Profile kModelSkew{
    .name = "model-skew",
    .summary = "few models, very unequal; users come back to theirs",
    .genomes = 86,
    .head_exponent = 1.17,
    .head_ranks = 8,
    .tail_exponent = 2.2,
    .rate = 0.0106,
    .short_share = 0.78,
    .short_length = 2.5,
    .long_length = 15,
    .stay_share = 0.65,
    .stay = 0.92,
    .roam = 0.2,
    .users = Profile::Users::kReturning,
    .requests = 26'800,
};

constexpr Profile drifting() {
  Profile profile = kModelSkew;
  profile.name = "drift";
  profile.summary = "model-skew whose favourites change";
  profile.swap_every = 100;
  return profile;
}

constexpr std::array<Profile, 5> kProfiles{
    kModelSkew,
    drifting(),
    Profile{
        .name = "persona-sessions",
        .summary = "a genome for each user, asked for in sessions",
        .genomes = 24'000,
        .head_exponent = 0.85,
        .tail_exponent = 0.85,
        .rate = 0.0105,
        .short_share = 0.2,
        .long_length = 4.8,
        .users = Profile::Users::kGenome,
        .requests = 26'800,
    },
    Profile{
        .name = "lora-head",
        .summary = "many layers with a broad head, lately used ones again",
        .genomes = 2'000,
        .head_exponent = 0.9,
        .head_ranks = 180,
        .tail_exponent = 1.0,
        .rate = 0.0034,
        .short_share = 0.25,
        .long_length = 7,
        .reuse = 0.15,
        .recent = 50,
        .users = Profile::Users::kConversation,
        .requests = 16'700,
    },
    Profile{
        .name = "slora-0.3",
        .summary = "independent draws, rank exponent 0.7, in bursts: the synthetic load of S-LoRA (Sheng et al. 2023)",
        .genomes = 200,
        .head_exponent = 0.7,
        .tail_exponent = 0.7,
        .rate = 0.0675,
        .cv = 4,
        .has_day = false,
        .requests = 26'800,
    },
};

}  // namespace

std::span<const Profile> profiles() { return kProfiles; }

const Profile* find_profile(std::string_view name) {
  const auto* found = std::ranges::find(kProfiles, name, &Profile::name);
  return found == kProfiles.end() ? nullptr : found;
}

}  // namespace genepool
