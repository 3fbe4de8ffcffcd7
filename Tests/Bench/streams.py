"""A thousand readers of live prices: CPU, memory, and how much later the last gets a tick."""

import re
import selectors
import socket
import statistics
import tempfile
import time

from measure import make_project, serve

READERS = 1_000
SECONDS = 15


def connect(port):
    sock = socket.create_connection(("127.0.0.1", port), 10)
    sock.sendall(f"GET /api/v1/stream HTTP/1.1\r\nHost: localhost:{port}\r\n"
                 "Accept: text/event-stream\r\n\r\n".encode())
    sock.setblocking(False)
    return sock


def run(portico, folder):
    folder = tempfile.mkdtemp(dir=folder)
    server, port, _ = serve(portico, make_project(folder, portico))
    with server:
        before = server.memory()
        selector = selectors.DefaultSelector()
        for _ in range(READERS):
            selector.register(connect(port), selectors.EVENT_READ)
        read(selector, 3)
        start, used = time.monotonic(), server.cpu()
        delays, events = read(selector, SECONDS)
        spent = time.monotonic() - start
        used = server.cpu() - used
        delays.sort()
        yield {
            "what": f"{READERS} readers of /stream, a tick each second",
            "cpu_percent_of_a_core": round(used / spent * 100, 1),
            "resident_MiB": round(server.memory()),
            "KiB_for_each_reader": round((server.memory() - before) * 1024 / READERS, 1),
            "events_per_second": round(events / spent),
            "delay_median_ms": round(statistics.median(delays), 1),
            "delay_p99_ms": round(delays[int(len(delays) * 0.99)], 1),
        }
        for key in list(selector.get_map().values()):
            key.fileobj.close()


def read(selector, seconds):
    """How much later than at its first reader a tick arrives at each, in milliseconds."""
    delays, events, first = [], 0, {}
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for key, _ in selector.select(0.2):
            data = key.fileobj.recv(65_536)
            now = time.time() * 1000
            if not data:
                raise SystemExit("a stream ended")
            ids = re.findall(rb"id: (\d{13})", data)
            events += len(ids)
            for tick in set(ids):
                delays.append(now - first.setdefault(tick, now))
    return delays, events
