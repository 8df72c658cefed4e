"""The example guestbook, running: for .ci/browser and .ci/entries."""
import http.client
import json
import os
import re
import secrets
import signal
import sqlite3
import subprocess
import sys
import time
from urllib.parse import urlencode, urlsplit

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
PATIENCE = 60  # seconds, for whatever is waited for

# What was started is ended, too, when this is told to end.
signal.signal(signal.SIGTERM, lambda *_: sys.exit("told to end"))


class Failed(Exception):
    """What is not as it should be."""


def until(what, holds):
    """Asks every 0.05 s until `holds` gives something, and gives it."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = holds()
        if found:
            return found
        time.sleep(0.05)
    raise Failed(f"{what}: not so after {PATIENCE} s")


def end(process):
    """Ends a process by its id: asked first."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    return process.returncode


def build():
    """The path of the program: in the folder PROGRAMS, where that is set, or built for this. With the features
    of the whole workspace, so that little has to be compiled again."""
    if "PROGRAMS" in os.environ:
        return os.path.join(os.environ["PROGRAMS"], "guestbook")
    cargo = ["cargo", "build", "--workspace", "--bin", "guestbook", "--locked", "--quiet"]
    subprocess.run(cargo, cwd=ROOT, check=True)
    metadata = ["cargo", "metadata", "--format-version", "1", "--no-deps", "--locked"]
    metadata = subprocess.run(metadata, cwd=ROOT, check=True, capture_output=True).stdout
    return os.path.join(json.loads(metadata)["target_directory"], "debug", "guestbook")


class Guestbook:
    """One that serves, at a free port, with a new database; ended with the block."""

    def __init__(self, program, folder, *options):
        self.database = os.path.join(folder, "guestbook.db")
        self.log_file = os.path.join(folder, "guestbook.log")
        self.command = [program, "--bind", "127.0.0.1:0", *options]

    def __enter__(self):
        environment = {name: it for name, it in os.environ.items() if not name.startswith("RGI_")}
        environment["GUESTBOOK_DB"] = self.database
        with open(self.log_file, "wb") as log:
            self.process = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment)
        self.url = until("the guestbook serves", self.serves)
        return self

    def serves(self):
        if self.process.poll() is not None:
            raise Failed(f"the guestbook ended:\n{self.log()}")
        found = re.search(r" serving (http://\S+) ", self.log())
        return found and found[1]

    def log(self):
        with open(self.log_file, encoding="utf-8") as log:
            return log.read()

    def reload(self):
        self.process.send_signal(signal.SIGHUP)

    def rows(self, select):
        database = sqlite3.connect(self.database, timeout=PATIENCE)
        try:
            return database.execute(select).fetchall()
        finally:
            database.close()

    def __exit__(self, kind, *_):
        code = end(self.process)
        if kind is not None:
            sys.stderr.write(self.log()[-4000:])
            return
        if code != 0:
            raise Failed(f"the guestbook ended with code {code}:\n{self.log()}")
        if " lint: " in self.log():
            raise Failed(f"the lint has findings:\n{self.log()}")


class Visitor:
    """Signs by http.client, on one connection, or on a new one each time."""

    def __init__(self, url, keep_alive):
        self.address = urlsplit(url).netloc
        self.keep_alive = keep_alive
        self.connection = None
        status, fields, page = self.ask("GET", "/sign")
        if status != 200:
            raise Failed(f"the form: {status}")
        self.token = re.search(r'name="token" value="([0-9a-f]+)"', page)[1]
        self.cookie = fields["set-cookie"].split(";")[0]

    def ask(self, method, target, body=None, **fields):
        if self.connection is None or not self.keep_alive:
            self.close()
            self.connection = http.client.HTTPConnection(self.address, timeout=PATIENCE)
        self.connection.request(method, target, body, fields)
        # http.client opens another connection by itself, if the last answer said `close`.
        answer = self.connection.getresponse()
        return answer.status, answer.headers, answer.read().decode()

    def sign(self, name, message):
        # Of a form of its own: one is good for one entry.
        body = urlencode({"token": self.token, "number": secrets.token_hex(16), "name": name,
                          "message": message})
        kind = "application/x-www-form-urlencoded"
        return self.ask("POST", "/sign", body, **{"content-type": kind, "cookie": self.cookie})

    def close(self):
        if self.connection is not None:
            self.connection.close()
