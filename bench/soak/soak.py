#!/usr/bin/env python3
"""Runs a real server under churn for a while and says whether anything grew or slowed down.

usage: bench/soak/soak.py [--minutes 10] [--json FILE] [--engine llama|fake]      (make soak; needs build/genepool)

Two clients ask twenty genomes (Zipf) without pause, streamed and whole, some leave in the middle. Beside them, every second
something changes: names are made, moved, rolled back and removed, layers added and removed, genomes warmed, evicted and
pinned; once a minute a worker is killed. Every ten seconds is noted what the server holds. The first fifth warms up; the
second and the last are compared."""

import argparse
import contextlib
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.insert(0, os.path.join(ROOT, "tests", "scenario"))
import tiny_base  # noqa: E402
from server import Server  # noqa: E402

GENOMES, CLIENTS, SAMPLE_S, LAYERS = 20, 2, 10, 8
# Allowed growth from the second fifth to the last: a share, and an amount below which a share says nothing.
LIMITS = {"memory_mib": (1.05, 4), "descriptors": (1.0, 4), "processes": (1.0, 2), "disk_mib": (1.05, 2), "p99_ms": (1.5, 20)}


def server_pss(pid):
    """PSS of the server alone (its workers come and go), in MiB."""
    with open(f"/proc/{pid}/smaps_rollup", encoding="utf-8") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("Pss:")) / 1024


def children(pid):
    """All that came from a process: each of its threads may have started some."""
    found = []
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/children", encoding="utf-8") as file:
                found += [int(word) for word in file.read().split()]
    except FileNotFoundError:
        pass  # gone meanwhile
    return sum((children(child) for child in found), found)


def folder_mib(path):
    total = 0
    for folder, _, files in os.walk(path):
        for name in files:
            try:
                total += os.path.getsize(os.path.join(folder, name))
            except FileNotFoundError:
                pass  # removed meanwhile
    return total / 2**20


class Soak:
    def __init__(self, server, data_dir, program, seconds):
        self.server, self.data_dir, self.program = server, data_dir, program
        self.end = time.monotonic() + seconds
        self.latencies, self.failures, self.changes = [], [], 0  # latencies: (when, ms) of HOT answers
        self.samples = []

    def is_over(self):
        return time.monotonic() > self.end

    def client(self, seed):
        chance = random.Random(seed)
        weights = [1 / (rank + 1) for rank in range(GENOMES)]
        while not self.is_over():
            name = f"g{chance.choices(range(GENOMES), weights)[0]}"
            try:
                if chance.random() < 0.1:
                    self.leave_early(name)
                    continue
                begin = time.monotonic()
                status, text, _ = self.server.chat(name, f"Tell me about {chance.randrange(1000)}.", max_tokens=8, ignore_eos=True)
                if status != 200:
                    self.failures.append(f"{name}: {status} {text[:200]}")
                elif json.loads(text)["genepool"]["tier"] == "hot":
                    self.latencies.append((begin, (time.monotonic() - begin) * 1000))
            except OSError as error:
                self.failures.append(f"{name}: {error}")

    def leave_early(self, name):
        connection = self.server.connect()
        body = {"model": name, "messages": [{"role": "user", "content": "Go on."}], "max_tokens": 200, "stream": True}
        connection.request("POST", "/v1/chat/completions", json.dumps(body), {"Content-Type": "application/json"})
        connection.getresponse().read(1)
        connection.close()

    def change(self, chance):
        post = lambda path, body=None: self.server.call("POST", path, body or {})  # noqa: E731
        name = f"g{chance.randrange(GENOMES)}"
        layer = f"l{chance.randrange(LAYERS)}"
        kind = chance.randrange(7)
        if kind == 0:
            post("/api/genomes", {"name": "churn", "stack": [f"{layer}:{chance.random():.3f}"], "replace": True})
            self.server.chat("churn", "Hi.", max_tokens=2)
        elif kind == 1:
            post("/api/genomes/churn/rollback")
        elif kind == 2:
            self.server.call("DELETE", "/api/genomes/churn")
        elif kind == 3:
            post(f"/api/genomes/{name}/evict", {"to": chance.choice(["warm", "cold"])})
        elif kind == 4:
            post(f"/api/genomes/{name}/{chance.choice(['warm', 'load', 'pin'])}")
            post(f"/api/genomes/{name}/unpin")
        elif kind == 5:
            added = ["layer", "generate", "passing", "--rank", "8", "--seed", str(chance.randrange(10**6)), "--data-dir", self.data_dir]
            subprocess.run([self.program, *added], check=False, capture_output=True)
        else:
            self.server.call("DELETE", "/api/layers/passing")
        self.changes += 1

    def churn(self):
        chance, last_kill = random.Random(99), time.monotonic()
        while not self.is_over():
            try:
                self.change(chance)
                if time.monotonic() - last_kill > 60:
                    last_kill = time.monotonic()
                    workers = self.server.json("/api/workers")["workers"]
                    if workers:
                        with contextlib.suppress(ProcessLookupError):  # it was evicted meanwhile
                            os.kill(chance.choice(workers)["pid"], signal.SIGKILL)
            except OSError as error:
                self.failures.append(f"churn: {error}")
            time.sleep(1)

    def sample(self):
        pid = self.server.process.pid
        recent = [ms for when, ms in list(self.latencies) if when > time.monotonic() - SAMPLE_S]
        p99 = statistics.quantiles(recent, n=100)[98] if len(recent) >= 2 else 0
        self.samples.append({"s": round(time.monotonic()), "memory_mib": server_pss(pid), "descriptors": len(os.listdir(f"/proc/{pid}/fd")),
                             "processes": len(children(pid)), "disk_mib": folder_mib(self.data_dir), "p99_ms": p99, "answers": len(recent)})

    def run(self):
        threads = [threading.Thread(target=self.client, args=(seed,)) for seed in range(CLIENTS)] + [threading.Thread(target=self.churn)]
        for thread in threads:
            thread.start()
        begin, total = time.monotonic(), self.end - time.monotonic()
        while not self.is_over():
            time.sleep(min(SAMPLE_S, max(0.1, self.end - time.monotonic())))
            self.sample()
            if sys.stderr.isatty():
                s = self.samples[-1]
                print(f"\r\033[K{time.monotonic() - begin:.0f} of {total:.0f} s: {s['memory_mib']:.0f} MiB, {s['descriptors']} descriptors, "
                      f"p99 {s['p99_ms']:.0f} ms, {len(self.failures)} failures", end="", file=sys.stderr, flush=True)
        for thread in threads:
            thread.join()
        if sys.stderr.isatty():
            print("\r\033[K", end="", file=sys.stderr)


def judge(samples):
    """Rows of (what, median of the second fifth, of the last, limit, is within)."""
    fifth = max(1, len(samples) // 5)
    early, late = samples[fifth:2 * fifth] or samples[:1], samples[-fifth:]
    for what, (share, amount) in LIMITS.items():
        before, after = (statistics.median(sample[what] for sample in part) for part in (early, late))
        limit = max(before * share, before + amount)
        yield what, before, after, limit, after <= limit


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--engine", default="llama", choices=["llama", "fake"])
    parser.add_argument("--json", help="also write every sample into this file")
    parser.add_argument("--program", default=os.path.join(ROOT, "build", "genepool"))
    args = parser.parse_args()
    program = os.path.abspath(args.program)
    with tempfile.TemporaryDirectory(prefix="genepool-soak-") as tmp:
        data_dir = os.path.join(tmp, "data")
        if args.engine == "fake":
            base = os.path.join(tmp, "tiny.gguf")
            tiny_base.write(base)
        else:
            base = subprocess.run([os.path.join(ROOT, "tools", "fetch-model")], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
        server = Server(program, data_dir, base, {"engine.name": args.engine, "log.level": "error", "pool.max_hot": "3"})
        for seed in range(LAYERS):
            subprocess.run([program, "layer", "generate", f"l{seed}", "--rank", "8", "--seed", str(seed), "--data-dir", data_dir], check=True,
                           stdout=subprocess.DEVNULL)
        for index in range(GENOMES):
            stack = [f"l{(index + k) % LAYERS}:{0.3 + index / 100:.2f}" for k in range(1 + index % 3)]
            status, text, _ = server.call("POST", "/api/genomes", {"name": f"g{index}", "stack": stack})
            if status != 201:
                raise SystemExit(text)
        soak = Soak(server, data_dir, program, args.minutes * 60)
        soak.run()
        server.stop()
    rows = list(judge(soak.samples))
    answers = sum(sample["answers"] for sample in soak.samples)
    print(f"soak of {args.minutes:g} minutes, engine {args.engine}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}: about {answers} HOT answers, "
          f"{soak.changes} changes, {len(soak.failures)} failures")
    print(f"{'WHAT':<14}{'SECOND FIFTH':>14}{'LAST FIFTH':>14}{'LIMIT':>12}")
    for what, before, after, limit, is_within in rows:
        print(f"{what:<14}{before:>14.1f}{after:>14.1f}{limit:>12.1f}  {'ok' if is_within else 'GREW'}")
    for failure in soak.failures[:10]:
        print(f"failure: {failure}")
    if args.json:
        with open(args.json, "w", encoding="utf-8") as file:
            json.dump({"minutes": args.minutes, "engine": args.engine, "changes": soak.changes, "failures": soak.failures, "samples": soak.samples}, file)
    # A killed worker takes its requests along when they have begun to answer: that is one a minute at most, and no more.
    allowed = CLIENTS * (1 + int(args.minutes))
    raise SystemExit(0 if all(row[4] for row in rows) and len(soak.failures) <= allowed else 1)


if __name__ == "__main__":
    main()
