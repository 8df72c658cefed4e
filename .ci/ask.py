#!/usr/bin/env python3
"""Asks a testbed for each of its paths, and compares what it answers with what it should.

Usage: .ci/ask.py CLIENT URL [--proxied]

CLIENT is `curl`, `curl-http2` (by prior knowledge) or `python` (http.client, everything on one
connection). URL is the testbed's root. With --proxied nginx stands before it, and what it does not
pass on is left out: early hints, trailers, other protocols, long answers to unfinished requests.

Prints how many answers were right. Exit code 1, and a line for each that was not, if any was not.
"""
import hashlib
import http.client
import json
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

MIB = 1 << 20
TEN_MIB = bytes(range(256)) * (10 * MIB // 256)
PATIENCE = 30  # seconds, for each request


@dataclass
class Ask:
    """A request, and what is right about its answer."""

    target: str
    content: object = None  # bytes, what `says` gives, or nothing in particular
    status: int = 200
    method: str = "GET"
    send: bytes = None
    chunked: bool = False  # `send` goes without a length
    headers: dict = field(default_factory=dict)
    fields: dict = field(default_factory=dict)  # in the answer's head
    trailers: dict = field(default_factory=dict)
    interim: int = None  # a status before the answer's own
    named: bool = True  # by the testbed: the server's own answers are not
    cut: bool = False  # after `content`, or a part of it
    wants: str = None  # the fact without which the answer is 501
    hop: bool = False  # for neighbours alone: left out behind a proxy


@dataclass
class Answer:
    status: int
    fields: dict
    content: bytes
    interim: list = field(default_factory=list)
    trailers: dict = None  # None: the client shows none
    cut: bool = False


def says(**wanted):
    """JSON with these values in it."""
    return lambda content: wanted.items() <= json.loads(content).items()


def digest(content):
    return says(length=len(content), sha256=hashlib.sha256(content).hexdigest())


def letters(size):
    return (b"abcdefghijklmnopqrstuvwxyz" * (size // 26 + 1))[:size]


def file(first, last):
    return bytes(n % 251 for n in range(first, last + 1))


TRAILED = b"What is known only at the end goes behind it.\n"

ASKS = [
    Ask("/", b"Hello, World!", fields={"content-length": "13"}),
    Ask("/", b"", method="HEAD", fields={"content-length": "13"}),
    Ask("/", b"ping", method="POST", send=b"ping"),
    Ask("/json", b'{"message":"Hello, World!"}', fields={"content-type": "application/json"}),
    Ask("/environ?a=b", says(method="GET", path_info="/environ", query="a=b", script_name="")),
    Ask("/stats", says(bodies_alive=0)),
    Ask("/counter", lambda content: json.loads(content)["count"] > 0),
    # No more than sockets hold: http.client reads no answer before it has sent all, and nginx sends
    # no more of a request when its answer has begun.
    Ask("/echo", TEN_MIB[:MIB], method="POST", send=TEN_MIB[:MIB], hop=True),
    Ask("/echo", b"ping" * 10_000, method="POST", send=b"ping" * 10_000),
    Ask("/echo", b"pong" * 10_000, method="PUT", send=b"pong" * 10_000, chunked=True),
    Ask("/echo", b"", method="DELETE"),
    Ask("/digest", digest(b""), fields={"content-type": "application/json"}),
    Ask("/digest", digest(TEN_MIB), method="POST", send=TEN_MIB),
    Ask("/digest", digest(TEN_MIB), method="POST", send=TEN_MIB, chunked=True),
    Ask("/digest-blocking", digest(TEN_MIB), method="POST", send=TEN_MIB),
    Ask("/digest-blocking", digest(TEN_MIB), method="POST", send=TEN_MIB, chunked=True),
    Ask("/stream", letters(1024) * 10),
    Ask("/stream?chunks=3&size=1048576", letters(MIB) * 3),
    Ask("/stream?chunks=3&size=5&delay_ms=10", b"abcdeabcdeabcde"),
    Ask("/stream?chunks=0", b""),
    Ask("/stream", b"", method="HEAD"),
    Ask("/events?count=2&delay_ms=10", b"id: 0\ndata: event 0\n\nid: 1\ndata: event 1\n\n",
        fields={"content-type": "text/event-stream", "cache-control": "no-store"}),
    Ask("/push?chunks=100&size=1000", letters(1000) * 100),
    Ask("/file", file(0, 65535), fields={"content-length": "65536", "accept-ranges": "bytes"}),
    Ask("/file", b"", method="HEAD", fields={"content-length": "65536"}),
    Ask("/file?size=3000000", file(0, 2999999)),
    Ask("/file?size=1000", file(251, 509), 206, headers={"Range": "bytes=251-509"},
        fields={"content-range": "bytes 251-509/1000"}),
    Ask("/file?size=1000", None, 416, headers={"Range": "bytes=1000-"},
        fields={"content-range": "bytes */1000"}),
    Ask("/sleep?ms=20", b"20 ms\n"),
    Ask("/tokio-sleep?ms=20", b"20 ms\n"),
    Ask("/block?ms=20", b"20 ms\n"),
    Ask("/spin?ms=20", b"20 ms\n"),
    Ask("/grow?size=1000", b"1000 bytes more\n"),
    Ask("/status/204", b"", 204),
    Ask("/status/205", b"", 205),
    Ask("/status/304", b"", 304),
    Ask("/status/404", b"404 Not Found\n", 404),
    Ask("/status/503", b"503 Service Unavailable\n", 503),
    Ask("/status/103", None, 400),
    Ask("/trailers", TRAILED, headers={"TE": "trailers"}, wants="trailers", hop=True,
        trailers={"x-sha256": hashlib.sha256(TRAILED).hexdigest()}),
    Ask("/trailers", TRAILED, wants="trailers"),
    Ask("/early-hints", b"the hints came before\n", interim=103, wants="informational", hop=True),
    Ask("/upgrade", None, 400, wants="upgrade", hop=True),
    Ask("/fail/before", None, 500, named=False),
    Ask("/fail/during", b"so far, so good\n", cut=True),
    Ask("/fail/short", b"12345", cut=True, fields={"content-length": "10"}),
    Ask("/fail/long", b"123", cut=True, fields={"content-length": "5"}),
    Ask("/panic", None, 500, named=False),
    Ask("/no/such/page", None, 404),
    Ask("/json", None, 405, method="POST", fields={"allow": "GET, HEAD"}),
    Ask("/stream?chunks=many", None, 400),
    # What came before broke nothing.
    Ask("/", b"Hello, World!"),
]


class Curl:
    def __init__(self, url, *options):
        self.url = url
        self.command = ["curl", "--noproxy", "*", "--silent", "--show-error", "--globoff",
                        "--max-time", str(PATIENCE), *options]

    def ask(self, ask):
        with tempfile.NamedTemporaryFile() as head:
            command = [*self.command, "--dump-header", head.name, self.url + ask.target]
            for name, value in ask.headers.items():
                command += ["--header", f"{name}: {value}"]
            if ask.method == "HEAD":
                command.append("--head")
            elif ask.method != "GET":
                command += ["--request", ask.method]
            if ask.send is not None:
                command += ["--upload-file", "-"] if ask.chunked else ["--data-binary", "@-"]
            done = subprocess.run(command, input=ask.send or b"", capture_output=True)
            answer = Curl.parse(head.read().decode("latin-1"))
        # A head for a body: the answer of curl to --head.
        answer.content = done.stdout if ask.method != "HEAD" else b""
        # Of a transfer: ended too early, connection lost, stream reset.
        answer.cut = done.returncode in (18, 56, 92)
        if done.returncode and not answer.cut:
            raise OSError(done.stderr.decode().strip())
        return answer

    @staticmethod
    def parse(text):
        """Heads, each with an empty line behind it, and trailers behind the last."""
        answer = Answer(0, {}, b"", trailers={})
        for block in text.replace("\r", "").split("\n\n"):
            lines = block.splitlines()
            if not lines:
                continue
            if not lines[0].startswith("HTTP/"):
                answer.trailers = named_values(line.split(": ", 1) for line in lines)
                continue
            if answer.status:
                answer.interim.append(answer.status)
            answer.status = int(lines[0].split()[1])
            answer.fields = named_values(line.split(":", 1) for line in lines[1:])
        return answer

    def close(self):
        pass


class Python:
    """All requests on one connection: that a good answer closes it is a fault."""

    def __init__(self, url):
        parts = urlsplit(url)
        self.path = parts.path
        self.connection = http.client.HTTPConnection(parts.netloc, timeout=PATIENCE)

    def ask(self, ask):
        body = ask.send
        if ask.chunked:
            body = (ask.send[n : n + 50_000] for n in range(0, len(ask.send), 50_000))
        self.connection.request(ask.method, self.path + ask.target, body, ask.headers)
        response = self.connection.getresponse()
        answer = Answer(response.status, named_values(response.getheaders()), b"")
        try:
            answer.content = response.read()
        except http.client.IncompleteRead as incomplete:
            answer.content, answer.cut = incomplete.partial, True
        except ConnectionResetError:
            answer.cut = True
        if answer.cut:
            self.connection.close()
        elif self.connection.sock is None and answer.status < 400 and ask.target != "/echo":
            # An answer that begins before the request has ended may well say `close`.
            raise OSError("the connection was not kept alive")
        return answer

    def close(self):
        self.connection.close()


def named_values(pairs):
    """Fields by their names in small letters; lines of one name are joined."""
    fields = {}
    for name, value in pairs:
        name, value = name.lower(), value.strip()
        fields[name] = f"{fields[name]}, {value}" if name in fields else value
    return fields


def faults(ask, answer, facts):
    """What is wrong with an answer, in words."""
    if ask.wants and not facts[ask.wants]:
        ask = Ask(ask.target, status=501)
    if ask.cut and answer.cut and not answer.status:
        # curl says nothing of a head that comes in one read with its stream's reset.
        return
    if answer.status != ask.status:
        yield f"status {answer.status}, not {ask.status}"
    name = answer.fields.get("x-rgi-app")
    if name != ("testbed" if ask.named else None):
        yield f"x-rgi-app is {name}"
    for wanted, got in ((ask.fields, answer.fields), (ask.trailers, answer.trailers)):
        for name, value in wanted.items():
            if got is not None and got.get(name) != value:
                yield f"{name} is {got.get(name)}, not {value}"
    if ask.interim and ask.interim not in answer.interim:
        yield f"no {ask.interim} came before"
    if answer.cut != ask.cut:
        yield "it was cut" if answer.cut else "it was not cut"
    if callable(ask.content):
        right = ask.content(answer.content)
    elif ask.cut:
        # What was under way when the connection was cut may be lost.
        right = ask.content.startswith(answer.content)
    else:
        right = ask.content in (None, answer.content)
    if not right:
        yield f"content of {len(answer.content)} bytes: {answer.content[:300]!r}"


def arrives_in_time(url):
    """The first blocks of slow bodies are there long before the last are made."""
    parts = urlsplit(url)
    for target, first in (("/stream?chunks=4&size=5&delay_ms=150", b"abcde"),
                          ("/events?count=4&delay_ms=150", b"id: 0\ndata: event 0\n\n")):
        connection = http.client.HTTPConnection(parts.netloc, timeout=PATIENCE)
        connection.request("GET", parts.path + target)
        response = connection.getresponse()
        came = response.read(len(first))
        then = time.monotonic()
        response.read()
        spread = time.monotonic() - then
        connection.close()
        if came != first:
            yield f"GET {target}: began with {came!r}"
        # 450 ms: less if this machine was busy, nothing if something held the blocks back.
        if spread < 0.2:
            yield f"GET {target}: the rest came {spread * 1000:.0f} ms behind the first block"


def switches(url):
    """The protocol `echo`, and its end, on the connection that was HTTP's."""
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port), timeout=PATIENCE) as client:
        stream = client.makefile("rwb")
        stream.write(b"GET /upgrade HTTP/1.1\r\nHost: testbed\r\n"
                     b"Connection: upgrade\r\nUpgrade: echo\r\n\r\n")
        stream.flush()
        head = [stream.readline()]
        while head[-1] not in (b"\r\n", b""):
            head.append(stream.readline())
        if not head[0].startswith(b"HTTP/1.1 101 "):
            yield f"/upgrade: {head}"
            return
        if b"upgrade: echo\r\n" not in [line.lower() for line in head]:
            yield f"/upgrade: no protocol named: {head}"
        for said in (b"once\n", b"again\n", letters(100_000) + b"\n"):
            stream.write(said)
            stream.flush()
            if stream.readline() != said:
                yield f"/upgrade: {len(said)} bytes did not come back"
        client.shutdown(socket.SHUT_WR)
        if stream.read() != b"":
            yield "/upgrade: something came after the end"


def main():
    kind, url, *options = sys.argv[1:]
    proxied = "--proxied" in options
    url = url.rstrip("/")
    client = {"curl": lambda: Curl(url, "--http1.1"),
              "curl-http2": lambda: Curl(url, "--http2-prior-knowledge"),
              "python": lambda: Python(url)}[kind]()
    facts = json.loads(client.ask(Ask("/environ")).content)["server"]
    wrong, right = [], 0
    for ask in ASKS:
        if proxied and ask.hop or kind == "python" and ask.interim:
            # http.client takes a 103 for the answer.
            continue
        try:
            found = list(faults(ask, client.ask(ask), facts))
        except (OSError, http.client.HTTPException, ValueError) as error:
            found = [f"{type(error).__name__}: {error}"]
            client.close()
        right += not found
        wrong += [f"{ask.method} {ask.target}: {fault}" for fault in found]
    client.close()
    if kind == "python":
        wrong += arrives_in_time(url)
        if not proxied and facts["upgrade"]:
            wrong += switches(url)
    for line in wrong:
        print(f"{kind}, {url}: {line}", file=sys.stderr)
    print(f"{kind}, {url}: {right} answers were right")
    sys.exit(bool(wrong))


main()
