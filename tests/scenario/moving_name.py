"""A genome's name is moved back and forth while clients ask it over keep-alive connections. Of every answer is checked:
it is one (0 failed), all of its text is what the version in its receipt says to that prompt (0 mixed), and that version was
the name's at some moment between the request's begin and end: after a move has returned, nobody who asks later gets the old."""

import itertools
import json
import socket
import threading
import time

REQUEST_LIMIT_S = 120
ANSWERS_BETWEEN_MOVES = 4  # of each client, at least: those that a move overtakes say less


class Connection:
    """One keep-alive connection; http.client would cost more than the server does."""

    def __init__(self, port):
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=REQUEST_LIMIT_S)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.rest = b""

    def post(self, path, raw):
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(raw)}\r\n\r\n"
        self.sock.sendall(head.encode() + raw)
        data = self.rest
        while b"\r\n\r\n" not in data:
            data += self._more()
        head, _, body = data.partition(b"\r\n\r\n")
        size = int(next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")).split(b":")[1])
        while len(body) < size:
            body += self._more()
        self.rest = body[size:]
        return int(head.split(b" ", 2)[1]), json.loads(body[:size])

    def _more(self):
        data = self.sock.recv(65536)
        if not data:
            raise ConnectionError("the server closed a connection")
        return data


class MovingName:
    def __init__(self, server, name, stacks, prompts, extra):
        self.server, self.name, self.stacks, self.prompts = server, name, stacks, prompts  # two stacks
        self.bodies = [json.dumps({"model": name, "messages": [{"role": "user", "content": prompt}], "temperature": 0, **extra})
                       .encode() for prompt in prompts]
        self.known = {}   # (version, prompt's index) -> the text
        self.moves = []   # (begin, end, version it moved to)
        self.answers = []  # (begin, end, version)
        self.failures = []

    def ask(self, connection, which):
        status, answer = connection.post("/v1/chat/completions", self.bodies[which])
        if status != 200:
            raise RuntimeError(f"status {status}: {answer}")
        return answer["genepool"]["version"], answer["choices"][0]["message"]["content"]

    def move(self, connection, stack):
        """By compare-and-swap, and every second time by a rollback, which comes to the same."""
        begin = time.monotonic()
        if len(self.moves) > 2 and len(self.moves) % 2 == 1:
            status, answer = connection.post(f"/api/genomes/{self.name}/rollback", b"")
        else:
            body = {"name": self.name, "stack": stack}
            if self.moves:
                body["if_version"] = self.moves[-1][2]
            status, answer = connection.post("/api/genomes", json.dumps(body).encode())
        if status not in (200, 201):
            raise RuntimeError(f"a move answered {status}: {answer}")
        self.moves.append((begin, time.monotonic(), answer["version"]))

    def learn(self):
        """What each version says when nothing else goes on."""
        connection = Connection(self.server.port)
        for stack in [*self.stacks, self.stacks[0]]:
            self.move(connection, stack)
            for which in range(len(self.prompts)):
                version, text = self.ask(connection, which)
                if self.known.setdefault((version, which), text) != text or version != self.moves[-1][2]:
                    raise SystemExit(f"the answers differ without any load: {text!r} and {self.known[version, which]!r}")
        if len(set(self.known.values())) != len(self.known):
            raise SystemExit("two versions say the same: this would prove nothing")

    def client(self, numbers, requests):
        try:
            connection = Connection(self.server.port)
            for number in numbers:
                if number >= requests or self.failures:
                    return
                which = number % len(self.prompts)
                begin = time.monotonic()
                version, text = self.ask(connection, which)
                self.answers.append((begin, time.monotonic(), version))
                if self.known.get((version, which)) != text:
                    self.failures.append(f"MIXED: version {version} said {text!r} to {self.prompts[which]!r}")
        except Exception as error:  # one failed request is a failed test
            self.failures.append(f"FAILED: {error!r}")

    def storm(self, requests, clients, pause):
        numbers = itertools.count()  # its next() is atomic
        threads = [threading.Thread(target=self.client, args=(numbers, requests), daemon=True) for _ in range(clients)]
        connection = Connection(self.server.port)
        begin = time.monotonic()
        for thread in threads:
            thread.start()
        moved_at = 0
        while any(thread.is_alive() for thread in threads):
            time.sleep(pause)
            if len(self.answers) - moved_at < ANSWERS_BETWEEN_MOVES * clients:  # a slow build: let it get something done
                continue
            moved_at = len(self.answers)
            self.move(connection, self.stacks[len(self.moves) % len(self.stacks)])
        if self.failures:
            raise SystemExit(f"{len(self.failures)} of {len(self.answers)}: {self.failures[0]}")
        return time.monotonic() - begin

    def check_order(self):
        """Returns how many answers could only be of one version: the others were asked while a move was under way."""
        certain, at = 0, 0
        for begin, end, version in sorted(self.answers):
            while at + 1 < len(self.moves) and self.moves[at + 1][1] <= begin:
                at += 1
            allowed = {self.moves[at][2]}
            for move in self.moves[at + 1:]:
                if move[0] >= end:
                    break
                allowed.add(move[2])
            if version not in allowed:
                raise SystemExit(f"STALE: a request was answered by {version}, the name was at {allowed}")
            certain += len(allowed) == 1
        return certain

    def run(self, requests, clients, pause):
        self.learn()
        learned = len(self.moves)
        took = self.storm(requests, clients, pause)
        certain = self.check_order()
        if len(self.answers) != requests:
            raise SystemExit(f"{len(self.answers)} answers to {requests} requests")
        if certain < requests / 4:
            raise SystemExit(f"only {certain} answers were asked between two moves: this proved little")
        print(f"{requests} requests on {clients} connections, {len(self.moves) - learned} moves: 0 failed, 0 mixed, 0 stale; "
              f"{certain} of them asked and answered between two moves; {took:.1f} s, {requests / took:.0f} requests/s")
