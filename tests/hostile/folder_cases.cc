// What a path can be besides a folder with two files.
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>

#include "hostile/cases.h"

namespace genepool::hostile {
namespace {

namespace fs = std::filesystem;

constexpr const char* kModel = "/adapter_model.safetensors";
constexpr const char* kConfig = "/adapter_config.json";

std::function<void(const std::string&)> link_to(const char* file, std::string target) {
  return [=](const std::string& folder) {
    fs::remove(folder + file);
    fs::create_symlink(target, folder + file);
  };
}

std::function<void(const std::string&)> fifo_at(const char* file) {
  return [=](const std::string& folder) {
    fs::remove(folder + file);
    GENEPOOL_CHECK(::mkfifo((folder + file).c_str(), 0600) == 0);
  };
}

void socket_at(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  GENEPOOL_CHECK(path.size() < sizeof address.sun_path, "{}", path);
  std::memcpy(address.sun_path, path.c_str(), path.size());
  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  GENEPOOL_CHECK(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  ::close(fd);
}

// The weights are said to lie in a file that is not the layer's.
std::function<void(const std::string&)> sharded_into(std::string shard) {
  return [=](const std::string& folder) {
    fs::rename(folder + kModel, fs::path(folder).parent_path() / "outside.safetensors");
    nlohmann::json index = {{"metadata", nlohmann::json::object()}, {"weight_map", nlohmann::json::object()}};
    for (const Safetensors::Tensor& tensor : valid_peft().model.tensors) index["weight_map"][tensor.name] = shard;
    write_file(folder + "/adapter_model.safetensors.index.json", index.dump());
  };
}

std::function<void(const std::string&)> sparse(const char* file, std::uint64_t size) {
  return [=](const std::string& folder) { fs::resize_file(folder + file, size); };
}

}  // namespace

std::vector<Case> folder_cases() {
  const std::vector<Code> rejected = {Code::kLayerRejected};
  const std::vector<Code> not_found = {Code::kLayerNotFound};
  const std::vector<Code> either = {Code::kLayerRejected, Code::kLayerNotFound};
  return {
      {"path_missing", not_found, "exist", [](const std::string& f) { return f + "/nothing"; }},
      {"path_too_long", either, "exist", [](const std::string& f) { return f + "/" + std::string(5000, 'x'); }},
      {"path_through_a_file", either, "exist",
       [](const std::string& f) {
         write_file(f + "/file", "x");
         return f + "/file/adapter";
       }},
      {"path_is_a_fifo", rejected, "regular",
       [](const std::string& f) {
         fifo_at("/pipe.gguf")(f);
         return f + "/pipe.gguf";
       }},
      {"path_is_a_device", rejected, "regular", [](const std::string&) { return std::string("/dev/zero"); }},
      {"path_is_a_link_loop", either, "",
       [](const std::string& f) {
         fs::create_symlink("loop", f + "/loop");
         return f + "/loop";
       }},
      folder_case("folder_empty", not_found, "adapter_config.json",
                  [](const std::string& f) {
                    fs::remove(f + kModel);
                    fs::remove(f + kConfig);
                  }),
      folder_case("config_missing", not_found, "adapter_config.json", [](const std::string& f) { fs::remove(f + kConfig); }),
      folder_case("model_missing", either, "adapter_model", [](const std::string& f) { fs::remove(f + kModel); }),
      folder_case("model_is_a_pickle", rejected, "pickle", [](const std::string& f) { fs::rename(f + kModel, f + "/adapter_model.bin"); }),
      folder_case("model_is_a_folder", rejected, "regular",
                  [](const std::string& f) {
                    fs::remove(f + kModel);
                    fs::create_directory(f + kModel);
                  }),
      folder_case("model_is_a_fifo", rejected, "regular", fifo_at(kModel)),
      folder_case("model_is_a_socket", rejected, "regular",
                  [](const std::string& f) {
                    fs::remove(f + kModel);
                    socket_at(f + kModel);
                  }),
      folder_case("model_links_to_a_device", rejected, "regular", link_to(kModel, "/dev/zero")),
      folder_case("model_links_to_a_folder", rejected, "regular", link_to(kModel, "..")),
      folder_case("model_links_to_itself", either, "", link_to(kModel, "adapter_model.safetensors")),
      folder_case("model_links_to_nothing", either, "adapter_model", link_to(kModel, "gone")),
      folder_case("model_links_to_process_memory", either, "", link_to(kModel, "/proc/self/mem")),
      folder_case("model_links_to_no_safetensors", rejected, "header", link_to(kModel, "adapter_config.json")),
      folder_case("model_of_five_gibibytes", {Code::kTooLarge}, "bytes", sparse(kModel, std::uint64_t{5} << 30)),
      folder_case("model_of_zeros", rejected, "JSON",
                  [](const std::string& f) {
                    write_file(f + kModel, "");
                    sparse(kModel, 1 << 20)(f);
                  }),
      folder_case("config_is_a_fifo", rejected, "regular", fifo_at(kConfig)),
      folder_case("config_links_to_a_device", rejected, "regular", link_to(kConfig, "/dev/random")),
      folder_case("config_links_to_itself", either, "", link_to(kConfig, "adapter_config.json")),
      folder_case("shard_outside_the_folder", either, "", sharded_into("../outside.safetensors")),
      folder_case("shard_by_an_absolute_path", either, "", sharded_into("/etc/passwd")),
      folder_case("shard_that_is_the_folder", either, "", sharded_into(".")),
      folder_case("shard_index_is_no_json", either, "",
                  [](const std::string& f) {
                    fs::remove(f + kModel);
                    write_file(f + "/adapter_model.safetensors.index.json", "{\"weight_map\":");
                  }),
  };
}

}  // namespace genepool::hostile
