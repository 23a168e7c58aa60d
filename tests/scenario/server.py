"""One genepool server under test: started, asked, killed. Used by the scenario runner and the tests of real parts."""

import atexit
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import threading
import time
import urllib.parse

START_LIMIT_S = 60
# Sanitized builds and busy machines are slow; a limit only ends what would otherwise hang for ever.
REQUEST_LIMIT_S = 120
SANITIZER_REPORT = re.compile(r"(ERROR|WARNING): \w+Sanitizer: .*|.*: runtime error: .*")


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


class Server:
    def __init__(self, program, data_dir, base, settings, environment=None):
        self.program = program
        self.data_dir = data_dir
        self.killed = False
        self.port = free_port()
        self.log_path = os.path.join(data_dir, "server.log")
        os.makedirs(data_dir, exist_ok=True)
        args = [program, "serve", "--data-dir", data_dir, "--listen", f"127.0.0.1:{self.port}", "--base", base]
        for name, value in settings.items():
            args += [f"--{name}", value]
        with open(self.log_path, "ab") as log:
            # A group of its own: a test may look for what is left of it.
            self.process = subprocess.Popen(args, stdout=log, stderr=log, start_new_session=True, env=environment)
        atexit.register(self.process.kill)  # a test that fails leaves nothing running
        self._wait_ready()

    def _wait_ready(self):
        end = time.monotonic() + START_LIMIT_S
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise RuntimeError(f"the server ended with {self.process.returncode}:\n{self.log()}")
            try:
                if self.get("/ready")[0] == 200:
                    return
            except OSError:
                pass
            time.sleep(0.02)
        raise RuntimeError("the server is not ready:\n" + self.log())

    # ------------------------------------------------------------------------------------------------- requests
    def connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=REQUEST_LIMIT_S)

    def call(self, method, path, body=None):
        connection = self.connect()
        try:
            raw = body if isinstance(body, (str, bytes, type(None))) else json.dumps(body)
            connection.request(method, path, raw, {"Content-Type": "application/json"} if raw else {})
            response = connection.getresponse()
            return response.status, response.read().decode(), dict(response.getheaders())
        finally:
            connection.close()

    def get(self, path):
        return self.call("GET", path)

    def json(self, path):
        return json.loads(self.get(path)[1])

    def chat(self, model, prompt, **extra):
        body = {"model": model, "messages": [{"role": "user", "content": prompt}], "max_tokens": 8, "temperature": 0}
        return self.call("POST", "/v1/chat/completions", {**body, **extra})

    # ------------------------------------------------------------------------------------------------- what is there
    def metric(self, wanted):
        """The value of `name{label="x"}`; without labels given, the sum over all. 0 when there is no such series."""
        name, _, labels = wanted.partition("{")
        pairs = set(re.findall(r'(\w+)="?([^",}]*)"?', labels))  # the scenario's shell-like words lose their quotes
        total = 0.0
        for line in self.get("/metrics")[1].splitlines():
            match = re.match(r"([A-Za-z_:][\w:]*)(\{.*\})? (\S+)$", line)
            if match and match[1] == name and pairs <= set(re.findall(r'(\w+)="([^"]*)"', match[2] or "")):
                total += float(match[3])
        return total

    def resident(self, genome):
        for row in self.json("/api/ps")["genomes"]:
            if row["name"] == genome:
                return row
        return None

    def tier(self, genome):
        row = self.resident(genome)
        return row["tier"] if row else "cold"

    def worker_pid(self, genome):
        row = self.resident(genome)
        if not row or not row["pid"]:
            raise RuntimeError(f"{genome} has no worker: {row}")
        return row["pid"]

    def zygote_pid(self):
        return self.json("/api/workers")["zygote_pid"]

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    # ------------------------------------------------------------------------------------------------- ends
    def stop(self):
        """SIGTERM, a clean exit, and no sanitizer of the build had anything to say."""
        if self.killed:
            return
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(timeout=REQUEST_LIMIT_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                raise RuntimeError("the server does not end on SIGTERM:\n" + self.log())
        if self.process.returncode != 0:
            raise RuntimeError(f"the server ended with {self.process.returncode}")
        report = SANITIZER_REPORT.search(self.log())
        if report:
            raise RuntimeError(report[0] + "\n" + self.log()[report.start():][:6000])

    def kill(self):
        self.killed = True
        self.process.kill()
        self.process.wait()


def processes_of(data_dir_or_program):
    """Pids of live (not zombie) processes whose command line names it."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                command = file.read()
            with open(f"/proc/{pid}/stat", "rb") as file:
                state = file.read().rpartition(b")")[2].split()[0]
        except OSError:
            continue
        if data_dir_or_program.encode() in command and state != b"Z":
            found.append(int(pid))
    return found


class Background(threading.Thread):
    """A chat request that runs beside the scenario; disconnect() closes its socket in the middle."""

    def __init__(self, server, model, prompt, extra):
        super().__init__(daemon=True)
        self.connection = server.connect()
        body = {"model": model, "messages": [{"role": "user", "content": prompt}], "temperature": 0, **extra}
        self.connection.request("POST", "/v1/chat/completions", json.dumps(body), {"Content-Type": "application/json"})
        self.status, self.text = None, ""
        self.start()

    def run(self):
        try:
            response = self.connection.getresponse()
            self.text = response.read().decode()
            self.status = response.status
        except (OSError, http.client.HTTPException, AttributeError, ValueError) as error:
            self.status, self.text = 0, str(error)

    def finish(self):
        self.join(REQUEST_LIMIT_S)
        if self.is_alive():
            raise RuntimeError("a request does not end")
        return self.status, self.text

    def disconnect(self):
        self.connection.sock.shutdown(socket.SHUT_RDWR)
        self.connection.sock.close()


def quoted(name):
    return urllib.parse.quote(name, safe="")
