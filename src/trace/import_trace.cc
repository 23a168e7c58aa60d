#include "trace/import_trace.h"

#include <algorithm>
#include <array>

#include "trace/csv.h"
#include "trace/importers.h"

namespace genepool {
namespace {

constexpr double kLeastRateFactor = 1e-6, kMostRateFactor = 1e3;

constexpr std::array<ImportFormat, 7> kFormats{{
    {"csv", "column genome", "yours", false, import_csv},
    {"gentd26", "the model, the group or both", "research or study only", false, import_gentd26},
    {"gentd26-loras", "each LoRA, in the file's order, one a second", "research or study only", false, import_gentd26_loras},
    {"servegen", "the client's file", "Apache-2.0", true, import_servegen},
    {"azure-llm", "none: arrivals of one genome", "CC-BY", false, import_azure_llm},
    {"mooncake", "the prompt's first hash: its system prompt", "Apache-2.0", false, import_mooncake},
    {"azure-func21", "app and function", "CC-BY", false, import_azure_func21},
}};

}  // namespace

Result<ReadTrace> import_csv(std::span<const TraceInput> inputs, const ImportOptions&) { return read_trace_csv(*inputs[0].in); }

std::span<const ImportFormat> import_formats() { return kFormats; }

Result<ReadTrace> import_trace(std::string_view format, std::span<const TraceInput> inputs, const ImportOptions& options) {
  const auto* row = std::ranges::find(kFormats, format, &ImportFormat::name);
  if (row == kFormats.end()) return fail_param(Code::kNotFound, "format", "there is no trace format \"{}\"", format);
  if (inputs.empty() || (inputs.size() > 1 && !row->takes_many)) {
    const std::string_view wanted = row->takes_many ? "at least one file" : "one file";
    return fail(Code::kBadRequest, "the format {} takes {}, found {}", format, wanted, inputs.size());
  }
  if (!(options.rate_factor >= kLeastRateFactor && options.rate_factor <= kMostRateFactor)) {
    return fail_param(Code::kBadRequest, "rate_factor", "must be between {} and {}, found {}", kLeastRateFactor, kMostRateFactor,
                      options.rate_factor);
  }
  return row->import(inputs, options);
}

}  // namespace genepool
