#!/usr/bin/env python3
"""Replace under load on the fake engine, whose whole answer is computed from the page that it has: see moving_name.py.

usage: replace_under_load.py --program build/genepool [--requests 4000]"""

import argparse
import os
import shutil
import subprocess
import tempfile

import tiny_base
from moving_name import MovingName
from server import Server

CLIENTS = 16
PAUSE_S = 0.03
# One of forty takes longer than the pause between two moves: it begins on one version and ends when the name has another.
PROMPTS = [f"prompt {i}" for i in range(39)] + ["a slow one [[slow:6]]"]


def run(program, tmp, requests, keeps_names):
    base, data = os.path.join(tmp, "base.gguf"), os.path.join(tmp, "data")
    tiny_base.write(base)
    server = Server(program, data, base, {"engine.name": "fake", "log.level": "warn"})
    for seed, name in enumerate(["l1", "l2"], 1):
        subprocess.run([program, "layer", "generate", name, "--rank", "4", "--seed", str(seed), "--data-dir", data, "--base", base],
                       check=True, stdout=subprocess.DEVNULL)
    stacks = [["l1:1"], ["l2:1"]]
    if keeps_names:  # then no stack loses its last name, and both stay in memory
        for name, stack in zip(["one", "two"], stacks):
            server.call("POST", "/api/genomes", {"name": name, "stack": stack})
    MovingName(server, "moving", stacks, PROMPTS, {"max_tokens": 8}).run(requests, CLIENTS, PAUSE_S)
    died = int(server.metric('genepool_worker_exits_total{reason="died"}'))
    server.stop()
    if died:
        raise SystemExit(f"{died} workers died")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True)
    parser.add_argument("--requests", type=int, default=4000)
    args = parser.parse_args()
    for keeps_names in (False, True):
        tmp = tempfile.mkdtemp(prefix="genepool-replace-")
        try:
            print("every stack keeps a name:" if keeps_names else "the stack left loses its last name:", end=" ", flush=True)
            run(os.path.abspath(args.program), tmp, args.requests // 2, keeps_names)
        finally:
            shutil.rmtree(tmp, ignore_errors=True)


if __name__ == "__main__":
    main()
