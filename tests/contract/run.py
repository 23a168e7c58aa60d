#!/usr/bin/env python3
"""Drives a live genepool with the real OpenAI clients: starts the server (fake engine), runs client.py in the Python
client's environment and client.mjs under node, both told where the server is.

usage: run.py --program build/genepool"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "scenario"))
import tiny_base  # noqa: E402
from server import Server  # noqa: E402


def prepare(program, tmp):
    base, data = os.path.join(tmp, "base.gguf"), os.path.join(tmp, "data")
    tiny_base.write(base)
    for seed in (1, 2):
        subprocess.run([program, "layer", "generate", f"l{seed}", "--rank", "4", "--seed", str(seed), "--data-dir", data,
                        "--base", base], check=True, stdout=subprocess.DEVNULL)
    subprocess.run([program, "genome", "create", "captain", "l1:0.8", "l2:0.4", "--data-dir", data], check=True,
                   stdout=subprocess.DEVNULL)
    # Slow enough that a stream can be left in the middle, and that a cold start needs its pings.
    settings = {"engine.name": "fake", "engine.fake_script": "attach_ms=300,decode_ms=5", "server.ping": "50ms", "engine.ctx": "512"}
    return Server(program, data, base, settings)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True)
    program = os.path.abspath(parser.parse_args().program)
    cache = os.path.join(os.environ.get("XDG_CACHE_HOME", os.path.expanduser("~/.cache")), "genepool", "test-clients")
    tmp = tempfile.mkdtemp(prefix="genepool-contract-")
    server = prepare(program, tmp)
    url = f"http://127.0.0.1:{server.port}/v1"
    try:
        subprocess.run([os.path.join(cache, "venv", "bin", "python"), os.path.join(HERE, "client.py"), url], check=True)
        # ES modules are found from the importing file's own folder upwards: run a copy beside node_modules.
        copy = os.path.join(cache, "client.mjs")
        shutil.copy(os.path.join(HERE, "client.mjs"), copy)
        subprocess.run(["node", copy, url], check=True, cwd=cache)
        left = server.metric('genepool_requests_total{code="499"}')
        if left < 2:
            raise SystemExit(f"both clients left a stream, the server counted {left}")
    except BaseException:
        print(server.log()[-4000:], file=sys.stderr)
        raise
    finally:
        server.stop()
        shutil.rmtree(tmp, ignore_errors=True)


if __name__ == "__main__":
    main()
