// Every hostile input is refused for its own reason, in bounded memory and time, and leaves nothing behind: first by the
// importer alone in a process of its own, then by a running pool, which goes on serving.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <future>
#include <set>
#include <thread>

#include "hostile/cases.h"
#include "hostile/isolated.h"
#include "import/import.h"
#include "runtime/runtime.h"
#include "store/store.h"

namespace genepool::hostile {
namespace {

namespace fs = std::filesystem;

// A refusal goes to terminals and into logs: one short line of it, whatever names the file holds.
constexpr std::size_t kMaxMessage = 2000;

class Folder {
 public:
  Folder() {
    const bool has_shm = ::access("/dev/shm", W_OK) == 0;
    path_ = std::string(has_shm ? "/dev/shm" : "/tmp") + "/genepool-hostile-XXXXXX";
    GENEPOOL_CHECK(::mkdtemp(path_.data()) != nullptr);
  }
  ~Folder() { fs::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

void expect_refusal(const Case& hostile, Code code, const std::string& message) {
  EXPECT_NE(std::ranges::find(hostile.codes, code), hostile.codes.end()) << error_row(code).api_code << ": " << message;
  EXPECT_NE(message.find(hostile.reason), std::string::npos) << message;
  EXPECT_LE(message.size(), kMaxMessage);
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; };
  EXPECT_EQ(std::ranges::count_if(message, is_control), 0) << message;
}

Result<void> import_only(const std::string& path) {
  return import_layer(path, base_model()).map([](const ImportedLayer&) {});
}

std::string name_of(const testing::TestParamInfo<Case>& info) { return info.param.name; }

// ---- the importer alone

class HostileLayer : public testing::TestWithParam<Case> {};

TEST_P(HostileLayer, is_refused_in_bounded_memory_and_time) {
  const Folder folder;
  const std::string path = GetParam().make(folder.path());
  const Isolated result = isolated([&] { return import_only(path); });
  ASSERT_EQ(result.death, "");
  ASSERT_FALSE(result.is_accepted);
  expect_refusal(GetParam(), result.code, result.message);
}

INSTANTIATE_TEST_SUITE_P(Safetensors, HostileLayer, testing::ValuesIn(safetensors_cases()), name_of);
INSTANTIATE_TEST_SUITE_P(PeftConfig, HostileLayer, testing::ValuesIn(peft_config_cases()), name_of);
INSTANTIATE_TEST_SUITE_P(PeftTensors, HostileLayer, testing::ValuesIn(peft_tensor_cases()), name_of);
INSTANTIATE_TEST_SUITE_P(Folders, HostileLayer, testing::ValuesIn(folder_cases()), name_of);
INSTANTIATE_TEST_SUITE_P(GgufContainer, HostileLayer, testing::ValuesIn(gguf_container_cases()), name_of);
INSTANTIATE_TEST_SUITE_P(GgufLayer, HostileLayer, testing::ValuesIn(gguf_layer_cases()), name_of);

// What a case breaks is then all that is wrong with it.
TEST(Hostile, the_unbroken_files_are_accepted) {
  const Folder folder;
  valid_peft().write(folder.path());
  const auto peft = import_layer(folder.path(), base_model());
  ASSERT_TRUE(peft) << peft.error().message;
  write_file(folder.path() + "/layer.gguf", valid_gguf_layer().bytes());
  const auto gguf = import_layer(folder.path() + "/layer.gguf", base_model());
  ASSERT_TRUE(gguf) << gguf.error().message;
  EXPECT_EQ(peft->targets, gguf->targets);
}

TEST(Hostile, there_are_more_than_60_causes_and_each_has_a_name) {
  std::set<std::string> names;
  for (const Case& hostile : all_layer_cases()) names.insert(hostile.name);
  EXPECT_GE(names.size(), 60U);
}

// ---- cut off at any byte: one cause each

// Writes `whole` cut at every byte and imports it; an Error names the first cut that was accepted.
Result<void> expect_every_cut_refused(const std::string& whole, const std::string& file, const std::string& path) {
  for (std::size_t size = 0; size < whole.size(); ++size) {
    write_file(file, std::string_view(whole).substr(0, size));
    if (import_only(path)) return fail(Code::kInternal, "{} of {} bytes were accepted", size, whole.size());
  }
  return {};
}

void expect_all_cuts_refused(const std::string& whole, const std::string& file, const std::string& path) {
  const Isolated result = isolated([&] { return expect_every_cut_refused(whole, file, path); });
  EXPECT_EQ(result.death, "");
  EXPECT_TRUE(result.is_accepted) << result.message;
}

TEST(HostileCut, safetensors) {
  const Folder folder;
  valid_peft().write(folder.path());
  expect_all_cuts_refused(valid_peft().model.bytes(), folder.path() + "/adapter_model.safetensors", folder.path());
}

TEST(HostileCut, adapter_config) {
  const Folder folder;
  valid_peft().write(folder.path());
  expect_all_cuts_refused(valid_peft().config.dump(), folder.path() + "/adapter_config.json", folder.path());
}

TEST(HostileCut, gguf) {
  const Folder folder;
  const std::string file = folder.path() + "/layer.gguf";
  expect_all_cuts_refused(valid_gguf_layer().bytes(), file, file);
}

// ---- written while it is read

// A training run that saves its next checkpoint over the one that is being imported.
void rewrite_until(const std::atomic<bool>& is_over, const std::string& file, const std::string& whole) {
  while (!is_over) {
    write_file(file, "");
    write_file(file, whole);
  }
}

void expect_survives_rewriting(const std::string& file, const std::string& path, const std::string& whole) {
  const Isolated result = isolated([&]() -> Result<void> {
    std::atomic<bool> is_over = false;
    std::thread writer([&] { rewrite_until(is_over, file, whole); });
    for (int i = 0; i < 500; ++i) (void)import_only(path);
    is_over = true;
    writer.join();
    return {};
  });
  EXPECT_EQ(result.death, "");
}

TEST(HostileWriter, safetensors) {
  const Folder folder;
  valid_peft().write(folder.path());
  expect_survives_rewriting(folder.path() + "/adapter_model.safetensors", folder.path(), valid_peft().model.bytes());
}

TEST(HostileWriter, gguf) {
  const Folder folder;
  const std::string file = folder.path() + "/layer.gguf";
  expect_survives_rewriting(file, file, valid_gguf_layer().bytes());
}

// ---- bases

class HostileBase : public testing::TestWithParam<Case> {};

TEST_P(HostileBase, is_refused_and_not_remembered) {
  const Folder folder, data;
  const std::string path = GetParam().make(folder.path());
  const Isolated result = isolated([&]() -> Result<void> {
    GENEPOOL_TRY(const std::unique_ptr<Store> store, Store::open(data.path()));
    return store->use_base(path).map([](const auto&) {});
  });
  ASSERT_EQ(result.death, "");
  ASSERT_FALSE(result.is_accepted);
  expect_refusal(GetParam(), result.code, result.message);
  auto store = Store::open(data.path());
  ASSERT_TRUE(store) << store.error().message;
  EXPECT_EQ((*store)->use_base("").error().code, Code::kNotFound);
}

INSTANTIATE_TEST_SUITE_P(Gguf, HostileBase, testing::ValuesIn(base_cases()), name_of);

// ---- a running pool

class Answer final : public ResponseSink {
 public:
  void on_accepted(std::uint32_t, std::uint32_t) override {}
  void on_tokens(const TokensOut&) override {}
  void on_end(const Outcome& outcome) override { end_.set_value(outcome); }
  [[nodiscard]] Outcome wait() { return end_.get_future().get(); }

 private:
  std::promise<Outcome> end_;
};

class HostilePool : public testing::Test {
 protected:
  void SetUp() override {
    write_file(folder_.path() + "/base.gguf", valid_base().bytes());
    Config config;
    config.server_data_dir = data_.path();
    config.base_path = folder_.path() + "/base.gguf";
    for (const auto& [name, value] : {std::pair{"engine.name", "fake"}, {"engine.worker", GENEPOOL_WORKER_PROGRAM}, {"log.level", "error"}}) {
      ASSERT_TRUE(set_param(config, name, value, Origin::kFlag)) << name;
    }
    auto runtime = Runtime::open(config);
    ASSERT_TRUE(runtime) << runtime.error().message;
    runtime_ = std::move(*runtime);
    const auto ready = runtime_->wait_ready(std::chrono::minutes(1));
    ASSERT_TRUE(ready) << ready.error().message;
  }

  void expect_answer(std::string_view model) {
    const auto genome = runtime_->resolve(model);
    ASSERT_TRUE(genome) << genome.error().message;
    GenerateParams params;
    params.prompt = std::vector<ChatMessage>{{"user", "hi"}};
    params.max_tokens = 4;
    const auto answer = std::make_shared<Answer>();
    runtime_->generate(*genome, params, answer);
    const Outcome outcome = answer->wait();
    EXPECT_FALSE(outcome.error) << outcome.error->message;
  }

  void expect_empty_store() {
    const auto rows = runtime_->store().list_layers({});
    ASSERT_TRUE(rows) << rows.error().message;
    EXPECT_EQ(rows->size(), 0U);
    for (const char* part : {"/layers", "/tmp"}) EXPECT_TRUE(fs::is_empty(data_.path() + part)) << part;
  }

  Folder folder_, data_;
  std::unique_ptr<Runtime> runtime_;
};

TEST_F(HostilePool, refuses_each_keeps_nothing_and_goes_on_serving) {
  expect_answer("base");
  for (const Case& hostile : all_layer_cases()) {
    SCOPED_TRACE(hostile.name);
    const Folder source;
    const auto added = runtime_->add_layer({hostile.make(source.path()), "hostile"});
    ASSERT_FALSE(added);
    expect_refusal(hostile, added.error().code, added.error().message);
    expect_empty_store();
  }
  expect_answer("base");
  const Folder source;
  valid_peft().write(source.path());
  const auto added = runtime_->add_layer({source.path(), "good"});
  ASSERT_TRUE(added) << added.error().message;
  expect_answer("base+good:0.8");
}

TEST_F(HostilePool, refuses_names_that_are_no_names) {
  const Folder source;
  valid_peft().write(source.path());
  for (const std::string& name : {std::string(), std::string("../../etc/x"), std::string("/abs"), std::string("a/b"), std::string(".."),
                                  std::string("a\0b", 3), std::string("a\x1b[31m"), std::string("\xFF"), std::string(65, 'a'),
                                  std::string("base"), std::string("a+b:1")}) {
    const auto added = runtime_->add_layer({source.path(), name});
    ASSERT_FALSE(added) << name;
    EXPECT_EQ(added.error().code, Code::kBadRequest) << added.error().message;
    expect_empty_store();
  }
}

}  // namespace
}  // namespace genepool::hostile
