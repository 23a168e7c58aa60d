#include "trace/csv.h"

#include <gmock/gmock.h>

#include <sstream>

#include "trace/csv_reader.h"
#include "trace/generate.h"

namespace genepool {
namespace {

using testing::HasSubstr;

Result<ReadTrace> read(const std::string& text) {
  std::istringstream in(text);
  return read_trace_csv(in);
}

std::string refusal(const std::string& text) {
  const auto result = read(text);
  return result ? "accepted" : result.error().message;
}

TEST(Csv, a_whole_row) {
  const ReadTrace read_one = read("t_seconds,genome,user,prompt_tokens,output_tokens,load_cost_s,bytes\n1.5,pirate,anna,12,34,0.25,4096\n").value();
  ASSERT_EQ(read_one.trace.requests.size(), 1U);
  const TraceRequest& request = read_one.trace.requests[0];
  EXPECT_EQ(request.t_seconds, 1.5);
  EXPECT_EQ(request.prompt_tokens, 12U);
  EXPECT_EQ(request.output_tokens, 34U);
  EXPECT_EQ(read_one.trace.genomes[request.genome].name, "pirate");
  EXPECT_EQ(read_one.trace.genomes[request.genome].load_cost_s, 0.25);
  EXPECT_EQ(read_one.trace.genomes[request.genome].bytes, 4096U);
  EXPECT_EQ(read_one.trace.users[request.user], "anna");
  EXPECT_EQ(read_one.rows_moved + read_one.rows_skipped, 0U);
}

TEST(Csv, five_columns_and_their_values_are_optional) {
  const Trace two = read("genome,t_seconds\nb,0\na,1\n").value().trace;
  ASSERT_EQ(two.requests.size(), 2U);
  EXPECT_EQ(two.genomes[two.requests[1].genome].name, "a");
  EXPECT_EQ(two.requests[1].user, kNoUser);
  const Trace empty = read("t_seconds,genome,user,bytes\n0,a,,\n").value().trace;
  EXPECT_EQ(empty.requests[0].user, kNoUser);
  EXPECT_EQ(empty.genomes[0].bytes, 0U);
}

TEST(Csv, quotes_line_ends_and_a_byte_order_mark) {
  const Trace trace = read("\xEF\xBB\xBFt_seconds,\"genome\",user\r\n0,\"a,\"\"b\"\"\",\"u\"\r\n1,c,\r\n").value().trace;
  ASSERT_EQ(trace.requests.size(), 2U);
  EXPECT_EQ(trace.genomes[0].name, "a,\"b\"");
  EXPECT_EQ(trace.users[0], "u");
  EXPECT_EQ(trace.genomes[1].name, "c");
}

TEST(Csv, an_unfinished_last_line_is_skipped_and_counted) {
  for (const char* cut : {"2", "2,a", "2,\"a", "2,\"a\"", "2,a\r"}) {
    const ReadTrace result = read(std::string("t_seconds,genome\n1,a\n") + cut).value();
    EXPECT_EQ(result.trace.requests.size(), 1U) << cut;
    EXPECT_EQ(result.rows_skipped, 1U) << cut;
  }
  EXPECT_EQ(read("t_seconds,genome\n").value().rows_skipped, 0U);
}

TEST(Csv, rows_out_of_order_are_sorted_and_counted) {
  const ReadTrace result = read("t_seconds,genome\n1,a\n3,b\n2,c\n3,d\n0,e\n").value();
  EXPECT_EQ(result.rows_moved, 2U);
  std::string order;
  for (const TraceRequest& request : result.trace.requests) order += result.trace.genomes[request.genome].name;
  EXPECT_EQ(order, "eacbd") << "b and d are at the same time and keep their order";
}

TEST(Csv, a_load_cost_is_the_mean_of_what_is_told) {
  const Trace trace = read("t_seconds,genome,load_cost_s,bytes\n0,a,1,10\n1,a,,\n2,a,2,20\n3,b,,\n").value().trace;
  EXPECT_EQ(trace.genomes[0].load_cost_s, 1.5);
  EXPECT_EQ(trace.genomes[0].bytes, 20U);
  EXPECT_EQ(trace.genomes[1].load_cost_s, 0);
}

TEST(Csv, what_is_wrong_is_refused_with_its_line) {
  const std::string header = "t_seconds,genome,user,prompt_tokens\n0,a,u,1\n";
  EXPECT_EQ(refusal(header + "x,a,u,1\n"), "line 3: t_seconds is not a number: \"x\"");
  EXPECT_EQ(refusal(header + "1 ,a,u,1\n"), "line 3: t_seconds is not a number: \"1 \"");
  EXPECT_EQ(refusal(header + ",a,u,1\n"), "line 3: t_seconds is not a number: \"\"");
  EXPECT_THAT(refusal(header + "nan,a,u,1\n"), HasSubstr("line 3: t_seconds must be between 0 and"));
  EXPECT_THAT(refusal(header + "inf,a,u,1\n"), HasSubstr("line 3: t_seconds must be between 0 and"));
  EXPECT_THAT(refusal(header + "-1,a,u,1\n"), HasSubstr("line 3: t_seconds must be between 0 and"));
  EXPECT_EQ(refusal(header + "1,,u,1\n"), "line 3: the genome is empty");
  EXPECT_EQ(refusal(header + "1,a,u,-1\n"), "line 3: prompt_tokens is not a whole number: \"-1\"");
  EXPECT_THAT(refusal(header + "1,a,u,5000000000\n"), HasSubstr("line 3: prompt_tokens must be at most"));
  EXPECT_EQ(refusal(header + "1,a,u\n"), "line 3: the row has 3 of 4 fields");
  EXPECT_EQ(refusal(header + "\n1,a,u,1\n"), "line 3: the row has 1 of 4 fields");
  EXPECT_EQ(refusal(header + "1,\"a\"b,u,1\n"), "line 3: something follows a field's closing quote");
  EXPECT_EQ(refusal(header + "1,a\",u,1\n"), "line 3: a quote within a field that does not begin with one");
  EXPECT_THAT(refusal(header + "1,a\x01,u,1\n"), HasSubstr("line 3: the genome's name must be printable"));
  EXPECT_THAT(refusal(header + "1,a,\xFF,1\n"), HasSubstr("line 3: the user's name must be printable"));
  EXPECT_THAT(refusal(header + "1," + std::string(257, 'a') + ",u,1\n"), HasSubstr("line 3: the genome's name has 257 bytes"));
  EXPECT_EQ(refusal(header + "1,\"a\nb\",u,1\nx,a,u,1\n"), "line 3: the genome's name must be printable UTF-8: \"a?b\"");
}

TEST(Csv, a_wrong_header_is_refused) {
  EXPECT_EQ(refusal(""), "line 1: the header line is missing or unfinished");
  EXPECT_EQ(refusal("t_seconds\n"), "line 1: the header has no column genome");
  EXPECT_EQ(refusal("t_seconds,genome,genome\n"), "line 1: the column genome is there twice");
  EXPECT_EQ(refusal("t_seconds,genome,promt_tokens\n"), "line 1: unknown column \"promt_tokens\"");
  EXPECT_EQ(refusal("0,a\n"), "line 1: unknown column \"0\"");
}

TEST(Csv, lines_are_counted_through_quoted_line_breaks) {
  std::istringstream in("a,\"b\n\nc\"\nd,e\n");
  CsvReader reader(in);
  std::vector<std::string> fields;
  ASSERT_TRUE(reader.next(fields).value());
  EXPECT_EQ(fields, (std::vector<std::string>{"a", "b\n\nc"}));
  EXPECT_EQ(reader.line(), 1U);
  ASSERT_TRUE(reader.next(fields).value());
  EXPECT_EQ(reader.line(), 4U);
  EXPECT_FALSE(reader.next(fields).value());
  EXPECT_FALSE(reader.was_cut());
}

TEST(Csv, a_quote_left_open_does_not_eat_the_memory) {
  const auto result = read("t_seconds,genome\n1,\"" + std::string(3 << 20, 'x'));
  EXPECT_EQ(result.error().code, Code::kTooLarge);
  EXPECT_THAT(result.error().message, HasSubstr("line 2"));
}

class Broken : public std::streambuf {  // a disk that fails
 protected:
  int_type underflow() override { throw std::ios_base::failure("gone"); }
};

TEST(Csv, a_stream_that_breaks_is_no_end) {
  Broken broken;
  std::istream in(&broken);
  EXPECT_EQ(read_trace_csv(in).error().code, Code::kIo);
}

TEST(Csv, what_is_written_reads_as_the_same_trace) {
  Trace trace = generate(*find_profile("model-skew"), {.requests = 500}).value();
  trace.genomes[0] = {.name = "a,\"b\"", .load_cost_s = 0.1, .bytes = 7};
  trace.requests[3].prompt_tokens = 5;
  trace.requests[4].user = kNoUser;
  std::ostringstream out;
  write_trace_csv(trace, out);
  const ReadTrace again = read(out.str()).value();
  EXPECT_EQ(again.rows_moved + again.rows_skipped, 0U);
  ASSERT_EQ(again.trace.requests.size(), trace.requests.size());
  for (std::size_t i = 0; i < trace.requests.size(); ++i) {
    ASSERT_EQ(again.trace.requests[i].t_seconds, trace.requests[i].t_seconds);
    ASSERT_EQ(again.trace.requests[i].genome, trace.requests[i].genome);
    ASSERT_EQ(again.trace.requests[i].prompt_tokens, trace.requests[i].prompt_tokens);
  }
  EXPECT_EQ(again.trace.genomes[0].name, trace.genomes[0].name);
  EXPECT_EQ(again.trace.genomes[0].load_cost_s, 0.1);
  EXPECT_EQ(again.trace.requests[4].user, kNoUser);
  std::ostringstream once_more;
  write_trace_csv(again.trace, once_more);
  EXPECT_EQ(once_more.str(), out.str());
}

TEST(Csv, rows_may_be_written_one_by_one) {
  EXPECT_EQ(trace_csv_header(), "t_seconds,genome,user,prompt_tokens,output_tokens,load_cost_s,bytes\n");
  EXPECT_EQ(trace_csv_row({.t_seconds = 0.5, .genome = "a"}), "0.5,a,,,,,\n");
  EXPECT_EQ(trace_csv_row({.t_seconds = 2, .genome = "a\"b", .user = "u", .prompt_tokens = 3, .output_tokens = 4, .load_cost_s = 0.5, .bytes = 6}),
            "2,\"a\"\"b\",u,3,4,0.5,6\n");
}

TEST(Csv, names_fit_to_be_written) {
  EXPECT_TRUE(is_trace_name("a b,\"c\""));
  EXPECT_FALSE(is_trace_name(""));
  EXPECT_FALSE(is_trace_name("a\n"));
  EXPECT_FALSE(is_trace_name("\xC3"));
  EXPECT_FALSE(is_trace_name(std::string(257, 'a')));
}

}  // namespace
}  // namespace genepool
