#include "import/modelfile.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

namespace genepool {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kSpace = " \t\r";
constexpr std::string_view kLongQuote = "\"\"\"";

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return result;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  // The next instruction and its value; none at the end.
  Result<std::optional<std::pair<std::string, std::string>>> next() {
    std::string_view line;
    do {
      if (rest_.empty()) return std::nullopt;
      line = trimmed(take_line());
    } while (line.empty() || line.front() == '#');
    const std::size_t space = line.find_first_of(kSpace);
    if (space == std::string_view::npos) return fail(Code::kBadRequest, "line {}: {} has no value", line_, line);
    GENEPOOL_TRY(std::string value, value_of(trimmed(line.substr(space))));
    return std::pair(lower(line.substr(0, space)), std::move(value));
  }
  [[nodiscard]] std::size_t line() const { return line_; }

  // A value, or the second half of a PARAMETER's: may go on over lines when it begins with a long quote.
  Result<std::string> value_of(std::string_view text) {
    if (!text.starts_with(kLongQuote)) return unquoted(text);
    text.remove_prefix(kLongQuote.size());
    const std::size_t opened = line_;
    std::string value;
    for (;;) {
      if (const std::size_t end = text.find(kLongQuote); end != std::string_view::npos) {
        if (!trimmed(text.substr(end + kLongQuote.size())).empty()) {
          return fail(Code::kBadRequest, "line {}: something stands after the closing quotes", line_);
        }
        return value.append(text.substr(0, end));
      }
      value.append(text).push_back('\n');
      if (rest_.empty()) return fail(Code::kBadRequest, "line {}: the quotes opened here are never closed", opened);
      text = take_line();
    }
  }

 private:
  std::string_view take_line() {
    const std::size_t end = std::min(rest_.find('\n'), rest_.size());
    const std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    ++line_;
    return line;
  }

  static std::string unquoted(std::string_view text) {
    if (text.size() >= 2 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
    return std::string(text);
  }

  std::string_view rest_;
  std::size_t line_ = 0;
};

Result<void> set_once(std::string& field, std::string value, std::string_view instruction, std::size_t line) {
  if (!field.empty()) return fail(Code::kBadRequest, "line {}: {} stands twice", line, instruction);
  field = std::move(value);
  return {};
}

struct Parameter {
  std::string_view ollama, openai;  // openai "" = the server's business
  double least, most;
  bool is_whole;
};
constexpr std::array kParameters = {
    Parameter{"temperature", "temperature", 0, 2, false},
    Parameter{"top_p", "top_p", 0, 1, false},
    Parameter{"min_p", "min_p", 0, 1, false},
    Parameter{"top_k", "top_k", -1, 1e6, true},
    Parameter{"repeat_penalty", "repeat_penalty", 0.01, 10, false},
    Parameter{"presence_penalty", "presence_penalty", -2, 2, false},
    Parameter{"frequency_penalty", "frequency_penalty", -2, 2, false},
    Parameter{"seed", "seed", -1, 4294967295.0, true},
    Parameter{"num_predict", "max_tokens", -2, 1e9, true},
    Parameter{"num_ctx", "", 0, 1e9, true},
    Parameter{"num_thread", "", 0, 1e9, true},
    Parameter{"num_batch", "", 0, 1e9, true},
    Parameter{"num_gpu", "", -1, 1e9, true},
    Parameter{"use_mmap", "", 0, 0, false},
};

Result<void> add_number(const Parameter& row, const std::string& text, Json& parameters) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool is_number = error == std::errc() && end == text.data() + text.size() && std::isfinite(value);
  if (!is_number || value < row.least || value > row.most || (row.is_whole && value != std::floor(value))) {
    return fail(Code::kBadRequest, "PARAMETER {} must be {} from {} to {}, found \"{}\"", row.ollama,
                row.is_whole ? "a whole number" : "a number", row.least, row.most, text);
  }
  if (row.ollama == "num_predict" && value <= 0) return {};  // until the context is full: our own default
  if (row.is_whole) {
    parameters[std::string(row.openai)] = static_cast<std::int64_t>(value);
  } else {
    parameters[std::string(row.openai)] = value;
  }
  return {};
}

}  // namespace

Result<Modelfile> parse_modelfile(std::string_view text) {
  Modelfile modelfile;
  Reader reader(text);
  for (;;) {
    GENEPOOL_TRY(auto instruction, reader.next());
    if (!instruction) break;
    auto& [name, value] = *instruction;
    if (name == "from") {
      GENEPOOL_TRY_VOID(set_once(modelfile.from, std::move(value), "FROM", reader.line()));
    } else if (name == "adapter") {
      modelfile.adapters.push_back(std::move(value));
    } else if (name == "system") {
      GENEPOOL_TRY_VOID(set_once(modelfile.system, std::move(value), "SYSTEM", reader.line()));
    } else if (name == "template") {
      GENEPOOL_TRY_VOID(set_once(modelfile.chat_template, std::move(value), "TEMPLATE", reader.line()));
    } else if (name == "license") {
      modelfile.license += (modelfile.license.empty() ? "" : "\n") + value;
    } else if (name == "parameter") {
      const std::size_t space = value.find_first_of(kSpace);
      if (space == std::string::npos) return fail(Code::kBadRequest, "line {}: PARAMETER {} has no value", reader.line(), value);
      GENEPOOL_TRY(std::string second, reader.value_of(trimmed(std::string_view(value).substr(space))));
      modelfile.parameters.emplace_back(lower(std::string_view(value).substr(0, space)), std::move(second));
    } else {
      return fail(Code::kBadRequest, "line {}: the instruction {} is not supported", reader.line(), name);
    }
  }
  if (modelfile.from.empty()) return fail(Code::kBadRequest, "there is no FROM: no Modelfile");
  return modelfile;
}

Result<std::string> parameters_of(const Modelfile& modelfile, std::vector<std::string>& left_out) {
  Json parameters = Json::object();
  for (const auto& [name, value] : modelfile.parameters) {
    if (name == "stop") {
      parameters["stop"].push_back(value);
      continue;
    }
    const auto row = std::ranges::find(kParameters, name, &Parameter::ollama);
    if (row == kParameters.end()) {
      return fail(Code::kNotSupported, "PARAMETER {} would change the answers and is not supported: remove the line", name);
    }
    if (row->openai.empty()) {
      left_out.push_back(name);
      continue;
    }
    GENEPOOL_TRY_VOID(add_number(*row, value, parameters));
  }
  return parameters.empty() ? "" : parameters.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace genepool
