// Mooncake: a JSON object a line: timestamp (ms), input_length, output_length, hash_ids (of the prompt's blocks, the first first).
#include <limits>
#include <nlohmann/json.hpp>

#include "trace/importers.h"

namespace genepool {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMaxLineBytes = 1 << 20;

// A field of the object that is a number within the bounds, else nothing.
template <class Number>
std::optional<Number> field(const Json& object, const char* name, double most) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_number()) return std::nullopt;
  const auto value = found->get<double>();
  return value >= 0 && value <= most ? std::optional(static_cast<Number>(value)) : std::nullopt;
}

// `name` holds what the row's genome points to. A prompt without a whole block has no hash: it tells no genome.
Result<std::optional<TraceRow>> row_of(std::string_view line, std::string& name) {
  const Json object = Json::parse(line, nullptr, false);
  if (!object.is_object()) return fail(Code::kBadRequest, "not a JSON object");
  constexpr double kMaxTokens = std::numeric_limits<std::uint32_t>::max();
  const auto timestamp_ms = field<double>(object, "timestamp", kMaxTraceSeconds * 1e3);
  const auto prompt_tokens = field<std::uint32_t>(object, "input_length", kMaxTokens);
  const auto output_tokens = field<std::uint32_t>(object, "output_length", kMaxTokens);
  if (!timestamp_ms || !prompt_tokens || !output_tokens) {
    return fail(Code::kBadRequest, "timestamp, input_length and output_length must be numbers from 0");
  }
  const auto hashes = object.find("hash_ids");
  if (hashes == object.end() || !hashes->is_array()) return fail(Code::kBadRequest, "hash_ids must be a list");
  if (hashes->empty()) return std::nullopt;
  if (!hashes->front().is_number_integer()) return fail(Code::kBadRequest, "hash_ids must be whole numbers");
  name = hashes->front().dump();
  return TraceRow{
      .t_seconds = *timestamp_ms / 1e3, .genome = name, .prompt_tokens = *prompt_tokens, .output_tokens = *output_tokens};
}

Result<void> add_line(TraceBuilder& builder, std::string_view line, std::string& name) {
  GENEPOOL_TRY(const std::optional<TraceRow> row, row_of(line, name));
  if (row) return builder.add(*row);
  builder.skip_row();
  return {};
}

}  // namespace

Result<ReadTrace> import_mooncake(std::span<const TraceInput> inputs, const ImportOptions&) {
  std::istream& in = *inputs[0].in;
  TraceBuilder builder;
  std::string name;
  std::vector<char> buffer(kMaxLineBytes);
  for (std::uint64_t line = 1;; ++line) {
    in.getline(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    const auto length = static_cast<std::size_t>(in.gcount());  // with the line break
    if (in.bad()) return fail(Code::kIo, "line {}: the file cannot be read", line);
    if (in.eof()) {
      if (length > 0) builder.skip_row();
      break;
    }
    if (in.fail()) return fail(Code::kTooLarge, "line {}: longer than {} bytes", line, kMaxLineBytes);
    auto added = add_line(builder, {buffer.data(), length - 1}, name);
    if (!added) return fail(added.error().code, "line {}: {}", line, added.error().message);
  }
  return std::move(builder).finish(TraceBuilder::Times::kFromFirst);
}

}  // namespace genepool
