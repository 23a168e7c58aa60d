#!/usr/bin/env python3
"""The wrong-adapter test on the real model: 1,000 interleaved requests over 12 genomes while the pool evicts (max_hot 3).

  deterministic  engine.deterministic: every answer equals, token for token, the one a server gave that had only this genome
  normal         batched: answers may part at a near-tie, so each must be nearer to its own genome's reference than to any
                 other's; and identities in the receipts are the ones asked for

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

GENOMES, CLIENTS, TOKENS = 12, 6, 12
PROMPTS = ["The sea was", "My favourite food is", "Every morning I", "The king said"]
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


def complete(server, model, prompt):
    body = {"model": model, "prompt": prompt, "max_tokens": TOKENS, "temperature": 0, "ignore_eos": True}
    status, text, _ = server.call("POST", "/v1/completions", body)
    if status != 200:
        raise SystemExit(f"{model}: {status} {text}")
    answer = json.loads(text)
    return answer["choices"][0]["text"], answer["genepool"]


def references(program, base, tmp, data, genomes, settings):
    """What each genome says when it has the server to itself."""
    found = {}
    for name, model in genomes:
        # max_hot 1 and one request at a time: nothing of another genome can be near it.
        server = Server(program, data, base, {**settings, "pool.max_hot": "1"}) if not found else server
        for prompt in PROMPTS:
            found[name, prompt] = complete(server, model, prompt)[0]
    server.stop()
    return found


def common_prefix(a, b):
    return len(os.path.commonprefix([a, b]))


def check_deterministic(answer, name, prompt, wanted):
    if answer != wanted[name, prompt]:
        raise SystemExit(f"WRONG GENOME? {name} on {prompt!r}: {answer!r}, alone it says {wanted[name, prompt]!r}")
    return False


def check_nearest(answer, name, prompt, wanted):
    """True when it is told apart from every other genome by this prompt and answer; wrong when another one is nearer."""
    own = common_prefix(answer, wanted[name, prompt])
    for (other, other_prompt), text in wanted.items():
        if other_prompt == prompt and other != name and text != wanted[name, prompt] and common_prefix(answer, text) > own:
            raise SystemExit(f"WRONG GENOME? {name} on {prompt!r}: {answer!r} is nearer to {other}'s {text!r}")
    return answer == wanted[name, prompt]


def storm(server, genomes, requests, wanted, check):
    order = random.Random(7)
    work = [(*order.choice(genomes), order.choice(PROMPTS)) for _ in range(requests)]

    def one(job):
        name, model, prompt = job
        answer, receipt = complete(server, model, prompt)
        return check(answer, name, prompt, wanted), receipt["tier"], model, receipt["identity"]

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
            wanted = references(program, base, tmp, data, genomes, settings)
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
