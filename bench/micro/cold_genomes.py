#!/usr/bin/env python3
"""What a running server's memory grows by for each genome that it knows and nobody uses: 10,000 genomes over 1,000 layers.

usage: bench/micro/cold_genomes.py [--program build/genepool] [--genomes 10000] [--layers 1000]

On the fake engine: the server process is the same, only its workers differ. Private and shared memory of the server process
alone (PSS), before there is any genome and after all were made, each was looked up, all were listed and some were asked."""

import argparse
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "scenario"))
import tiny_base  # noqa: E402
from server import Server  # noqa: E402

LIMIT_BYTES = 1024
STACK = 3
ASKED = 300


def pss_bytes(pid):
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("Pss:"))


def name_of(number):
    return f"{number * 40503 & 0xffff:04x}-genome-{number}"


def stack_of(number, layers):
    return [f"l{(number * 7 + k * 131) % layers}:{1 + number // layers % 100 * 0.01:.2f}" for k in range(STACK)]


def use_all(server, names):
    """What makes a server remember things: looking up, listing, asking."""
    for name in names:
        if server.get(f"/api/genomes/{name}")[0] != 200:
            raise SystemExit(f"{name} cannot be looked up")
    server.get("/v1/models")
    for name in names[:: max(1, len(names) // ASKED)]:
        if server.chat(name, "hello")[0] != 200:
            raise SystemExit(f"{name} does not answer")


def measure(program, genomes, layers, tmp):
    base, data = os.path.join(tmp, "base.gguf"), os.path.join(tmp, "data")
    tiny_base.write(base)
    server = Server(program, data, base, {"engine.name": "fake", "log.level": "warn"})
    for number in range(layers):
        subprocess.run([program, "layer", "generate", f"l{number}", "--rank", "1", "--targets", "attn_q", "--seed", str(number + 1),
                        "--data-dir", data, "--base", base], check=True, stdout=subprocess.DEVNULL)
    # As many uses before as after, of genomes that need no name: what is left in between is what names cost.
    use_all(server, ["base+" + "+".join(stack_of(number, layers)) for number in range(min(genomes, 2 * ASKED))])
    before = pss_bytes(server.process.pid)
    names = [name_of(number) for number in range(genomes)]
    list_path = os.path.join(tmp, "genomes.txt")
    with open(list_path, "w", encoding="utf-8") as file:
        file.writelines(f"{name} {' '.join(stack_of(number, layers))}\n" for number, name in enumerate(names))
    subprocess.run([program, "genome", "create", "--from", list_path, "--data-dir", data], check=True, stdout=subprocess.DEVNULL)
    made = pss_bytes(server.process.pid)
    use_all(server, names)
    used = pss_bytes(server.process.pid)
    server.stop()
    return before, made, used


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=str(ROOT / "build" / "genepool"))
    parser.add_argument("--genomes", type=int, default=10_000)
    parser.add_argument("--layers", type=int, default=1_000)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as tmp:
        before, made, used = measure(args.program, args.genomes, args.layers, tmp)
    each = (used - before) / args.genomes
    print(f"server with {args.layers} layers, PSS {before / 1e6:.1f} MB; {args.genomes} genomes made {made / 1e6:.1f} MB;"
          f" all looked up and listed, {ASKED} asked {used / 1e6:.1f} MB: {each:.0f} bytes a genome, limit {LIMIT_BYTES}"
          f" {'PASS' if each <= LIMIT_BYTES else 'FAIL'}")
    return 0 if each <= LIMIT_BYTES else 1


if __name__ == "__main__":
    sys.exit(main())
