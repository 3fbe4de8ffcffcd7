#!/usr/bin/env python3
"""Live prices of a running Portico over sockets: events, resume, heartbeat, slow and too many readers.

The server is to run with PORTICO_MARKET_STREAMS=12 and PORTICO_MARKET_HEARTBEAT_MS=1000.
One JSON line per check; the exit code is 1 when one failed.
"""

import argparse
import json
import socket
import time
import urllib.request
from urllib.parse import urlsplit

from checks import Checks, launch, new_page, wait_for_cards

SYMBOLS = ["GOOGL", "AAPL", "MSFT", "TSLA", "AMZN"]
STREAMS = 12


class Stream:
    """One request for events on a socket of its own."""

    def __init__(self, origin, query="", last=None, receive_buffer=None):
        place = urlsplit(origin)
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(20)
        self.socket.connect((place.hostname, place.port))
        fields = f"Last-Event-ID: {last}\r\n" if last else ""
        self.socket.sendall(
            f"GET /api/v1/stream{query} HTTP/1.1\r\nHost: {place.netloc}\r\n"
            f"Accept: text/event-stream\r\n{fields}\r\n".encode())
        self.file = self.socket.makefile("rb")
        self.status = int(self.file.readline().split()[1])
        self.fields = {}
        while (line := self.file.readline().strip()):
            name, _, value = line.decode().partition(":")
            self.fields[name.lower()] = value.strip()
        self.comments = 0

    def lines(self):
        """The body's lines, out of its chunks."""
        rest = b""
        while True:
            size = int(self.file.readline() or b"0", 16)
            if size == 0:
                return
            rest += self.file.read(size)
            self.file.readline()
            *whole, rest = rest.split(b"\n")
            yield from (line.decode() for line in whole)

    def events(self):
        """(id, name, data) of each event as WHATWG HTML 9.2.6 dispatches it."""
        event = {}
        for line in self.lines():
            if line.startswith(":"):
                self.comments += 1
                yield None
            elif line:
                name, _, value = line.partition(":")
                event[name] = value.removeprefix(" ")
            elif "data" in event:
                yield int(event["id"]), event["event"], json.loads(event["data"])
                event = {}
            else:
                event = {}

    def take(self, count):
        found = []
        for event in self.events():
            if event:
                found.append(event)
            if len(found) == count:
                return found
        return found

    def close(self):
        self.file.close()
        self.socket.close()


def events(checks, origin):
    stream = Stream(origin)
    checks.note("an event stream that no cache keeps",
                stream.status == 200 and stream.fields["content-type"] == "text/event-stream"
                and "no-store" in stream.fields["cache-control"]
                and "content-encoding" not in stream.fields, fields=stream.fields)
    first = stream.take(5)
    checks.note("every symbol at once", [data["symbol"] for _, _, data in first] == SYMBOLS)
    more = stream.take(5)
    checks.note("then what changed, each newer than before", all(
        number > first[0][0] and name == "quote" for number, name, _ in more))
    checks.note("an event is an element of /check with its source",
                {"symbol", "price", "change", "volume", "asOf", "source", "stale"} <= more[0][2].keys())
    stream.close()
    last = more[-1][0]
    back = Stream(origin, last=last)
    again = back.take(3)
    checks.note("a reader that comes back gets only newer quotes", all(number > last for number, _, _ in again))
    back.close()
    one = Stream(origin, "?symbols=NVDA")
    checks.note("one symbol alone", {data["symbol"] for _, _, data in one.take(2)} == {"NVDA"})
    one.close()
    checks.note("an unknown symbol is refused", Stream(origin, "?symbols=XXXX").status == 404)


def heartbeat(checks, origin):
    """No newer quote than the far future comes, so that only the heartbeat is heard."""
    far = int((time.time() + 86_400) * 1000)
    stream = Stream(origin, last=far)
    begun, beats = time.monotonic(), 0
    for event in stream.events():
        if event is None:
            beats += 1
        if beats == 3:
            break
    took = time.monotonic() - begun
    checks.note("silence is broken by comments", 2 <= took <= 8, seconds=round(took, 1))
    stream.close()


def slow(checks, origin):
    """Readers that do not read hold up nobody."""
    sleepers = [Stream(origin, receive_buffer=2048) for _ in range(STREAMS - 2)]
    time.sleep(1)
    stream = Stream(origin)
    stream.take(5)
    waits, before = [], time.monotonic()
    for _ in range(12):
        stream.take(1)
        waits.append(time.monotonic() - before)
        before = time.monotonic()
        with urllib.request.urlopen(f"{origin}/api/v1/check", timeout=5) as answer:
            assert answer.status == 200
    checks.note("slow readers hold up no other reader and no request", max(waits) < 4, longest=round(max(waits), 2))
    # What a sleeper finds at last is in order, and its newest quote is of now.
    found = sleepers[0].take(20)
    times = {}
    in_order = True
    for number, _, data in found:
        in_order = in_order and times.get(data["symbol"], 0) < number
        times[data["symbol"]] = number
    checks.note("a slow reader finds its quotes in order, none twice", in_order)
    stream.close()
    return sleepers


def too_many(checks, origin, sleepers):
    """With all streams taken a reader is told so, and the site asks every 30 seconds instead."""
    from playwright.sync_api import sync_playwright

    # The server learns with its next event that a reader has gone: only then are places to be filled.
    time.sleep(3)
    for _ in range(STREAMS + 1):
        sleepers.append(Stream(origin))
        if sleepers[-1].status != 200:
            break
    refused = sleepers[-1]
    checks.note("one stream too many is refused with the time to come back",
                refused.status == 503 and "retry-after" in refused.fields, status=refused.status, streams=len(sleepers))
    with sync_playwright() as playwright:
        browser = launch(playwright)
        page = new_page(browser)
        page.goto(f"{origin}/")
        with checks.step("the site then shows prices and says that it asks every 30 seconds"):
            wait_for_cards(page)
            page.wait_for_selector("#feedStatus[data-state=polling]")
            assert "Every 30 seconds" in page.inner_text("#feedStatus")
        browser.close()
    for stream in sleepers:
        stream.close()
    with checks.step("a stream that ends gives its place back"):
        for _ in range(100):
            stream = Stream(origin)
            if stream.status == 200:
                return
            time.sleep(0.2)
        raise AssertionError("still 503 after 20 s")


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--origin", default="http://localhost:8080")
    options = arguments.parse_args()
    origin = options.origin.rstrip("/")
    checks = Checks()
    with checks.step("events"):
        events(checks, origin)
    with checks.step("heartbeat"):
        heartbeat(checks, origin)
    sleepers = []
    with checks.step("slow readers"):
        sleepers = slow(checks, origin)
    with checks.step("too many readers"):
        too_many(checks, origin, sleepers)
    checks.finish()


if __name__ == "__main__":
    main()
