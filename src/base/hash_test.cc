#include "base/hash.h"

#include <gtest/gtest.h>

namespace genepool {
namespace {

TEST(Hash, sha256_matches_the_standards_example) {
  Sha256 h;
  h.add("a");
  h.add("bc");
  EXPECT_EQ(h.finish().hex(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Hash, hex_round_trips_and_rejects_noise) {
  const Digest d = sha256({});
  EXPECT_EQ(*Digest::from_hex(d.hex()), d);
  EXPECT_FALSE(Digest::from_hex("abc"));
  EXPECT_FALSE(Digest::from_hex(std::string(64, 'g')));
}

}  // namespace
}  // namespace genepool
