// import_trace(): public logs of requests as traces. The table says how each format is read and on which terms its logs may be
// used; none of them is part of this project.
// Times are counted from the first request. Token counts that are not told stay 0.
// Thread: any. Memory: that of the trace. Errors: kBadRequest (each with its line), kTooLarge, kIo, kNotFound (the format).
// Use:   std::ifstream file(path, std::ios::binary);
//        const std::array<TraceInput, 1> inputs{{{path, &file}}};
//        GENEPOOL_TRY(const ReadTrace read, import_trace("azure-llm", inputs, {}));
#pragma once

#include <istream>
#include <span>
#include <string>
#include <string_view>

#include "trace/trace_builder.h"

namespace genepool {

struct TraceInput {
  std::string name;  // the file's; `servegen` names its genome by it
  std::istream* in = nullptr;
};

struct ImportOptions {
  enum class Genome { kModel, kGroup, kModelAndGroup };
  Genome genome = Genome::kModel;  // gentd26: what is a genome
  std::uint64_t seed = 1;          // servegen: its arrivals are drawn
  double rate_factor = 1;          // servegen: all rates are multiplied by it; thinning makes bursts burstier
};

using TraceImporter = Result<ReadTrace> (*)(std::span<const TraceInput> inputs, const ImportOptions& options);

struct ImportFormat {
  std::string_view name, genome, terms;
  bool takes_many = false;  // one file for each client
  TraceImporter import = nullptr;
};

[[nodiscard]] std::span<const ImportFormat> import_formats();
[[nodiscard]] Result<ReadTrace> import_trace(std::string_view format, std::span<const TraceInput> inputs,
                                             const ImportOptions& options);

}  // namespace genepool
