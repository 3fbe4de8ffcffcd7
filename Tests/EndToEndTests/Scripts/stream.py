#!/usr/bin/env python3
"""Live prices of a running Portico over sockets: events, resume, heartbeat, slow and too many readers.

The server is to run with PORTICO_MARKET_STREAMS=12 and PORTICO_MARKET_HEARTBEAT_MS=1000.
One JSON line per check; the exit code is 1 when one failed.
"""

import argparse
import time
import urllib.request

from checks import Checks, launch, new_page, wait_for_cards
from event_stream import Stream

SYMBOLS = ["GOOGL", "AAPL", "MSFT", "TSLA", "AMZN"]
STREAMS = 12


class Quotes(Stream):
    """The ids of quotes are the moments at which they were made."""

    def events(self):
        for event in super().events():
            yield event and (int(event[0]), *event[1:])


def events(checks, origin):
    stream = Quotes(origin)
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
    back = Quotes(origin, last=last)
    again = back.take(3)
    checks.note("a reader that comes back gets only newer quotes", all(number > last for number, _, _ in again))
    back.close()
    one = Quotes(origin, "?symbols=NVDA")
    checks.note("one symbol alone", {data["symbol"] for _, _, data in one.take(2)} == {"NVDA"})
    one.close()
    checks.note("an unknown symbol is refused", Quotes(origin, "?symbols=XXXX").status == 404)


def heartbeat(checks, origin):
    """No newer quote than the far future comes, so that only the heartbeat is heard."""
    far = int((time.time() + 86_400) * 1000)
    stream = Quotes(origin, last=far)
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
    sleepers = [Quotes(origin, receive_buffer=2048) for _ in range(STREAMS - 2)]
    time.sleep(1)
    stream = Quotes(origin)
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
        sleepers.append(Quotes(origin))
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
            stream = Quotes(origin)
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
