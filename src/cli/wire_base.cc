#include "cli/wire_base.h"

#include "cli/wire_json.h"

namespace genepool::cli {
namespace {

Digest digest_from(const Json& j, const char* key) { return Digest::from_hex(get<std::string>(j, key)).value_or(Digest{}); }

BaseCandidate candidate_from(const Json& j) {
  return {.type = j.at("type").get<std::string>(),
          .bytes = get<std::uint64_t>(j, "bytes"),
          .prompt_rate = get<double>(j, "prompt_tokens_per_s"),
          .answer_rate = get<double>(j, "answer_tokens_per_s"),
          .source_prompt_rate = get<double>(j, "base_prompt_tokens_per_s"),
          .source_answer_rate = get<double>(j, "base_answer_tokens_per_s"),
          .kl = get<double>(j, "kl"),
          .top1_changed = get<std::uint64_t>(j, "top1_changed"),
          .positions = get<std::uint64_t>(j, "positions"),
          .verdict = get<std::string>(j, "verdict")};
}

PreparedBase base_from(const Json& j) {
  PreparedBase base{.source = digest_from(j, "base"),
                    .type = get<std::string>(j, "type"),
                    .bytes = get<std::uint64_t>(j, "bytes"),
                    .machine = get<std::string>(j, "machine"),
                    .candidates = each(j, "candidates", candidate_from),
                    .made_ms = get<std::int64_t>(j, "made_ms")};
  if (!get<std::string>(j, "prepared").empty()) base.prepared = digest_from(j, "prepared");
  return base;
}

Json to_json(const BaseCandidate& c) {
  return {{"type", c.type},
          {"bytes", c.bytes},
          {"prompt_tokens_per_s", c.prompt_rate},
          {"answer_tokens_per_s", c.answer_rate},
          {"base_prompt_tokens_per_s", c.source_prompt_rate},
          {"base_answer_tokens_per_s", c.source_answer_rate},
          {"gain", c.gain()},
          {"kl", c.kl},
          {"top1_changed", c.top1_changed},
          {"positions", c.positions},
          {"verdict", c.verdict}};
}

Json to_json(const PreparedBase& base) {
  Json candidates = Json::array();
  for (const BaseCandidate& candidate : base.candidates) candidates.push_back(to_json(candidate));
  return {{"base", base.source.hex()},   {"prepared", base.prepared ? Json(base.prepared->hex()) : Json()},
          {"type", base.type},           {"bytes", base.bytes},
          {"machine", base.machine},     {"made_ms", base.made_ms},
          {"candidates", std::move(candidates)}};
}

}  // namespace

Result<std::vector<PreparedBase>> parse_prepared_bases(std::string_view text) {
  return parsed(text, [](const Json& j) { return each(j, "bases", base_from); });
}

std::string json_of(const std::vector<PreparedBase>& bases) {
  Json list = Json::array();
  for (const PreparedBase& base : bases) list.push_back(to_json(base));
  return Json{{"bases", std::move(list)}}.dump(2);
}

}  // namespace genepool::cli
