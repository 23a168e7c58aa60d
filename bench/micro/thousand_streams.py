#!/usr/bin/env python3
"""What the server itself costs when a thousand answers are streamed at once.

usage: thousand_streams.py [--program build/genepool] [--streams 1000] [--workers 63] [--seconds 10] [--rate 20] [--ramp 2]

The fake engine makes `--rate` tokens a second for every stream, in `--workers` workers. Each stream is a connection of its own; a
chunk is late when it comes more than twice the pace after the one before. The client's own share of a core and the lag of its loop are printed, so
that a slow client is not taken for a slow server. Exit 1: a stream was dropped, a chunk late, or the server larger than 100 MB.
"""

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "scenario"))
import tiny_base  # noqa: E402
from server import Server  # noqa: E402

MOST_RSS = 100e6


class Stream(asyncio.Protocol):
    """One request; keeps when each chunk came."""

    def __init__(self, model, number, tokens, done):
        self.model, self.number, self.tokens, self.done = model, number, tokens, done
        self.times, self.is_complete, self.tail = [], False, b""

    def connection_made(self, transport):
        self.transport = transport
        body = json.dumps({"model": self.model, "messages": [{"role": "user", "content": f"stream {self.number}"}],
                           "max_tokens": self.tokens, "ignore_eos": True, "temperature": 0, "stream": True}).encode()
        transport.write(b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                        b"Content-Length: %d\r\n\r\n" % len(body) + body)

    def data_received(self, data):
        if b"data:" in data:
            self.times.append(time.monotonic())
        self.tail = (self.tail + data)[-64:]
        if b"data: [DONE]" in self.tail:
            self.is_complete = True
            self.transport.close()

    def connection_lost(self, _error):
        self.done.set_result(None)


async def loop_lag(worst):
    while True:
        before = time.monotonic()
        await asyncio.sleep(0.01)
        worst[0] = max(worst[0], time.monotonic() - before - 0.01)


async def run_streams(port, models, args):
    loop = asyncio.get_running_loop()
    worst = [0.0]
    lag = loop.create_task(loop_lag(worst))
    tokens = int(args.seconds * args.rate)
    streams, start = [], time.monotonic()
    for number in range(args.streams):
        done = loop.create_future()
        stream = Stream(models[number % len(models)], number, tokens, done)
        streams.append(stream)
        await loop.create_connection(lambda stream=stream: stream, "127.0.0.1", port)
        await asyncio.sleep(max(0.0, start + args.ramp * (number + 1) / args.streams - time.monotonic()))
    await asyncio.gather(*(stream.done for stream in streams))
    lag.cancel()
    return streams, worst[0]


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_bytes(pid, field="VmHWM"):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith(field))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default="build/genepool")
    parser.add_argument("--streams", type=int, default=1000)
    parser.add_argument("--workers", type=int, default=63)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--rate", type=float, default=20)
    parser.add_argument("--ramp", type=float, default=2, help="seconds over which the streams begin")
    args = parser.parse_args()
    sequences = -(-args.streams // args.workers)
    with tempfile.TemporaryDirectory(prefix="genepool-streams-") as tmp:
        base = os.path.join(tmp, "base.gguf")
        tiny_base.write(base)
        settings = {"engine.name": "fake", "engine.fake_script": f"decode_ms={round(1000 / args.rate)}", "pool.max_hot": str(args.workers),
                    "pool.sequences": str(sequences), "engine.batch": str(max(128, 2 * sequences)), "engine.ctx": str(1 << 17),
                    "engine.threads": str(args.workers), "pool.queue": str(2 * args.streams), "server.connections_max": str(2 * args.streams),
                    "log.level": "error", "kv.save": "false"}
        server = Server(os.path.abspath(args.program), os.path.join(tmp, "data"), base, settings)
        os.system(f"{args.program} layer generate l1 --rank 4 --seed 1 --base {base} --data-dir {tmp}/data > {os.devnull}")
        models = [f"base+l1:{1 + i / 100}" for i in range(args.workers)]
        for model in models:
            assert server.chat(model, "x", max_tokens=1)[0] == 200
        pid = server.process.pid
        workers = [row["pid"] for row in server.json("/api/workers")["workers"]]
        before = cpu_seconds(pid), sum(map(cpu_seconds, workers)), time.process_time(), time.monotonic()
        streams, lag = asyncio.run(run_streams(server.port, models, args))
        wall = time.monotonic() - before[3]
        server_cpu, workers_cpu = cpu_seconds(pid) - before[0], sum(map(cpu_seconds, workers)) - before[1]
        client_cpu, rss = time.process_time() - before[2], resident_bytes(pid)
        server.stop()

    pace = 1 / args.rate
    gaps = sorted(later - earlier for stream in streams for earlier, later in zip(stream.times, stream.times[1:]))
    dropped = sum(not stream.is_complete for stream in streams)
    first = min(stream.times[0] for stream in streams if stream.times)
    late_at = sorted(later - first for stream in streams for earlier, later in zip(stream.times, stream.times[1:]) if later - earlier > 2 * pace)
    late = len(late_at)
    chunks = sum(len(stream.times) for stream in streams)
    at = lambda q: 1000 * gaps[int(q * (len(gaps) - 1))]  # noqa: E731
    print(f"{args.streams} streams, {args.workers} workers, {args.rate:g} tokens/s each, {wall:.1f} s: {chunks} chunks, {chunks / wall:.0f} a second")
    print(f"dropped      {dropped}")
    print(f"late         {late} of {len(gaps)} chunks came more than {2000 * pace:.0f} ms after the one before"
          + (f", {late_at[0]:.1f} to {late_at[-1]:.1f} s after the first of all" if late else ""))
    print(f"gap          p50 {at(.5):.1f} ms, p99 {at(.99):.1f} ms, max {at(1):.1f} ms; spread of the streams' mean "
          f"{1000 * statistics.pstdev(stream.times[-1] - stream.times[0] for stream in streams if len(stream.times) > 1) / max(1, args.seconds * args.rate):.2f} ms")
    print(f"server       {server_cpu / wall:.2f} cores, {1e6 * server_cpu / chunks:.1f} us a chunk, {rss / 1e6:.0f} MB at most")
    print(f"workers      {workers_cpu / wall:.2f} cores")
    print(f"client       {client_cpu / wall:.2f} cores, its loop was late by {1000 * lag:.1f} ms at most")
    return 0 if dropped == 0 and late == 0 and rss <= MOST_RSS else 1


if __name__ == "__main__":
    sys.exit(main())
