// Runs in the server, the zygote and the workers.
#include "worker/codec.h"

#include <utility>

#include "worker/frames.h"
#include "worker/message_fields.h"

namespace genepool {
namespace {

template <class Variant>
Encoded encode_variant(const Variant& message) {
  ByteWriter writer;
  std::visit([&writer](const auto& held) { writer(held); }, message);
  return {static_cast<std::uint16_t>(message.index()), writer.take()};
}

template <class Variant, std::size_t... I>
Result<Variant> decode_variant(const Frame& frame, std::index_sequence<I...>) {
  if (frame.type >= sizeof...(I)) return fail(Code::kBadRequest, "a frame has the unknown type {}", frame.type);
  Variant message;
  ByteReader reader(frame.payload);
  ((frame.type == I ? reader(message.template emplace<I>()) : void()), ...);
  if (reader.finished()) return message;
  return fail(Code::kBadRequest, "a frame of type {} has a malformed payload of {} bytes", frame.type, frame.payload.size());
}

template <class Variant>
Result<Variant> decode_frame(const Frame& frame) {
  return decode_variant<Variant>(frame, std::make_index_sequence<std::variant_size_v<Variant>>{});
}

}  // namespace

Encoded encode(const ToZygote& message) { return encode_variant(message); }
Encoded encode(const FromZygote& message) { return encode_variant(message); }
Encoded encode(const ToWorker& message) { return encode_variant(message); }
Encoded encode(const FromWorker& message) { return encode_variant(message); }

Result<ToZygote> decode_to_zygote(const Frame& frame) { return decode_frame<ToZygote>(frame); }
Result<FromZygote> decode_from_zygote(const Frame& frame) { return decode_frame<FromZygote>(frame); }
Result<ToWorker> decode_to_worker(const Frame& frame) { return decode_frame<ToWorker>(frame); }
Result<FromWorker> decode_from_worker(const Frame& frame) { return decode_frame<FromWorker>(frame); }

}  // namespace genepool
