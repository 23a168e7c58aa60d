#include "reference.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <map>

#include "genome/page.h"
#include "import/import.h"

namespace genepool::test {
namespace {

constexpr double kLikely = -3.0;

struct Compared {
  int clear = 0, agree = 0, values = 0;
  double moved = 0, most = 0;
};

// `top`: the reference's likeliest tokens, best first; `found`: all log-probabilities of the engine.
void compare(const Json& top, const std::vector<float>& found, double clear_lead, Compared& result) {
  if (top[0][1].get<double>() - top[1][1].get<double>() > clear_lead) {
    ++result.clear;
    const auto best = std::ranges::max_element(found) - found.begin();
    result.agree += best == top[0][0].get<Token>() ? 1 : 0;
  }
  for (const Json& one : top) {
    const auto expected = one[1].get<double>();
    if (expected < kLikely) continue;
    const double moved = std::abs(static_cast<double>(found.at(one[0].get<std::size_t>())) - expected);
    ++result.values;
    result.moved += moved;
    result.most = std::max(result.most, moved);
  }
}

Compared measure(Engine& engine, const Json& genome, const BaseModel& base, double clear_lead) {
  const Json& stack = genome["stack"];
  const auto attached = engine.attach(stack.empty() ? Mapping() : mapping_of(fused_page(stack, base)));
  GENEPOOL_CHECK(attached.has_value(), "{}", attached ? "" : attached.error().message);
  Compared result;
  const Json& prompts = reference()["prompts"];
  for (std::size_t p = 0; p < prompts.size(); ++p) {
    decode_prompt(engine, prompts[p]["ids"].get<std::vector<Token>>());
    compare(genome["top"][p], engine.log_probabilities(0), clear_lead, result);
  }
  return result;
}

}  // namespace

const Json& reference() {
  static const Json json = [] {
    std::ifstream file("tests/data/reference_logits.json");
    return Json::parse(file);
  }();
  return json;
}

std::vector<std::byte> fused_page(const Json& stack, const BaseModel& base) {
  std::map<std::string, std::vector<std::byte>> bytes;
  std::map<std::string, LayerView> views;
  std::vector<FusePart> parts;
  for (const Json& entry : stack) {
    const auto name = entry[0].get<std::string>();
    if (!views.contains(name)) {
      auto layer = import_layer("demo/layers/" + name, base);
      GENEPOOL_CHECK(layer.has_value(), "{}", layer ? "" : layer.error().message);
      bytes[name] = std::move(layer->bytes);
      views[name] = *LayerView::parse(bytes[name], false);
    }
    parts.push_back({&views.at(name), entry[1].get<float>()});
  }
  const auto plan = FusePlan::make(parts);
  GENEPOOL_CHECK(plan.has_value(), "{}", plan ? "" : plan.error().message);
  std::vector<std::byte> page(plan->byte_size());
  plan->write(page);
  return page;
}

Mapping mapping_of(const std::vector<std::byte>& page) {
  auto file = MemoryFile::create("page", page.size());
  std::memcpy(file->writable().data(), page.data(), page.size());
  GENEPOOL_CHECK(file->seal().has_value(), "seal");
  auto mapping = Mapping::of_fd(file->fd());
  GENEPOOL_CHECK(mapping.has_value(), "map");
  return std::move(*mapping);
}

void decode_prompt(Engine& engine, const std::vector<Token>& prompt) {
  engine.keep_only(0, 0);
  std::vector<BatchToken> batch;
  for (std::size_t i = 0; i < prompt.size(); ++i) {
    batch.push_back({prompt[i], static_cast<std::int32_t>(i), 0, i + 1 == prompt.size()});
  }
  GENEPOOL_CHECK(engine.decode(batch, 1).value() == DecodeStatus::kDone, "decode");
}

void expect_as_trained(Engine& engine, const BaseModel& base, const Tolerance& tolerance) {
  ASSERT_GE(reference()["genomes"].size(), 25u);
  for (const Json& genome : reference()["genomes"]) {
    std::vector<Compared> result(1);
    in_child<Compared>(result, [&](auto& to) { to[0] = measure(engine, genome, base, tolerance.clear_lead); });
    const auto& [clear, agree, values, moved, most] = result[0];
    const double mean = moved / values;
    std::printf("%-70s top-1 %d of %d clear, log-prob moved %.4f mean %.4f most\n", genome["stack"].dump().c_str(), agree, clear, mean,
                most);
    EXPECT_EQ(agree, clear) << genome["stack"];
    EXPECT_LE(mean, tolerance.mean_moved) << genome["stack"];
    EXPECT_LE(most, tolerance.most_moved) << genome["stack"];
  }
}

}  // namespace genepool::test
