#!/usr/bin/env python3
"""Runs scenario files: whole-program tests in a line language that assert on what operators see.

usage: run.py --program build/genepool CASE.txt

  daemon [NAME=VALUE ...]             starts a server on the fake engine; settings by their dotted names; slow_store=MS: every
                                      layer file takes so long to open
  layer NAME [rank=R] [seed=S]        adds a generated layer
  layerfile NAME [rank=R] [seed=S]    writes a generated layer as {tmp}/NAME.gguf
  genome NAME = LAYER[:W] ...         creates a genome
  chat MODEL "PROMPT" [KEY=JSON ...] -> STATUS [has "TEXT"] [as VAR]
  start ID MODEL "PROMPT" [KEY=JSON ...]       the same, beside the scenario
  finish ID -> STATUS [has "TEXT"] [as VAR]    waits for it (STATUS 0: the connection broke)
  disconnect ID                       its client leaves
  get|post|delete PATH [JSON] -> STATUS [has "TEXT"]
  events AFTER has "TEXT" ...         reads /api/events from there until every text was in it
  (everywhere {tmp} is the scenario's own directory, {server} its server's URL, and {VAR} the text of that VAR)
  cli ARGS ... -> EXIT [has "TEXT"] [as VAR]   genepool ARGS against this server
  file PATH "LINE" ...                writes a file of these lines
  kill|freeze worker of MODEL         SIGKILL | SIGSTOP
  kill|freeze spare                   the worker that waits for the next genome
  kill|freeze manager                 its process
  pid of spare|manager|MODEL as VAR   its process id
  kill zygote                         SIGKILL
  kill server | stop server | restart server
  corrupt layer NAME                  flips one byte of its file
  write PATH 'TEXT'                   a file with the text, \\xNN escapes made bytes; its folder is made too
  link PATH TARGET | fifo PATH        a symbolic link | a pipe
  expect METRIC|tier MODEL|pid of spare|MODEL|workers|processes|VAR OP VALUE [within SECONDS]
  expect log has "TEXT" [within SECONDS] | log lacks "TEXT"
  expect file PATH has|lacks "TEXT"   the file, or all that a pattern with * names
  expect webhook has "TEXT" [within SECONDS]   what {webhook}, a listener of the scenario, was told
  load SECONDS MODEL ...              one request after the other, of each model in turn

A VAR holds the answer's text up to its second word (the fake engine's: page:<hash of the page it has>); of a cli with --json
the "version" that it prints."""

import argparse
import glob
import json
import operator
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tiny_base  # noqa: E402
from server import Background, Server, processes_of, quoted  # noqa: E402
from webhook import Webhook  # noqa: E402

OPERATORS = {"==": operator.eq, "!=": operator.ne, ">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt}
DEFAULT_WITHIN_S = 5.0


class Failed(Exception):
    pass


def split_result(words):
    """[..., "->", "200", "has", "x", "as", "v"] -> (words before, status, [texts], var)"""
    if "->" not in words:
        return words, None, [], None
    at = words.index("->")
    before, rest = words[:at], words[at + 1:]
    status, texts, var = int(rest[0]), [], None
    for key, value in zip(rest[1::2], rest[2::2]):
        if key == "has":
            texts.append(value)
        elif key == "as":
            var = value
        else:
            raise Failed(f"unknown word {key}")
    return before, status, texts, var


def settings_of(words):
    return dict(word.split("=", 1) for word in words)


def extras_of(words):
    return {key: json.loads(value) for key, value in settings_of(words).items()}


class Scenario:
    def __init__(self, program, tmp):
        self.program, self.tmp = os.path.abspath(program), tmp
        self.base = os.path.join(tmp, "base.gguf")
        self.data = os.path.join(tmp, "data")
        tiny_base.write(self.base)
        self.server, self.settings, self.background, self.vars = None, {}, {}, {}
        self.webhook = Webhook()

    # ------------------------------------------------------------------------------------------------- verbs
    def do_daemon(self, words):
        self.settings = {"engine.name": "fake", **settings_of(words)}
        environment = None
        if "slow_store" in self.settings:
            library = os.path.join(os.path.dirname(self.program), "tests", "libslow_store.so")
            environment = {**os.environ, "LD_PRELOAD": library, "SLOW_STORE_MS": self.settings.pop("slow_store")}
        self.server = Server(self.program, self.data, self.base, self.settings, environment)

    def do_layer(self, words):
        self.genepool(self.generate(words), 0)

    def do_layerfile(self, words):
        apart = os.path.join(self.tmp, words[0])
        self.genepool(self.generate(words), 0, data=apart)
        (layer,) = glob.glob(os.path.join(apart, "layers", "*.gguf"))
        shutil.copy(layer, os.path.join(self.tmp, words[0] + ".gguf"))

    @staticmethod
    def generate(words):
        options = settings_of(words[1:])
        return ["layer", "generate", words[0], "--rank", options.get("rank", "4"), "--seed", options.get("seed", "1")]

    def do_genome(self, words):
        self.genepool(["genome", "create", words[0]] + words[2:], 0)

    def do_chat(self, words):
        words, status, texts, var = split_result(words)
        found, text, _ = self.server.chat(words[0], words[1], **extras_of(words[2:]))
        self.check_answer(found, text, status, texts, var)

    def do_start(self, words):
        self.background[words[0]] = Background(self.server, words[1], words[2], {"max_tokens": 8, **extras_of(words[3:])})

    def do_finish(self, words):
        words, status, texts, var = split_result(words)
        found, text = self.background.pop(words[0]).finish()
        self.check_answer(found, text, status, texts, var)

    def do_load(self, words):
        end = time.monotonic() + float(words[0])
        while time.monotonic() < end:
            for model in words[1:]:
                found, text, _ = self.server.chat(model, "x")
                self.check_answer(found, text, 200, [], None)

    def do_disconnect(self, words):
        self.background.pop(words[0]).disconnect()

    def do_http(self, method, words):
        words, status, texts, _ = split_result(words)
        found, text, _ = self.server.call(method.upper(), words[0], words[1] if len(words) > 1 else None)
        self.check_answer(found, text, status, texts, None)

    def do_events(self, words):
        texts, seen, end = words[2::2], "", time.monotonic() + DEFAULT_WITHIN_S
        with urllib.request.urlopen(f"http://127.0.0.1:{self.server.port}/api/events?after={words[0]}", timeout=DEFAULT_WITHIN_S) as stream:
            while not all(text in seen for text in texts) and time.monotonic() < end:
                seen += stream.readline().decode()
        self.check_texts(seen, texts)

    def do_cli(self, words):
        words, status, texts, var = split_result(words)
        output = self.genepool(words, status)
        self.check_texts(output, texts)
        if var:
            self.vars[var] = re.search(r'"version": "(\w+)"', output)[1]

    @staticmethod
    def do_file(words):
        with open(words[0], "w", encoding="utf-8") as file:
            file.write("".join(line + "\n" for line in words[1:]))

    def do_kill(self, words):
        if words[0] == "server":
            self.server.kill()
        elif words[0] == "zygote":
            os.kill(self.server.zygote_pid(), signal.SIGKILL)
        else:
            os.kill(self.pid_of(words[-1]), signal.SIGKILL)

    def do_freeze(self, words):
        os.kill(self.pid_of(words[-1]), signal.SIGSTOP)

    def do_pid(self, words):
        self.vars[words[-1]] = str(self.pid_of(words[1]))

    def do_stop(self, _words):
        self.server.stop()

    def do_restart(self, _words):
        self.server.stop()
        self.server = Server(self.program, self.data, self.base, self.settings)

    def do_corrupt(self, words):
        layer = self.server.json(f"/api/layers/{quoted(words[1])}")["id"]
        path = os.path.join(self.data, "layers", layer + ".gguf")
        os.chmod(path, 0o644)
        with open(path, "r+b") as file:
            file.seek(-5, os.SEEK_END)
            byte = file.read(1)
            file.seek(-5, os.SEEK_END)
            file.write(bytes([byte[0] ^ 1]))

    def do_write(self, words):
        os.makedirs(os.path.dirname(words[0]), exist_ok=True)
        with open(words[0], "wb") as file:
            file.write(words[1].encode("latin-1").decode("unicode_escape").encode("latin-1"))

    def do_link(self, words):
        os.symlink(words[1], words[0])

    def do_fifo(self, words):
        os.mkfifo(words[0])

    def do_expect(self, words):
        if words[0] == "file":
            return self.check_file(*words[1:])
        within = DEFAULT_WITHIN_S
        if "within" in words:
            within = float(words[words.index("within") + 1])
            words = words[:words.index("within")]
        if words[:2] == ["log", "has"]:
            return self.eventually(lambda: words[2] in self.server.log(), within, lambda: f"the log lacks {words[2]!r}")
        if words[:2] == ["log", "lacks"]:
            if words[2] in self.server.log():
                raise Failed(f"the log has {words[2]!r}")
            return None
        if words[:2] == ["webhook", "has"]:
            return self.eventually(lambda: any(words[2] in told for told in self.webhook.told), within, lambda: f"told was {self.webhook.told}")
        *subject, sign, wanted = words
        seen = {}

        def holds():
            seen["value"] = self.value_of(subject)
            return OPERATORS[sign](seen["value"], self.literal(wanted, seen["value"]))

        self.eventually(holds, within, lambda: f"found {seen.get('value')!r}")

    # ------------------------------------------------------------------------------------------------- helpers
    @staticmethod
    def check_file(pattern, verb, text):
        paths = sorted(glob.glob(pattern))
        if not paths:
            raise Failed(f"there is no {pattern}")
        contents = ""
        for path in paths:
            with open(path, encoding="utf-8", errors="replace") as file:
                contents += file.read()
        if (text in contents) != (verb == "has"):
            raise Failed(f"{pattern} {'lacks' if verb == 'has' else 'has'} {text!r}: {contents[:800]}")

    def value_of(self, subject):
        if subject[0] == "tier":
            return self.server.tier(subject[1])
        if subject[0] == "pid":
            return self.pid_of(subject[2])
        if subject[0] == "workers":
            return len(self.server.json("/api/workers")["workers"])
        if subject[0] == "processes":
            return len(processes_of(self.tmp))
        if subject[0] in self.vars:
            return self.vars[subject[0]]
        return self.server.metric(subject[0])

    def pid_of(self, model):
        if model == "manager":
            return self.server.json("/api/manager")["pid"] or 0
        return self.server.json("/api/workers")["spare_pid"] if model == "spare" else self.server.worker_pid(model)

    def literal(self, text, like):
        text = self.vars.get(text, text)
        return float(text) if isinstance(like, (int, float)) else text

    @staticmethod
    def eventually(holds, within, describe):
        end = time.monotonic() + within
        while not holds():
            if time.monotonic() > end:
                raise Failed(describe())
            time.sleep(0.02)

    def genepool(self, args, status, data=None):
        command = [self.program] + args
        if "--host" in args or "--data-dir" in args:
            pass
        elif args[0] in ("layer", "genome", "store", "base") or args[:2] == ["trace", "record"]:
            command += ["--data-dir", data or self.data]
            if args[1] == "generate":
                command += ["--base", self.base]
        elif args[0] not in ("replay", "version", "help", "completion", "config", "bench", "simulate", "trace"):
            command += ["--host", f"http://127.0.0.1:{self.server.port}"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL,
                              env={**os.environ, "GENEPOOL_ENGINE_NAME": "fake"})
        if done.returncode != status:
            raise Failed(f"{' '.join(args)}: exit {done.returncode}, wanted {status}\n{done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def check_answer(self, found, text, status, texts, var):
        if found != status:
            raise Failed(f"status {found}, wanted {status}: {text[:500]}")
        self.check_texts(text, texts)
        if var:
            match = re.search(r"page:(\w+)", text)
            self.vars[var] = match[1] if match else text

    @staticmethod
    def check_texts(text, texts):
        for wanted in texts:
            if wanted not in text:
                raise Failed(f"{wanted!r} is not in: {text[:800]}")

    def filled(self, word):
        server = f"http://127.0.0.1:{self.server.port}" if self.server else ""
        for name, value in {"tmp": self.tmp, "server": server, "webhook": self.webhook.url, **self.vars}.items():
            word = word.replace("{" + name + "}", value)
        return word

    def run(self, lines):
        for number, line in enumerate(lines, 1):
            words = [self.filled(word) for word in shlex.split(line, comments=True)]
            if not words:
                continue
            verb, rest = words[0], words[1:]
            try:
                if verb in ("get", "post", "delete"):
                    self.do_http(verb, rest)
                else:
                    getattr(self, f"do_{verb}")(rest)
            except Failed as failure:
                raise Failed(f"line {number}: {line.strip()}\n  {failure}") from None

    def clean_up(self):
        if self.server:
            self.server.stop()
        left = processes_of(self.tmp)
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        if left:
            raise Failed(f"processes left behind: {left}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True)
    parser.add_argument("case")
    args = parser.parse_args()
    tmp = tempfile.mkdtemp(prefix="genepool-scenario-")
    scenario = Scenario(args.program, tmp)
    try:
        with open(args.case, encoding="utf-8") as file:
            scenario.run(file)
        scenario.clean_up()
    except Exception as error:  # shown with the server's log, whatever it was
        print(f"FAILED {args.case}: {error}", file=sys.stderr)
        if scenario.server:
            print("---- server log\n" + scenario.server.log()[-6000:], file=sys.stderr)
            scenario.server.process.kill()
        sys.exit(1)
    finally:
        shutil.rmtree(tmp, ignore_errors=True)
    print(f"passed {args.case}")


if __name__ == "__main__":
    main()
