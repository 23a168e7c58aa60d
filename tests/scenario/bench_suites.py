#!/usr/bin/env python3
"""Every suite of `genepool bench` from end to end on the fake engine: rows are measured, JSON, page and exit status agree, and a run
that is interrupted reports what it has. Times are not looked at."""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tiny_base  # noqa: E402

SUITES = {("limits",): 28, ("load",): 45, ("load", "--http"): 45, ("scale",): 60}  # at least so many rows


def run(program, tmp, suite, interrupt_after=None, flags=()):
    base, out, page = (os.path.join(tmp, name) for name in ("base.gguf", "out.json", "out.html"))
    command = [program, "bench", suite, "--quick", "--engine", "fake", "--base", base, "--generated", "4", "--json", out, "--html", page, *flags]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "TMPDIR": tmp})
    if interrupt_after:
        time.sleep(interrupt_after)
        process.send_signal(signal.SIGINT)
    text, errors = process.communicate(timeout=150)
    assert process.returncode in (0, 1), f"{suite}: exit {process.returncode}\n{text}{errors}"
    with open(out, encoding="utf-8") as file:
        result = json.load(file)
    with open(page, encoding="utf-8") as file:
        html = file.read()
    assert (process.returncode == 0) == result["passed"], f"{suite}: exit {process.returncode}, passed {result['passed']}"
    assert all(rate > 0 for rate in result["machine"]["memory_rate"].values()), result["machine"]
    assert all(row["title"] in text for row in result["rows"]), f"{suite}: the table lacks a row"
    assert html.startswith("<!doctype html>") and html.count("<svg") >= 1, f"{suite}: the page has no chart"
    left = [name for name in os.listdir(tmp) if name.startswith("genepool-bench")]
    assert not left, f"{suite}: left {left} behind"
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", required=True)
    program = os.path.abspath(parser.parse_args().program)
    with tempfile.TemporaryDirectory(prefix="genepool-suites-") as tmp:
        tiny_base.write(os.path.join(tmp, "base.gguf"))
        for (suite, *flags), rows in SUITES.items():
            result = run(program, tmp, suite, flags=flags)
            assert result["kind"] == suite and not result["broke_off"], result["broke_off"]
            assert len(result["rows"]) >= rows, f"{suite}: {len(result['rows'])} rows"
            empty = [row["id"] for row in result["rows"] if not row["samples"]]
            assert not empty, f"{suite}: not measured: {empty}"
        broken = run(program, tmp, "load", interrupt_after=10)
        assert broken["broke_off"] == "interrupted" and not broken["passed"], broken["broke_off"]
        assert any(row["samples"] for row in broken["rows"]), "what was measured before Ctrl-C is lost"
    print("passed: " + ", ".join(" ".join(words) for words in SUITES))


if __name__ == "__main__":
    main()
