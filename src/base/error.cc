#include "base/error.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

namespace genepool {
namespace {

constexpr std::array kRows = {
#define GENEPOOL_ERROR(code, api, http, type, exit_status, retry) ErrorRow{api, http, type, exit_status, Retry::retry},
#include "base/errors.def"
#undef GENEPOOL_ERROR
};

}  // namespace

const ErrorRow& error_row(Code code) { return kRows.at(static_cast<std::size_t>(code)); }

Code code_from_api(std::string_view api_code) {
  for (std::size_t i = 0; i < kRows.size(); ++i) {
    if (kRows[i].api_code == api_code) return static_cast<Code>(i);
  }
  return Code::kInternal;
}

tl::unexpected<Error> fail_errno(std::string_view doing, int error_number) {
  const Code code = error_number == ENOSPC || error_number == EDQUOT ? Code::kStoreFull : Code::kIo;
  return fail(code, "could not {}: {}", doing, std::strerror(error_number));
}

void check_failed(const char* condition, const char* file, int line, std::string_view detail) {
  std::fprintf(stderr, "genepool: broken invariant at %s:%d: %s %.*s\n", file, line, condition,
               static_cast<int>(detail.size()), detail.data());
  std::abort();
}

}  // namespace genepool
