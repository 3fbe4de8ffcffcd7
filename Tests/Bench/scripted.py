"""Requests that differ from one to the next, written once for wrk."""

import itertools
import json

from measure import wrk

_stamps = itertools.count(1)


def request(port, method, path, token=None, body=None, key=False):
    """A request's bytes; with `key`, wrk fills in an idempotency key of its own each time."""
    text = "" if body is None else json.dumps(body)
    lines = [f"{method} {path} HTTP/1.1", f"Host: localhost:{port}"]
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(text)}"]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    if key:
        lines.append("Idempotency-Key: @@")
    return "\r\n".join(lines) + "\r\n\r\n" + text


def load(server, port, requests, folder, seconds, connections, cores="1"):
    """wrk over the requests in turn."""
    path = f"{folder}/requests"
    with open(path, "w") as file:
        file.write("\0".join(requests))
    return wrk(server, f"http://127.0.0.1:{port}/", None, seconds, connections, "lines.lua",
               {"BENCH_REQUESTS": path, "BENCH_STAMP": f"bench{next(_stamps)}"}, cores)


def median_of(rounds, measure):
    """The round of the middle rate."""
    runs = sorted((measure() for _ in range(rounds)), key=lambda run: run["rate"])
    return runs[len(runs) // 2] | {"errors": sum(run["errors"] for run in runs)}
