// Digests: SHA-256 names things (identity must not collide), XXH3 finds damage fast. Thread: any.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <compare>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"

namespace genepool {

struct Digest {
  std::array<std::uint8_t, 32> bytes{};
  auto operator<=>(const Digest&) const = default;

  [[nodiscard]] std::string hex() const;    // 64 lower-case digits
  [[nodiscard]] std::string brief() const;  // the first 12 of them: for people
  [[nodiscard]] static Result<Digest> from_hex(std::string_view hex);
};

// SHA-256 (FIPS 180-4), incremental. Use: Sha256 h; h.add(bytes); Digest d = h.finish();
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  void add(std::span<const std::byte> bytes);
  void add(std::string_view text);
  void add_u32(std::uint32_t value);  // little-endian
  [[nodiscard]] Digest finish();      // Requires: called once

 private:
  struct State;
  std::unique_ptr<State> state_;
};

[[nodiscard]] Digest sha256(std::span<const std::byte> bytes);
[[nodiscard]] Result<Digest> sha256_of_file(const std::string& path);

[[nodiscard]] std::uint64_t xxh3(std::span<const std::byte> bytes);  // XXH3 64 bit, seed 0

}  // namespace genepool

template <>
struct std::hash<genepool::Digest> {
  std::size_t operator()(const genepool::Digest& d) const noexcept {
    std::size_t h;
    static_assert(sizeof h <= 32);
    __builtin_memcpy(&h, d.bytes.data(), sizeof h);
    return h;
  }
};
