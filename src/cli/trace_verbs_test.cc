// Whole command lines that make and read traces: no server, no data directory.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "cli/command_lines.h"

namespace genepool::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

class TraceVerbs : public CommandLines {};

TEST_F(TraceVerbs, a_profile_becomes_a_file_that_info_reads) {
  EXPECT_EQ(run({"trace", "generate", "drift", dir_ + "/d.csv", "--requests", "500", "--seed", "7"}), 0) << err_;
  EXPECT_THAT(err_, AllOf(HasSubstr("drift: 500 requests of "), HasSubstr("seed 7, rank exponent 1.17")));
  EXPECT_EQ(out_, "");
  EXPECT_EQ(run({"trace", "generate", "drift", "--requests", "500", "--seed", "7"}), 0);
  EXPECT_EQ(out_, read("d.csv")) << "stdout is the same file";
  EXPECT_EQ(run({"trace", "generate", "drift", "-", "--requests", "500", "--seed", "8", "--no-day"}), 0);
  EXPECT_NE(out_, read("d.csv"));
  EXPECT_EQ(run({"trace", "info", dir_ + "/d.csv"}), 0) << err_;
  EXPECT_THAT(out_, AllOf(StartsWith("requests     500 in "), HasSubstr("PLACES   LRU MISSES   MIN MISSES"), HasSubstr("100 % |")));
  EXPECT_EQ(run({"trace", "info", dir_ + "/d.csv", "--json", "--html", dir_ + "/d.html"}), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("\"requests\": 500"));
  EXPECT_THAT(read("d.html"), AllOf(StartsWith("<!doctype html>"), HasSubstr("rank of the genome")));
}

TEST_F(TraceVerbs, options_out_of_bounds_are_refused_by_the_flag) {
  EXPECT_EQ(run({"trace", "generate", "drift", "--cv", "40"}), 2);
  EXPECT_THAT(err_, HasSubstr("--cv: must be between"));
  EXPECT_EQ(run({"trace", "generate", "drift", "--speed", "0"}), 2);
  EXPECT_EQ(run({"trace", "generate", "drift", "--requests", "0"}), 2);
  EXPECT_EQ(run({"trace", "generate", "drfit"}), 4);
  EXPECT_THAT(err_, HasSubstr("trace profiles"));
  EXPECT_EQ(run({"trace", "generate", "drift", dir_ + "/none/d.csv", "--requests", "5"}), 1);
}

TEST_F(TraceVerbs, profiles_are_listed) {
  EXPECT_EQ(run({"trace", "profiles"}), 0);
  EXPECT_THAT(out_, AllOf(StartsWith("PROFILE "), HasSubstr("slora-0.3"), HasSubstr("1.17 to rank 8, then 2.2")));
}

TEST_F(TraceVerbs, a_public_log_is_imported_with_its_terms) {
  const std::string log = write("azure.csv", "TIMESTAMP,ContextTokens,GeneratedTokens\n2031-02-03 04:05:06.0,10,2\n2031-02-03 04:05:05.0,11,3\n");
  EXPECT_EQ(run({"trace", "import", "azure-llm", log}), 0) << err_;
  EXPECT_THAT(out_, StartsWith("t_seconds,genome,"));
  EXPECT_THAT(out_, HasSubstr("\n0,"));
  EXPECT_THAT(err_, AllOf(HasSubstr("1 row came late"), HasSubstr("terms of use: CC-BY")));
  EXPECT_EQ(run({"trace", "import", "azure-llm", log, "--output", dir_ + "/a.csv"}), 0);
  EXPECT_EQ(out_, "");
  EXPECT_EQ(run({"trace", "info", dir_ + "/a.csv"}), 0) << err_;
}

TEST_F(TraceVerbs, the_files_of_clients_are_read_together) {
  const std::string a = write("chunk-a.csv", "0,0.05,1,Gamma,1,1\n"), b = write("chunk-b.csv", "0,0.05,1,Gamma,1,1\n");
  EXPECT_EQ(run({"trace", "import", "servegen", a, b}), 0) << err_;
  EXPECT_THAT(out_, AllOf(HasSubstr(",chunk-a.csv,"), HasSubstr(",chunk-b.csv,")));
  EXPECT_EQ(run({"trace", "import", "servegen", a, a}), 2);
  EXPECT_THAT(err_, HasSubstr("two files are called chunk-a.csv"));
}

TEST_F(TraceVerbs, bad_input_is_refused_with_file_and_line) {
  const std::string bad = write("bad.csv", "t_seconds,genome\n1,a\n-1,b\n");
  EXPECT_EQ(run({"trace", "info", bad}), 2);
  EXPECT_THAT(err_, HasSubstr(bad + ": line 3: "));
  EXPECT_EQ(run({"trace", "import", "csv", bad}), 2);
  EXPECT_THAT(err_, HasSubstr(bad + ": line 3: "));
  EXPECT_EQ(run({"trace", "import", "nothing", bad}), 4);
  EXPECT_THAT(err_, HasSubstr("only csv, gentd26"));
  EXPECT_EQ(run({"trace", "import", "csv", dir_ + "/none.csv"}), 4);
  EXPECT_EQ(run({"trace", "import", "csv", bad, "--genome", "all"}), 2);
  EXPECT_EQ(run({"trace", "info", "nothing"}), 4);
}

}  // namespace
}  // namespace genepool::cli
