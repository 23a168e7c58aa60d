// Structs as text, field by field: what the event log and the manager's pipe are written in.
//   fields = *(" " field)
//   field  = number | 0 or 1 | enum as integer | 64 hex digits | api code | ":" percent-encoded text | "-" (nothing)
//            | list: count, then each element's fields
// A struct says what its fields are with `void walk_fields(auto& f, Is<T> auto& v) { f(v.one), f(v.other); }` beside it, once for
// both directions; an enum what its last value is with `constexpr int last_value(E)`, so that a wild one is refused.
// Numbers read back as they were. Thread: values.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <concepts>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/hash.h"

namespace genepool {

// T for the reader, const T for the writer.
template <class T, class U>
concept Is = std::same_as<std::remove_const_t<T>, U>;

struct FieldWriter {
  std::string& text;

  void word(std::string_view w) { text.append(" ").append(w); }
  void operator()(std::integral auto v) { word(fmt::format_int(static_cast<std::int64_t>(v)).c_str()); }
  void operator()(std::uint64_t v) { word(fmt::format_int(v).c_str()); }
  void operator()(Instant v) { (*this)(v.count()); }
  void operator()(const Digest& v) { word(v.hex()); }
  void operator()(Code v) { word(error_row(v).api_code); }
  template <class E>
    requires std::is_enum_v<E>
  void operator()(E v) {
    (*this)(static_cast<int>(v));
  }
  void operator()(const std::string& v) {
    text.append(" :");
    for (const char c : v) {
      if (c > ' ' && c < 0x7f && c != '%') {
        text.push_back(c);
      } else {
        fmt::format_to(std::back_inserter(text), "%{:02x}", static_cast<unsigned char>(c));
      }
    }
  }
  void operator()(std::chrono::milliseconds v) { (*this)(v.count()); }
  void operator()(double v) { word(fmt::format("{}", v)); }  // the shortest that reads back as the same
  template <class T>
  void operator()(const std::optional<T>& v) {
    v ? (*this)(*v) : word("-");
  }
  template <class T>
  void operator()(const std::vector<T>& list) {
    (*this)(list.size());
    for (const T& v : list) (*this)(v);
  }
  template <class T>
    requires requires(FieldWriter& w, const T& v) { walk_fields(w, v); }
  void operator()(const T& v) {
    walk_fields(*this, v);
  }
};

// Reads fields in the same order; the first that is wrong makes all that follow void.
struct FieldReader {
  std::string_view rest;
  bool is_ok = true;

  std::string_view word() {
    if (!rest.starts_with(' ')) is_ok = false;
    if (!is_ok) return {};
    rest.remove_prefix(1);
    const std::size_t end = std::min(rest.find(' '), rest.size());
    const std::string_view w = rest.substr(0, end);
    rest.remove_prefix(end);
    return w;
  }
  template <class T>
    requires(std::integral<T> && !std::same_as<T, bool>)
  void operator()(T& v) {
    const std::string_view w = word();
    const auto [end, error] = std::from_chars(w.data(), w.data() + w.size(), v);
    if (error != std::errc{} || end != w.data() + w.size()) is_ok = false;
  }
  void operator()(bool& v) {
    int number = 0;
    (*this)(number);
    if (number != 0 && number != 1) is_ok = false;
    v = number == 1;
  }
  void operator()(Instant& v) {
    Instant::rep ns = 0;
    (*this)(ns);
    v = Instant(ns);
  }
  void operator()(Digest& v) {
    const auto digest = Digest::from_hex(word());
    if (!digest) is_ok = false;
    if (digest) v = *digest;
  }
  void operator()(Code& v) {
    const std::string_view w = word();
    v = code_from_api(w);
    if (error_row(v).api_code != w) is_ok = false;
  }
  template <class E>
    requires std::is_enum_v<E>
  void operator()(E& v) {
    int number = 0;
    (*this)(number);
    if (number < 0 || number > last_value(v)) is_ok = false;
    if (is_ok) v = static_cast<E>(number);
  }
  void operator()(std::string& v) {
    std::string_view w = word();
    if (!w.starts_with(':')) is_ok = false;
    for (std::size_t i = 1; is_ok && i < w.size(); ++i) {
      if (w[i] != '%') {
        v.push_back(w[i]);
        continue;
      }
      unsigned char byte = 0;
      const std::string_view hex = w.substr(i + 1, 2);
      const auto [end, error] = std::from_chars(hex.data(), hex.data() + hex.size(), byte, 16);
      if (hex.size() != 2 || error != std::errc{} || end != hex.data() + 2) is_ok = false;
      v.push_back(static_cast<char>(byte));
      i += 2;
    }
  }
  void operator()(std::chrono::milliseconds& v) {
    std::int64_t ms = 0;
    (*this)(ms);
    v = std::chrono::milliseconds(ms);
  }
  void operator()(double& v) {
    const std::string_view w = word();
    const auto [end, error] = std::from_chars(w.data(), w.data() + w.size(), v);
    if (error != std::errc{} || end != w.data() + w.size()) is_ok = false;
  }
  template <class T>
  void operator()(std::optional<T>& v) {
    if (!is_nothing()) (*this)(v.emplace());
  }
  bool is_nothing() {
    if (!rest.starts_with(" -") || (rest.size() > 2 && rest[2] != ' ')) return false;
    rest.remove_prefix(2);
    return true;
  }
  template <class T>
  void operator()(std::vector<T>& list) {
    std::size_t count = 0;
    (*this)(count);
    for (std::size_t i = 0; is_ok && i < count; ++i) (*this)(list.emplace_back());
  }
  template <class T>
    requires requires(FieldReader& r, T& v) { walk_fields(r, v); }
  void operator()(T& v) {
    walk_fields(*this, v);
  }
};

// Reads the alternative of the variant that `name` stands for; false when there is none. `names` are in the variant's order.
template <class Variant, std::size_t I = 0>
bool read_named(std::string_view name, std::span<const char* const> names, FieldReader& reader, Variant& variant) {
  if constexpr (I == std::variant_size_v<Variant>) {
    return false;
  } else {
    if (name != names[I]) return read_named<Variant, I + 1>(name, names, reader, variant);
    reader(variant.template emplace<I>());
    return true;
  }
}

// " name field field ..." of the alternative that the variant has.
template <class Variant>
void write_named(std::span<const char* const> names, const Variant& variant, std::string& text) {
  FieldWriter writer{text};
  writer.word(names[variant.index()]);
  std::visit([&writer](const auto& v) { writer(v); }, variant);
}

}  // namespace genepool
