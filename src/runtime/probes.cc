#include "runtime/probes.h"

#include <string>
#include <string_view>
#include <utility>

namespace genepool {
namespace {

constexpr std::string_view kGenome = "probe";  // in place of an identity: such a worker answers for none

}  // namespace

void Probes::begin(Supervisor& supervisor, MemoryFile page, Done done) {
  if (closed_) return done(tl::unexpected(*closed_));
  const WorkerId worker = next_++;
  probes_.emplace(worker, Probe{std::move(page), std::move(done), monotonic_now()});
  supervisor.spawn(worker, std::string(kGenome), -1);
}

void Probes::finish(Probe& probe, Result<LayerEffect> result) {
  if (probe.done) std::exchange(probe.done, nullptr)(std::move(result));
}

bool Probes::on_ready(Supervisor& supervisor, WorkerId worker) {
  const auto found = probes_.find(worker);
  if (found == probes_.end()) return false;
  if (auto sent = supervisor.send(worker, ToWorker{ProbeLayer{}}, found->second.page.fd()); !sent) {
    finish(found->second, tl::unexpected(sent.error()));
    supervisor.kill(worker);
  }
  return true;
}

bool Probes::on_failed(WorkerId worker, const Error& error) {
  const auto found = probes_.find(worker);
  if (found == probes_.end()) return false;
  finish(found->second, fail(Code::kUnavailable, "the layer could not be tried out: {}", error.message));
  probes_.erase(found);
  return true;
}

bool Probes::on_message(Supervisor& supervisor, WorkerId worker, const FromWorker& message) {
  const auto found = probes_.find(worker);
  if (found == probes_.end()) return false;
  if (const auto* done = std::get_if<ProbeDone>(&message)) {
    finish(found->second, done->effect);
  } else if (const auto* failed = std::get_if<ProbeFailed>(&message)) {
    finish(found->second, tl::unexpected(failed->error));
  } else {
    return true;
  }
  supervisor.kill(worker);
  return true;
}

bool Probes::on_gone(WorkerId worker, const WorkerEnd& end) {
  const auto found = probes_.find(worker);
  if (found == probes_.end()) return false;
  const std::string how = end.detail < 0 ? "" : fmt::format(" ({} {})", end.by_signal ? "signal" : "exit status", end.detail);
  finish(found->second, fail(Code::kLayerRejected, "the engine died{} when it used the layer", how));
  probes_.erase(found);
  return true;
}

void Probes::check_limits(Supervisor& supervisor) {
  for (auto& [worker, probe] : probes_) {
    if (!probe.done || monotonic_now() - probe.begun < kLimit) continue;
    finish(probe, fail(Code::kUnavailable, "trying the layer out took longer than {:.0f} s", to_ms(kLimit) / 1e3));
    supervisor.kill(worker);
  }
}

void Probes::close(const Error& error) {
  closed_ = error;
  for (auto& [worker, probe] : std::exchange(probes_, {})) finish(probe, tl::unexpected(error));
}

}  // namespace genepool
