// The table of hostile inputs: one row per distinct cause. Thread: values.
#pragma once

#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "base/error.h"
#include "hostile/lying_files.h"

namespace genepool::hostile {

struct Case {
  std::string name;    // the cause
  std::vector<Code> codes;  // of the refusal: one of these
  std::string reason;  // a piece of its message that tells it from the others
  // Makes the input inside an empty folder and returns the path to import.
  std::function<std::string(const std::string& folder)> make;
};

inline void PrintTo(const Case& hostile, std::ostream* out) { *out << hostile.name; }  // gtest would print its bytes

// A valid layer with one edit, as a GGUF file or as a PEFT folder.
[[nodiscard]] Case gguf_case(std::string name, std::string reason, const std::function<void(Gguf&)>& edit);
[[nodiscard]] Case peft_case(std::string name, std::string reason, const std::function<void(Peft&)>& edit);
// A valid PEFT folder whose files are then tampered with.
[[nodiscard]] Case folder_case(std::string name, std::vector<Code> codes, std::string reason,
                               const std::function<void(const std::string& folder)>& edit);

[[nodiscard]] std::vector<Case> safetensors_cases();
[[nodiscard]] std::vector<Case> peft_config_cases();
[[nodiscard]] std::vector<Case> peft_tensor_cases();
[[nodiscard]] std::vector<Case> folder_cases();
[[nodiscard]] std::vector<Case> gguf_container_cases();
[[nodiscard]] std::vector<Case> gguf_layer_cases();
[[nodiscard]] std::vector<Case> all_layer_cases();

// Bases that must not be served: `make` writes a file; the code is what the store answers.
[[nodiscard]] std::vector<Case> base_cases();

}  // namespace genepool::hostile
