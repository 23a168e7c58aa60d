// The fake engine's vocabulary. Every token says what it is by its number alone, so all processes agree on it:
// words of a prompt are hashes, markers carry their argument, bytes and answer words are numbered.
// Thread: any, pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/engine.h"

namespace genepool::fake {

inline constexpr Token kEnd = 0, kStart = 1, kPage = 2;  // kPage: the word that names the attached page
inline constexpr Token kSayBegin = 3, kSayEnd = 4;
inline constexpr Token kBytes = 256;                     // + the byte
inline constexpr Token kWords = 512, kWordCount = 512;   // + n = " wn"
inline constexpr Token kMarkers = 1 << 16;               // + kind * kMarkerLimit + argument
inline constexpr Token kMarkerLimit = 1 << 16;
inline constexpr Token kPromptWords = 1 << 20;           // + a hash
inline constexpr Token kVocabulary = 1 << 21;

enum class Marker { kCrash, kHang, kSlow, kEndAfter, kLeak };

[[nodiscard]] std::uint64_t mix(std::uint64_t a, std::uint64_t b);

void append_text(std::string_view text, std::vector<Token>& into);
// The argument of the last such marker among `tokens`, -1 when there is none.
[[nodiscard]] std::int32_t argument_of(Marker marker, std::span<const Token> tokens);
// The bytes that a [[say:...]] among `tokens` wants, as tokens.
[[nodiscard]] std::vector<Token> said_by(std::span<const Token> tokens);

}  // namespace genepool::fake
