// Base models: the operator's own file, and still the one that may be half a download or another's work.
#include <sys/stat.h>

#include <filesystem>

#include "hostile/cases.h"

namespace genepool::hostile {
namespace {

Case base_case(std::string name, std::string reason, const std::function<void(Gguf&)>& edit) {
  return {std::move(name), {Code::kLayerRejected, Code::kBadRequest}, std::move(reason), [edit](const std::string& folder) {
            Gguf base = valid_base();
            edit(base);
            write_file(folder + "/base.gguf", base.bytes());
            return folder + "/base.gguf";
          }};
}

std::function<void(Gguf&)> set(std::string key, std::string value) {
  return [=](Gguf& f) { f.set(key, value); };
}
std::function<void(Gguf&)> unset(std::string key) {
  return [=](Gguf& f) { f.unset(key); };
}

}  // namespace

std::vector<Case> base_cases() {
  const std::string up = "blk.0.ffn_up.weight";
  const std::vector<Code> no_file = {Code::kNotFound, Code::kBadRequest, Code::kIo};
  return {
      base_case("magic_is_another", "GGUF", [](Gguf& f) { f.magic = "PK\3\4"; }),
      base_case("keys_2_to_62", "keys", [](Gguf& f) { f.claimed_kvs = std::uint64_t{1} << 62; }),
      base_case("it_is_an_adapter", "missing", [](Gguf& f) { f = valid_gguf_layer(); }),
      base_case("architecture_missing", "architecture", unset("general.architecture")),
      base_case("architecture_is_a_number", "architecture", set("general.architecture", kv::u32(1))),
      base_case("architecture_of_a_megabyte", "missing", set("general.architecture", kv::text(std::string(1 << 20, 'x')))),
      base_case("architecture_rewrites_the_terminal", "missing", set("general.architecture", kv::text("\x1b[2Jllama"))),
      base_case("block_count_missing", "block_count", unset("llama.block_count")),
      base_case("context_length_is_a_float", "context_length", set("llama.context_length", kv::f32(512))),
      base_case("head_count_as_text", "head_count", set("llama.attention.head_count", kv::text("2"))),
      base_case("head_count_kv_is_an_array", "head_count_kv", set("llama.attention.head_count_kv", kv::array(4, 1, raw(1)))),
      base_case("vocabulary_claims_2_to_62", "string",
                set("tokenizer.ggml.tokens", kv::array(8, std::uint64_t{1} << 62, raw(std::uint64_t{0})))),
      base_case("tensor_outside_the_file", "outside", [=](Gguf& f) { f.tensor(up).offset = std::uint64_t{1} << 40; }),
      base_case("tensor_offset_wraps", "outside", [=](Gguf& f) { f.tensor(up).offset = ~std::uint64_t{31}; }),
      base_case("tensor_twice", "twice", [=](Gguf& f) { f.tensor(up).name = "blk.0.attn_q.weight"; }),
      base_case("tensor_empty", "empty", [=](Gguf& f) { f.tensor(up).ne[1] = 0; }),
      // More bytes than 64 bits count: a layer for it would be allocated before anyone saw the file.
      base_case("matrix_of_2_to_62_values", "outside", [=](Gguf& f) { f.tensor(up).ne = {std::uint64_t{1} << 31, std::uint64_t{1} << 31}; }),
      base_case("matrix_of_2_to_58_values_in_a_type_we_do_not_know", "outside", [=](Gguf& f) {
        f.tensor(up).type = 12;  // q4_k
        f.tensor(up).ne = {std::uint64_t{1} << 29, std::uint64_t{1} << 29};
      }),
      base_case("last_tensor_cut_off", "outside", [](Gguf& f) { f.tensors.back().data.pop_back(); }),
      {"file_missing", no_file, "base", [](const std::string& f) { return f + "/nothing.gguf"; }},
      {"file_is_a_folder", no_file, "", [](const std::string& f) { return f; }},
      {"file_is_a_fifo", no_file, "",
       [](const std::string& f) {
         GENEPOOL_CHECK(::mkfifo((f + "/pipe").c_str(), 0600) == 0);
         return f + "/pipe";
       }},
      {"file_is_a_link_loop", no_file, "",
       [](const std::string& f) {
         std::filesystem::create_symlink("loop", f + "/loop");
         return f + "/loop";
       }},
  };
}

}  // namespace genepool::hostile
