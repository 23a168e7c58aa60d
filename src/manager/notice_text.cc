#include "manager/notice_text.h"

#include "manager/notice_fields.h"

namespace genepool {

std::string notice_line(const Notice& notice, Instant now) {
  std::string text = fmt::format("N {}", now.count());
  write_named(kNoticeNames, notice, text);
  return text;
}

std::string wish_line(const Wish& wish) {
  std::string text = "W";
  write_named(kWishNames, wish, text);
  return text;
}

namespace {

template <class Variant>
Result<void> read_rest(std::span<const char* const> names, FieldReader& reader, Variant& variant) {
  const std::string_view name = reader.word();
  if (!read_named(name, names, reader, variant)) return fail(Code::kBadRequest, "nothing is called '{}'", name);
  if (!reader.is_ok || !reader.rest.empty()) return fail(Code::kBadRequest, "the fields of {} are wrong", name);
  return {};
}

}  // namespace

Result<std::pair<Notice, Instant>> parse_notice(std::string_view line) {
  if (!line.starts_with("N ")) return fail(Code::kBadRequest, "not a notice");
  std::pair<Notice, Instant> parsed;
  FieldReader reader{line.substr(1)};
  reader(parsed.second);
  GENEPOOL_TRY_VOID(read_rest(kNoticeNames, reader, parsed.first));
  return parsed;
}

Result<Wish> parse_wish(std::string_view line) {
  if (!line.starts_with("W ")) return fail(Code::kBadRequest, "not a wish");
  Wish wish;
  FieldReader reader{line.substr(1)};
  GENEPOOL_TRY_VOID(read_rest(kWishNames, reader, wish));
  return wish;
}

}  // namespace genepool
