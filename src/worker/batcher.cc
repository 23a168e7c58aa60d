// Runs in workers.
#include "worker/batcher.h"

#include <algorithm>
#include <utility>

#include "worker/batcher_request.h"

namespace genepool {
namespace {

// A prompt token costs a third of a decode step (SmolLM2-135M: 2.8 beside 8 ms): sixteen make the others wait six times as long.
constexpr std::size_t kPromptTokensBesideOthers = 16;

const char* prompt_param(const Prompt& prompt) {
  return std::holds_alternative<std::vector<ChatMessage>>(prompt) ? "messages" : "prompt";
}

}  // namespace

Batcher::Batcher(Engine& engine, const BatcherOptions& options, Emit emit)
    : engine_(engine), options_(options), emit_(std::move(emit)), sequences_(options.deterministic ? 1 : options.sequences) {
  GENEPOOL_CHECK(options.sequences >= 1 && options.batch_size >= options.sequences && options.context_size >= 1,
                 "{} sequences, batch of {}, context of {}", options.sequences, options.batch_size, options.context_size);
}

Batcher::~Batcher() = default;

// ------------------------------------------------------------------------------------------------------ in and out

void Batcher::start(const Generate& generate) {
  if (waiting_.size() + arrived_.size() >= kMaxWaiting) {
    const Error full{Code::kQueueFull, "the worker's line is full", "", std::chrono::milliseconds(1000)};
    emit_(GenerateFailed{generate.request, full});
  } else if (is_computing_) {
    arrived_.push_back(generate);  // the engine is busy: tokenised after the step
  } else {
    prepare(generate);
  }
}

void Batcher::prepare(const Generate& generate) {
  const auto refuse = [&](Error error) { emit_(GenerateFailed{generate.request, std::move(error)}); };
  auto tokens = engine_.tokenize(generate.prompt);
  if (!tokens) {
    if (tokens.error().param.empty()) tokens.error().param = prompt_param(generate.prompt);
    return refuse(std::move(tokens.error()));
  }
  if (tokens->size() > options_.context_size) {
    return refuse(fail_param(Code::kBadRequest, prompt_param(generate.prompt),
                             "the prompt has {} tokens and the context holds {}: shorten it or raise engine.ctx",
                             tokens->size(), options_.context_size)
                      .value());
  }
  auto request = std::make_unique<Request>(generate);
  request->tokens = std::move(*tokens);
  request->prompt_size = request->tokens.size();
  request->sampler = engine_.make_sampler(generate.sampling, request->tokens);
  waiting_.push_back(std::move(request));
}

void Batcher::cancel(RequestId id) {
  const auto arrived = std::find_if(arrived_.begin(), arrived_.end(), [id](const Generate& g) { return g.request == id; });
  if (arrived != arrived_.end()) {
    arrived_.erase(arrived);
    return emit_(GenerateDone{id, FinishReason::kCancelled});
  }
  for (const auto& request : waiting_) request->is_cancelled |= request->id == id;
  for (const auto& request : running_) request->is_cancelled |= request->id == id;
  if (!is_computing_) sweep();
}

bool Batcher::should_abort() const {
  return is_computing_ && std::all_of(running_.begin(), running_.end(), [](const auto& r) { return r->is_cancelled; });
}

// Ends what was cancelled, drops what has ended.
void Batcher::sweep() {
  for (const auto& request : running_) {
    if (request->is_cancelled && !request->has_ended) finish(*request, FinishReason::kCancelled);
  }
  for (const auto& request : waiting_) {
    if (request->is_cancelled) finish(*request, FinishReason::kCancelled);
  }
  std::erase_if(running_, [](const auto& r) { return r->has_ended; });
  std::erase_if(waiting_, [](const auto& r) { return r->has_ended; });
}

// -------------------------------------------------------------------------------------------------------- admission

void Batcher::admit() {
  while (!waiting_.empty() && running_.size() < sequences_.size() && has_room_for(*waiting_.front()) &&
         !will_share_more_later(*waiting_.front())) {
    std::unique_ptr<Request> request = std::move(waiting_.front());
    waiting_.pop_front();
    place(std::move(request));
  }
}

bool Batcher::has_room_for(const Request& request) const {
  if (running_.empty()) return true;
  std::size_t used = request.tokens.size();
  for (const auto& other : running_) used += other->tokens.size();
  return !is_crowded_ && used <= options_.context_size;
}

void Batcher::place(std::unique_ptr<Request> request) {
  request->sequence = best_sequence(*request);
  sequences_[static_cast<std::size_t>(request->sequence)].is_taken = true;
  const Instant now = monotonic_now();
  const std::size_t prefix = options_.deterministic ? 0 : keep_prefix(*request);
  if (prefix == 0) forget(request->sequence, 0);
  if (request->started == Instant{}) {
    request->started = now;
    request->cached = prefix;
    emit_(Accepted{request->id, static_cast<std::uint32_t>(request->prompt_size), static_cast<std::uint32_t>(prefix)});
  }
  running_.push_back(std::move(request));
}

void Batcher::forget(std::int32_t index, std::size_t keep) {
  Sequence& sequence = sequences_[static_cast<std::size_t>(index)];
  engine_.keep_only(index, static_cast<std::int32_t>(keep));
  sequence.kv.resize(keep);
  sequence.saved = {};
}

// ------------------------------------------------------------------------------------------------------------ a step

std::vector<Batcher::Part> Batcher::plan(bool others_wait) const {
  std::vector<Part> parts;
  std::size_t room = options_.batch_size;
  std::vector<Part> prompts;
  for (const auto& request : running_) {
    const std::size_t done = sequences_[static_cast<std::size_t>(request->sequence)].kv.size();
    const Part part{request.get(), done, request->tokens.size() - done};
    if (part.count > 1) {
      prompts.push_back(part);
    } else {
      parts.push_back(part);
      --room;
    }
  }
  const bool is_crowded = (others_wait || !parts.empty()) && !options_.deterministic;  // whose bits depend on the batch
  if (is_crowded) room = std::min(room, kPromptTokensBesideOthers);
  // Equal shares for the prompts; what a short one leaves goes to the longer ones.
  std::sort(prompts.begin(), prompts.end(), [](const Part& a, const Part& b) { return a.count < b.count; });
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    prompts[i].count = std::min(prompts[i].count, room / (prompts.size() - i));
    room -= prompts[i].count;
    parts.push_back(prompts[i]);
  }
  return parts;
}

std::vector<BatchToken> Batcher::batch_of(const std::vector<Part>& parts) const {
  std::vector<BatchToken> batch;
  for (const Part& part : parts) {
    for (std::size_t i = part.first; i < part.first + part.count; ++i) {
      batch.push_back({part.request->tokens[i], static_cast<std::int32_t>(i), part.request->sequence,
                       i + 1 == part.request->tokens.size()});
    }
  }
  return batch;
}

Result<DecodeStatus> Batcher::step(int threads, bool others_wait) {
  admit();
  const std::vector<Part> parts = plan(others_wait);
  const std::vector<BatchToken> batch = batch_of(parts);
  step_tokens_ = batch.size();
  if (parts.empty()) return DecodeStatus::kDone;  // cancelled while it waited at the gate
  is_computing_ = true;
  auto status = engine_.decode(batch, threads);
  is_computing_ = false;
  if (!status) return status;
  if (*status == DecodeStatus::kDone) {
    take_results(parts);
  } else if (*status == DecodeStatus::kAborted) {
    for (const Part& part : parts) forget(part.request->sequence, part.first);
  } else {
    make_room();
  }
  sweep();
  for (const Generate& generate : std::exchange(arrived_, {})) prepare(generate);
  return status;
}

void Batcher::take_results(const std::vector<Part>& parts) {
  std::size_t output = 0;
  for (const Part& part : parts) {
    Request& request = *part.request;
    Sequence& sequence = sequences_[static_cast<std::size_t>(request.sequence)];
    const auto begin = request.tokens.begin() + static_cast<std::ptrdiff_t>(part.first);
    sequence.kv.insert(sequence.kv.end(), begin, begin + static_cast<std::ptrdiff_t>(part.count));
    if (part.first + part.count == request.tokens.size()) on_token(request, request.sampler->sample(output++));
  }
}

// Called when a step did not fit into the KV.
void Batcher::make_room() {
  Sequence* oldest = nullptr;
  for (Sequence& sequence : sequences_) {
    if (sequence.is_taken || sequence.kv.empty()) continue;
    if (oldest == nullptr || sequence.last_used < oldest->last_used) oldest = &sequence;
  }
  if (oldest != nullptr) return forget(static_cast<std::int32_t>(oldest - sequences_.data()), 0);
  Request& newest = *running_.back();
  if (running_.size() == 1) {
    return fail_request(newest, Error{Code::kUnavailable, "the engine has no room for the answer", "", std::nullopt});
  }
  free_sequence(newest);
  forget(std::exchange(newest.sequence, -1), 0);
  waiting_.push_front(std::move(running_.back()));
  running_.pop_back();
  is_crowded_ = true;
}

}  // namespace genepool
