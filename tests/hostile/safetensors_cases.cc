// The safetensors container and its JSON header.
#include <filesystem>

#include "hostile/cases.h"

namespace genepool::hostile {
namespace {

// The true header with one text replaced by another.
std::function<void(Peft&)> header_with(std::string from, std::string to) {
  return [=](Peft& f) { f.model.header = replaced(f.model.true_header(), from, to); };
}

std::function<void(Peft&)> header_is(std::string text) {
  return [=](Peft& f) { f.model.header = text; };
}

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

// Thousands of tensors of nothing: legal each, too many together.
std::string crowded_header(std::size_t count) {
  std::string text = "{";
  for (std::size_t i = 0; i < count; ++i) {
    text += fmt::format(R"({}"t{}":{{"dtype":"F32","shape":[0],"data_offsets":[0,0]}})", i == 0 ? "" : ",", i);
  }
  return text + "}";
}

// 16 MiB of numbers would become hundreds of megabytes of JSON values.
std::string swollen_header() {
  std::string text = R"({"t":{"shape":[0)";
  while (text.size() < (15U << 20)) text += ",0";
  return text + "]}}";
}

}  // namespace

std::vector<Case> safetensors_cases() {
  const std::string first = "[0,256]";  // data_offsets of the first tensor, attn_k's A
  return {
      folder_case("safetensors_empty", {Code::kLayerRejected}, "too short",
                  [](const std::string& f) { write_file(f + "/adapter_model.safetensors", ""); }),
      folder_case("safetensors_ends_inside_its_length", {Code::kLayerRejected}, "too short",
                  [](const std::string& f) { write_file(f + "/adapter_model.safetensors", "\x10\0\0"); }),
      peft_case("header_claims_2_to_63_bytes", "header claims", [](Peft& f) { f.model.claimed_header = std::uint64_t{1} << 63; }),
      peft_case("header_longer_than_the_file", "header claims", [](Peft& f) { f.model.claimed_header = f.model.bytes().size(); }),
      folder_case("header_over_the_cap", {Code::kLayerRejected}, "header claims",
                  [](const std::string& f) {
                    const std::string file = f + "/adapter_model.safetensors";
                    write_file(file, raw(std::uint64_t{32} << 20));
                    std::filesystem::resize_file(file, (std::uint64_t{32} << 20) + 8);  // sparse
                  }),
      peft_case("header_is_no_json", "JSON", header_is("dtype=F32")),
      peft_case("header_is_an_array", "JSON", header_is("[]")),
      peft_case("header_is_nested_10000_deep", "deep", header_is("{\"t\":" + nested(10000) + "}")),
      peft_case("header_is_not_utf8", "JSON", header_with("mlp", "\xC3\x28p")),
      peft_case("header_hides_bytes_behind_a_nul", "JSON",
                [](Peft& f) { f.model.header = f.model.true_header() + std::string("\0{\"t\":1}", 8); }),
      peft_case("header_has_two_documents", "JSON", [](Peft& f) { f.model.header = f.model.true_header() + "{}"; }),
      peft_case("header_begins_with_a_mark", "JSON", [](Peft& f) { f.model.header = "\xEF\xBB\xBF" + f.model.true_header(); }),
      peft_case("header_number_is_infinite", "JSON", header_with(first, "[0,1e999]")),
      peft_case("header_has_8_million_values", "values", header_is(swollen_header())),
      peft_case("header_has_16385_tensors", "tensors", header_is(crowded_header(16385))),
      peft_case("tensor_name_twice", "twice", header_with(Peft::name("self_attn.k_proj", 'B'), Peft::name("self_attn.k_proj", 'A'))),
      peft_case("tensor_field_twice", "twice", header_with(R"("dtype":"F32")", R"("dtype":"F16","dtype":"F32")")),
      peft_case("metadata_is_no_table_of_texts", "__metadata__", header_with("{", R"({"__metadata__":{"a":[1]},)")),
      peft_case("tensor_without_description", "description", header_with("{", R"({"t":7,)")),
      peft_case("dtype_missing", "dtype", header_with(R"("dtype":"F32",)", "")),
      peft_case("dtype_is_a_number", "dtype", header_with(R"("dtype":"F32")", R"("dtype":32)")),
      peft_case("dtype_i32", "I32", header_with("F32", "I32")),
      peft_case("dtype_i8", "I8", header_with("F32", "I8")),
      peft_case("dtype_f64", "F64", header_with("F32", "F64")),
      peft_case("shape_missing", "shape", header_with(R"("shape":[2,32],)", "")),
      peft_case("shape_negative", "shape", header_with("[2,32]", "[-2,32]")),
      peft_case("shape_is_a_fraction", "shape", header_with("[2,32]", "[2.0,32]")),
      peft_case("shape_as_text", "shape", header_with("[2,32]", R"(["2",32])")),
      peft_case("shape_beyond_64_bits", "shape", header_with("[2,32]", "[18446744073709551618,32]")),
      peft_case("shape_of_nine_dimensions", "shape", header_with("[2,32]", "[2,32,1,1,1,1,1,1,1]")),
      peft_case("shape_overflows", "overflows", header_with("[2,32]", "[288230376151711744,64]")),  // 2^58 x 2^6
      peft_case("shape_wants_other_bytes", "bytes", header_with("[2,32]", "[2,31]")),
      peft_case("offsets_of_three_numbers", "outside", header_with(first, "[0,256,256]")),
      peft_case("offsets_backwards", "outside", header_with(first, "[256,0]")),
      peft_case("offsets_outside_the_file", "outside", header_with(first, "[4294967296,4294967552]")),
      peft_case("offsets_beyond_64_bits", "data_offsets", header_with(first, "[0,18446744073709551872]")),
      peft_case("tensors_overlap", "overlaps", header_with("[256,384]", "[128,256]")),
      peft_case("hole_before_a_tensor", "hole", [](Peft& f) {
        Safetensors::Tensor& last = f.model.tensors.back();
        const std::size_t end = f.model.bytes().size() - 8 - f.model.true_header().size();
        const std::size_t begin = end - last.data.size();
        f.model.header = replaced(f.model.true_header(), fmt::format("[{},{}]", begin, end), fmt::format("[{},{}]", begin + 4, end + 4));
        last.data += "xxxx";
      }),
      peft_case("bytes_after_the_last_tensor", "after the last", [](Peft& f) { f.model.tail = "xxxx"; }),
  };
}

}  // namespace genepool::hostile
