#!/usr/bin/env python3
"""Replace under load on the real model, in deterministic mode: what a version says is known word for word. See
../scenario/moving_name.py.

usage: replace_under_load.py --program build/genepool [--requests 2000]"""

import argparse
import os
import shutil
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "scenario"))
from interleaved import prepare  # noqa: E402
from moving_name import MovingName  # noqa: E402
from server import Server  # noqa: E402

CLIENTS, PAUSE_S = 4, 1.0
STACKS = [["pirate:1"], ["verse:1", "terse:0.5"]]
PROMPTS = ["How do I make a cup of tea?", "Where is the ship?", "What is a friend?"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True)
    parser.add_argument("--requests", type=int, default=2000)
    args = parser.parse_args()
    program = os.path.abspath(args.program)
    tmp = tempfile.mkdtemp(prefix="genepool-real-")
    try:
        base, data, _ = prepare(program, tmp)
        server = Server(program, data, base, {"log.level": "warn", "engine.deterministic": "true"})
        moving = MovingName(server, "moving", STACKS, PROMPTS, {"max_tokens": 8, "ignore_eos": True})
        moving.run(args.requests, CLIENTS, PAUSE_S)
        died = int(server.metric('genepool_worker_exits_total{reason="died"}'))
        server.stop()
        if died:
            raise SystemExit(f"{died} workers died")
    finally:
        shutil.rmtree(tmp, ignore_errors=True)


if __name__ == "__main__":
    main()
