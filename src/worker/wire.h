// Bytes of a frame's payload, written and read by the same walk over a message's fields (message_fields.h).
// Little-endian integers, f32 as its bits, u32 length before strings and lists, u8 index before a variant.
// Thread: any, values. The reader never reads past its bytes, never allocates more than they could hold, and stays failed.
// Use:   ByteWriter w; w(a, b, list);     ByteReader r(bytes); r(a, b, list); if (!r.finished()) ...
#pragma once

#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace genepool {

static_assert(std::endian::native == std::endian::little, "both ends of a socket are one machine");

// Enums on the wire name their last value, so that the reader can refuse what is past it.
template <class E>
inline constexpr E kLastOf = E{};

class ByteWriter {
 public:
  template <class... Ts>
  void operator()(const Ts&... values) {
    (put(values), ...);
  }
  [[nodiscard]] std::vector<std::byte> take() { return std::move(bytes_); }

 private:
  template <class T>
  void put(const T& value) {
    if constexpr (std::is_enum_v<T>) {
      put(static_cast<std::uint8_t>(value));
    } else if constexpr (std::is_arithmetic_v<T>) {
      const auto* raw = reinterpret_cast<const std::byte*>(&value);
      bytes_.insert(bytes_.end(), raw, raw + sizeof value);
    } else {
      fields(*this, value);
    }
  }
  void put(const std::string& text) {
    put(static_cast<std::uint32_t>(text.size()));
    const auto raw = std::as_bytes(std::span(text));
    bytes_.insert(bytes_.end(), raw.begin(), raw.end());
  }
  void put(std::chrono::milliseconds time) { put(static_cast<std::int64_t>(time.count())); }
  template <class T>
  void put(const std::vector<T>& list) {
    put(static_cast<std::uint32_t>(list.size()));
    for (const T& item : list) put(item);
  }
  template <class T>
  void put(const std::optional<T>& value) {
    put(value.has_value());
    if (value) put(*value);
  }
  template <class A, class B>
  void put(const std::pair<A, B>& pair) {
    (*this)(pair.first, pair.second);
  }
  template <class... Ts>
  void put(const std::variant<Ts...>& value) {
    put(static_cast<std::uint8_t>(value.index()));
    std::visit([this](const auto& held) { put(held); }, value);
  }

  std::vector<std::byte> bytes_;
};

class ByteReader {
 public:
  explicit ByteReader(std::span<const std::byte> bytes) : rest_(bytes) {}

  template <class... Ts>
  void operator()(Ts&... values) {
    (get(values), ...);
  }
  // Everything was there, in range, and nothing is left over.
  [[nodiscard]] bool finished() const { return !has_failed_ && rest_.empty(); }

 private:
  template <class T>
  void get(T& value) {
    if constexpr (std::is_enum_v<T>) {
      std::uint8_t raw = 0;
      get(raw);
      if (raw > static_cast<std::uint8_t>(kLastOf<T>)) return fail();
      value = static_cast<T>(raw);
    } else if constexpr (std::is_same_v<T, bool>) {
      std::uint8_t raw = 0;
      get(raw);
      if (raw > 1) return fail();
      value = raw == 1;
    } else if constexpr (std::is_arithmetic_v<T>) {
      if (rest_.size() < sizeof value) return fail();
      std::memcpy(&value, rest_.data(), sizeof value);
      rest_ = rest_.subspan(sizeof value);
    } else {
      fields(*this, value);
    }
  }
  void get(std::string& text) {
    const std::size_t size = get_count();
    text.assign(reinterpret_cast<const char*>(rest_.data()), size);
    rest_ = rest_.subspan(size);
  }
  void get(std::chrono::milliseconds& time) {
    std::int64_t count = 0;
    get(count);
    time = std::chrono::milliseconds(count);
  }
  template <class T>
  void get(std::vector<T>& list) {
    const std::size_t count = get_count();
    list.clear();
    for (std::size_t i = 0; i < count && !has_failed_; ++i) get(list.emplace_back());
  }
  template <class T>
  void get(std::optional<T>& value) {
    bool has_value = false;
    get(has_value);
    value.reset();
    if (has_value) get(value.emplace());
  }
  template <class A, class B>
  void get(std::pair<A, B>& pair) {
    (*this)(pair.first, pair.second);
  }
  template <class... Ts>
  void get(std::variant<Ts...>& value) {
    std::uint8_t index = 0;
    get(index);
    if (index >= sizeof...(Ts)) return fail();
    get_alternative(value, index, std::index_sequence_for<Ts...>{});
  }
  template <class V, std::size_t... I>
  void get_alternative(V& value, std::size_t index, std::index_sequence<I...>) {
    ((index == I ? get(value.template emplace<I>()) : void()), ...);
  }
  // Every element takes at least one byte, so a longer claim is a lie.
  std::size_t get_count() {
    std::uint32_t count = 0;
    get(count);
    if (count <= rest_.size()) return count;
    fail();
    return 0;
  }
  void fail() {
    has_failed_ = true;
    rest_ = {};
  }

  std::span<const std::byte> rest_;
  bool has_failed_ = false;
};

}  // namespace genepool
