#include "worker/frames.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <cstring>
#include <random>

#include "worker/codec.h"
#include "worker/message_fields.h"
#include "worker/worker_harness.h"

namespace genepool {
namespace {

using ::testing::HasSubstr;

struct Pair {
  FrameChannel a, b;
};

Pair make_pair_of_channels() {
  auto ends = std::move(make_socket_pair().value());
  return {FrameChannel(std::move(ends.first)), FrameChannel(std::move(ends.second))};
}

const Error kError{Code::kLayerRejected, "it does not fit", "layer", std::chrono::milliseconds(250)};

Generate full_generate(Prompt prompt) {
  Generate g{7, "genome", std::move(prompt), {}, {"\n\n", "stop"}, 99, true};
  g.sampling = {0.5F, 0.9F, 40, 0.05F, 0.1F, 0.2F, 1.1F, 1234U, {{5, -100.0F}, {6, 2.5F}}, 3};
  return g;
}

template <class Variant>
std::vector<std::byte> bytes_of(const Variant& message) {
  return encode(message).payload;
}

// Every message, every field set to something: what comes out encodes to the same bytes.
template <class Variant, class Decode>
void expect_round_trips(const std::vector<Variant>& messages, Decode decode) {
  std::vector<bool> seen(std::variant_size_v<Variant>);
  for (const Variant& message : messages) {
    seen.at(message.index()) = true;
    Pair pair = make_pair_of_channels();
    ASSERT_TRUE(pair.a.send(message));
    auto frames = pair.b.receive();
    ASSERT_TRUE(frames);
    ASSERT_EQ(frames->size(), 1u);
    EXPECT_EQ(frames->front().type, message.index());
    const auto decoded = decode(frames->front());
    ASSERT_TRUE(decoded) << decoded.error().message;
    EXPECT_EQ(bytes_of(*decoded), bytes_of(message));
  }
  EXPECT_THAT(seen, ::testing::Each(true));
}

std::vector<ToWorker> all_to_worker() {
  return {AttachPage{"genome", true}, full_generate(std::string("text")), full_generate(std::vector<Token>{1, 2, 3}),
          full_generate(std::vector<ChatMessage>{{"system", "be brief"}, {"user", "h\xC3\xA9"}}), CancelRequest{8}, Ping{9},
          ProbeLayer{}, OfferKv{}, SaveKv{1ULL << 40}, Rehearse{}};
}

std::vector<FromWorker> all_from_worker() {
  TokenLogprobs logprobs;
  logprobs.chosen = {1, -0.5F, "a"};
  logprobs.top = {{1, -0.5F, "a"}, {2, -1.5F, "b"}};
  return {WorkerHello{1, 42},           Ready{"genome", 1, 2},        AttachFailed{kError}, Accepted{1, 2, 3},
          TokensOut{1, "text", 2, {logprobs}}, GenerateDone{1, FinishReason::kLength, 2, 3, 4, 5, 6}, GenerateFailed{1, kError},
          Pong{3},                      Heartbeat{true},
          ProbeDone{{0.5, 2, 4, true}}, ProbeFailed{kError},          KvSaved{512}};
}

TEST(Frames, every_message_round_trips) {
  expect_round_trips<ToZygote>({ForkWorker{1ULL << 60}}, decode_to_zygote);
  expect_round_trips<FromZygote>({ZygoteHello{1, {"fake", 2, 3, 4, 5}, 6}, ZygoteFailed{kError}, WorkerSpawned{1, 2, 3},
                                  SpawnFailed{1, kError}, WorkerReaped{1, 9}},
                                 decode_from_zygote);
  expect_round_trips(all_to_worker(), decode_to_worker);
  expect_round_trips(all_from_worker(), decode_from_worker);
}

TEST(Frames, fields_arrive_in_their_places) {
  const auto message = decode_to_worker({1, bytes_of(ToWorker{full_generate(std::vector<ChatMessage>{{"user", "x"}})}), {}});
  const auto& g = std::get<Generate>(message.value());
  EXPECT_EQ(g.request, 7u);
  EXPECT_EQ(std::get<0>(g.prompt).at(0).content, "x");
  EXPECT_EQ(g.sampling.seed, 1234u);
  EXPECT_EQ(g.sampling.logit_bias.at(1).second, 2.5F);
  EXPECT_EQ(g.sampling.top_logprobs, 3);
  EXPECT_EQ(g.stop.at(1), "stop");
  EXPECT_TRUE(g.ignore_end);
}

TEST(Frames, a_truncated_or_longer_payload_is_refused) {
  for (const FromWorker& message : all_from_worker()) {
    Encoded encoded = encode(message);
    for (std::size_t size = 0; size < encoded.payload.size(); ++size) {
      const Frame cut{encoded.type, {encoded.payload.begin(), encoded.payload.begin() + static_cast<std::ptrdiff_t>(size)}, {}};
      EXPECT_FALSE(decode_from_worker(cut)) << message.index() << " at " << size;
    }
    encoded.payload.push_back(std::byte{0});
    EXPECT_FALSE(decode_from_worker({encoded.type, encoded.payload, {}}));
  }
  EXPECT_THAT(decode_from_worker({99, {}, {}}).error().message, HasSubstr("99"));
}

TEST(Frames, random_payloads_never_crash_the_decoders) {
  std::mt19937 random(1);
  for (int round = 0; round < 20000; ++round) {
    Frame frame;
    frame.type = static_cast<std::uint16_t>(random() % 10);
    frame.payload.resize(random() % 64);
    for (std::byte& b : frame.payload) b = static_cast<std::byte>(random() % 8 == 0 ? random() : random() % 4);
    (void)decode_to_worker(frame);
    (void)decode_from_worker(frame);
    (void)decode_from_zygote(frame);
  }
}

TEST(Frames, enums_and_flags_out_of_range_are_refused) {
  std::vector<std::byte> done = bytes_of(FromWorker{GenerateDone{1, FinishReason::kCancelled}});
  done.at(8) = std::byte{3};
  EXPECT_FALSE(decode_from_worker({5, done, {}}));
  EXPECT_FALSE(decode_from_worker({8, {std::byte{2}}, {}}));
}

TEST(Frames, a_descriptor_travels_with_its_frame) {
  Pair pair = make_pair_of_channels();
  const MemoryFile page = sealed_page("the page");
  ASSERT_TRUE(pair.a.send(Ping{1}));
  ASSERT_TRUE(pair.a.send(AttachPage{"g", true}, page.fd()));
  ASSERT_TRUE(pair.a.send(Ping{2}));
  auto frames = pair.b.receive();
  ASSERT_TRUE(frames);
  ASSERT_EQ(frames->size(), 3u);
  EXPECT_FALSE((*frames)[0].fd.is_open());
  EXPECT_FALSE((*frames)[2].fd.is_open());
  const auto mapping = Mapping::of_fd((*frames)[1].fd.get());
  ASSERT_TRUE(mapping);
  EXPECT_EQ(std::memcmp(mapping->bytes().data(), "the page", 8), 0);
  EXPECT_TRUE(::fcntl((*frames)[1].fd.get(), F_GETFD) & FD_CLOEXEC);
}

TEST(Frames, what_the_socket_does_not_take_waits_and_arrives_whole) {
  Pair pair = make_pair_of_channels();
  TokensOut big{1, std::string(1 << 20, 'x'), 1, {}};
  for (int i = 0; i < 8; ++i) ASSERT_TRUE(pair.a.send(big));
  EXPECT_TRUE(pair.a.wants_write());
  std::size_t count = 0;
  while (count < 8) {
    auto frames = pair.b.receive();
    ASSERT_TRUE(frames);
    count += frames->size();
    ASSERT_TRUE(pair.a.flush());
  }
  EXPECT_FALSE(pair.a.wants_write());
}

TEST(Frames, a_peer_that_does_not_read_meets_a_bound) {
  Pair pair = make_pair_of_channels();
  const TokensOut big{1, std::string(4 << 20, 'x'), 1, {}};
  Result<void> sent;
  for (int i = 0; i < 20 && sent; ++i) sent = pair.a.send(big);
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, Code::kQueueFull);
  EXPECT_EQ(pair.a.send(TokensOut{1, std::string(kMaxFrame, 'x'), 1, {}}).error().code, Code::kTooLarge);
}

TEST(Frames, last_words_come_before_the_end) {
  Pair pair = make_pair_of_channels();
  ASSERT_TRUE(pair.a.send(Pong{5}));
  pair.a.close();
  auto frames = pair.b.receive();
  ASSERT_TRUE(frames);
  EXPECT_EQ(frames->size(), 1u);
  EXPECT_EQ(pair.b.receive().error().code, Code::kUnreachable);
  EXPECT_EQ(pair.b.send(Ping{1}).error().code, Code::kUnreachable);
}

// A stranger's bytes, and descriptors where none belong.
void send_raw(int socket, const std::vector<std::uint32_t>& words, int fd_count) {
  std::vector<int> fds(static_cast<std::size_t>(fd_count), 0);
  alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(64 * sizeof(int))> control{};
  iovec part{const_cast<std::uint32_t*>(words.data()), words.size() * sizeof(std::uint32_t)};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (fd_count > 0) {
    message.msg_control = control.data();
    message.msg_controllen = CMSG_SPACE(fds.size() * sizeof(int));
    cmsghdr* c = CMSG_FIRSTHDR(&message);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(fds.size() * sizeof(int));
    std::memcpy(CMSG_DATA(c), fds.data(), fds.size() * sizeof(int));
  }
  ASSERT_GT(::sendmsg(socket, &message, 0), 0);
}

TEST(Frames, garbage_is_refused_and_leaks_no_descriptor) {
  const std::size_t before = open_fd_count();
  const std::vector<std::uint32_t> huge{0xFFFFFFFF, 0};
  const std::vector<std::uint32_t> odd_flags{0, 0x00070000};
  const std::vector<std::uint32_t> empty_frame{0, 0};
  const std::vector<std::uint32_t> wants_fd{0, 0x00010000};
  const auto refused = [](const std::vector<std::uint32_t>& words, int fd_count) {
    auto ends = std::move(make_socket_pair().value());
    FrameChannel channel(std::move(ends.second));
    send_raw(ends.first.get(), words, fd_count);
    const auto frames = channel.receive();
    return !frames && frames.error().code == Code::kBadRequest;
  };
  EXPECT_TRUE(refused(huge, 0));
  EXPECT_TRUE(refused(huge, 3));
  EXPECT_TRUE(refused(odd_flags, 1));
  EXPECT_TRUE(refused(empty_frame, 1));
  EXPECT_TRUE(refused(wants_fd, 0));
  EXPECT_TRUE(refused(wants_fd, 2));
  EXPECT_TRUE(refused(wants_fd, 60));
  EXPECT_EQ(open_fd_count(), before);
}

}  // namespace
}  // namespace genepool
