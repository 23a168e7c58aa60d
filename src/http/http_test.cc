// The server and the client over real sockets: 127.0.0.1 with a port of the system's choice, and a Unix socket.
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/temporary_dir.h"
#include "http/address.h"
#include "http/http_client.h"
#include "http/http_server.h"

namespace genepool {
namespace {

using std::chrono::milliseconds;

// A plain socket, for what a decent client would not do.
struct Raw {
  explicit Raw(std::uint16_t port) : fd(std::move(*connect_to(*parse_listen(fmt::format("127.0.0.1:{}", port)), std::chrono::seconds(5)))) {}
  void send(std::string_view text) const { ASSERT_EQ(::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size())); }
  // Reads until `until` has come, the server closes, or two seconds of silence.
  std::string read(std::string_view until = "\n\n\n") const {
    std::string all;
    pollfd waiting{fd.get(), POLLIN, 0};
    char buffer[4096];
    while (all.find(until) == std::string::npos && ::poll(&waiting, 1, 2000) == 1) {
      const ssize_t got = ::recv(fd.get(), buffer, sizeof buffer, 0);
      if (got <= 0) return all + "<closed>";
      all.append(buffer, static_cast<std::size_t>(got));
    }
    return all;
  }
  UniqueFd fd;
};

struct Gate {  // a counter that a test waits for
  void add() {
    const std::lock_guard lock(mutex);
    ++count;
    changed.notify_all();
  }
  bool wait_for(int wanted, milliseconds limit = milliseconds(5000)) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, limit, [&] { return count >= wanted; });
  }
  std::mutex mutex;
  std::condition_variable changed;
  int count = 0;
};

class Http : public testing::Test {
 protected:
  void open(HttpHandler handler, HttpOptions options = {}) {
    options.listen = "127.0.0.1:0";
    auto opened = HttpServer::open(std::move(options), std::move(handler));
    ASSERT_TRUE(opened) << opened.error().message;
    server = std::move(*opened);
  }
  HttpClient client() { return std::move(*HttpClient::open(fmt::format("http://127.0.0.1:{}", server->port()))); }
  std::unique_ptr<HttpServer> server;
};

void echo(HttpRequest request, std::shared_ptr<ResponseWriter> writer) {
  writer->reply(200, {{"x-path", request.path}}, request.method + " " + request.query + " " + request.body);
}

TEST_F(Http, answers_and_keeps_the_connection) {
  open(echo);
  HttpClient http = client();
  for (int i = 0; i < 3; ++i) {
    const auto reply = http.request("POST", "/a%20b?q=1", "body");
    ASSERT_TRUE(reply) << reply.error().message;
    EXPECT_EQ(reply->status, 200);
    EXPECT_EQ(reply->body, "POST q=1 body");
    EXPECT_EQ(reply->header("x-path"), "/a%20b");
    EXPECT_TRUE(reply->header("x-request-id").starts_with("req_"));
  }
  EXPECT_EQ(http.request("HEAD", "/")->header("content-length"), "6");
}

TEST_F(Http, takes_a_decent_request_id_and_replaces_another) {
  open(echo);
  HttpClient http = client();
  EXPECT_EQ(http.request("GET", "/", "", {{"x-request-id", "mine-1"}})->header("x-request-id"), "mine-1");
  EXPECT_TRUE(http.request("GET", "/", "", {{"x-request-id", "a b"}})->header("x-request-id").starts_with("req_"));
}

TEST_F(Http, answers_pipelined_requests_in_order) {
  open(echo);
  const Raw raw(server->port());
  raw.send("POST /1 HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\naaGET /2?b HTTP/1.1\r\nhost: x\r\n\r\nGET /3?c HTTP/1.1\r\n");
  raw.send("host: x\r\n\r\n");
  const std::string all = raw.read("GET c ");
  EXPECT_LT(all.find("POST  aa"), all.find("GET b "));
  EXPECT_LT(all.find("GET b "), all.find("GET c "));
}

TEST_F(Http, keeps_what_arrives_during_an_answer) {
  std::shared_ptr<ResponseWriter> held;
  Gate arrived;
  open([&](HttpRequest request, std::shared_ptr<ResponseWriter> writer) {
    if (request.path != "/held") return echo(std::move(request), std::move(writer));
    held = std::move(writer);
    arrived.add();
  });
  const Raw raw(server->port());
  raw.send("GET /held HTTP/1.1\r\nhost: x\r\n\r\n");
  ASSERT_TRUE(arrived.wait_for(1));
  raw.send("GET /next?n HTTP/1.1\r\nhost: x\r\n\r\n");
  std::this_thread::sleep_for(milliseconds(20));
  held->reply(200, {}, "late");
  const std::string all = raw.read("GET n ");
  EXPECT_LT(all.find("late"), all.find("GET n "));
}

TEST_F(Http, closes_when_asked_and_for_http_1_0) {
  open(echo);
  const Raw asked(server->port());
  asked.send("GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
  EXPECT_TRUE(asked.read().ends_with("<closed>"));
  const Raw old(server->port());
  old.send("GET / HTTP/1.0\r\n\r\n");
  EXPECT_TRUE(old.read().ends_with("<closed>"));
}

TEST_F(Http, refuses_what_is_no_request) {
  HttpOptions options;
  options.error_body = [](int status, std::string_view) { return std::pair(std::string("x/y"), fmt::format("own {}", status)); };
  open(echo, options);
  const Raw raw(server->port());
  raw.send("NONSENSE\r\n\r\n");
  const std::string answer = raw.read();
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 400 ")) << answer;
  EXPECT_TRUE(answer.ends_with("own 400<closed>")) << answer;
}

TEST_F(Http, limits_body_header_and_uri) {
  HttpOptions options;
  options.body_max = 1000;
  options.uri_max = 100;
  open(echo, options);
  EXPECT_EQ(client().request("POST", "/", std::string(1000, 'x'))->status, 200);
  EXPECT_EQ(client().request("POST", "/", std::string(1001, 'x'))->status, 413);
  EXPECT_EQ(client().request("POST", "/", std::string(3000000, 'x'))->status, 413);
  EXPECT_EQ(client().request("GET", "/" + std::string(100, 'x'))->status, 414);
  EXPECT_EQ(client().request("GET", "/", "", {{"x-big", std::string(20000, 'x')}})->status, 431);
  const Raw chunked(server->port());
  chunked.send("POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n400\r\n" + std::string(1024, 'x') + "\r\n0\r\n\r\n");
  EXPECT_TRUE(chunked.read("\r\n\r\n").starts_with("HTTP/1.1 413"));
}

TEST_F(Http, reads_chunked_bodies_and_answers_expect) {
  open(echo);
  const Raw raw(server->port());
  raw.send("POST / HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ntransfer-encoding: chunked\r\n\r\n");
  EXPECT_EQ(raw.read("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  raw.send("3\r\nabc\r\n");
  raw.send("2\r\nde\r\n0\r\n\r\n");
  EXPECT_NE(raw.read("abcde").find("POST  abcde"), std::string::npos);
}

TEST_F(Http, a_request_may_arrive_in_any_pieces) {
  open(echo);
  const std::string request = "POST /a?q HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\n\r\nbodyGET /b?r HTTP/1.1\r\nhost: x\r\n\r\n";
  for (const std::size_t piece : {1U, 2U, 7U, 40U}) {
    const Raw raw(server->port());
    for (std::size_t at = 0; at < request.size(); at += piece) {
      raw.send(std::string_view(request).substr(at, piece));
      if (piece > 1 || at % 8 == 0) std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
    const std::string all = raw.read("GET r ");
    EXPECT_LT(all.find("POST q body"), all.find("GET r ")) << all;
  }
}

TEST_F(Http, streams_from_another_thread) {
  std::thread writer_thread;
  open([&](const HttpRequest&, std::shared_ptr<ResponseWriter> writer) {
    writer_thread = std::thread([writer = std::move(writer)] {
      writer->start_stream(200, {{"content-type", "text/event-stream"}});
      for (int i = 0; i < 100; ++i) writer->write(fmt::format("data: {}\n\n", i));
      writer->finish();
    });
  });
  std::string got;
  HttpClient http = client();
  const auto reply = http.stream("GET", "/", "", {}, [&](std::string_view bytes) {
    got += bytes;
    return true;
  });
  writer_thread.join();
  ASSERT_TRUE(reply);
  EXPECT_TRUE(got.starts_with("data: 0\n\ndata: 1\n\n"));
  EXPECT_TRUE(got.ends_with("data: 99\n\n"));
}

TEST_F(Http, a_broken_stream_is_an_error_for_the_client) {
  open([](const HttpRequest&, std::shared_ptr<ResponseWriter> writer) {
    writer->start_stream(200, {});
    writer->write("half");
    writer->call_after(milliseconds(10), [weak = std::weak_ptr(writer)] {});
  });
  const auto reply = client().request("GET", "/");
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, Code::kIo);
}

TEST_F(Http, a_lost_client_is_noticed_within_50_ms) {
  Gate started, gone;
  std::shared_ptr<ResponseWriter> held;
  open([&](const HttpRequest&, std::shared_ptr<ResponseWriter> writer) {
    writer->start_stream(200, {});
    writer->on_client_gone([&] { gone.add(); });
    held = std::move(writer);
    started.add();
  });
  {
    const Raw raw(server->port());
    raw.send("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
    ASSERT_TRUE(started.wait_for(1));
  }
  EXPECT_TRUE(gone.wait_for(1, milliseconds(50)));
  EXPECT_FALSE(held->write("nobody"));
}

TEST_F(Http, a_slow_reader_is_cut) {
  HttpOptions options;
  options.outbox_max = 64u << 10;
  Gate gone;
  std::shared_ptr<ResponseWriter> held;
  open([&](const HttpRequest&, std::shared_ptr<ResponseWriter> writer) {
    writer->start_stream(200, {});
    writer->on_client_gone([&] { gone.add(); });
    held = std::move(writer);
  }, options);
  const Raw raw(server->port());
  raw.send("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
  EXPECT_NE(raw.read("\r\n\r\n").find("200 OK"), std::string::npos);
  const std::string chunk(16384, 'x');
  int written = 0;
  while (held->write(chunk) && written < 10000) {
    ++written;
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  EXPECT_LT(written, 10000);
  EXPECT_TRUE(gone.wait_for(1));
}

TEST_F(Http, a_reader_that_stops_is_cut_by_the_write_timeout) {
  HttpOptions options;
  options.write_timeout = milliseconds(100);
  options.outbox_max = 64u << 20;
  Gate gone;
  open([&](const HttpRequest&, std::shared_ptr<ResponseWriter> writer) {
    writer->on_client_gone([&] { gone.add(); });
    writer->reply(200, {}, std::string(32u << 20, 'x'));
  }, options);
  const Raw raw(server->port());
  raw.send("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
  EXPECT_TRUE(gone.wait_for(1));
}

TEST_F(Http, idle_and_half_sent_requests_time_out) {
  HttpOptions options;
  options.idle_timeout = milliseconds(80);
  options.read_timeout = milliseconds(60);
  open(echo, options);
  const Raw idle(server->port());
  const Raw half(server->port());
  half.send("POST / HTTP/1.1\r\nhost: x\r\ncontent-le");
  EXPECT_EQ(idle.read(), "<closed>");
  EXPECT_TRUE(half.read().starts_with("HTTP/1.1 408"));
}

TEST_F(Http, pings_a_silent_stream_by_the_clock) {
  std::shared_ptr<ResponseWriter> held;
  open([&](const HttpRequest&, std::shared_ptr<ResponseWriter> writer) {
    writer->ping_when_silent(milliseconds(20), ": ping\n\n");
    writer->start_stream(200, {});
    held = std::move(writer);
  });
  std::string got;
  HttpClient http = client();
  (void)http.stream("GET", "/", "", {}, [&](std::string_view bytes) {
    got += bytes;
    return got.size() < 3 * 8;
  });
  EXPECT_EQ(got, ": ping\n\n: ping\n\n: ping\n\n");
}

TEST_F(Http, the_cap_pauses_accepting_and_refuses_nobody) {
  HttpOptions options;
  options.connections_max = 2;
  open(echo, options);
  auto first = std::make_unique<Raw>(server->port());
  const Raw second(server->port());
  const Raw third(server->port());
  third.send("GET /?third HTTP/1.1\r\nhost: x\r\n\r\n");
  std::this_thread::sleep_for(milliseconds(30));
  pollfd waiting{third.fd.get(), POLLIN, 0};
  EXPECT_EQ(::poll(&waiting, 1, 0), 0);
  first.reset();
  EXPECT_NE(third.read("GET third ").find("GET third "), std::string::npos);
}

TEST_F(Http, holds_200_idle_streams) {
  std::mutex mutex;
  std::vector<std::shared_ptr<ResponseWriter>> held;
  Gate gone;
  open([&](const HttpRequest&, std::shared_ptr<ResponseWriter> writer) {
    writer->start_stream(200, {});
    writer->write("data: 1\n\n");
    writer->on_client_gone([&] { gone.add(); });
    const std::lock_guard lock(mutex);
    held.push_back(std::move(writer));
  });
  {
    std::vector<std::unique_ptr<Raw>> clients;
    for (int i = 0; i < 200; ++i) {
      clients.push_back(std::make_unique<Raw>(server->port()));
      clients.back()->send("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
    }
    for (const auto& raw : clients) EXPECT_NE(raw->read("data: 1").find("data: 1"), std::string::npos);
    EXPECT_EQ(client().stream("GET", "/", "", {}, [](std::string_view) { return false; })->status, 200) << "and the 201st";
  }
  EXPECT_TRUE(gone.wait_for(201));
}

TEST_F(Http, stop_lets_an_answer_end_and_takes_no_one_new) {
  Gate arrived;
  std::shared_ptr<ResponseWriter> held;
  open([&](const HttpRequest&, std::shared_ptr<ResponseWriter> writer) {
    held = std::move(writer);
    arrived.add();
  });
  const Raw busy(server->port());
  const Raw idle(server->port());
  busy.send("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
  ASSERT_TRUE(arrived.wait_for(1));
  std::thread stopper([&] { server->stop(std::chrono::seconds(5)); });
  EXPECT_EQ(idle.read(), "<closed>");
  EXPECT_FALSE(connect_to(*parse_listen(fmt::format("127.0.0.1:{}", server->port())), std::chrono::seconds(1)));
  held->reply(200, {}, "the end");
  EXPECT_NE(busy.read("the end").find("the end"), std::string::npos);
  stopper.join();
  held->write("after the end");
}

TEST_F(Http, stop_cuts_what_does_not_end) {
  Gate arrived, gone;
  std::shared_ptr<ResponseWriter> held;
  open([&](const HttpRequest&, std::shared_ptr<ResponseWriter> writer) {
    writer->on_client_gone([&] { gone.add(); });
    held = std::move(writer);
    arrived.add();
  });
  const Raw raw(server->port());
  raw.send("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
  ASSERT_TRUE(arrived.wait_for(1));
  server->stop(milliseconds(20));
  EXPECT_EQ(gone.count, 1);
}

TEST(HttpUnix, serves_the_socket_and_removes_it) {
  const TemporaryDir dir = TemporaryDir::make().value();
  const std::string path = dir.file("g.sock");
  auto server = HttpServer::open({.socket_path = path}, [](const HttpRequest& request, const std::shared_ptr<ResponseWriter>& writer) {
    writer->reply(200, {}, request.is_local_socket ? "local" : "network");
  });
  ASSERT_TRUE(server) << server.error().message;
  HttpClient client = std::move(*HttpClient::open("unix:" + path));
  EXPECT_EQ(client.request("GET", "/")->body, "local");
  (*server)->stop(milliseconds(100));
  EXPECT_NE(access(path.c_str(), F_OK), 0);
  EXPECT_EQ(client.request("GET", "/").error().code, Code::kUnreachable);
}

TEST(HttpClientOnly, silence_is_a_deadline) {
  const auto listening = listen_on(*parse_listen("127.0.0.1:0"));
  auto client = HttpClient::open(fmt::format("127.0.0.1:{}", bound_port(listening->get())), {.silence = milliseconds(30)});
  EXPECT_EQ(client->request("GET", "/").error().code, Code::kDeadlineExceeded);
}

}  // namespace
}  // namespace genepool
