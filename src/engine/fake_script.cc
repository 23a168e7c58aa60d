#include "engine/fake_script.h"

#include <charconv>
#include <sstream>

namespace genepool {
namespace {

struct DelayWord {
  std::string_view name;
  Duration FakeScript::*field;
  Duration unit;
};
constexpr DelayWord kDelays[] = {
    {"load_ms", &FakeScript::load, std::chrono::milliseconds(1)},
    {"rehearse_ms", &FakeScript::rehearse, std::chrono::milliseconds(1)},
    {"attach_ms", &FakeScript::attach, std::chrono::milliseconds(1)},
    {"reserve_ms", &FakeScript::reserve, std::chrono::milliseconds(1)},
    {"prefill_us_per_token", &FakeScript::prefill_per_token, std::chrono::microseconds(1)},
    {"decode_ms", &FakeScript::decode, std::chrono::milliseconds(1)},
    {"wide_step_ms", &FakeScript::wide_step, std::chrono::milliseconds(1)},
};

struct FaultWord {
  std::string_view name;
  bool FakeScript::*field;
};
constexpr FaultWord kFaults[] = {
    {"fail_load", &FakeScript::fails_load},
    {"fail_attach", &FakeScript::fails_attach},
    {"crash_with_page", &FakeScript::crashes_with_page},
    {"ignore_page", &FakeScript::ignores_page},
};

bool read_word(const std::string& word, FakeScript& script) {
  for (const FaultWord& fault : kFaults) {
    if (word == fault.name) return script.*fault.field = true;
  }
  const std::size_t equals = word.find('=');
  for (const DelayWord& delay : kDelays) {
    if (equals == std::string::npos || word.substr(0, equals) != delay.name) continue;
    std::uint32_t count = 0;
    const char* end = word.data() + word.size();
    const auto [stop, error] = std::from_chars(word.data() + equals + 1, end, count);
    script.*delay.field = delay.unit * count;
    return error == std::errc{} && stop == end;
  }
  return false;
}

}  // namespace

Result<FakeScript> FakeScript::parse(const std::string& text) {
  FakeScript script;
  std::istringstream words(text);
  for (std::string word; std::getline(words, word, ',');) {
    if (!read_word(word, script)) return fail(Code::kBadRequest, "the fake engine's script has no word \"{}\"", word);
  }
  return script;
}

}  // namespace genepool
