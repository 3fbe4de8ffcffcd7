#!/usr/bin/env python3
"""Two thousand clients whose heads and bodies drip, while others are served promptly.

Checks latency of the others, memory of the server, and that the deadlines end the slow ones with 408.
Prints one JSON line per check and ends non-zero when one fails.
"""

import argparse
import asyncio
import time

from serving import Serving, finish, is_proof, raise_descriptor_limit, say

# What one slow connection may cost the server, in KiB; stated in the article ThreatModel.
BOUND_KIB = 24

HEAD = b"GET /api/v1/check HTTP/1.1\r\nHost: localhost\r\nX-Drip: "
BODY = (
    b"POST /api/v1/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b"Content-Length: 8000\r\n\r\n"
)


class Slow:
    """One client that sends a byte now and then until the server has had enough."""

    def __init__(self):
        self.status, self.ended, self.opened = None, None, None

    async def run(self, port, start, interval, gate):
        async with gate:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
        self.opened = time.monotonic()
        answer = asyncio.ensure_future(reader.read())
        try:
            writer.write(start)
            while not answer.done():
                await asyncio.wait({answer}, timeout=interval)
                if not answer.done():
                    writer.write(b"a")
            text = answer.result()
            self.status = int(text.split()[1]) if text else 0
        except OSError:
            self.status = -1
        self.ended = time.monotonic()
        writer.close()


async def prompt(port, latencies, stop):
    """A client that behaves: one kept connection, one request after the other."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while not stop.is_set():
        begun = time.monotonic()
        writer.write(b"GET /api/v1/market/clock HTTP/1.1\r\nHost: localhost\r\n\r\n")
        head = await reader.readuntil(b"\r\n\r\n")
        fields = dict(
            line.split(b": ", 1) for line in head.lower().split(b"\r\n")[1:] if b": " in line)
        await reader.readexactly(int(fields[b"content-length"]))
        latencies.append((time.monotonic() - begun, head.startswith(b"HTTP/1.1 200")))
        await asyncio.sleep(0.02)
    writer.close()


async def attack(server, start, count, interval):
    """Slow clients beside prompt ones: what each saw and what it cost."""
    gate, stop, latencies = asyncio.Semaphore(100), asyncio.Event(), []
    others = [asyncio.ensure_future(prompt(server.port, latencies, stop)) for _ in range(4)]
    await asyncio.sleep(0.5)
    before = server.resident_kib()
    slow = [Slow() for _ in range(count)]
    running = [asyncio.ensure_future(s.run(server.port, start, interval, gate)) for s in slow]
    most = before
    while not all(task.done() for task in running):
        await asyncio.sleep(0.2)
        most = max(most, server.resident_kib())
    stop.set()
    await asyncio.gather(*others)
    return slow, latencies, most - before


def judge(name, server, start, count, deadline, interval):
    begun = time.monotonic()
    slow, latencies, grown = asyncio.run(attack(server, start, count, interval))
    times = sorted(took for took, _ in latencies)
    p99 = times[int(len(times) * 0.99)]
    statuses = {status: sum(s.status == status for s in slow) for status in {s.status for s in slow}}
    lasted = [s.ended - s.opened for s in slow]
    say(
        f"{name}: others are served promptly", len(times) > 50 and all(ok for _, ok in latencies)
        and p99 < 1.0, requests=len(times), p50_ms=round(times[len(times) // 2] * 1000, 1),
        p99_ms=round(p99 * 1000, 1))
    say(
        f"{name}: memory is bounded", grown <= count * BOUND_KIB, connections=count,
        grown_kib=grown, per_connection_kib=round(grown / count, 1), bound_kib=BOUND_KIB)
    say(f"{name}: the deadline answers 408", statuses == {408: count}, statuses=str(statuses))
    say(
        f"{name}: the deadline closes them", max(lasted) < deadline + 5 and min(lasted) > deadline / 2,
        shortest_s=round(min(lasted), 1), longest_s=round(max(lasted), 1), deadline_s=deadline,
        took_s=round(time.monotonic() - begun, 1))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--portico", required=True)
    parser.add_argument("--out", required=True)
    arguments = parser.parse_args()
    raise_descriptor_limit()
    # In `make prove` the deadlines are those that are shipped.
    head, grace = (10, 5) if is_proof() else (4, 2)
    listener = {"head_timeout_ms": head * 1000, "body_grace_ms": grace * 1000}
    changes = {"edge": {"listener": listener}}
    with Serving(arguments.portico, arguments.out, changes, unlimited=True) as server:
        server.ask("GET", "/api/v1/market/clock")
        judge("heads", server, HEAD, 2_000, head, interval=1.0)
        judge("bodies", server, BODY, 500, grace, interval=1.0)
        say("the server is well afterwards", server.api("GET", "/check").status == 200)
        say("and drains", server.stop() == 0)
    finish()


if __name__ == "__main__":
    main()
