#!/usr/bin/env python3
"""One genome, one prompt, asked alone: the same probabilities to the last bit from every worker, after every eviction, after a
restart and after kill -9 of the server. Compared are the texts and 20 log-probabilities of each token; JSON's numbers keep
all bits of a float. In deterministic mode the same worker says it again too; otherwise it reuses the prompt's KV, and another
batch shape rounds otherwise.

usage: same_bits.py --program build/genepool"""

import argparse
import json
import os
import shutil
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "scenario"))
from interleaved import prepare  # noqa: E402
from server import Server  # noqa: E402

PROMPT, TOKENS = "Tell me about the moon.", 24
GENOMES = ["base", "base+pirate:0.8", "base+bard:0.7+terse:0.3", "base+pirate:0.5+verse:-0.2+pirate:0.25+question:0.3"]
OTHER_WEIGHT = ("base+pirate:0.8", "base+pirate:0.801")


def ask(server, model):
    status, text, _ = server.chat(model, PROMPT, max_tokens=TOKENS, ignore_eos=True, logprobs=True, top_logprobs=20)
    if status != 200:
        raise SystemExit(f"{model}: {status} {text}")
    answer = json.loads(text)
    choice = answer["choices"][0]
    if len(choice["logprobs"]["content"]) != TOKENS:
        raise SystemExit(f"{model}: {len(choice['logprobs']['content'])} tokens")
    return choice["message"]["content"], choice["logprobs"]["content"], answer["genepool"]["worker"]


def evict(server, model, tier):
    path = f"/api/genomes/{model.replace('+', '%2B').replace(':', '%3A')}/evict"
    status, text, _ = server.call("POST", path, {"to": tier})
    if status != 200:
        raise SystemExit(f"{path}: {status} {text}")


class Comparison:
    def __init__(self):
        self.first, self.count = {}, 0

    def add(self, model, answer, when):
        text, probabilities, _ = answer
        wanted = self.first.setdefault(model, (text, probabilities))
        if (text, probabilities) != wanted:
            at = next(i for i, (a, b) in enumerate(zip(probabilities, wanted[1])) if a != b)
            raise SystemExit(f"{model} {when}: token {at} is {probabilities[at]}\nbefore it was {wanted[1][at]}")
        self.count += 1


def run(program, base, data, settings, repeats_on_worker):
    def start():
        return Server(program, data, base, {"log.level": "warn", **settings})

    comparison, workers = Comparison(), set()
    server = start()
    for model in GENOMES:
        for tier in ["warm", "cold", "cold"]:
            answer = ask(server, model)
            workers.add(answer[2])
            comparison.add(model, answer, f"after eviction to {tier}")
            if repeats_on_worker:
                comparison.add(model, ask(server, model), "a second time")
            evict(server, model, tier)
    if len(workers) != 3 * len(GENOMES):
        raise SystemExit(f"{len(workers)} workers answered: the evictions did nothing")
    one, other = (ask(server, model)[1] for model in OTHER_WEIGHT)
    if one == other:
        raise SystemExit(f"{OTHER_WEIGHT} give the same bits: comparing them proves nothing")
    for how in ["stop", "kill"]:
        getattr(server, how)()
        server = start()
        for model in reversed(GENOMES):
            comparison.add(model, ask(server, model), f"after a {how} of the server")
    server.stop()
    return comparison.count


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True)
    program = os.path.abspath(parser.parse_args().program)
    tmp = tempfile.mkdtemp(prefix="genepool-real-")
    try:
        base, data, _ = prepare(program, tmp)
        for mode, settings in {"normal": {}, "deterministic": {"engine.deterministic": "true"}}.items():
            count = run(program, base, data, settings, mode == "deterministic")
            print(f"{mode}: {count} answers of {len(GENOMES)} genomes, {TOKENS} tokens x 20 probabilities each: the same bits")
    finally:
        shutil.rmtree(tmp, ignore_errors=True)


if __name__ == "__main__":
    main()
