// The contests, one function each. Private to peers/.
#pragma once

#include "peers/arena.h"
#include "peers/contest.h"

namespace genepool::bench {

// Each fills the samples of `contest`, whose title and goal are set; what it has measured before an error stays.
[[nodiscard]] Result<void> start_to_first_token(Arena& arena, Contest& contest);
[[nodiscard]] Result<void> switch_genomes(Arena& arena, Contest& contest);
[[nodiscard]] Result<void> one_genome_four_requests(Arena& arena, Contest& contest);
[[nodiscard]] Result<void> four_genomes_at_once(Arena& arena, Contest& contest);
// Four conversations of one genome at once that begin with the same 512 tokens, as behind a system prompt.
[[nodiscard]] Result<void> shared_beginning(Arena& arena, Contest& contest);
[[nodiscard]] Result<void> memory_of_four(Arena& arena, Contest& contest);

// Of genepool with itself: two genomes with a thread each beside one of them alone, and a genome beside a program that keeps a
// core busy.
[[nodiscard]] Result<void> two_genomes_one_thread(Arena& arena, Contest& contest);
[[nodiscard]] Result<void> busy_neighbour(Arena& arena, Contest& contest);

// Of genepool with itself: to the first token of a genome that left HOT and comes back to a conversation of some 512 tokens, with
// its KV kept and without.
[[nodiscard]] Result<void> back_to_a_conversation(Arena& arena, Contest& contest);

// Two contests from the same requests each.
// `beside_base`: against the base alone, served by genepool too.
[[nodiscard]] Result<void> decode_four_layers(Arena& arena, Contest& beside_stock, Contest& beside_base);
[[nodiscard]] Result<void> twenty_in_a_row(Arena& arena, Contest& to_first, Contest& to_last);

}  // namespace genepool::bench
