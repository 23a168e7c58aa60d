#include "sim/simulation.h"

#include "sim/virtual_doer.h"

namespace genepool {

SimulationResult simulate(const Trace& trace, const SimulationOptions& options) {
  VirtualDoer doer(trace, options);
  for (const TraceRequest& request : trace.requests) doer.arrive(request, from_ms(request.t_seconds * 1e3));
  doer.run_dry();
  return doer.result();
}

}  // namespace genepool
