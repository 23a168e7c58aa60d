#include "import/safetensors.h"

#include <gtest/gtest.h>

#include "import/import_fixture.h"

namespace genepool {
namespace {

Result<SafetensorsView> parse(const std::string& file) { return SafetensorsView::parse(std::as_bytes(std::span(file)), "x"); }

std::string one(const std::string& entry, const std::string& data) { return PeftFolder::file("{\"t\":" + entry + "}", data); }

TEST(Safetensors, a_good_file_is_read) {
  const std::string file = one(R"({"dtype":"F16","shape":[2,3],"data_offsets":[0,12]})", std::string(12, 'x'));
  const auto view = parse(file);
  ASSERT_TRUE(view) << view.error().message;
  EXPECT_EQ(view->tensors().at("t").shape, (std::vector<std::uint64_t>{2, 3}));
  EXPECT_EQ(view->tensors().at("t").data.size(), 12u);
}

TEST(Safetensors, cut_anywhere_is_refused) {
  const std::string file = PeftFolder().safetensors();
  ASSERT_TRUE(parse(file));
  for (std::size_t size = 0; size < file.size(); size += 3) EXPECT_FALSE(parse(file.substr(0, size))) << size;
}

TEST(Safetensors, spoiled_headers_are_refused) {
  const std::string data(8, 'x');
  for (const char* entry : {
           R"({"dtype":"F32","shape":[2],"data_offsets":[0,9]})",                     // past the end
           R"({"dtype":"F32","shape":[2],"data_offsets":[8,0]})",                     // backwards
           R"({"dtype":"F32","shape":[1],"data_offsets":[0,8]})",                     // shape and bytes differ
           R"({"dtype":"I32","shape":[2],"data_offsets":[0,8]})",                     // type
           R"({"dtype":"F32","shape":[-2],"data_offsets":[0,8]})",                    // negative
           R"({"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,8]})", // overflow
           R"({"dtype":"F32","shape":[1],"data_offsets":[4,8]})",                     // hole in front
           R"({"dtype":"F32","shape":[1],"data_offsets":[0,4]})",                     // bytes left over
           R"({"dtype":"F32","shape":[2],"data_offsets":[0]})",
           R"({"dtype":"F32","data_offsets":[0,8]})",
           R"([1])",
       }) {
    EXPECT_FALSE(parse(one(entry, data))) << entry;
  }
  EXPECT_FALSE(parse(PeftFolder::file("[]", "")));
  EXPECT_FALSE(parse(PeftFolder::file("{", "")));
  EXPECT_FALSE(parse(PeftFolder::file(std::string(1000, '['), "")));
}

TEST(Safetensors, tensors_that_overlap_or_stand_twice_are_refused) {
  const std::string t = R"({"dtype":"F32","shape":[1],"data_offsets":[0,4]})";
  EXPECT_FALSE(parse(PeftFolder::file("{\"a\":" + t + ",\"b\":" + t + "}", std::string(4, 'x'))));
  EXPECT_FALSE(parse(PeftFolder::file("{\"a\":" + t + ",\"a\":" + t + "}", std::string(4, 'x'))));
}

TEST(Safetensors, a_header_that_claims_too_much_is_refused) {
  std::string file = PeftFolder::file("{}", "");
  file[5] = 1;  // 2^40 bytes of header
  EXPECT_FALSE(parse(file));
}

}  // namespace
}  // namespace genepool
