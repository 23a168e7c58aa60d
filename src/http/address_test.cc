#include "http/address.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "base/temporary_dir.h"

namespace genepool {
namespace {

TEST(Address, parses_what_people_write) {
  EXPECT_EQ(parse_listen("127.0.0.1:8811")->text(), "127.0.0.1:8811");
  EXPECT_EQ(parse_listen("[::1]:0")->host, "::1");
  EXPECT_EQ(parse_url("http://localhost:9")->text(), "localhost:9");
  EXPECT_EQ(parse_url("http://localhost/")->port, 8811);
  EXPECT_EQ(parse_url("10.0.0.1:80")->host, "10.0.0.1");
  EXPECT_EQ(parse_url("unix:/run/g.sock")->path, "/run/g.sock");
  EXPECT_EQ(parse_url("unix:///run/g.sock")->text(), "unix:/run/g.sock");
}

TEST(Address, says_what_is_wrong) {
  for (const char* text : {"8811", ":8811", "host:", "host:x", "host:99999", "host:-1"}) {
    EXPECT_EQ(parse_listen(text).error().code, Code::kUsage) << text;
  }
  for (const char* text : {"", "http://", "unix:", "https://host", "http://host:1/path"}) {
    EXPECT_EQ(parse_url(text).error().code, Code::kUsage) << text;
  }
}

TEST(Address, nobody_there_is_unreachable) {
  Address address;
  address.path = "/nonexistent/g.sock";
  EXPECT_EQ(connect_to(address, std::chrono::seconds(1)).error().code, Code::kUnreachable);
}

TEST(Address, a_port_in_use_is_a_conflict) {
  const auto first = listen_on(*parse_listen("127.0.0.1:0"));
  ASSERT_TRUE(first);
  Address same = *parse_listen("127.0.0.1:0");
  same.port = bound_port(first->get());
  EXPECT_EQ(listen_on(same).error().code, Code::kConflict);
}

TEST(Address, a_stale_socket_file_is_replaced_and_a_living_one_is_not) {
  const TemporaryDir dir = TemporaryDir::make().value();
  Address address;
  address.path = dir.file("g.sock");
  { ASSERT_TRUE(listen_on(address)); }  // closed: its file stays behind
  const auto second = listen_on(address);
  ASSERT_TRUE(second) << second.error().message;
  struct stat info{};
  ASSERT_EQ(stat(address.path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
  EXPECT_EQ(listen_on(address).error().code, Code::kConflict);
}

TEST(Address, a_path_too_long_for_a_socket_says_so) {
  Address address;
  address.path = "/tmp/" + std::string(120, 'x');
  EXPECT_EQ(listen_on(address).error().code, Code::kUsage);
}

}  // namespace
}  // namespace genepool
