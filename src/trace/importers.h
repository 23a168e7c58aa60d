// The rows of import_trace.cc's table, one importer a file. Each reads inputs[0], import_servegen all of them.
#pragma once

#include "trace/import_trace.h"

namespace genepool {

[[nodiscard]] Result<ReadTrace> import_csv(std::span<const TraceInput> inputs, const ImportOptions& options);
[[nodiscard]] Result<ReadTrace> import_gentd26(std::span<const TraceInput> inputs, const ImportOptions& options);
[[nodiscard]] Result<ReadTrace> import_gentd26_loras(std::span<const TraceInput> inputs, const ImportOptions& options);
[[nodiscard]] Result<ReadTrace> import_servegen(std::span<const TraceInput> inputs, const ImportOptions& options);
[[nodiscard]] Result<ReadTrace> import_azure_llm(std::span<const TraceInput> inputs, const ImportOptions& options);
[[nodiscard]] Result<ReadTrace> import_mooncake(std::span<const TraceInput> inputs, const ImportOptions& options);
[[nodiscard]] Result<ReadTrace> import_azure_func21(std::span<const TraceInput> inputs, const ImportOptions& options);

}  // namespace genepool
