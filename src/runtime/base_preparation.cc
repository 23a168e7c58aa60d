#include "runtime/base_preparation.h"

#include <algorithm>
#include <filesystem>

#include "base/cpu_name.h"
#include "base/memory_pressure.h"
#include "runtime/process_settings.h"

namespace genepool {
namespace {

namespace fs = std::filesystem;

// A file of DIR/tmp that is gone unless it is let go.
class CandidateFile {
 public:
  explicit CandidateFile(std::string path) : path_(std::move(path)) {}
  CandidateFile(CandidateFile&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  CandidateFile& operator=(CandidateFile&& other) noexcept {
    std::swap(path_, other.path_);
    return *this;
  }
  ~CandidateFile() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove(path_, ignored);
  }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::string no_room(const std::string& path, std::uint64_t bytes) {
  std::error_code error;
  const fs::space_info space = fs::space(fs::path(path).parent_path(), error);
  if (error || space.available > bytes) return "";
  return fmt::format("needs {} of disk, {} free", megabytes(bytes), megabytes(space.available));
}

class Preparation {
 public:
  Preparation(Store& store, const BaseTool& tool, const std::string& path, const BaseModel& source, const PreparationOptions& options,
              const PreparationListener& listener)
      : store_(store), tool_(tool), path_(path), source_(source), options_(options), listener_(listener) {}

  Result<PreparedBase> run() {
    for (const PreparedType& type : kPreparedTypes) {
      if (!options_.wanted.empty() ? options_.wanted == type.name : source_.type != type.name) try_type(type);
    }
    if (candidates_.empty()) return fail(Code::kBadRequest, "a base cannot be prepared as \"{}\": {}", options_.wanted, type_names());
    if (!options_.wanted.empty() && !best_) {
      return fail(Code::kConflict, "the base cannot be prepared as {}: {}", options_.wanted, candidates_.front().verdict);
    }
    return keep();
  }

 private:
  static std::string type_names() {
    std::string names;
    for (const PreparedType& type : kPreparedTypes) names += fmt::format("{}{}", names.empty() ? "" : ", ", type.name);
    return names;
  }

  void try_type(const PreparedType& type) {
    BaseCandidate& candidate = candidates_.emplace_back();
    candidate.type = type.name;
    candidate.bytes = static_cast<std::uint64_t>(static_cast<double>(source_.parameters) * type.bits / 8);
    CandidateFile file(store_.candidate_file(candidate.type));
    candidate.verdict = objection(candidate);
    if (candidate.verdict.empty()) candidate.verdict = no_room(file.path(), candidate.bytes);
    if (!candidate.verdict.empty()) return;
    if (const auto measured = measure(candidate, file.path()); !measured) {
      candidate.verdict = measured.error().message;
      return;
    }
    candidate.verdict = objection(candidate);
    if (!candidate.verdict.empty()) return;
    if (best_ && candidates_[*best_].gain() >= candidate.gain()) {
      candidate.verdict = fmt::format("{} is faster", candidates_[*best_].type);
      return;
    }
    if (best_) candidates_[*best_].verdict = fmt::format("{} is faster", candidate.type);
    best_ = candidates_.size() - 1;
    best_file_ = std::move(file);
    candidate.verdict = "kept";
  }

  [[nodiscard]] std::string objection(const BaseCandidate& candidate) const {
    return objection_to(candidate, options_.limits, !options_.wanted.empty());
  }

  Result<void> measure(BaseCandidate& candidate, const std::string& file) {
    listener_.now(fmt::format("{}: being written", candidate.type));
    GENEPOOL_TRY_VOID(tool_.quantise({path_, file, candidate.type, options_.threads}));
    const auto say = [&](const std::string& now) { listener_.now(fmt::format("{}: {}", candidate.type, now)); };
    GENEPOOL_TRY(const BaseComparison found, tool_.compare({path_, file, options_.threads}, say));
    if (found.threads < options_.threads) {
      listener_.warning(fmt::format("{} was measured with one thread of {}: another program keeps a core busy; a quiet machine may find otherwise",
                                    candidate.type, options_.threads));
    }
    candidate.bytes = found.candidate_bytes;
    candidate.prompt_rate = found.candidate.prompt_rate;
    candidate.answer_rate = found.candidate.answer_rate;
    candidate.source_prompt_rate = found.source.prompt_rate;
    candidate.source_answer_rate = found.source.answer_rate;
    candidate.kl = found.kl;
    candidate.top1_changed = found.top1_changed;
    candidate.positions = found.positions;
    return {};
  }

  Result<PreparedBase> keep() {
    PreparedBase verdict{.source = source_.id,
                         .type = best_ ? candidates_[*best_].type : source_.type,
                         .bytes = best_ ? candidates_[*best_].bytes : 0,
                         .machine = preparation_machine(options_.threads),
                         .candidates = std::move(candidates_)};
    if (options_.is_trial) return verdict;
    return store_.keep_base(std::move(verdict), best_ ? best_file_.path() : "");
  }

  Store& store_;
  const BaseTool& tool_;
  const std::string& path_;
  const BaseModel& source_;
  const PreparationOptions& options_;
  const PreparationListener& listener_;
  std::vector<BaseCandidate> candidates_;
  std::optional<std::size_t> best_;
  CandidateFile best_file_{""};
};

}  // namespace

Result<PreparedBase> prepare_base(Store& store, const BaseTool& tool, const std::string& path, const BaseModel& source,
                                  const PreparationOptions& options, const PreparationListener& listener) {
  return Preparation(store, tool, path, source, options, listener).run();
}

PreparationOptions preparation_options(const Config& config) {
  PreparationOptions options;
  options.limits.bytes = config.base_bytes > 0 ? static_cast<std::uint64_t>(config.base_bytes) : available_memory() / 2;
  options.limits.max_kl = config.base_max_kl;
  options.threads = cores_of(config);
  return options;
}

BaseTool base_tool(const Config& config) { return {worker_program(config), config.engine_name, config.engine_fake_script}; }

std::string preparation_machine(int threads) { return fmt::format("{}, {} threads", cpu_name(), threads); }

}  // namespace genepool
