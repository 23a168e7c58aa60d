#include "peers/contests.h"

#include <fmt/core.h>

#include <algorithm>
#include <set>
#include <thread>
#include <variant>

#include "http/http_client.h"
#include "client/completion_client.h"
#include "peers/peers.h"

namespace genepool::bench {
namespace {

constexpr std::size_t kAtOnce = 4;
constexpr std::uint32_t kLeastTokens = 8;  // of an answer whose speed counts
constexpr const char* kOneToken = "a";  // a prompt of one token: what is measured is the way there

// Prompts that share no beginning: nothing of one can be reused for another.
std::string prompt_of(std::size_t i) {
  static constexpr const char* kThings[] = {"Rain", "Bees", "Gold", "Trains", "Maps", "Tea", "Snow", "Music", "Bread", "Books"};
  return fmt::format("{} number {} is what everybody in the town talked about, because", kThings[i % std::size(kThings)], i);
}

Contestant& contestant(Contest& contest, const std::string& name, bool is_peer) {
  for (Contestant& known : contest.contestants) {
    if (known.name == name) return known;
  }
  contest.contestants.push_back({.name = name, .command = "", .is_peer = is_peer, .samples = {}, .note = ""});
  return contest.contestants.back();
}

void add(Contest& contest, const std::string& name, bool is_peer, const std::string& command, double sample) {
  Contestant& one = contestant(contest, name, is_peer);
  if (one.command.empty()) one.command = command;
  one.samples.push_back(sample);
}

constexpr const char* kOurs = "genepool";

// For every build of llama-server that there is; those that are missing get their row.
template <class Measure>
Result<void> for_each_stock(Arena& arena, Contest& contest, const std::string& way, Measure measure) {
  for (const StockProgram& program : arena.options.stock) {
    const std::string name = way.empty() ? program.name : fmt::format("{}, {}", program.name, way);
    if (program.path.empty()) {
      contestant(contest, name, true).note = "not installed";
      continue;
    }
    const Result<void> measured = measure(program, name);
    if (!measured) contestant(contest, name, true).note = measured.error().message;
  }
  return {};
}

// llama-cpp-python: `measure` gets a server whose one adapter is the stack as we fused it.
template <class Measure>
void with_python(Arena& arena, Contest& contest, const Stack& stack, const std::string& way, Measure measure) {
  const std::string name = fmt::format("{}, {}", arena.options.python.name, way);
  if (arena.options.python.path.empty()) {
    contestant(contest, name, true).note = "not installed";
    return;
  }
  const auto run = [&]() -> Result<void> {
    GENEPOOL_TRY(const std::string page, arena.page_file(stack));
    return measure(name, page);
  };
  if (const Result<void> ran = run(); !ran) contestant(contest, name, true).note = ran.error().message;
}

Ask one_token(const std::string& url, const std::string& model) { return {.url = url, .model = model, .prompt = kOneToken, .tokens = 1}; }

}  // namespace

Result<void> start_to_first_token(Arena& arena, Contest& contest) {
  const Stack& stack = arena.stacks[0];
  const Stack& sibling = arena.stacks[8];  // the same layers with other weights: it brings them into RAM, and not the page
  {
    GENEPOOL_TRY(Arena::Running ours, arena.serve_ours({}));
    for (std::uint32_t round = 0; round < arena.options.rounds; ++round) {
      GENEPOOL_TRY_VOID(arena.progress(fmt::format("start to first token: genepool, round {}", round + 1)));
      GENEPOOL_TRY_VOID(bring(ours.url, stack.genome, "evict", R"({"to":"cold"})"));
      GENEPOOL_TRY_VOID(bring(ours.url, stack.genome, "warm"));
      GENEPOOL_TRY(const Answered warm, ask(one_token(ours.url, stack.genome)));
      add(contest, kOurs, false, ours.command + ", page kept", warm.first_token_ms);
      GENEPOOL_TRY_VOID(bring(ours.url, stack.genome, "evict", R"({"to":"cold"})"));
      GENEPOOL_TRY_VOID(bring(ours.url, sibling.genome, "warm"));
      GENEPOOL_TRY(const Answered layers, ask(one_token(ours.url, stack.genome)));
      add(contest, "genepool, layers in RAM only", false, ours.command, layers.first_token_ms);
    }
  }
  with_python(arena, contest, stack, "started for it, our page", [&](const std::string& name, const std::string& page) -> Result<void> {
    for (std::uint32_t round = 0; round < arena.options.rounds; ++round) {
      GENEPOOL_TRY_VOID(arena.progress(fmt::format("start to first token: {}, round {}", name, round + 1)));
      const Instant start = monotonic_now();
      GENEPOOL_TRY(Arena::Running python, arena.serve_python(page));
      GENEPOOL_TRY_VOID(ask({.url = python.url, .model = "", .prompt = kOneToken, .tokens = 1, .may_end = true}).map([](const auto&) {}));
      add(contest, name, true, python.command, to_ms(monotonic_now() - start));
    }
    return {};
  });
  return for_each_stock(arena, contest, "started for it", [&](const StockProgram& program, const std::string& name) -> Result<void> {
    for (std::uint32_t round = 0; round < arena.options.rounds; ++round) {
      GENEPOOL_TRY_VOID(arena.progress(fmt::format("start to first token: {}, round {}", name, round + 1)));
      const Instant start = monotonic_now();
      GENEPOOL_TRY(Arena::Running stock, arena.serve_stock(program, arena.adapters_on(stack)));
      GENEPOOL_TRY_VOID(ask(one_token(stock.url, "")).map([](const auto&) {}));
      add(contest, name, true, stock.command, to_ms(monotonic_now() - start));
    }
    return {};
  });
}

Result<void> decode_four_layers(Arena& arena, Contest& beside_stock, Contest& beside_base) {
  const Stack& stack = arena.stacks[0];
  const auto measure = [&](const std::string& url, const std::string& model, bool may_end = false) -> Result<double> {
    const Ask question{.url = url, .model = model, .prompt = prompt_of(0), .tokens = 2 * arena.options.tokens, .may_end = may_end};
    GENEPOOL_TRY(const Answered answer, ask(question));
    if (answer.tokens < kLeastTokens) return fail(Code::kIo, "{} ended after {} tokens", url, answer.tokens);
    return 1000.0 / answer.decode_ms_per_token();
  };
  GENEPOOL_TRY(Arena::Running ours, arena.serve_ours({}));
  std::vector<std::pair<std::string, Arena::Running>> stock, python;
  GENEPOOL_TRY_VOID(for_each_stock(arena, beside_stock, "4 adapters", [&](const StockProgram& program, const std::string& name) -> Result<void> {
    GENEPOOL_TRY(Arena::Running running, arena.serve_stock(program, arena.adapters_on(stack)));
    stock.emplace_back(name, std::move(running));
    return {};
  }));
  with_python(arena, beside_stock, stack, "our page", [&](const std::string& name, const std::string& page) -> Result<void> {
    GENEPOOL_TRY(Arena::Running running, arena.serve_python(page));
    python.emplace_back(name, std::move(running));
    return {};
  });
  for (std::uint32_t round = 0; round <= arena.options.rounds; ++round) {  // the first warms up
    GENEPOOL_TRY_VOID(arena.progress(fmt::format("decoding with 4 layers, round {}", round)));
    GENEPOOL_TRY(const double genome, measure(ours.url, stack.genome));
    GENEPOOL_TRY(const double base, measure(ours.url, "base"));
    if (round > 0) {
      add(beside_stock, kOurs, false, ours.command, genome);
      add(beside_base, kOurs, false, ours.command, genome);
      add(beside_base, "genepool, the base alone", true, ours.command, base);
    }
    for (const auto* const peers : {&stock, &python}) {
      for (const auto& [name, running] : *peers) {
        GENEPOOL_TRY(const double speed, measure(running.url, "", peers == &python));
        if (round > 0) add(beside_stock, name, true, running.command, speed);
      }
    }
  }
  return {};
}

Result<void> switch_genomes(Arena& arena, Contest& contest) {
  const Stack* const two[] = {&arena.stacks[0], &arena.stacks[4]};
  GENEPOOL_TRY(Arena::Running ours, arena.serve_ours({}));
  std::vector<std::pair<std::string, Arena::Running>> stock;
  GENEPOOL_TRY_VOID(for_each_stock(arena, contest, "all adapters", [&](const StockProgram& program, const std::string& name) -> Result<void> {
    GENEPOOL_TRY(Arena::Running running, arena.serve_stock(program, arena.adapters_by_request()));
    stock.emplace_back(name, std::move(running));
    return {};
  }));
  const std::uint32_t rounds = 4 * arena.options.rounds;
  for (std::uint32_t round = 0; round < rounds; ++round) {
    GENEPOOL_TRY_VOID(arena.progress(fmt::format("from one genome to another: round {} of {}", round + 1, rounds)));
    const Stack& stack = *two[round % 2];
    GENEPOOL_TRY(const Answered answer, ask(one_token(ours.url, stack.genome)));
    if (round > 1) add(contest, kOurs, false, ours.command + ", both HOT", answer.first_token_ms);
    for (const auto& [name, running] : stock) {
      Ask request = one_token(running.url, "");
      request.lora = stack.parts;
      GENEPOOL_TRY(const Answered theirs, ask(request));
      if (round > 1) add(contest, name, true, running.command, theirs.first_token_ms);
    }
  }
  return {};
}

namespace {

// `kAtOnce` requests, each with a stack of its own or all with the same; tokens a second of all together.
Result<void> at_once(Arena& arena, Contest& contest, bool is_same) {
  const auto stack_of = [&](std::size_t i) -> const Stack& { return arena.stacks[is_same ? 0 : i]; };
  GENEPOOL_TRY(Arena::Running ours, arena.serve_ours({"--pool.max_hot", std::to_string(kAtOnce)}));
  std::vector<std::pair<std::string, Arena::Running>> stock;
  const auto begin = [&](const StockProgram& program, const std::string& name) -> Result<void> {
    std::vector<std::string> words = is_same ? arena.adapters_on(stack_of(0)) : arena.adapters_by_request();
    words.insert(words.end(), {"-np", std::to_string(kAtOnce)});
    GENEPOOL_TRY(Arena::Running running, arena.serve_stock(program, words));
    stock.emplace_back(name, std::move(running));
    return {};
  };
  GENEPOOL_TRY_VOID(for_each_stock(arena, contest, is_same ? "its 4 adapters" : "all adapters", begin));
  if (is_same) {
    // What a patient user could do: the stack merged into one adapter, by us.
    GENEPOOL_TRY(const std::string page, arena.page_file(stack_of(0)));
    GENEPOOL_TRY_VOID(for_each_stock(arena, contest, "our page as its adapter", [&](const StockProgram& program, const std::string& name) -> Result<void> {
      GENEPOOL_TRY(Arena::Running running, arena.serve_stock(program, {"--lora", page, "-np", std::to_string(kAtOnce)}));
      stock.emplace_back(name, std::move(running));
      return {};
    }));
  }
  const auto asks = [&](const std::string& url, bool is_ours, std::size_t round) {
    std::vector<Ask> all;
    for (std::size_t i = 0; i < kAtOnce; ++i) {
      Ask one{.url = url, .model = is_ours ? stack_of(i).genome : "", .prompt = prompt_of(round * kAtOnce + i), .tokens = 2 * arena.options.tokens};
      if (!is_ours && !is_same) one.lora = stack_of(i).parts;
      all.push_back(std::move(one));
    }
    return all;
  };
  for (std::uint32_t round = 0; round <= arena.options.rounds; ++round) {
    GENEPOOL_TRY_VOID(arena.progress(fmt::format("{}: round {}", contest.title, round)));
    GENEPOOL_TRY(const Together mine, ask_together(asks(ours.url, true, round)));
    if (round > 0) add(contest, kOurs, false, ours.command, mine.tokens_per_second());
    for (const auto& [name, running] : stock) {
      GENEPOOL_TRY(const Together theirs, ask_together(asks(running.url, false, round)));
      if (round > 0) add(contest, name, true, running.command, theirs.tokens_per_second());
    }
  }
  return {};
}

}  // namespace

Result<void> one_genome_four_requests(Arena& arena, Contest& contest) { return at_once(arena, contest, true); }
Result<void> four_genomes_at_once(Arena& arena, Contest& contest) { return at_once(arena, contest, false); }

Result<void> twenty_in_a_row(Arena& arena, Contest& to_first, Contest& to_last) {
  // One request after the other, each of another genome: all first tokens together, and all of it.
  const auto in_a_row = [&](const std::string& name, bool is_peer, Arena::Running& server, const auto& before) -> Result<void> {
    double first_ms = 0;
    const Instant start = monotonic_now();
    for (std::size_t i = 0; i < arena.stacks.size(); ++i) {
      GENEPOOL_TRY_VOID(arena.progress(fmt::format("20 genomes in a row: {}, {}", name, i + 1)));
      GENEPOOL_TRY_VOID(before(i));
      GENEPOOL_TRY(const Answered answer, ask({.url = server.url, .model = arena.stacks[i].genome, .prompt = prompt_of(i), .tokens = arena.options.tokens}));
      first_ms += answer.first_token_ms;
    }
    add(to_first, name, is_peer, server.command, first_ms / static_cast<double>(arena.stacks.size()));
    add(to_last, name, is_peer, server.command, to_ms(monotonic_now() - start));
    return {};
  };
  const auto nothing = [](std::size_t) -> Result<void> { return {}; };
  const std::uint32_t rounds = std::min(arena.options.rounds, 3U);
  for (std::uint32_t round = 0; round < rounds; ++round) {
    GENEPOOL_TRY(Arena::Running ours, arena.serve_ours({}));  // anew: all genomes are COLD
    GENEPOOL_TRY_VOID(ask(one_token(ours.url, "base")).map([](const auto&) {}));  // the base is there, as the router is
    GENEPOOL_TRY_VOID(in_a_row(kOurs, false, ours, nothing));
  }
  const auto route = [&](const StockProgram& program, const std::string& name) -> Result<void> {
    for (std::uint32_t round = 0; round < rounds; ++round) {
      GENEPOOL_TRY(Arena::Running router, arena.serve_router(program, arena.stacks.size()));
      GENEPOOL_TRY_VOID(in_a_row(name, true, router, nothing));
    }
    return {};
  };
  GENEPOOL_TRY_VOID(for_each_stock(arena, to_last, "router mode", route));
  for (const Contestant& missing : to_last.contestants) {
    if (missing.samples.empty()) contestant(to_first, missing.name, true).note = missing.note;
  }
  return {};
}

Result<void> memory_of_four(Arena& arena, Contest& contest) {
  const auto used = [&](Arena::Running& server, bool by_name) -> Result<double> {
    for (std::size_t i = 0; i < kAtOnce; ++i) {
      Ask request{.url = server.url, .model = by_name ? arena.stacks[i].genome : "", .prompt = prompt_of(i), .tokens = arena.options.tokens};
      if (!by_name) request.lora = arena.stacks[i].parts;
      GENEPOOL_TRY_VOID(ask(request).map([](const auto&) {}));
    }
    return static_cast<double>(server.process.pss_bytes());
  };
  GENEPOOL_TRY_VOID(arena.progress("memory of 4 genomes in use"));
  {
    GENEPOOL_TRY(Arena::Running ours, arena.serve_ours({"--pool.max_hot", std::to_string(kAtOnce)}));
    GENEPOOL_TRY(const double bytes, used(ours, true));
    add(contest, kOurs, false, ours.command, bytes);
  }
  GENEPOOL_TRY_VOID(for_each_stock(arena, contest, "all adapters", [&](const StockProgram& program, const std::string& name) -> Result<void> {
    GENEPOOL_TRY(Arena::Running running, arena.serve_stock(program, arena.adapters_by_request()));
    GENEPOOL_TRY(const double bytes, used(running, false));
    add(contest, name, true, running.command, bytes);
    return {};
  }));
  return for_each_stock(arena, contest, "router mode", [&](const StockProgram& program, const std::string& name) -> Result<void> {
    GENEPOOL_TRY(Arena::Running running, arena.serve_router(program, kAtOnce));
    GENEPOOL_TRY(const double bytes, used(running, true));
    add(contest, name, true, running.command, bytes);
    return {};
  });
}

Result<void> two_genomes_one_thread(Arena& arena, Contest& contest) {
  GENEPOOL_TRY(Arena::Running ours, arena.serve_ours({"--engine.worker_threads", "1"}));
  for (std::uint32_t round = 0; round <= arena.options.rounds; ++round) {  // the first warms up
    GENEPOOL_TRY_VOID(arena.progress(fmt::format("{}: round {}", contest.title, round)));
    std::vector<Ask> asks;
    for (std::size_t i = 0; i < 2; ++i) {
      asks.push_back({.url = ours.url, .model = arena.stacks[i].genome, .prompt = prompt_of(2 * round + i), .tokens = 2 * arena.options.tokens});
    }
    GENEPOOL_TRY(const Together both, ask_together(asks));
    asks.resize(1);
    GENEPOOL_TRY(const Together alone, ask_together(asks));
    if (round == 0) continue;
    add(contest, kOurs, false, ours.command, both.tokens_per_second());
    add(contest, "genepool, one of them alone", true, ours.command, alone.tokens_per_second());
  }
  return {};
}

Result<void> busy_neighbour(Arena& arena, Contest& contest) {
  const auto speed = [&](Arena::Running& server, const std::string& model, std::uint32_t round) -> Result<double> {
    GENEPOOL_TRY(const Answered answer, ask({.url = server.url, .model = model, .prompt = prompt_of(round), .tokens = 2 * arena.options.tokens}));
    return 1000.0 / answer.decode_ms_per_token();
  };
  const auto beside = [&](Arena::Running& server, const std::string& model, std::uint32_t round) -> Result<double> {
    const std::vector<std::string> spin{"/bin/sh", "-c", "while :; do :; done"};
    GENEPOOL_TRY(const ServerProcess neighbour, ServerProcess::start(spin, arena.scratch("neighbour.log")));
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    return speed(server, model, round);
  };
  GENEPOOL_TRY(Arena::Running ours, arena.serve_ours({}));
  for (std::uint32_t round = 0; round <= arena.options.rounds; ++round) {
    GENEPOOL_TRY_VOID(arena.progress(fmt::format("{}: round {}", contest.title, round)));
    GENEPOOL_TRY(const double alone, speed(ours, arena.stacks[0].genome, round));
    GENEPOOL_TRY(const double crowded, beside(ours, arena.stacks[0].genome, round));
    if (round == 0) continue;
    add(contest, kOurs, false, ours.command, crowded);
    add(contest, "genepool, without the other program", true, ours.command, alone);
  }
  return {};
}

namespace {

std::string long_prompt(std::uint32_t round) {
  std::string text = fmt::format("Round {}. ", round);  // nothing of another round can be reused
  for (int i = 0; i < 36; ++i) text += fmt::format("item {} costs {} coins and weighs {} stones; ", i, i * 7 % 13, i % 5);
  return text;
}

}  // namespace

Result<void> shared_beginning(Arena& arena, Contest& contest) {
  GENEPOOL_TRY(Arena::Running ours, arena.serve_ours({}));
  std::vector<std::pair<std::string, Arena::Running>> stock;
  GENEPOOL_TRY_VOID(for_each_stock(arena, contest, "its 4 adapters", [&](const StockProgram& program, const std::string& name) -> Result<void> {
    std::vector<std::string> words = arena.adapters_on(arena.stacks[0]);
    words.insert(words.end(), {"-np", std::to_string(kAtOnce)});
    GENEPOOL_TRY(Arena::Running running, arena.serve_stock(program, words));
    stock.emplace_back(name, std::move(running));
    return {};
  }));
  const auto mean_to_first = [&](const std::string& url, const std::string& model, std::uint32_t round) -> Result<double> {
    std::vector<Ask> asks;
    for (std::size_t i = 0; i < kAtOnce; ++i) {
      asks.push_back({.url = url, .model = model, .prompt = long_prompt(round) + prompt_of(i), .tokens = arena.options.tokens, .may_reuse = true});
    }
    GENEPOOL_TRY(const Together together, ask_together(asks));
    double sum = 0;
    for (const Answered& answer : together.answers) sum += answer.first_token_ms;
    return sum / static_cast<double>(kAtOnce);
  };
  for (std::uint32_t round = 0; round <= arena.options.rounds; ++round) {
    GENEPOOL_TRY_VOID(arena.progress(fmt::format("{}: round {}", contest.title, round)));
    GENEPOOL_TRY(const double mine, mean_to_first(ours.url, arena.stacks[0].genome, round));
    if (round > 0) add(contest, kOurs, false, ours.command, mine);
    for (const auto& [name, running] : stock) {
      GENEPOOL_TRY(const double theirs, mean_to_first(running.url, "", round));
      if (round > 0) add(contest, name, true, running.command, theirs);
    }
  }
  return {};
}

Result<void> back_to_a_conversation(Arena& arena, Contest& contest) {
  const std::string& genome = arena.stacks[0].genome;
  for (const char* const save : {"true", "false"}) {
    GENEPOOL_TRY(Arena::Running ours, arena.serve_ours({"--pool.max_hot", "1", "--kv.save", save}));
    const bool is_kept = std::string_view(save) == "true";
    for (std::uint32_t round = 0; round <= arena.options.rounds; ++round) {
      GENEPOOL_TRY_VOID(arena.progress(fmt::format("{}: {}, round {}", contest.title, is_kept ? "kept" : "not kept", round)));
      const std::string prompt = long_prompt(round);
      GENEPOOL_TRY_VOID(ask({.url = ours.url, .model = genome, .prompt = prompt, .tokens = 2}).map([](const auto&) {}));
      GENEPOOL_TRY_VOID(ask(one_token(ours.url, arena.stacks[4].genome)).map([](const auto&) {}));  // takes its place
      GENEPOOL_TRY(const Answered answer, ask({.url = ours.url, .model = genome, .prompt = prompt + "And", .tokens = 1}));
      if (round > 0) add(contest, is_kept ? kOurs : "genepool, prefilled again", !is_kept, ours.command, answer.first_token_ms);
    }
  }
  return {};
}

namespace {

using MeasureOne = Result<void> (*)(Arena&, Contest&);
using MeasureTwo = Result<void> (*)(Arena&, Contest&, Contest&);

struct Round {  // one or two contests from the same requests
  std::vector<Contest> contests;
  std::variant<MeasureOne, MeasureTwo> measure;
};

std::vector<Round> all_rounds() {
  const auto named = [](const char* id, const char* title, Unit unit, std::optional<double> goal) {
    return Contest{.id = id, .title = title, .unit = unit, .goal = goal, .contestants = {}, .note = ""};
  };
  return {
      {{named("start", "4 layers from WARM to the first token", Unit::kMillis, 10.0)}, start_to_first_token},
      {{named("switch", "from one genome to another, first token", Unit::kMillis, std::nullopt)}, switch_genomes},
      {{named("one_genome", "one genome, 4 requests at once", Unit::kTokensPerSecond, 1.2)}, one_genome_four_requests},
      {{named("four_genomes", "4 genomes at once", Unit::kTokensPerSecond, 1.5)}, four_genomes_at_once},
      {{named("two_threads", "2 genomes at once, a thread each, beside one", Unit::kTokensPerSecond, 1.8)}, two_genomes_one_thread},
      {{named("neighbour", "decoding beside a program that keeps a core busy", Unit::kTokensPerSecond, 1 / 2.2)}, busy_neighbour},
      {{named("kv_back", "back from WARM to a conversation of 512 tokens, first token", Unit::kMillis, 5.0)}, back_to_a_conversation},
      {{named("shared_beginning", "4 conversations at once behind the same 512 tokens, first tokens", Unit::kMillis, std::nullopt)}, shared_beginning},
      {{named("memory", "memory of 4 genomes in use (PSS)", Unit::kBytes, std::nullopt)}, memory_of_four},
      {{named("decode", "decoding with 4 layers of rank 16", Unit::kTokensPerSecond, 1.5),
        named("decode_base", "the same, beside the base alone", Unit::kTokensPerSecond, 0.75)}, decode_four_layers},
      {{named("twenty_first", "20 genomes in a row: mean time to the first token", Unit::kMillis, 5.0),
        named("twenty_last", "20 genomes in a row: to the last token of all", Unit::kMillis, 2.0)}, twenty_in_a_row},
  };
}

// Those that hold a wanted contest, all for no wish. kUsage: nobody has such an id.
Result<std::vector<Round>> wanted_rounds(const std::vector<std::string>& wanted) {
  std::vector<Round> all = all_rounds(), chosen;
  if (wanted.empty()) return all;
  std::set<std::string> unknown(wanted.begin(), wanted.end());
  for (Round& round : all) {
    const auto hits = std::ranges::count_if(round.contests, [&](const Contest& contest) { return unknown.erase(contest.id) > 0; });
    if (hits > 0) chosen.push_back(std::move(round));
  }
  if (!unknown.empty()) return fail(Code::kUsage, "there is no contest \"{}\"", *unknown.begin());
  return chosen;
}

Result<void> measure(Arena& arena, Round& round) {
  std::vector<Contest>& contests = round.contests;
  GENEPOOL_TRY_VOID(arena.progress(contests[0].title));
  if (const auto* one = std::get_if<MeasureOne>(&round.measure)) return (*one)(arena, contests[0]);
  return std::get<MeasureTwo>(round.measure)(arena, contests[0], contests[1]);
}

}  // namespace

Result<std::vector<Contest>> run_contests(Arena& arena, const std::vector<std::string>& wanted) {
  GENEPOOL_TRY(std::vector<Round> rounds, wanted_rounds(wanted));
  std::vector<Contest> contests;
  for (Round& round : rounds) {
    const auto measured = measure(arena, round);
    for (Contest& contest : round.contests) {
      if (!measured) contest.note = measured.error().message;
      contests.push_back(std::move(contest));
    }
  }
  return contests;
}

}  // namespace genepool::bench
