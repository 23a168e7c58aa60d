#include "f32_copy.h"

#include <ggml.h>
#include <gguf.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "base/error.h"

namespace genepool::test {
namespace {

constexpr std::uint32_t kAllF32 = 0;  // general.file_type

ggml_tensor* widened(ggml_context* context, const ggml_tensor* from) {
  ggml_tensor* to = ggml_new_tensor(context, GGML_TYPE_F32, ggml_n_dims(from), from->ne);
  ggml_set_name(to, from->name);
  const std::int64_t count = ggml_nelements(from);
  if (from->type == GGML_TYPE_F32) {
    std::memcpy(to->data, from->data, ggml_nbytes(from));
  } else {
    ggml_get_type_traits(from->type)->to_float(from->data, static_cast<float*>(to->data), count);
  }
  return to;
}

std::size_t bytes_as_f32(ggml_context* context) {
  std::size_t bytes = 0;
  for (ggml_tensor* t = ggml_get_first_tensor(context); t; t = ggml_get_next_tensor(context, t)) {
    bytes += static_cast<std::size_t>(ggml_nelements(t)) * sizeof(float) + ggml_tensor_overhead() + 64;
  }
  return bytes;
}

}  // namespace

F32Copy::F32Copy(const std::string& model) {
  std::string dir = (std::filesystem::temp_directory_path() / "genepool-f32-XXXXXX").string();
  GENEPOOL_CHECK(::mkdtemp(dir.data()) != nullptr, "mkdtemp");
  path_ = dir + "/base.gguf";
  ggml_context* weights = nullptr;
  gguf_context* file = gguf_init_from_file(model.c_str(), {.no_alloc = false, .ctx = &weights});
  GENEPOOL_CHECK(file != nullptr, "{} is no GGUF file", model);
  ggml_context* wide = ggml_init({.mem_size = bytes_as_f32(weights), .mem_buffer = nullptr, .no_alloc = false});
  gguf_context* copy = gguf_init_empty();
  gguf_set_kv(copy, file);
  gguf_set_val_u32(copy, "general.file_type", kAllF32);
  for (std::int64_t i = 0; i < gguf_get_n_tensors(file); ++i) {
    gguf_add_tensor(copy, widened(wide, ggml_get_tensor(weights, gguf_get_tensor_name(file, i))));
  }
  GENEPOOL_CHECK(gguf_write_to_file(copy, path_.c_str(), false), "cannot write {}", path_);
  gguf_free(copy);
  gguf_free(file);
  ggml_free(wide);
  ggml_free(weights);
}

F32Copy::~F32Copy() { std::filesystem::remove_all(std::filesystem::path(path_).parent_path()); }

}  // namespace genepool::test
