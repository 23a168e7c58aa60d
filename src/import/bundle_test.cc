#include "import/bundle.h"

#include <archive.h>
#include <archive_entry.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/hash.h"
#include "base/temporary_dir.h"

namespace genepool {
namespace {

using testing::HasSubstr;

std::string read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class BundleTest : public testing::Test {
 protected:
  BundleTest() {
    manifest_.genome = "captain";
    manifest_.base = sha256(std::as_bytes(std::span("base")));
    manifest_.base_name = "Tiny \"one\"";
    manifest_.architecture = "llama";
    manifest_.licence = "Apache-2.0";
    manifest_.system_prompt = "You are\na captain.";
    manifest_.default_parameters = R"({"temperature":0.5})";
    add_layer("pirate", std::string(200'000, 'p'));
    add_layer("terse", "tttt");
    manifest_.stack = {{"terse", 0.5F}, {"pirate", -1.25F}, {"terse", 1}};
    sign();
  }
  void add_layer(const std::string& name, const std::string& bytes) {
    files_.push_back(dir_ + "/" + name);
    std::ofstream(files_.back(), std::ios::binary) << bytes;
    manifest_.layers.push_back({name, sha256(std::as_bytes(std::span(bytes))), bytes.size()});
  }
  void sign() {
    Genome genome{manifest_.base, {}};
    for (const NamedEntry& entry : manifest_.stack) {
      for (const BundleLayer& layer : manifest_.layers) {
        if (layer.name == entry.layer) genome.stack.push_back({layer.id, entry.weight});
      }
    }
    manifest_.identity = identity_of(genome);
  }
  [[nodiscard]] std::string path(const char* name = "captain.genome") const { return dir_ + "/" + name; }
  void write() { ASSERT_TRUE(write_bundle(path(), manifest_, files_)); }

  // Reads all of it; the first error's text, "" when there is none.
  std::string trouble(const std::string& file) {
    auto bundle = Bundle::open(file);
    if (!bundle) return bundle.error().message;
    for (int i = 0; bundle->layers_left() > 0; ++i) {
      const auto taken = bundle->extract_layer(fmt::format("{}/out{}-{}", dir_, ++outs_, i));
      if (!taken) return taken.error().message;
    }
    const auto finished = bundle->finish();
    return finished ? "" : finished.error().message;
  }

  // A tar of these entries; a name that ends with @ is a link to what follows.
  std::string tar_of(const std::vector<std::pair<std::string, std::string>>& entries) {
    const std::string file = path("made.genome");
    archive* writer = archive_write_new();
    archive_write_set_format_pax_restricted(writer);
    archive_write_open_filename(writer, file.c_str());
    for (const auto& [name, bytes] : entries) {
      archive_entry* entry = archive_entry_new();
      archive_entry_set_pathname(entry, name.c_str());
      archive_entry_set_filetype(entry, AE_IFREG);
      archive_entry_set_perm(entry, 0644);
      archive_entry_set_size(entry, static_cast<la_int64_t>(bytes.size()));
      if (name == "link") archive_entry_set_symlink(entry, "/etc/passwd");
      archive_write_header(writer, entry);
      archive_write_data(writer, bytes.data(), bytes.size());
      archive_entry_free(entry);
    }
    archive_write_free(writer);
    return file;
  }
  [[nodiscard]] std::string layer_entry(std::size_t i) const { return "layers/" + manifest_.layers[i].id.hex() + ".gguf"; }

  const TemporaryDir temporary_ = TemporaryDir::make().value();
  const std::string dir_ = temporary_.path();
  Manifest manifest_;
  std::vector<std::string> files_;
  int outs_ = 0;
};

TEST_F(BundleTest, brings_back_what_was_put_in) {
  write();
  auto bundle = Bundle::open(path());
  ASSERT_TRUE(bundle) << bundle.error().message;
  const Manifest& found = bundle->manifest();
  EXPECT_EQ(found.genome, "captain");
  EXPECT_EQ(found.stack, manifest_.stack);
  EXPECT_EQ(found.system_prompt, manifest_.system_prompt);
  EXPECT_EQ(found.default_parameters, manifest_.default_parameters);
  EXPECT_EQ(found.identity, manifest_.identity);
  EXPECT_EQ(found.base, manifest_.base);
  EXPECT_EQ(found.base_name, manifest_.base_name);
  EXPECT_EQ(found.licence, "Apache-2.0");
  for (const std::string& file : files_) {
    ASSERT_TRUE(bundle->extract_layer(file + ".out"));
    EXPECT_EQ(read(file + ".out"), read(file));
  }
  EXPECT_TRUE(bundle->finish());
}

TEST_F(BundleTest, the_same_genome_gives_the_same_bytes) {
  write();
  ASSERT_TRUE(write_bundle(path("again"), manifest_, files_));
  EXPECT_EQ(read(path()), read(path("again")));
}

TEST_F(BundleTest, a_changed_layer_is_not_written) {
  std::ofstream(files_[0], std::ios::app) << "more";
  EXPECT_EQ(write_bundle(path(), manifest_, files_).error().code, Code::kLayerCorrupt);
  EXPECT_FALSE(std::filesystem::exists(path()));
}

TEST_F(BundleTest, truncation_at_any_block_is_found) {
  write();
  const std::string whole = read(path());
  for (std::size_t size = 0; size + 1024 < whole.size(); size += 4096 - 7) {
    std::ofstream(path("cut"), std::ios::binary) << whole.substr(0, size);
    EXPECT_NE(trouble(path("cut")), "") << size;
  }
}

TEST_F(BundleTest, a_flipped_bit_is_found) {
  write();
  std::string bytes = read(path());
  bytes[bytes.size() / 2] ^= 1;  // within the first layer
  std::ofstream(path("flipped"), std::ios::binary) << bytes;
  EXPECT_THAT(trouble(path("flipped")), HasSubstr("has not the hash"));
}

TEST_F(BundleTest, entries_are_exactly_the_manifests) {
  const std::string manifest = manifest_text(manifest_);
  const std::string pirate = read(files_[0]), terse = read(files_[1]);
  EXPECT_EQ(trouble(tar_of({{"manifest.json", manifest}, {layer_entry(0), pirate}, {layer_entry(1), terse}})), "");
  EXPECT_THAT(trouble(tar_of({{layer_entry(0), pirate}, {"manifest.json", manifest}})), HasSubstr("something else"));
  EXPECT_THAT(trouble(tar_of({{"manifest.json", manifest}, {layer_entry(1), terse}})), HasSubstr("something else"));
  EXPECT_THAT(trouble(tar_of({{"manifest.json", manifest}, {layer_entry(0), pirate}})), HasSubstr("is missing"));
  EXPECT_THAT(trouble(tar_of({{"manifest.json", manifest}, {"../" + layer_entry(0), pirate}})), HasSubstr("something else"));
  EXPECT_THAT(trouble(tar_of({{"manifest.json", manifest}, {"link", ""}})), HasSubstr("something else"));
  EXPECT_THAT(trouble(tar_of({{"manifest.json", manifest}, {layer_entry(0), "short"}})), HasSubstr("has 5 bytes"));
  EXPECT_THAT(trouble(tar_of({{"manifest.json", manifest}, {layer_entry(0), pirate}, {layer_entry(1), terse}, {"more", ""}})),
              HasSubstr("more follows"));
  EXPECT_THAT(trouble(tar_of({{"manifest.json", std::string(2 << 20, ' ')}})), HasSubstr("2097152 bytes"));
  EXPECT_NE(trouble(dir_), "");
  EXPECT_THAT(trouble(path("nothing")), HasSubstr("does not exist"));
}

TEST_F(BundleTest, a_manifest_that_lies_is_refused) {
  const auto refusal = [&](const std::string& from, const std::string& to) {
    std::string text = manifest_text(manifest_);
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    const auto parsed = parse_manifest(text.replace(at, from.size(), to));
    EXPECT_FALSE(parsed) << to;
    return parsed ? "" : parsed.error().message;
  };
  EXPECT_THAT(refusal("genepool-bundle", "zip"), HasSubstr("none of genepool's"));
  EXPECT_THAT(refusal("\"version\": 1", "\"version\": 2"), HasSubstr("version 2"));
  EXPECT_THAT(refusal("\"captain\"", "\"../captain\""), HasSubstr("name"));
  EXPECT_THAT(refusal("terse:0.5", "terse:0.6"), HasSubstr("do not make the identity"));
  EXPECT_THAT(refusal("terse:0.5", "terse:nan"), HasSubstr("weight"));
  EXPECT_THAT(refusal("terse:0.5", "french:0.5"), HasSubstr("not among the layers"));
  EXPECT_THAT(refusal("\"bytes\": 4", "\"bytes\": -4"), HasSubstr("no size"));
  EXPECT_THAT(refusal(manifest_.base.hex(), "abc"), HasSubstr("SHA-256"));
  EXPECT_THAT(refusal(manifest_.layers[0].id.hex(), manifest_.layers[1].id.hex()), HasSubstr("stands twice"));
  EXPECT_THAT(refusal("\"parameters\": {", "\"parameters\": [{"), HasSubstr("no JSON"));
  EXPECT_FALSE(parse_manifest("[" + std::string(100'000, '[')));
  EXPECT_FALSE(parse_manifest(""));
}

}  // namespace
}  // namespace genepool
