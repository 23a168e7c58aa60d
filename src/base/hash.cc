#include "base/hash.h"

#include <openssl/evp.h>
#include <unistd.h>
#include <xxhash.h>

#include <cerrno>
#include <vector>

#include "base/regular_file.h"

namespace genepool {

std::string Digest::hex() const {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  out.reserve(2 * bytes.size());
  for (const std::uint8_t b : bytes) {
    out.push_back(kDigits[b >> 4]);
    out.push_back(kDigits[b & 15]);
  }
  return out;
}

std::string Digest::brief() const { return hex().substr(0, 12); }

Result<Digest> Digest::from_hex(std::string_view hex) {
  Digest out;
  if (hex.size() != 2 * out.bytes.size()) return fail(Code::kBadRequest, "a digest has 64 hexadecimal digits, found {}", hex.size());
  const auto nibble = [](char c) -> int {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
  };
  for (std::size_t i = 0; i < out.bytes.size(); ++i) {
    const int high = nibble(hex[2 * i]);
    const int low = nibble(hex[2 * i + 1]);
    if (high < 0 || low < 0) return fail(Code::kBadRequest, "a digest has hexadecimal digits only");
    out.bytes[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  return out;
}

struct Sha256::State {
  EVP_MD_CTX* ctx = EVP_MD_CTX_new();
  ~State() { EVP_MD_CTX_free(ctx); }
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  GENEPOOL_CHECK(state_->ctx != nullptr && EVP_DigestInit_ex(state_->ctx, EVP_sha256(), nullptr) == 1);
}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::add(std::span<const std::byte> bytes) {
  GENEPOOL_CHECK(EVP_DigestUpdate(state_->ctx, bytes.data(), bytes.size()) == 1);
}
void Sha256::add(std::string_view text) { add(std::as_bytes(std::span(text))); }
void Sha256::add_u32(std::uint32_t value) {
  const std::uint8_t le[4] = {static_cast<std::uint8_t>(value), static_cast<std::uint8_t>(value >> 8),
                              static_cast<std::uint8_t>(value >> 16), static_cast<std::uint8_t>(value >> 24)};
  add(std::as_bytes(std::span(le)));
}
Digest Sha256::finish() {
  Digest out;
  unsigned length = 0;
  GENEPOOL_CHECK(EVP_DigestFinal_ex(state_->ctx, out.bytes.data(), &length) == 1 && length == out.bytes.size());
  return out;
}

Digest sha256(std::span<const std::byte> bytes) {
  Sha256 hasher;
  hasher.add(bytes);
  return hasher.finish();
}

Result<Digest> sha256_of_file(const std::string& path) {
  GENEPOOL_TRY(const UniqueFd fd, open_regular_file(path));
  Sha256 hasher;
  std::vector<std::byte> buffer(1 << 20);
  for (;;) {
    const ssize_t n = ::read(fd.get(), buffer.data(), buffer.size());
    if (n == 0) return hasher.finish();
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno(fmt::format("read {}", path), errno);
    hasher.add(std::span(buffer).first(static_cast<std::size_t>(n)));
  }
}

std::uint64_t xxh3(std::span<const std::byte> bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

}  // namespace genepool
