// Do a layer and a base mean the same model? All that a layer says is a name (base_model_name_or_path,
// general.base_model.0.name), all that a base says is its general.name, and people write both as they like:
// "HuggingFaceTB/SmolLM2-135M-Instruct" and "Smollm2 135M 8k Lc100K Mix1 Ep2" are one model.
// Thread: any, pure.
#pragma once

#include <string>
#include <string_view>

namespace genepool {

enum class BaseNames {
  kAgree,   // the same but for case, separators, an organisation in front and the file's format
  kUnsure,  // one says nothing (is empty, or the layer's is a path on somebody's disk), or they are alike
  kDiffer,  // both are names, and they share no word, or give different sizes (135M, 7B)
};
[[nodiscard]] BaseNames compare_base_names(std::string_view declared, std::string_view base);

// What `layer show` says where they do not agree; "" = no doubt.
[[nodiscard]] std::string doubt_about_base(std::string_view declared, std::string_view base);

}  // namespace genepool
