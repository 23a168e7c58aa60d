// What the store's tests share: a directory of its own per test, and layers made by hand (the store does not look inside).
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "store/store.h"

namespace genepool {

inline ImportedLayer layer_of(std::vector<std::byte> bytes) {
  ImportedLayer layer;
  layer.bytes = std::move(bytes);
  layer.id = sha256(layer.bytes);
  layer.source_hash = sha256(std::as_bytes(std::span("source", 6)));
  layer.source_kind = "peft";
  layer.architecture = "llama";
  layer.declared_base = "SmolLM2";
  layer.rank_min = 4;
  layer.rank_max = 16;
  layer.targets = {"attn_q", "attn_v"};
  layer.parameter_count = 12345;
  return layer;
}

// `size` bytes that differ from those of every other `seed`.
inline ImportedLayer made_layer(unsigned seed, std::size_t size = 5000) {
  std::vector<std::byte> bytes(size);
  std::uint32_t state = seed + 1;
  for (std::byte& byte : bytes) {
    state = state * 1664525U + 1013904223U;
    byte = static_cast<std::byte>(state >> 24);
  }
  return layer_of(std::move(bytes));
}

inline const BaseId kBase = sha256(std::as_bytes(std::span("base", 4)));

class StoreTest : public testing::Test {
 protected:
  StoreTest() {
    // In memory where there is such a place: the hundreds of fsyncs here take 10 s on a disk.
    const bool has_shm = ::access("/dev/shm", W_OK) == 0;
    std::string pattern = (has_shm ? "/dev/shm/" : testing::TempDir()) + "genepool_store_XXXXXX";
    dir_ = ::mkdtemp(pattern.data());
  }
  ~StoreTest() override { std::filesystem::remove_all(dir_); }

  void open(Store::Prepared prepared = Store::Prepared::kUse) {
    store_.reset();
    auto store = Store::open(dir_, prepared);
    ASSERT_TRUE(store) << store.error().message;
    store_ = std::move(*store);
  }
  [[nodiscard]] std::string file_of(const LayerId& id) const { return dir_ + "/layers/" + id.hex() + ".gguf"; }
  [[nodiscard]] std::size_t count_files(const std::string& part) const {
    const std::filesystem::directory_iterator files(dir_ + "/" + part);
    return static_cast<std::size_t>(std::distance(begin(files), end(files)));
  }

  std::string dir_;
  std::unique_ptr<Store> store_;
};

}  // namespace genepool
