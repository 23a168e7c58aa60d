#include "hostile/cases.h"

#include <filesystem>

namespace genepool::hostile {

Case gguf_case(std::string name, std::string reason, const std::function<void(Gguf&)>& edit) {
  return {std::move(name), {Code::kLayerRejected}, std::move(reason), [edit](const std::string& folder) {
            Gguf layer = valid_gguf_layer();
            edit(layer);
            write_file(folder + "/layer.gguf", layer.bytes());
            return folder + "/layer.gguf";
          }};
}

Case peft_case(std::string name, std::string reason, const std::function<void(Peft&)>& edit) {
  return {std::move(name), {Code::kLayerRejected}, std::move(reason), [edit](const std::string& folder) {
            Peft peft = valid_peft();
            edit(peft);
            peft.write(folder);
            return folder;
          }};
}

Case folder_case(std::string name, std::vector<Code> codes, std::string reason,
                 const std::function<void(const std::string& folder)>& edit) {
  return {std::move(name), std::move(codes), std::move(reason), [edit](const std::string& folder) {
            const std::string inside = folder + "/layer";
            std::filesystem::create_directory(inside);
            valid_peft().write(inside);
            edit(inside);
            return inside;
          }};
}

std::vector<Case> all_layer_cases() {
  std::vector<Case> all;
  for (const auto& cases : {safetensors_cases(), peft_config_cases(), peft_tensor_cases(), folder_cases(), gguf_container_cases(),
                            gguf_layer_cases()}) {
    all.insert(all.end(), cases.begin(), cases.end());
  }
  return all;
}

}  // namespace genepool::hostile
