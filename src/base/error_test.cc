#include "base/error.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <set>

namespace genepool {
namespace {

TEST(Error, every_api_code_names_one_row) {
  std::set<std::string_view> seen;
  for (std::string_view api : {"bad_request", "model_not_found", "queue_full", "deadline_exceeded"}) {
    EXPECT_EQ(error_row(code_from_api(api)).api_code, api);
    EXPECT_TRUE(seen.insert(api).second);
  }
  EXPECT_EQ(code_from_api("no such code"), Code::kInternal);
}

TEST(Error, a_full_disk_is_told_apart_from_other_io) {
  EXPECT_EQ(fail_errno("write x", ENOSPC).value().code, Code::kStoreFull);
  EXPECT_EQ(fail_errno("write x", EIO).value().code, Code::kIo);
}

Result<int> twice(Result<int> in) {
  GENEPOOL_TRY(const int value, std::move(in));
  return 2 * value;
}

TEST(Error, try_hands_the_first_failure_up) {
  EXPECT_EQ(*twice(21), 42);
  EXPECT_EQ(twice(fail_param(Code::kBadRequest, "n", "no {}", 1)).error().param, "n");
}

}  // namespace
}  // namespace genepool
