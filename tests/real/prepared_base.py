#!/usr/bin/env python3
"""A prepared base on real parts. The model's Q4_1 file is written as q8_0 and kept as asked: the same name and version answer
with another identity, the layer's voice is still there, and what the base says next is almost what it said before. Then the
way from q8_0, where the kernel for Q4_1 makes another type the best one on CPUs that have it.

usage: prepared_base.py --program build/genepool"""

import argparse
import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "scenario"))
from interleaved import ask, prepare  # noqa: E402
from server import Server  # noqa: E402

GENOME, PROMPT = "base+pirate:1.0", "What is the capital of France?"
CLOSE = 0.5  # nats between log-probabilities of likely tokens; two bases that differ move them by several


def genepool(program, *args):
    done = subprocess.run([program, *args], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(args)}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def answers(program, base, data):
    server = Server(program, data, base, {"log.level": "warn"})
    told = [ask(server, model, PROMPT) for model in ("base", GENOME)]
    told_base = server.json("/api/base")
    server.stop()
    return told, told_base


def check_close(before, after, model):
    likely = [token for token, logprob in before.items() if logprob > -3]
    off = max(abs(before[token] - after.get(token, -99)) for token in likely)
    if not likely or off > CLOSE:
        raise SystemExit(f"{model}: likely first tokens moved by {off:.2f} nats: {before}\n{after}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    program = os.path.abspath(parser.parse_args().program)
    with tempfile.TemporaryDirectory(prefix="genepool-prepared-") as tmp:
        base, data, _ = prepare(program, tmp)
        before, told = answers(program, base, data)
        assert not told["is_prepared"] and told["type"] == "q4_1", told
        found = json.loads(genepool(program, "base", "prepare", "--data-dir", data, "--type", "q8_0", "--json"))["bases"][0]
        candidate = found["candidates"][0]
        assert candidate["verdict"] == "kept" and 0 < candidate["kl"] < 0.05, candidate
        after, told = answers(program, base, data)
        assert told["is_prepared"] and told["weights"] == found["prepared"] != told["id"], told
        for (_, first, receipt), (_, then, new), model in zip(before, after, ("base", GENOME)):
            check_close(first, then, model)
            assert receipt["version"] == new["version"] and receipt["identity"] != new["identity"], (receipt, new)
        prepared = os.path.join(data, "bases", found["prepared"] + ".gguf")
        # The file is a base like any other: here the source of the next one, in a directory of its own.
        other = os.path.join(tmp, "other")
        tried = json.loads(genepool(program, "base", "prepare", prepared, "--data-dir", other, "--dry-run", "--json"))["bases"][0]
        types = {one["type"]: one for one in tried["candidates"]}
        assert set(types) == {"q4_1", "q4_0", "q4_k", "iq4_nl"}, types
        assert types["q4_1"]["kl"] < 0.05 < types["q4_0"]["kl"], types
        print(f"q8_0 says {candidate['kl']:.4f} nats otherwise; from q8_0 to q4_1: {types['q4_1']['gain']:.2f} times as fast")


if __name__ == "__main__":
    main()
