#!/usr/bin/env python3
"""`genepool top` in a terminal: the screen shows the server, and q gives the terminal back as it was."""

import argparse
import os
import pty
import select
import subprocess
import sys
import tempfile
import termios
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tiny_base  # noqa: E402
from server import Server  # noqa: E402

LIMIT_S = 60


def read_until(terminal, wanted):
    seen, end = b"", time.monotonic() + LIMIT_S
    while wanted not in seen:
        assert select.select([terminal], [], [], max(0, end - time.monotonic()))[0], f"no {wanted} in {seen}"
        seen += os.read(terminal, 4096)
    return seen


def is_plain(terminal):
    """Lines, and what is typed is seen."""
    return termios.tcgetattr(terminal)[3] & (termios.ICANON | termios.ECHO) == termios.ICANON | termios.ECHO


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", required=True)
    program = os.path.abspath(parser.parse_args().program)
    with tempfile.TemporaryDirectory(prefix="genepool-top-") as tmp:
        base = os.path.join(tmp, "base.gguf")
        tiny_base.write(base)
        server = Server(program, os.path.join(tmp, "data"), base, {"engine.name": "fake"})
        ours, its = pty.openpty()
        top = subprocess.Popen([program, "top", "--host", f"http://127.0.0.1:{server.port}"], stdin=its, stdout=its, stderr=its,
                               env={**os.environ, "TERM": "xterm"})
        read_until(ours, b"HOT")
        assert not is_plain(its), "keys are echoed or wait for a line"
        os.write(ours, b"xq")  # a key that means nothing first
        read_until(ours, b"\033[?1049l")
        assert top.wait(LIMIT_S) == 0, top.returncode
        assert is_plain(its), "the terminal is left changed"
        server.stop()
    print("passed: top")


if __name__ == "__main__":
    main()
