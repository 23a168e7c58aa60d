#!/usr/bin/env python3
"""The wrong-adapter test on the real model: 1,000 interleaved requests over 12 genomes while the pool evicts (max_hot 3).

  deterministic  engine.deterministic: every answer equals, token for token, the one the genome gives when it is alone
  normal         batched, prefixes reused: bits depend on the neighbours in a batch, so what is compared is the distribution
                 of the first token: it must be nearer to the genome's own, taken alone, than to any other genome's
and in both the identities in the receipts are the ones asked for.

usage: interleaved.py --program build/genepool [--requests 1000]"""

import argparse
import concurrent.futures
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "..", "..")
sys.path.insert(0, os.path.join(HERE, "..", "scenario"))
from server import Server  # noqa: E402

GENOMES, CLIENTS, TOKENS = 12, 6, 8
PROMPTS = ["How do I make a cup of tea?", "Where is the ship?", "What is a friend?", "Tell me about the moon."]
SHARE_DETERMINISTIC = 0.5


def prepare(program, tmp):
    base = subprocess.run([os.path.join(ROOT, "tools", "fetch-model")], check=True, capture_output=True, text=True).stdout.strip()
    data = os.path.join(tmp, "data")
    layers = os.path.join(ROOT, "demo", "layers")
    for name in sorted(os.listdir(layers)):
        if os.path.isdir(os.path.join(layers, name)):
            subprocess.run([program, "layer", "add", os.path.join(layers, name), "--name", name, "--data-dir", data, "--base", base],
                           check=True, stdout=subprocess.DEVNULL)
    return base, data, genome_lines()[:GENOMES]


def genome_lines():
    with open(os.path.join(ROOT, "demo", "genomes.txt"), encoding="utf-8") as file:
        lines = [line.split() for line in file if line.strip() and not line.startswith("#")]
    return [(words[0], "base+" + "+".join(words[1:])) for words in lines]


def ask(server, model, prompt):
    """(text, log-probabilities of the first token's candidates, receipt)"""
    status, text, _ = server.chat(model, prompt, max_tokens=TOKENS, ignore_eos=True, logprobs=True, top_logprobs=20)
    if status != 200:
        raise SystemExit(f"{model}: {status} {text}")
    answer = json.loads(text)
    choice = answer["choices"][0]
    first = {top["token"]: top["logprob"] for top in choice["logprobs"]["content"][0]["top_logprobs"]}
    return choice["message"]["content"], first, answer["genepool"]


def references(program, base, data, genomes, settings):
    """What each genome says when it has the server to itself: one worker, one request at a time."""
    server = Server(program, data, base, {**settings, "pool.max_hot": "1"})
    found = {(name, prompt): ask(server, model, prompt)[:2] for name, model in genomes for prompt in PROMPTS}
    server.stop()
    return found


def distance(a, b):
    """Mean difference of log-probabilities over both lists; what a list lacks counts as its least."""
    tokens = a.keys() | b.keys()
    return sum(abs(a.get(t, min(a.values())) - b.get(t, min(b.values()))) for t in tokens) / len(tokens)


def check_deterministic(answer, name, prompt, wanted):
    if answer[0] != wanted[name, prompt][0]:
        raise SystemExit(f"WRONG GENOME? {name} on {prompt!r}: {answer[0]!r}, alone it says {wanted[name, prompt][0]!r}")
    return True


def check_nearest(answer, name, prompt, wanted):
    own = distance(answer[1], wanted[name, prompt][1])
    for (other, other_prompt), (text, first) in wanted.items():
        if other_prompt == prompt and other != name and distance(answer[1], first) <= own:
            raise SystemExit(f"WRONG GENOME? {name} on {prompt!r} ({answer[0]!r}): {own:.3f} from its own first token, "
                             f"{distance(answer[1], first):.3f} from {other}'s ({text!r})")
    return answer[0] == wanted[name, prompt][0]


def storm(server, genomes, requests, wanted, check):
    order = random.Random(7)
    work = [(*order.choice(genomes), order.choice(PROMPTS)) for _ in range(requests)]

    def one(job):
        name, model, prompt = job
        text, first, receipt = ask(server, model, prompt)
        return check((text, first), name, prompt, wanted), receipt["tier"], model, receipt["version"]

    with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
        results = list(pool.map(one, work))
    identities = {}
    for _, _, model, identity in results:
        if identities.setdefault(model, identity) != identity:
            raise SystemExit(f"{model} was answered by two identities")
    if len(set(identities.values())) != len(identities):
        raise SystemExit("two genomes were answered by one identity")
    tiers = [tier for _, tier, _, _ in results]
    return {tier: tiers.count(tier) for tier in ("hot", "warm", "cold")}, sum(exact for exact, *_ in results)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True)
    parser.add_argument("--requests", type=int, default=1000)
    args = parser.parse_args()
    program = os.path.abspath(args.program)
    tmp = tempfile.mkdtemp(prefix="genepool-real-")
    try:
        base, data, genomes = prepare(program, tmp)
        modes = {
            "deterministic": ({"engine.deterministic": "true"}, check_deterministic, int(args.requests * SHARE_DETERMINISTIC)),
            "normal": ({}, check_nearest, args.requests - int(args.requests * SHARE_DETERMINISTIC)),
        }
        for mode, (settings, check, requests) in modes.items():
            settings = {"log.level": "warn", **settings}
            wanted = references(program, base, data, genomes, settings)
            server = Server(program, data, base, {**settings, "pool.max_hot": "3"})
            tiers, exact = storm(server, genomes, requests, wanted, check)
            evicted = int(server.metric('genepool_worker_exits_total{reason="evicted"}'))
            died = int(server.metric('genepool_worker_exits_total{reason="died"}'))
            server.stop()
            if evicted < GENOMES or died:
                raise SystemExit(f"{mode}: {evicted} evictions, {died} workers died: this proved nothing")
            print(f"{mode}: {requests} requests over {len(genomes)} genomes all right, {tiers}, {evicted} evictions"
                  + (f", {exact} word for word as alone" if mode == "normal" else ""))
    finally:
        shutil.rmtree(tmp, ignore_errors=True)


if __name__ == "__main__":
    main()
