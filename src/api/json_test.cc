#include "api/json.h"

#include <gtest/gtest.h>

#include "api/errors.h"
#include "api/escape.h"

namespace genepool::api {
namespace {

TEST(Json, refuses_what_is_no_object_of_json) {
  for (const char* bad : {"", "{", "[]", "5", "{\"a\":}", "{\"a\":NaN}", "{\"a\":1e999}", "{\"a\":\"\xff\"}", "{} x"}) {
    const auto parsed = parse_object(bad);
    ASSERT_FALSE(parsed) << bad;
    EXPECT_EQ(parsed.error().code, Code::kBadRequest) << bad;
  }
  EXPECT_FALSE(parse_object(std::string_view("{}\0{}", 5))) << "bytes behind a NUL";
  EXPECT_NE(parse_object("").error().message.find("no body"), std::string::npos);
}

TEST(Json, depth_is_bounded_and_brackets_in_strings_do_not_count) {
  const std::string deep = "{\"a\":" + std::string(100000, '[');
  EXPECT_NE(parse_object(deep).error().message.find("deeper"), std::string::npos);
  EXPECT_TRUE(parse_object("{\"a\":\"" + std::string(100, '[') + "\\\"[[\"}"));
}

TEST(Json, a_key_given_twice_has_its_last_value) { EXPECT_EQ((*parse_object(R"({"a":1,"a":2})"))["a"], 2); }

TEST(Json, fields_name_what_is_wrong) {
  const Json object = *parse_object(R"({"t":"hot","n":1.5,"whole":16.0,"big":99,"none":null,"flag":1})");
  const Fields fields(object, "x.");
  double number = 7;
  std::int64_t integer = 7;
  bool flag = false;
  EXPECT_EQ(fields.number("t", 0, 2, number).error().param, "x.t");
  EXPECT_EQ(fields.number("big", 0, 2, number).error().message, "x.big must be a number from 0 to 2, found 99");
  EXPECT_FALSE(fields.integer("n", 0, 9, integer));
  EXPECT_TRUE(fields.integer("whole", 0, 99, integer));
  EXPECT_EQ(integer, 16);
  EXPECT_TRUE(fields.integer("none", 0, 9, integer));
  EXPECT_TRUE(fields.integer("absent", 0, 9, integer));
  EXPECT_EQ(integer, 16);
  EXPECT_FALSE(fields.flag("flag", flag));
  EXPECT_EQ(fields.required_text("absent").error().message,
            "x.absent is missing: wanted a string that is not empty");
}

TEST(Escape, text_is_always_valid_inside_a_json_string) {
  std::string out;
  append_escaped(out, "a\"\\\n\t\x01 \xc3\xa9 \xf0\x9f\x8f\xb4 \xff \xc3");
  EXPECT_EQ(out, "a\\\"\\\\\\n\\t\\u0001 \xc3\xa9 \xf0\x9f\x8f\xb4 \xef\xbf\xbd \xef\xbf\xbd");
  out.clear();
  append_escaped(out, "\xed\xa0\x80\xc0\xaf\xf5");  // a surrogate, an overlong slash, beyond Unicode
  EXPECT_EQ(Json::parse("\"" + out + "\"").get<std::string>().size(), 6U * 3);
}

Error with(Code code, int retry_ms = -1) {
  Error error{code, "m", "", std::nullopt};
  if (retry_ms >= 0) error.retry_after = std::chrono::milliseconds(retry_ms);
  return error;
}

TEST(Errors, body_has_the_shape_of_openai) {
  EXPECT_EQ(error_body(fail_param(Code::kGenomeNotFound, "model", "no {}", "x").value()),
            R"({"error":{"message":"no x","type":"invalid_request_error","param":"model","code":"model_not_found"}})");
  EXPECT_NE(error_body(with(Code::kInternal)).find(R"("param":null)"), std::string::npos);
}

TEST(Errors, headers_say_when_to_retry) {
  const Headers full = error_headers(with(Code::kQueueFull, 1500));
  EXPECT_EQ(header_value(full, "retry-after"), "2");
  EXPECT_EQ(header_value(full, "retry-after-ms"), "1500");
  EXPECT_EQ(header_value(full, "x-should-retry"), "");
  EXPECT_EQ(header_value(error_headers(with(Code::kDraining)), "retry-after"), "1");
  // Longer than a minute: the clients differ, so it is final.
  const Headers late = error_headers(with(Code::kQueueFull, 61000));
  EXPECT_EQ(header_value(late, "retry-after"), "");
  EXPECT_EQ(header_value(late, "x-should-retry"), "false");
}

TEST(Errors, final_refusals_are_not_retried) {
  for (const Code code : {Code::kConflict, Code::kDeadlineExceeded, Code::kNotSupported, Code::kStoreFull}) {
    EXPECT_EQ(header_value(error_headers(with(code)), "x-should-retry"), "false");
  }
  for (const Code code : {Code::kBadRequest, Code::kGenomeNotFound, Code::kInternal, Code::kWorkerDied}) {
    EXPECT_EQ(header_value(error_headers(with(code)), "x-should-retry"), "");
  }
}

}  // namespace
}  // namespace genepool::api
