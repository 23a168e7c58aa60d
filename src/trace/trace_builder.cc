#include "trace/trace_builder.h"

#include <algorithm>
#include <cmath>

#include "base/printable.h"

namespace genepool {

bool is_trace_name(std::string_view name) { return !name.empty() && name.size() <= kMaxTraceNameBytes && is_printable(name); }

Result<std::uint32_t> TraceBuilder::index_of(Indices& indices, std::string_view name, std::string_view what) {
  if (const auto found = indices.find(name); found != indices.end()) return found->second;
  if (name.size() > kMaxTraceNameBytes) {
    return fail(Code::kTooLarge, "the {}'s name has {} bytes, at most {} are read", what, name.size(), kMaxTraceNameBytes);
  }
  if (!is_trace_name(name)) return fail(Code::kBadRequest, "the {}'s name must be printable UTF-8: \"{}\"", what, printable(name));
  if (indices.size() >= kMaxTraceNames) return fail(Code::kTooLarge, "more than {} {}s", kMaxTraceNames, what);
  const auto index = static_cast<std::uint32_t>(indices.size());
  indices.emplace(name, index);
  return index;
}

Result<void> TraceBuilder::add(const TraceRow& row) {
  Trace& trace = read_.trace;
  if (!(std::abs(row.t_seconds) <= kMaxTraceSeconds)) {
    return fail(Code::kBadRequest, "the time must be at most {} s, found {}", kMaxTraceSeconds, row.t_seconds);
  }
  if (row.genome.empty()) return fail(Code::kBadRequest, "the genome is empty");
  if (trace.requests.size() >= kMaxTraceRequests) return fail(Code::kTooLarge, "more than {} requests", kMaxTraceRequests);
  GENEPOOL_TRY(const std::uint32_t genome, index_of(genomes_, row.genome, "genome"));
  if (genome == trace.genomes.size()) {
    trace.genomes.push_back({.name = std::string(row.genome)});
    costs_.push_back(0);
  }
  std::uint32_t user = kNoUser;
  if (!row.user.empty()) {
    GENEPOOL_TRY(user, index_of(users_, row.user, "user"));
    if (user == trace.users.size()) trace.users.emplace_back(row.user);
  }
  note_cost(genome, row);
  if (row.t_seconds < latest_) ++read_.rows_moved;
  latest_ = std::max(latest_, row.t_seconds);
  trace.requests.push_back({row.t_seconds, genome, user, row.prompt_tokens, row.output_tokens});
  return {};
}

void TraceBuilder::note_cost(std::uint32_t genome, const TraceRow& row) {
  if (row.load_cost_s > 0) {
    read_.trace.genomes[genome].load_cost_s += row.load_cost_s;
    ++costs_[genome];
  }
  if (row.bytes > 0) read_.trace.genomes[genome].bytes = row.bytes;
}

ReadTrace TraceBuilder::finish(Times times) && {
  Trace& trace = read_.trace;
  if (read_.rows_moved > 0) std::ranges::stable_sort(trace.requests, {}, &TraceRequest::t_seconds);
  if (times == Times::kFromFirst && !trace.requests.empty()) {
    const double first = trace.requests.front().t_seconds;
    for (TraceRequest& request : trace.requests) request.t_seconds -= first;
  }
  for (std::size_t i = 0; i < trace.genomes.size(); ++i) {
    if (costs_[i] > 0) trace.genomes[i].load_cost_s /= static_cast<double>(costs_[i]);
  }
  return std::move(read_);
}

}  // namespace genepool
