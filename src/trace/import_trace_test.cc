#include "trace/import_trace.h"

#include <gmock/gmock.h>

#include <cmath>
#include <sstream>

#include "trace/date_time.h"

namespace genepool {
namespace {

using testing::HasSubstr;

// All values are invented.
Result<ReadTrace> import(std::string_view format, const std::string& text, const ImportOptions& options = {}) {
  std::istringstream in(text);
  const TraceInput input{"client-1", &in};
  return import_trace(format, std::span(&input, 1), options);
}

std::string refusal(std::string_view format, const std::string& text) {
  const auto result = import(format, text);
  return result ? "accepted" : result.error().message;
}

std::vector<std::string> names(const Trace& trace) {
  std::vector<std::string> names;
  for (const TraceRequest& request : trace.requests) names.push_back(trace.genomes[request.genome].name);
  return names;
}
using Names = std::vector<std::string>;

TEST(Import, unknown_formats_and_odd_options_are_refused) {
  EXPECT_EQ(import("excel", "").error().code, Code::kNotFound);
  EXPECT_EQ(import("servegen", "", {.rate_factor = NAN}).error().code, Code::kBadRequest);
  EXPECT_EQ(import_trace("csv", {}, {}).error().code, Code::kBadRequest);
  std::istringstream in;
  const std::array<TraceInput, 2> two{{{"a", &in}, {"b", &in}}};
  EXPECT_EQ(import_trace("csv", two, {}).error().code, Code::kBadRequest);
  EXPECT_TRUE(import_trace("servegen", two, {}).has_value());
}

TEST(Import, each_format_says_its_terms) {
  for (const ImportFormat& format : import_formats()) {
    EXPECT_FALSE(format.terms.empty());
    EXPECT_FALSE(format.genome.empty());
    EXPECT_NE(format.import, nullptr);
  }
  EXPECT_EQ(names(import("csv", "t_seconds,genome\n5,a\n").value().trace), Names{"a"});
}

const std::string kImages =
    "id,gmt_create,groupId,checkpoint_model_version_id,num_lora\n"
    "1,2031-02-03 04:05:07,u1,m1,0\n"
    "2,2031-02-03 04:05:06,u2,m2,1\n"
    "3,2031-02-03 04:05:09,u3,,0\n"
    "4,2031-02-03 04:06:06,u1,m2,0\n";

TEST(Import, gentd26_by_model_by_group_and_by_both) {
  const ReadTrace by_model = import("gentd26", kImages).value();
  EXPECT_EQ(names(by_model.trace), (Names{"m2", "m1", "m2"}));
  EXPECT_EQ(by_model.rows_skipped, 1U) << "no model";
  EXPECT_EQ(by_model.rows_moved, 1U);
  EXPECT_EQ(by_model.trace.requests[0].t_seconds, 0);
  EXPECT_EQ(by_model.trace.requests[1].t_seconds, 1);
  EXPECT_EQ(by_model.trace.requests[2].t_seconds, 60);
  EXPECT_EQ(by_model.trace.users[by_model.trace.requests[2].user], "u1");
  using Genome = ImportOptions::Genome;
  EXPECT_EQ(names(import("gentd26", kImages, {.genome = Genome::kGroup}).value().trace), (Names{"u2", "u1", "u1"}));
  EXPECT_EQ(names(import("gentd26", kImages, {.genome = Genome::kModelAndGroup}).value().trace),
            (Names{"m2/u2", "m1/u1", "m2/u1"}));
  EXPECT_EQ(refusal("gentd26", "gmt_create,groupId,checkpoint_model_version_id\nnow,u,m\n"),
            "line 2: gmt_create is not a date and time: \"now\"");
}

TEST(Import, gentd26_loras_are_references_in_order) {
  const ReadTrace read = import("gentd26-loras",
                                "checkpoint_model_version_id,lora_args\n"
                                "1,\"[{\"\"modelVersionId\"\": 7, \"\"scale\"\": 0.5}, {\"\"modelVersionId\"\": \"\"8\"\"}]\"\n"
                                "1,[]\n"
                                "1,\n"
                                "1,\"[{'modelVersionId': 7, 'scale': 1}]\"\n"
                                "1,\"[{'model")
                             .value();
  EXPECT_EQ(names(read.trace), (Names{"7", "8", "7"}));
  EXPECT_EQ(read.trace.requests[2].t_seconds, 2);
  EXPECT_EQ(read.rows_skipped, 1U);
  EXPECT_THAT(refusal("gentd26-loras", "lora_args\n[{'modelVersionId': }]\n"), HasSubstr("line 2: lora_args is not a list"));
}

TEST(Import, azure_llm_tells_arrivals_and_tokens) {
  const Trace trace = import("azure-llm",
                             "TIMESTAMP,ContextTokens,GeneratedTokens\r\n"
                             "2031-02-03 23:59:59.5000000,100,20\r\n"
                             "2031-02-04 00:00:01+00:00,7,1\r\n")
                          .value()
                          .trace;
  ASSERT_EQ(trace.requests.size(), 2U);
  EXPECT_EQ(trace.requests[1].t_seconds, 1.5);
  EXPECT_EQ(trace.requests[0].prompt_tokens, 100U);
  EXPECT_EQ(trace.requests[1].output_tokens, 1U);
  EXPECT_EQ(trace.genomes.size(), 1U);
  const std::string no_day = "TIMESTAMP,ContextTokens,GeneratedTokens\n2031-02-30 00:00:00,1,1\n";
  EXPECT_THAT(refusal("azure-llm", no_day), HasSubstr("line 2: TIMESTAMP"));
}

TEST(Import, azure_functions_begin_their_duration_before_their_end) {
  const ReadTrace read = import("azure-func21",
                                "app,func,end_timestamp,duration\n"
                                "a,f,1.0,0.5\n"
                                "a,g,3.0,2.75\n"
                                "b,f,4.0,0.0\n")
                             .value();
  EXPECT_EQ(names(read.trace), (Names{"a/g", "a/f", "b/f"}));
  EXPECT_EQ(read.trace.requests[1].t_seconds, 0.25);
  EXPECT_EQ(read.trace.requests[2].t_seconds, 3.75);
  EXPECT_EQ(read.rows_moved, 0U);
  EXPECT_EQ(refusal("azure-func21", "app,func,end_timestamp,duration\na,,1,1\n"), "line 2: app or func is empty");
}

TEST(Import, a_log_longer_than_a_trace_may_be_is_refused) {
  const std::string log = "app,func,end_timestamp,duration\na,f,0,9e9\na,f,9e9,0\n";
  EXPECT_EQ(import("azure-func21", log).error().code, Code::kTooLarge);
}

TEST(Import, mooncake_is_keyed_by_the_first_hash) {
  const ReadTrace read = import("mooncake",
                                R"({"timestamp": 1000, "input_length": 600, "output_length": 5, "hash_ids": [4, 9]})"
                                "\r\n"
                                R"({"timestamp": 2500, "input_length": 10, "output_length": 0, "hash_ids": []})"
                                "\n"
                                R"({"timestamp": 4000, "input_length": 513, "output_length": 1, "hash_ids": [17]})"
                                "\n"
                                R"({"timestamp": 5000, "inp)")
                             .value();
  EXPECT_EQ(names(read.trace), (Names{"4", "17"}));
  EXPECT_EQ(read.trace.requests[1].t_seconds, 3);
  EXPECT_EQ(read.trace.requests[0].prompt_tokens, 600U);
  EXPECT_EQ(read.rows_skipped, 2U) << "one without a hash, one cut";
  EXPECT_EQ(refusal("mooncake", "{\n"), "line 1: not a JSON object");
  EXPECT_EQ(refusal("mooncake", "[]\n"), "line 1: not a JSON object");
  const auto line = [](std::string_view timestamp, std::string_view hashes) {
    return fmt::format(R"({{"timestamp": {}, "input_length": 1, "output_length": 1, "hash_ids": {}}})", timestamp, hashes) + "\n";
  };
  EXPECT_EQ(refusal("mooncake", line("1", "[1]")), "accepted");
  EXPECT_THAT(refusal("mooncake", line("-1", "[1]")), HasSubstr("line 1: timestamp"));
  EXPECT_THAT(refusal("mooncake", line("\"1\"", "[1]")), HasSubstr("line 1: timestamp"));
  EXPECT_THAT(refusal("mooncake", line("1", "3")), HasSubstr("line 1: hash_ids"));
  EXPECT_THAT(refusal("mooncake", line("1", "[\"a\"]")), HasSubstr("line 1: hash_ids"));
  EXPECT_THAT(refusal("mooncake", std::string(2 << 20, 'x') + "\n"), HasSubstr("line 1: longer than"));
}

struct Gaps {
  double count = 0, cv = 0;
};

Gaps gaps_of(const Trace& trace) {
  double sum = 0, squares = 0;
  const auto count = static_cast<double>(trace.requests.size() - 1);
  for (std::size_t i = 1; i < trace.requests.size(); ++i) {
    const double gap = trace.requests[i].t_seconds - trace.requests[i - 1].t_seconds;
    sum += gap;
    squares += gap * gap;
  }
  const double mean = sum / count;
  return {count + 1, std::sqrt(squares / count - mean * mean) / mean};
}

// A client for a day: 144 windows with this end of their lines.
std::string day(std::string_view rate, std::string_view rest) {
  std::string text;
  for (int window = 0; window < 144; ++window) text += fmt::format("{},{},{}\n", window * 600, rate, rest);
  return text;
}

TEST(Import, servegen_draws_the_rate_and_the_burstiness_it_is_told) {
  const auto drawn = [](std::string_view rest) { return gaps_of(import("servegen", day("0.5", rest)).value().trace); };
  for (const Gaps& gaps : {drawn("1,Gamma,1,9"), drawn("1,Weibull,1,9"), drawn("1,,,"), drawn(",,,"), drawn("0,,0,0")}) {
    EXPECT_NEAR(gaps.count, 43'200, 800);
    EXPECT_NEAR(gaps.cv, 1, 0.05);
  }
  EXPECT_NEAR(drawn("3,Gamma,0.25,9").cv, 2, 0.15);
  EXPECT_NEAR(drawn("2,,,").cv, 2, 0.15);
  EXPECT_NEAR(drawn("3,Weibull,0.5,9").cv, std::sqrt(5), 0.2);
  EXPECT_NEAR(drawn("1,Gamma,1e9,9").cv, 0.3, 0.03) << "clamped";
}

TEST(Import, servegen_merges_clients_and_draws_the_same_again) {
  const auto drawn = [](std::uint64_t seed) {
    std::istringstream one(day("0.01", "1,Gamma,1,9")), other(day("0.02", "1,Gamma,1,9")), silent(day("0", "1,,,"));
    const std::array<TraceInput, 3> inputs{{{"one", &one}, {"other", &other}, {"silent", &silent}}};
    return import_trace("servegen", inputs, {.seed = seed}).value();
  };
  const ReadTrace read = drawn(1);
  EXPECT_EQ(read.trace.genomes.size(), 2U);
  EXPECT_EQ(read.rows_moved, 0U);
  EXPECT_NEAR(static_cast<double>(read.trace.requests.size()), 0.03 * 86'400, 160);
  EXPECT_TRUE(std::ranges::is_sorted(read.trace.requests, {}, &TraceRequest::t_seconds));
  EXPECT_EQ(drawn(1).trace.requests[99].t_seconds, read.trace.requests[99].t_seconds);
  EXPECT_NE(drawn(2).trace.requests[99].t_seconds, read.trace.requests[99].t_seconds);
}

TEST(Import, servegen_thins_by_a_factor) {
  const Trace trace = import("servegen", day("0.5", "1,Gamma,1,9"), {.rate_factor = 0.1}).value().trace;
  EXPECT_NEAR(static_cast<double>(trace.requests.size()), 4'320, 250);
}

TEST(Import, servegen_refuses_what_is_no_window) {
  EXPECT_EQ(refusal("servegen", "0,1,1,Gamma,1,1\n300,1,1,Gamma,1,1\n"),
            "client-1: line 2: the window begins before the one above ends");
  EXPECT_EQ(refusal("servegen", "0,1,1,Pareto,1,1\n"), "client-1: line 1: family is not Gamma or Weibull: \"Pareto\"");
  EXPECT_EQ(refusal("servegen", "0,1,1\n"), "client-1: line 1: the row has 3 of 6 fields");
  EXPECT_THAT(refusal("servegen", "0,nan,1,Gamma,1,1\n"), HasSubstr("client-1: line 1: rate must be between"));
  EXPECT_EQ(refusal("servegen", "0,1,1,Weibull,,\n"), "client-1: line 1: shape is not a number: \"\"");
}

TEST(DateTime, what_is_read) {
  EXPECT_EQ(parse_date_time("1970-01-02 00:00:01"), 86401);
  EXPECT_EQ(parse_date_time("1970-01-01T01:02:03.25Z"), 3723.25);
  EXPECT_EQ(parse_date_time("1970-01-01 02:00:00+01:30"), 1800);
  EXPECT_EQ(parse_date_time("1970-01-01 00:00:00-00:01"), 60);
  EXPECT_EQ(parse_date_time("2000-02-29 00:00:00"), 951782400);
}

TEST(DateTime, what_is_not) {
  for (const char* text : {"", "1970-01-01", "1970-01-01 00:00", "1970-13-01 00:00:00", "1971-02-29 00:00:00",
                           "1970-01-01 24:00:00", "1970-01-01 00:60:00", "1970-01-01 00:00:61", "1970-01-01 00:00:00.", "1970-01-01 00:00:00 ",
                           "1970-01-01 00:00:00+1", "1970/01/01 00:00:00", "197O-01-01 00:00:00", "-970-01-01 00:00:00"}) {
    EXPECT_EQ(parse_date_time(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace genepool
