// For tests only: a Runtime and a Store that remember what they were asked and do what the test says. Everything happens on
// the calling thread; a generation is driven by the test through `asked`.
#pragma once

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "genome/name.h"
#include "runtime/runtime.h"

namespace genepool {

class FakeStore final : public Store {
 public:
  std::map<std::string, LayerRow> layers;
  std::map<std::string, GenomeRow> genomes;
  std::vector<PreparedBase> prepared;

  Result<std::pair<std::string, BaseModel>> use_base(const std::string&) override { return fail(Code::kNotFound, "no base"); }
  Result<std::string> weights_file(const std::string&, const BaseModel&) override { return fail(Code::kInternal, "unused"); }
  std::string candidate_file(const std::string& type) override { return type; }
  Result<PreparedBase> keep_base(PreparedBase, const std::string&) override { return fail(Code::kInternal, "unused"); }
  Result<std::vector<PreparedBase>> prepared_bases() override { return prepared; }
  Result<PreparedBase> forget_base(const BaseId&) override { return fail(Code::kInternal, "unused"); }
  Result<LayerRow> add_layer(const std::string&, const ImportedLayer&) override { return fail(Code::kInternal, "unused"); }
  Result<LayerRow> layer(std::string_view name) override {
    const auto found = layers.find(std::string(name));
    if (found == layers.end()) return fail(Code::kLayerNotFound, "no layer \"{}\"", name);
    return found->second;
  }
  Result<LayerRow> layer_by_id(const LayerId&) override { return fail(Code::kInternal, "unused"); }
  Result<std::vector<LayerRow>> list_layers(const ListOptions& options) override { return page(layers, options); }
  Result<LayerId> remove_layer(std::string_view) override { return fail(Code::kInternal, "unused"); }
  Result<MemoryFile> load_layer(const LayerId&) override { return fail(Code::kInternal, "unused"); }
  void forget_file(const LayerId&) override {}
  std::array<std::int64_t, 3> layer_stamp(const LayerId&) override { return {}; }
  Result<GenomeRow> create_genome(const NewGenome& wanted) override {
    if (genomes.contains(wanted.name) && !wanted.replace) return fail(Code::kConflict, "\"{}\" is taken", wanted.name);
    GenomeRow row;
    row.name = wanted.name;
    row.base = wanted.base;
    row.stack = wanted.stack;
    for (const NamedEntry& entry : wanted.stack) {
      if (!layers.contains(entry.layer)) return fail(Code::kLayerNotFound, "no layer \"{}\"", entry.layer);
      row.entries.push_back({layers[entry.layer].id, entry.weight});
    }
    row.identity = identity_of({row.base, row.entries});
    row.version = version_of(row.identity, wanted.system_prompt, wanted.default_parameters);
    row.system_prompt = wanted.system_prompt;
    row.default_parameters = wanted.default_parameters;
    row.created_ms = 1700000000000;
    return genomes[wanted.name] = row;
  }
  Result<std::vector<GenomeRow>> create_genomes(std::span<const NewGenome> all) override {
    std::vector<GenomeRow> rows;
    for (const NewGenome& one : all) {
      GENEPOOL_TRY(rows.emplace_back(), create_genome(one));
    }
    return rows;
  }
  Result<GenomeRow> copy_genome(const CopyGenome& copy) override {
    copies.push_back(copy);
    GENEPOOL_TRY(GenomeRow row, genome(copy.from));
    row.name = copy.name;
    row.parent = row.version;
    row.moved_by = "cp";
    row.moved_from = copy.from;
    return genomes[copy.name] = row;
  }
  Result<GenomeRow> roll_back(const Rollback& back) override {
    rollbacks.push_back(back);
    return genome(back.name);
  }
  Result<GenomeRow> preview(const NewGenome&) override { return fail(Code::kInternal, "unused"); }
  Result<GenomeRow> preview(const CopyGenome&) override { return fail(Code::kInternal, "unused"); }
  Result<GenomeRow> preview(const Rollback&) override { return fail(Code::kInternal, "unused"); }
  Result<std::string> golden_prompts(std::string_view name) override {
    const auto found = golden.find(std::string(name));
    return found == golden.end() ? "" : found->second;
  }
  Result<void> set_golden_prompts(std::string_view name, std::string_view prompts) override {
    golden[std::string(name)] = prompts;
    return {};
  }
  Result<GenomeRow> genome_at(std::string_view name) override { return genome(name.substr(0, name.find('@'))); }
  Result<std::vector<GenomeRow>> history(std::string_view name, std::uint64_t limit, std::uint64_t before) override {
    GENEPOOL_TRY(const GenomeRow row, genome(name));
    return std::vector<GenomeRow>(before == 0 ? std::min<std::uint64_t>(limit, 2) : 0, row);
  }
  Result<std::uint64_t> trim_history(std::string_view name, std::uint64_t keep) override {
    GENEPOOL_TRY([[maybe_unused]] const GenomeRow row, genome(name));
    if (keep == 0) return fail_param(Code::kBadRequest, "keep", "keep at least 1");
    return 7;
  }
  Result<GenomeRow> genome(std::string_view name) override {
    const auto found = genomes.find(std::string(name));
    if (found == genomes.end()) return fail(Code::kGenomeNotFound, "no genome \"{}\"", name);
    return found->second;
  }
  Result<std::vector<GenomeRow>> list_genomes(const ListOptions& options) override { return page(genomes, options); }
  Result<void> remove_genome(std::string_view name) override {
    if (genomes.erase(std::string(name)) == 0) return fail(Code::kGenomeNotFound, "no genome \"{}\"", name);
    return {};
  }
  Result<std::optional<std::string>> name_of(const Identity&) override { return fail(Code::kInternal, "unused"); }
  Result<std::uint64_t> count_genomes() override { return genomes.size(); }
  Result<LayerRow> verify_layer(std::string_view name) override {
    if (damaged.contains(std::string(name))) return fail(Code::kLayerCorrupt, "the file of {} is damaged", name);
    return layer(name);
  }
  Result<Garbage> collect_garbage(bool) override { return Garbage{{layers.begin()->second}, {Digest()}, 123}; }
  Result<StoreInfo> info() override { return StoreInfo{.layers = layers.size(), .quota = quota}; }
  void set_quota(std::uint64_t bytes) override { quota = bytes; }

  std::map<std::string, std::string> golden;
  std::set<std::string> damaged;
  std::vector<CopyGenome> copies;
  std::vector<Rollback> rollbacks;
  std::uint64_t quota = 0;

 private:
  template <class Row>
  static std::vector<Row> page(const std::map<std::string, Row>& all, const ListOptions& options) {
    std::vector<Row> rows;
    for (const auto& [name, row] : all) {
      if (name > options.after && rows.size() < options.limit && name.find(options.search) != std::string::npos) rows.push_back(row);
    }
    return rows;
  }
};

class FakeRuntime final : public Runtime {
 public:
  struct Asked {
    ResolvedGenome genome;
    GenerateParams params;
    std::shared_ptr<ResponseSink> sink;
  };
  FakeRuntime() {
    base_.name = "tiny";
    base_.id = base_.weights = sha256(std::as_bytes(std::span("base")));
  }

  Result<ResolvedGenome> resolve(std::string_view model) override {
    ResolvedGenome resolved;
    resolved.name = model;
    resolved.genome.base = base_.id;
    if (is_inline_stack(model)) {
      GENEPOOL_TRY(resolved.stack, parse_inline_stack(model));
      for (const NamedEntry& entry : resolved.stack) {
        GENEPOOL_TRY(const LayerRow layer, store_.layer(entry.layer));
        resolved.genome.stack.push_back({layer.id, entry.weight});
      }
    } else if (model != "base") {
      GENEPOOL_TRY(const GenomeRow row, store_.genome(model));
      resolved.genome.stack = row.entries;
      resolved.stack = row.stack;
      resolved.system_prompt = row.system_prompt;
      resolved.default_parameters = row.default_parameters;
    }
    resolved.identity = identity_of(resolved.genome);
    return resolved;
  }
  Result<ResolvedGenome> resolve(const GenomeRow& row) override { return resolve(row.name); }
  RequestId generate(const ResolvedGenome& genome, GenerateParams params, std::shared_ptr<ResponseSink> sink) override {
    const std::lock_guard lock(mutex_);
    asked.push_back({genome, std::move(params), std::move(sink)});
    return asked.size();  // 1, 2, ...
  }
  void cancel(RequestId request) override {
    const std::lock_guard lock(mutex_);
    cancelled.push_back(request);
  }
  std::size_t asked_count() {
    const std::lock_guard lock(mutex_);
    return asked.size();
  }
  std::vector<RequestId> cancelled_ones() {
    const std::lock_guard lock(mutex_);
    return cancelled;
  }

  RequestId acquire(const ResolvedGenome&, Duration, LeaseCallback) override { return 0; }
  void generate_on(RequestId, GenerateParams, std::shared_ptr<ResponseSink>) override {}
  void release(RequestId, bool, std::function<void(Receipt)>) override {}
  void bring_to(const ResolvedGenome& genome, Goal goal, Done done) override {
    const char* word = goal == Goal::kWarm ? "warm " : goal == Goal::kHot ? "hot " : "cold ";
    moves.push_back(word + genome.name);
    done({});
  }
  void demote(const ResolvedGenome& genome, Done done) override {
    moves.push_back("demote " + genome.name);
    done({});
  }
  void set_pin(const ResolvedGenome& genome, bool is_pinned, Done done) override {
    moves.push_back((is_pinned ? "pin " : "unpin ") + genome.name);
    done({});
  }
  void drop_layers(const ResolvedGenome&, Done done) override { done({}); }
  void expect_session(const ExpectedFrom& session, Done done) override {
    hinted.push_back(session);
    done(hint_answer);
  }
  void set_breaker(const ResolvedGenome& genome, BreakerWish wish, Done done) override {
    constexpr std::array<const char*, 3> kWords{"open ", "disable ", "reset "};
    moves.push_back(kWords.at(static_cast<std::size_t>(wish)) + genome.name);
    done({});
  }
  Result<void> set_param(std::string_view name, std::string_view value) override {
    return genepool::set_param(config_, name, value, Origin::kOperator);
  }
  void drain(std::function<void()> done) override { done(); }
  Result<std::vector<Decision>> decisions(const DecisionQuery& query) override {
    queries.push_back(query);
    return decided;
  }
  Result<Decision> decision(std::uint64_t id) override {
    const auto found = std::ranges::find(decided, id, &Decision::id);
    if (found == decided.end()) return fail_param(Code::kNotFound, "id", "no decision {}", id);
    return *found;
  }
  void on_thrash_alarm(ThrashAlarm) override {}
  void follow_events(std::optional<std::uint64_t> after, std::function<void(bool)> begun, EventFeed::Listener listener) override {
    begun(!after);
    listener_ = std::move(listener);
  }
  EventFeed::Listener listener_;
  RuntimeStatus status(bool) override { return status_; }
  bool is_ready() override { return status_.base_phase == BasePhase::kReady; }
  Result<void> wait_ready(Duration) override { return {}; }
  TraceStatus trace_status() override { return trace_; }
  TraceStatus trace_;
  Result<LayerRow> add_layer(const NewLayer& layer) override {
    LayerRow row;
    row.name = layer.name;
    row.id = sha256(std::as_bytes(std::span(layer.name.data(), layer.name.size())));
    row.source_kind = layer.path;
    return store_.layers[layer.name] = row;
  }
  Result<void> remove_layer(std::string_view name) override {
    if (store_.layers.erase(std::string(name)) == 0) return fail(Code::kLayerNotFound, "no layer \"{}\"", name);
    return {};
  }
  Result<std::string> reimport(const std::string& path, std::string_view) override {
    return path.ends_with("good") ? "" : "the source is another";
  }
  Result<GenomeRow> create_genome(const Store::NewGenome& genome) override { return store_.create_genome(genome); }
  Result<std::vector<GenomeRow>> create_genomes(std::span<const Store::NewGenome> all) override { return store_.create_genomes(all); }
  Result<GenomeRow> copy_genome(const Store::CopyGenome& copy) override { return store_.copy_genome(copy); }
  Result<GenomeRow> roll_back(const Store::Rollback& back) override { return store_.roll_back(back); }
  Result<Garbage> collect_garbage(bool dry_run) override { return store_.collect_garbage(dry_run); }
  Result<void> remove_genome(std::string_view name) override {
    moves.push_back("remove " + std::string(name));
    return store_.remove_genome(name);
  }
  void offload(std::function<void()> work, Errand) override { work(); }
  Config config() override { return config_; }
  const BaseModel& base() const override { return base_; }
  const std::string& base_path() const override { return base_path_; }
  FakeStore& store() override { return store_; }
  Metrics& metrics() override { return metrics_; }

  std::vector<Asked> asked;
  std::vector<RequestId> cancelled;
  std::vector<std::string> moves;
  std::vector<Decision> decided;        // newest first
  std::vector<ExpectedFrom> hinted;
  Result<void> hint_answer;
  std::vector<DecisionQuery> queries;   // what was asked of them
  RuntimeStatus status_;
  Config config_;

 private:
  std::mutex mutex_;
  BaseModel base_;
  std::string base_path_ = "/models/tiny.gguf";
  FakeStore store_;
  Metrics metrics_{16, 16};
};

}  // namespace genepool
