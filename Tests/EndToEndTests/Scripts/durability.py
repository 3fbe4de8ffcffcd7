#!/usr/bin/env python3
"""Proves by strace that a durable write reaches the disk before its answer reaches the client.

Each `PUT /users/settings` is one commit. In the trace of the server, between the moment the request was
sent and the write of its 200, the log of the database must have been written and then synced, in this
order. One JSON line per check; the exit code is 1 when one failed.
"""

import argparse
import re
import secrets
import shutil
import subprocess
import time
from pathlib import Path

from checks import Checks
from running import Server

PASSWORD = "seven quiet herons over the weir"
TRACE = "fdatasync,fsync,pwrite64,write,writev,sendto,sendmsg"
STARTED = re.compile(r"^(\d+)\s+(\d+\.\d+) (\w+)\((.*)$")
RESUMED = re.compile(r"^(\d+)\s+(\d+\.\d+) <\.\.\. (\w+) resumed>")


def calls(path):
    """(moment of return as strace saw it, name, arguments) in order; an unfinished call ends when resumed."""
    waiting = {}
    for line in path.read_text(errors="replace").splitlines():
        if resumed := RESUMED.match(line):
            name, text = waiting.pop(resumed[1], (resumed[3], ""))
            yield float(resumed[2]), name, text + line
        elif started := STARTED.match(line):
            if "<unfinished ...>" in line:
                waiting[started[1]] = (started[3], started[4])
                if not started[3].startswith(("f", "p")):
                    # What counts for an answer is when it began to leave.
                    yield float(started[2]), started[3], started[4]
            else:
                yield float(started[2]), started[3], started[4]


def is_answer(name, text):
    return name in ("write", "writev", "sendto", "sendmsg") and "HTTP/1.1 200" in text


def synced_before(events, sent, number):
    """Whether the log was written and then synced between the request and its answer."""
    stage = "request"
    for moment, name, text in events:
        if moment < sent or name.startswith("f") and not text.rstrip().endswith("= 0"):
            continue
        if name == "pwrite64" and "sqlite-wal" in text:
            stage = "written"
        elif name in ("fdatasync", "fsync") and "sqlite-wal" in text and stage == "written":
            stage = "synced"
        elif is_answer(name, text):
            return stage == "synced"
    return False


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--portico", required=True)
    arguments.add_argument("--out", type=Path, required=True)
    arguments.add_argument("--writes", type=int, default=20)
    options = arguments.parse_args()
    checks = Checks()
    strace = shutil.which("strace")
    if not strace or subprocess.run([strace, "-o", "/dev/null", "true"], check=False).returncode:
        checks.note("strace", True, skipped="strace is not installed or may not trace")
        checks.finish()
    options.out.mkdir(parents=True, exist_ok=True)
    trace = options.out / "trace"
    wrapper = [strace, "-f", "-ttt", "-y", "-s", "64", "-e", f"trace={TRACE}", "-o", str(trace)]
    with Server(options.portico, options.out, wrapper=wrapper) as server:
        name = f"disk-{secrets.token_hex(4)}"
        made = server.api("POST", "/auth/signup", {"username": name, "password": PASSWORD})
        checks.note("sign-up", made.status == 201, status=made.status)
        login = server.api("POST", "/auth/login", {"username": name, "password": PASSWORD})
        token = login.json()["token"]
        sent = []
        for number in range(options.writes):
            # Quiet between the writes, so that no other commit is taken for this one's.
            time.sleep(0.05)
            sent.append(time.time())
            answer = server.api("PUT", "/users/settings", {"turn": str(number)}, token)
            assert answer.status == 200, answer.status
        server.stop()
    events = list(calls(trace))
    missing = [n for n, moment in enumerate(sent) if not synced_before(events, moment, n)]
    checks.note("the log is written and synced before each answer", not missing,
                writes=len(sent), missing=missing)
    syncs = sum(1 for _, name, _ in events if name in ("fdatasync", "fsync"))
    checks.note("there were syncs to see", syncs >= len(sent), syncs=syncs)
    checks.finish()


if __name__ == "__main__":
    main()
