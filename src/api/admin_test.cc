// docs/reference/admin-api.md, the model list, vLLM's endpoints and health, on a FakeRuntime.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "api/fake_writer.h"
#include "api/json.h"
#include "base/temporary_dir.h"

namespace genepool {
namespace {

using api::Json;

class Admin : public testing::Test, protected ApiFixture {
 protected:
  Json json(const std::string& method, const std::string& path, const std::string& body = "", int status = 200) {
    const auto reply = ask(method, path, body);
    EXPECT_EQ(reply->status, status) << reply->body;
    return Json::parse(reply->body, nullptr, false);
  }
  void make_resident(const std::string& name, Tier tier, bool is_assembling = false) {
    ResidentRow row;
    row.name = name;
    row.status.identity = runtime.resolve(name)->identity;
    row.status.tier = tier;
    row.status.is_assembling = is_assembling;
    if (tier == Tier::kHot) {
      row.status.worker = 3;
      row.status.worker_state = WorkerState::kBusy;
      row.pid = 42;
    }
    runtime.status_.residents.push_back(row);
  }
};

TEST_F(Admin, layers) {
  const Json all = json("GET", "/api/layers");
  ASSERT_EQ(all["layers"].size(), 2U);
  for (const char* key : {"name", "id", "bytes", "rank_min", "rank_max", "targets", "parameter_count", "source_kind",
                          "declared_base", "doubt", "architecture", "effect", "created_ms", "genomes"}) {
    EXPECT_TRUE(all["layers"][0].contains(key)) << key;
  }
  EXPECT_EQ(json("GET", "/api/layers?search=shor")["layers"].size(), 1U);
  EXPECT_EQ(json("GET", "/api/layers?limit=1&after=pirate")["layers"][0]["name"], "short");
  EXPECT_EQ(json("GET", "/api/layers?limit=0", "", 400)["error"]["param"], "limit");
  EXPECT_EQ(json("GET", "/api/layers/pirate")["name"], "pirate");
  EXPECT_EQ(json("GET", "/api/layers/none", "", 404)["error"]["code"], "layer_not_found");
  EXPECT_EQ(json("DELETE", "/api/layers/short")["removed"], "short");
}

TEST_F(Admin, golden_prompts_are_kept_and_checked_in_form) {
  const std::string good = R"({"prompts":[{"prompt":"x","expect":{"contains":"y"}}]})";
  EXPECT_EQ(json("GET", "/api/genomes/captain/golden")["prompts"], Json::array());
  EXPECT_EQ(json("PUT", "/api/genomes/captain/golden", good)["prompts"].size(), 1U);
  EXPECT_EQ(json("GET", "/api/genomes/captain/golden")["prompts"], Json::parse(good)["prompts"]);
  EXPECT_EQ(json("PUT", "/api/genomes/captain/golden", R"({"prompts":[{"prompt":"x","expect":{"has":"y"}}]})", 400)["error"]["param"],
            "expect.has");
  EXPECT_EQ(json("PUT", "/api/genomes/captain/golden", "{}", 400)["error"]["param"], "prompts");
  EXPECT_EQ(json("GET", "/api/genomes/captain/golden")["prompts"].size(), 1U) << "a refused list replaces nothing";
  EXPECT_EQ(json("PUT", "/api/genomes/captain/golden", R"({"prompts":[]})")["prompts"], Json::array());
  EXPECT_EQ(json("GET", "/api/genomes/nobody/golden", "", 404)["error"]["code"], "model_not_found");
}

TEST_F(Admin, layers_are_added_over_the_unix_socket_only) {
  const std::string body = R"({"path":"/somewhere/new","name":"new"})";
  EXPECT_EQ(json("POST", "/api/layers", body, 403)["error"]["code"], "forbidden");
  const auto local = ask("POST", "/api/layers", body, {}, true);
  EXPECT_EQ(local->status, 201) << local->body;
  EXPECT_EQ(ask("POST", "/api/layers", R"({"path":"/x"})", {}, true)->status, 400);
}

TEST_F(Admin, genomes) {
  const Json made = json("POST", "/api/genomes",
                         R"({"name":"poet","stack":["pirate:0.5","short"],"system_prompt":"s","parameters":{"top_p":0.5}})", 201);
  for (const char* key : {"name", "identity", "version", "base", "stack", "system_prompt", "parameters", "created_ms",
                          "move", "moved_ms", "moved_by", "moved_from", "parent", "tier", "is_pinned"}) {
    EXPECT_TRUE(made.contains(key)) << key;
  }
  EXPECT_EQ(made["stack"][0]["weight"].dump(), "0.5");
  EXPECT_EQ(made["stack"][1]["weight"], 1.0);
  EXPECT_EQ(made["parameters"], Json::parse(R"({"top_p":0.5})"));
  EXPECT_EQ(made["tier"], "cold");
  EXPECT_EQ(json("GET", "/api/genomes")["genomes"].size(), 2U);
  EXPECT_EQ(json("GET", "/api/genomes/poet"), made);
  EXPECT_EQ(json("GET", "/api/genomes/base%2Bpirate%3A0.3")["stack"].size(), 1U);
  EXPECT_EQ(json("GET", "/api/genomes/base")["stack"].size(), 0U);
  EXPECT_EQ(json("DELETE", "/api/genomes/poet")["removed"], "poet");
  EXPECT_EQ(json("DELETE", "/api/genomes/poet", "", 404)["error"]["code"], "model_not_found");
}

TEST_F(Admin, genomes_are_read_strictly) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"({"stack":[]})", "name"}, {R"({"name":"Bad Name","stack":[]})", "name"}, {R"({"name":"x"})", "stack"},
      {R"({"name":"x","stack":[5]})", "stack"}, {R"({"name":"x","stack":["pirate:nan"]})", "stack"},
      {R"({"name":"x","stack":["a","a","a","a","a","a","a","a","a"]})", "stack"},
      {R"({"name":"x","stack":["pirate"],"parameters":5})", "parameters"},
      {R"({"name":"x","stack":["pirate"],"parameters":{"temperature":9}})", "temperature"},
      {R"({"name":"x","stack":["pirate"],"replace":1})", "replace"}};
  for (const auto& [body, param] : cases) EXPECT_EQ(json("POST", "/api/genomes", body, 400)["error"]["param"], param) << body;
  const auto taken = ask("POST", "/api/genomes", R"({"name":"captain","stack":["pirate"]})");
  EXPECT_EQ(taken->status, 409);
  EXPECT_EQ(taken->header("x-should-retry"), "false");
}

TEST_F(Admin, genomes_are_made_many_at_once_or_copied) {
  EXPECT_EQ(json("POST", "/api/genomes", R"({"genomes":[{"name":"a","stack":["pirate"]},{"name":"b","stack":["short:2"]}]})",
                 201)["created"], 2);
  EXPECT_EQ(json("GET", "/api/genomes/b")["stack"][0]["weight"], 2.0);
  EXPECT_EQ(json("POST", "/api/genomes", R"({"genomes":5})", 400)["error"]["param"], "genomes");
  EXPECT_EQ(json("POST", "/api/genomes", R"({"genomes":["a"]})", 400)["error"]["param"], "genomes");
  EXPECT_EQ(json("POST", "/api/genomes", R"({"genomes":[{"name":"a"}]})", 400)["error"]["param"], "stack");
  const Json copy = json("POST", "/api/genomes", R"({"name":"bosun","from":"captain","replace":true,"if_version":"12345678"})", 201);
  EXPECT_EQ(copy["moved_from"], "captain");
  ASSERT_EQ(runtime.store().copies.size(), 1U);
  EXPECT_TRUE(runtime.store().copies[0].replace);
  EXPECT_EQ(runtime.store().copies[0].if_version, "12345678");
  EXPECT_EQ(json("POST", "/api/genomes", R"({"name":"x","from":"nobody"})", 404)["error"]["code"], "model_not_found");
}

TEST_F(Admin, history_and_rollback) {
  const Json history = json("GET", "/api/genomes/captain/history");
  EXPECT_EQ(history["name"], "captain");
  ASSERT_EQ(history["history"].size(), 2U);
  for (const char* key : {"move", "moved_ms", "moved_by", "moved_from", "parent", "version", "stack"}) {
    EXPECT_TRUE(history["history"][0].contains(key)) << key;
  }
  EXPECT_EQ(json("GET", "/api/genomes/captain/history?limit=1")["history"].size(), 1U);
  EXPECT_EQ(json("GET", "/api/genomes/captain/history?before=1")["history"].size(), 0U);
  EXPECT_EQ(json("GET", "/api/genomes/captain/history?before=x", "", 400)["error"]["param"], "before");
  EXPECT_EQ(json("GET", "/api/genomes/nobody/history", "", 404)["error"]["code"], "model_not_found");
  EXPECT_EQ(json("DELETE", "/api/genomes/captain/history?keep=3")["removed"], 7);
  EXPECT_EQ(json("DELETE", "/api/genomes/captain/history", "", 400)["error"]["param"], "keep");
  EXPECT_EQ(json("GET", "/api/genomes/captain@12345678")["name"], "captain");
  (void)json("POST", "/api/genomes/captain/rollback");
  (void)json("POST", "/api/genomes/captain/rollback", R"({"to":"1a2b","steps":3,"if_version":"12345678"})");
  ASSERT_EQ(runtime.store().rollbacks.size(), 2U);
  EXPECT_EQ(runtime.store().rollbacks[0].steps, 1U);
  EXPECT_EQ(runtime.store().rollbacks[1].to, "1a2b");
  EXPECT_EQ(runtime.store().rollbacks[1].steps, 3U);
  EXPECT_EQ(json("POST", "/api/genomes/captain/rollback", R"({"steps":0})", 400)["error"]["param"], "steps");
}

TEST_F(Admin, the_recorded_trace) {
  runtime.trace_ = {.is_recording = true, .directory = "/data/traces", .files = 2, .bytes = 300, .limit_bytes = 400, .since_ms = 5, .rows = 7, .rows_lost = 1};
  const Json trace = json("GET", "/api/trace");
  EXPECT_EQ(trace["recording"], true);
  EXPECT_EQ(trace["since_ms"], 5);
  EXPECT_EQ(trace["rows_lost"], 1);
  EXPECT_TRUE(trace["paused_because"].is_null());
  runtime.trace_ = {.paused_because = "the disk is full"};
  EXPECT_EQ(json("GET", "/api/trace")["paused_because"], "the disk is full");
  EXPECT_TRUE(json("GET", "/api/trace")["since_ms"].is_null());
}

TEST_F(Admin, the_store) {
  EXPECT_EQ(json("GET", "/api/store")["layers"], 2);
  const Json garbage = json("POST", "/api/store/gc", R"({"dry_run":true})");
  EXPECT_EQ(garbage["dry_run"], true);
  EXPECT_EQ(garbage["files"], 1);
  EXPECT_EQ(garbage["bytes"], 123);
  EXPECT_EQ(garbage["layers"][0]["name"], "pirate");
  EXPECT_EQ(json("POST", "/api/store/gc", R"({"dry_run":1})", 400)["error"]["param"], "dry_run");
  EXPECT_EQ(json("POST", "/api/layers/pirate/verify")["ok"], true);
  runtime.store().damaged.insert("short");
  const Json bad = json("POST", "/api/layers/short/verify");
  EXPECT_EQ(bad["ok"], false);
  EXPECT_EQ(bad["problem"], "the file of short is damaged");
  EXPECT_EQ(json("POST", "/api/layers/nobody/verify", "", 404)["error"]["code"], "layer_not_found");
  EXPECT_EQ(json("POST", "/api/layers/pirate/verify", R"({"path":"/etc/good"})", 403)["error"]["code"], "forbidden");
  EXPECT_EQ(Json::parse(ask("POST", "/api/layers/pirate/verify", R"({"path":"/x/good"})", {}, true)->body)["ok"], true);
  EXPECT_EQ(Json::parse(ask("POST", "/api/layers/pirate/verify", R"({"path":"/x/bad"})", {}, true)->body)["problem"],
            "the source is another");
}

TEST_F(Admin, moves_answer_with_the_tier) {
  make_resident("captain", Tier::kHot);
  for (const char* verb : {"warm", "load", "evict", "pin", "unpin"}) {
    const Json moved = json("POST", std::string("/api/genomes/captain/") + verb);
    EXPECT_EQ(moved["genome"], "captain");
    EXPECT_EQ(moved["tier"], "hot");
    EXPECT_TRUE(moved["ms"].is_number());
  }
  (void)json("POST", "/api/genomes/captain/evict", R"({"to":"cold"})");
  EXPECT_EQ(json("POST", "/api/genomes/captain/evict", R"({"to":"hot"})", 400)["error"]["param"], "to");
  EXPECT_EQ(json("POST", "/api/genomes/nobody/warm", "", 404)["error"]["code"], "model_not_found");
  EXPECT_EQ(runtime.moves, (std::vector<std::string>{"warm captain", "hot captain", "demote captain", "pin captain",
                                                     "unpin captain", "cold captain"}));
}

TEST_F(Admin, what_runs) {
  make_resident("captain", Tier::kHot);
  make_resident("base+short:1", Tier::kWarm);
  const Json ps = json("GET", "/api/ps")["genomes"];
  ASSERT_EQ(ps.size(), 2U);
  EXPECT_EQ(ps[0]["state"], "busy");
  EXPECT_EQ(ps[0]["pid"], 42);
  EXPECT_EQ(ps[1]["tier"], "warm");
  for (const char* key : {"name", "identity", "tier", "state", "pid", "in_flight", "waiting", "page_bytes", "pss_bytes",
                          "private_bytes", "idle_ms", "is_pinned", "requests"}) {
    EXPECT_TRUE(ps[0].contains(key)) << key;
  }
  const Json workers = json("GET", "/api/workers");
  ASSERT_EQ(workers["workers"].size(), 1U);
  EXPECT_EQ(workers["workers"][0]["genome"], "captain");
  const Json tiers = json("GET", "/api/tiers");
  EXPECT_EQ(tiers["hot"]["limit_genomes"], 3);
  EXPECT_TRUE(tiers["layers"].contains("bytes"));
}

TEST_F(Admin, stats_have_the_founding_documents_names) {
  runtime.metrics().sample(Timing::kTotalRequest, std::chrono::milliseconds(5));
  runtime.metrics().add(Counter::kLookups, {"hot"}, 3);
  const Json stats = json("GET", "/api/stats");
  for (const char* key : {"layerLoadTime", "layerStackTime", "processSpawnTime", "inferenceTime", "processTeardownTime"}) {
    EXPECT_TRUE(stats[key].contains("p99_ms")) << key;
  }
  EXPECT_EQ(stats["totalRequestTime"]["recent_ms"], Json::array({5.0}));
  EXPECT_EQ(stats["hotHits"], 3);
  for (const char* key : {"cacheHits", "cacheMisses", "warmHits", "coldStarts", "assemblyToInferenceRatio", "evictionRate"}) {
    EXPECT_TRUE(stats[key].is_number()) << key;
  }
  EXPECT_EQ(stats["thrash"]["is_thrashing"], false);
}

TEST_F(Admin, knobs) {
  const Json knobs = json("POST", "/api/knobs", R"({"name":"pool.max_hot","value":"5"})")["knobs"];
  bool is_seen = false;
  for (const Json& knob : knobs) {
    if (knob["name"] != "pool.max_hot") continue;
    is_seen = true;
    EXPECT_EQ(knob["value"], "5");
    EXPECT_EQ(knob["default"], "3");
    EXPECT_EQ(knob["live"], true);
  }
  EXPECT_TRUE(is_seen);
  const Json answer = json("POST", "/api/knobs", R"({"name":"pool.max_hot","value":6})");
  EXPECT_TRUE(answer == json("GET", "/api/knobs"));
  EXPECT_EQ(json("POST", "/api/knobs", R"({"name":"pool.max_hott","value":6})", 400)["error"]["code"], "usage");
  EXPECT_EQ(json("POST", "/api/knobs", R"({"name":"pool.max_hot","value":[6]})", 400)["error"]["param"], "value");
}

TEST_F(Admin, models_have_status_root_and_parent) {
  make_resident("captain", Tier::kWarm);
  const Json data = json("GET", "/v1/models")["data"];
  ASSERT_EQ(data.size(), 2U);
  EXPECT_EQ(data[0]["id"], "base");
  EXPECT_TRUE(data[0]["parent"].is_null());
  EXPECT_EQ(data[0]["status"]["value"], "unloaded");
  EXPECT_EQ(data[1]["id"], "captain");
  EXPECT_EQ(data[1]["parent"], "base");
  EXPECT_EQ(data[1]["root"], "base+pirate:0.8+short:0.4");
  EXPECT_EQ(data[1]["status"]["value"], "sleeping");
  EXPECT_EQ(data[1]["genepool"]["tier"], "warm");
  EXPECT_EQ(data[1]["created"], 1700000000);
  EXPECT_EQ(json("GET", "/v1/models/captain"), data[1]);
  EXPECT_EQ(json("GET", "/v1/models/base%2Bpirate%3A1")["parent"], "base");
  EXPECT_EQ(json("GET", "/v1/models/captan", "", 404)["error"]["code"], "model_not_found");
}

TEST_F(Admin, models_tell_hot_and_loading) {
  make_resident("captain", Tier::kHot);
  EXPECT_EQ(json("GET", "/v1/models/captain")["status"]["value"], "loaded");
  runtime.status_.residents.clear();
  make_resident("captain", Tier::kCold, true);
  EXPECT_EQ(json("GET", "/v1/models/captain")["status"]["value"], "loading");
}

TEST_F(Admin, thousands_of_models_are_all_listed) {
  for (int i = 0; i < 2345; ++i) {
    runtime.store().genomes[fmt::format("g{:05}", i)] = runtime.store().genomes.at("captain");
    runtime.store().genomes[fmt::format("g{:05}", i)].name = fmt::format("g{:05}", i);
  }
  EXPECT_EQ(json("GET", "/v1/models")["data"].size(), 2347U);
}

TEST_F(Admin, health_tells_how_it_is) {
  EXPECT_EQ(json("GET", "/health")["status"], "ok");
  runtime.status_.thrash.is_thrashing = true;
  EXPECT_EQ(json("GET", "/v1/health")["status"], "degraded");
  runtime.status_.base_phase = BasePhase::kLoading;
  EXPECT_EQ(json("GET", "/health", "", 503)["status"], "loading");
  EXPECT_EQ(ask("GET", "/ready")->status, 503);
  EXPECT_EQ(ask("GET", "/v1/models")->status, 200) << "the list answers while the base loads";
  runtime.status_.base_phase = BasePhase::kFailed;
  runtime.status_.base_error = "no such file";
  EXPECT_EQ(json("GET", "/health", "", 503)["base"]["error"], "no such file");
  runtime.status_.base_phase = BasePhase::kReady;
  EXPECT_EQ(ask("GET", "/ready")->status, 200);
  api.set_draining();
  EXPECT_EQ(ask("GET", "/ready")->status, 503);
  EXPECT_EQ(json("GET", "/health")["status"], "draining");
}

TEST_F(Admin, root_and_metrics) {
  EXPECT_EQ(ask("GET", "/")->body, "genepool is running\n");
  EXPECT_EQ(ask("HEAD", "/")->status, 200);
  EXPECT_NE(ask("GET", "/metrics")->body.find("genepool_requests_total"), std::string::npos);
}

TEST_F(Admin, a_foreign_page_changes_nothing) {
  const Headers foreign = {{"host", "127.0.0.1:8811"}, {"origin", "http://evil.example"}};
  const Headers own = {{"host", "127.0.0.1:8811"}, {"origin", "http://127.0.0.1:8811"}};
  EXPECT_EQ(ask("POST", "/api/genomes/captain/pin", "", foreign)->status, 403);
  EXPECT_EQ(ask("POST", "/api/genomes/captain/pin", "", {{"host", "h"}, {"origin", "null"}})->status, 403);
  EXPECT_EQ(ask("POST", "/api/genomes/captain/pin", "", own)->status, 200);
  EXPECT_EQ(ask("GET", "/api/ps", "", foreign)->status, 200);
}

// ---- vLLM

class Vllm : public Admin {
 protected:
  Vllm() {
    std::ofstream(root.file("poet.gguf")) << "x";
  }
  void enable() {
    runtime.config_.server_runtime_lora = true;
    runtime.config_.server_lora_root = root.path();
  }
  const TemporaryDir root = TemporaryDir::make().value();
};

TEST_F(Vllm, is_off_until_enabled) {
  const auto reply = ask("POST", "/v1/load_lora_adapter", R"({"lora_name":"poet","lora_path":"poet.gguf"})");
  EXPECT_EQ(reply->status, 403);
  EXPECT_NE(reply->body.find("server.runtime_lora"), std::string::npos);
}

TEST_F(Vllm, loads_and_unloads_as_vllm_says_it) {
  enable();
  const auto loaded = ask("POST", "/v1/load_lora_adapter", R"({"lora_name":"poet","lora_path":"poet.gguf"})");
  EXPECT_EQ(loaded->status, 200) << loaded->body;
  EXPECT_EQ(loaded->body, "Success: LoRA adapter 'poet' added successfully.");
  EXPECT_TRUE(loaded->header("content-type").starts_with("text/plain"));
  EXPECT_EQ(json("GET", "/v1/models/poet")["root"], "base+poet:1");
  EXPECT_EQ(ask("POST", "/v1/load_lora_adapter", R"({"lora_name":"poet","lora_path":"poet.gguf"})")->status, 409);
  const auto unloaded = ask("POST", "/v1/unload_lora_adapter", R"({"lora_name":"poet"})");
  EXPECT_EQ(unloaded->body, "Success: LoRA adapter 'poet' removed successfully.");
  EXPECT_EQ(runtime.moves, std::vector<std::string>{"remove poet"});
  EXPECT_EQ(ask("GET", "/v1/models/poet")->status, 404);
  EXPECT_FALSE(runtime.store().layers.contains("poet"));
}

TEST_F(Vllm, reads_only_below_its_root) {
  enable();
  std::filesystem::create_symlink("/etc/hostname", root.file("link.gguf"));
  for (const char* path : {"/etc/hostname", "../../etc/hostname", "link.gguf", "no-such-file"}) {
    const Json error = json("POST", "/v1/load_lora_adapter",
                            fmt::format(R"({{"lora_name":"poet","lora_path":"{}"}})", path), 403)["error"];
    EXPECT_EQ(error["param"], "lora_path") << path;
  }
  EXPECT_FALSE(runtime.store().layers.contains("poet"));
}

TEST_F(Vllm, names_what_is_wrong) {
  enable();
  EXPECT_EQ(json("POST", "/v1/load_lora_adapter", R"({"lora_path":"x"})", 400)["error"]["param"], "lora_name");
  EXPECT_EQ(json("POST", "/v1/load_lora_adapter", R"({"lora_name":"x"})", 400)["error"]["param"], "lora_path");
  EXPECT_EQ(json("POST", "/v1/load_lora_adapter", R"({"lora_name":"A B","lora_path":"poet.gguf"})", 400)["error"]["param"], "lora_name");
  EXPECT_EQ(ask("POST", "/v1/unload_lora_adapter", R"({"lora_name":"nobody"})")->status, 404);
  EXPECT_EQ(ask("POST", "/v1/unload_lora_adapter", R"({"lora_name":"captain"})")->status, 409) << "a stack made by hand";
}

TEST_F(Vllm, llama_servers_adapter_list) {
  EXPECT_EQ(json("GET", "/lora-adapters")[0], Json::parse(R"({"id":"pirate","path":"pirate","scale":0.0})"));
  EXPECT_EQ(ask("POST", "/lora-adapters", "[]")->status, 501);
}

}  // namespace
}  // namespace genepool
