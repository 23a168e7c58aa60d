// Profiles: what the generator (trace/generate.h) is told of a kind of traffic. The shipped ones are fitted to the miss ratios
// of real logs: twins that may be shared where the logs may not.
// Popularity of rank r: r^-a up to rank H, then H^-a (r/H)^-b: always state the rank exponent, published "alphas" differ.
// Thread: constants.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace genepool {

struct Profile {
  enum class Users {
    kNone,
    kConversation,  // each conversation has a user of its own
    kReturning,     // with kReturnShare the user of a random earlier conversation
    kGenome,        // a persona: the genome's only user
  };
  std::string_view name, summary;
  std::uint32_t genomes = 1;
  double head_exponent = 1;
  std::uint32_t head_ranks = 1;
  double tail_exponent = 1;

  double rate = 1;  // conversations per second, on the day's average
  double cv = 1;    // of the gaps between conversations
  bool has_day = true;

  // How many requests: geometric with mean `short_length` for this share of the conversations, else with `long_length`.
  double short_share = 1, short_length = 1, long_length = 1;
  // After each request the chance that the conversation stays with its genome: `stay` for this share of them, else `roam`.
  double stay_share = 1, stay = 1, roam = 1;
  // A pick repeats, with chance `reuse`, one of the last `recent` distinct genomes used, all alike.
  double reuse = 0;
  std::uint32_t recent = 0;
  std::uint32_t swap_every = 0;  // after so many requests two random ranks swap their genomes; 0 = never

  Users users = Users::kNone;
  std::uint32_t requests = 1;
};

inline constexpr double kReturnShare = 0.36;     // of conversations with Users::kReturning
inline constexpr double kReturnToGenome = 0.6;  // of those begin with their user's last genome

[[nodiscard]] std::span<const Profile> profiles();
[[nodiscard]] const Profile* find_profile(std::string_view name);  // null when there is none

}  // namespace genepool
