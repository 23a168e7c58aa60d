// UserKey: turns a user into a name that says nothing of who it is: the same user has the same name as long as this data
// directory lives, and nobody without its key can find out whether a given user is behind a name.
// Thread: a value; load() blocks on the disk.
// Use:   GENEPOOL_TRY(const UserKey key, UserKey::load(data_dir + "/trace.key"));
//        key.name_of(params.user)   "9f86d081884c7d65"
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/error.h"

namespace genepool {

class UserKey {
 public:
  // Reads the key, or makes one (mode 0600) when there is none or the file is damaged. kIo, kStoreFull.
  [[nodiscard]] static Result<UserKey> load(const std::string& path);

  // `user`: GenerateParams::user.
  [[nodiscard]] std::string name_of(std::uint64_t user) const;  // 16 hex digits: SHA-256 over key and number

 private:
  using Bytes = std::array<std::byte, 32>;
  explicit UserKey(const Bytes& bytes) : bytes_(bytes) {}
  Bytes bytes_;
};

}  // namespace genepool
