// A copy of a quantised base with every weight as f32, so that a comparison shows our own differences and not those of 8 bit
// activations. Owner: the object; the file (four times the weights: 540 MB for 135M) goes with it. Thread: one.
#pragma once

#include <string>

namespace genepool::test {

class F32Copy {
 public:
  explicit F32Copy(const std::string& model);  // dequantises; aborts when it cannot
  ~F32Copy();
  F32Copy(const F32Copy&) = delete;
  F32Copy& operator=(const F32Copy&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace genepool::test
