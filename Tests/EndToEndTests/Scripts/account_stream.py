#!/usr/bin/env python3
"""An account's live events: over sockets, and from one browser tab to another.

The server is to run with PORTICO_TRADING_HEARTBEAT_MS=1000 and PORTICO_TRADING_STREAMS_PER_USER=4.
One JSON line per check; the exit code is 1 when one failed.
"""

import argparse
import json
import re
import secrets
import time
import urllib.error
import urllib.request

from checks import Checks, Complaints, launch, new_page
from event_stream import Stream
from trade import enter, held, order

STREAMS = 4
TRADE = ["order", "fill", "position", "balance"]


class Person:
    """An account of its own."""

    def __init__(self, origin):
        self.api = f"{origin}/api/v1"
        self.origin, self.token = origin, None
        self.name, self.password = f"live-{secrets.token_hex(4)}", f"four quiet words {secrets.token_hex(6)}"
        account = {"username": self.name, "password": self.password}
        self.ask("POST", "/auth/signup", account)
        self.token = self.ask("POST", "/auth/login", account)[1]["token"]

    def ask(self, method, path, body=None):
        request = urllib.request.Request(self.api + path, method=method)
        request.add_header("Content-Type", "application/json")
        if self.token:
            request.add_header("Authorization", f"Bearer {self.token}")
        data = None if body is None else json.dumps(body).encode()
        try:
            with urllib.request.urlopen(request, data, timeout=20) as answer:
                return answer.status, json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read() or b"null")

    def buy(self, quantity):
        status, answer = self.ask("POST", "/buy", {"symbol": "AAPL", "quantity": quantity})
        assert status == 200, answer

    def limit(self, side, price):
        body = {"symbol": "AAPL", "quantity": 1, "side": side, "type": "limit", "limit_price": round(price, 2)}
        status, answer = self.ask("POST", "/trade", body)
        assert status in (200, 202), answer
        return answer


class Reader:
    """One stream with what it has seen."""

    def __init__(self, person, last=None):
        self.stream = Stream(person.origin, "/account", last=last, token=person.token)
        self.feed = self.stream.events()
        self.last = last

    def next(self):
        """The next event, comments left out; None at the end."""
        for event in self.feed:
            if event:
                self.last = event[0] or self.last
                return event
        return None

    def commit(self):
        """Events up to the one that has an id."""
        found = [self.next()]
        while found[-1] and found[-1][0] is None and found[-1][1] != "reset":
            found.append(self.next())
        return found

    def close(self):
        self.stream.close()


def names(events):
    return [event and event[1] for event in events]


def doors(checks, person):
    for name, token, query in [
        ("without a token", None, ""), ("with a wrong one", "x.y.z", ""),
        ("with the token in the address", None, f"?access_token={person.token}"),
    ]:
        stream = Stream(person.origin, f"/account{query}", token=token)
        checks.note(f"{name}: 401", stream.status == 401, status=stream.status)
        stream.close()


def live(checks, person):
    """Answers the id of the last event that was seen."""
    reader = Reader(person)
    fields = reader.stream.fields
    checks.note("an event stream that no cache keeps",
                reader.stream.status == 200 and fields["content-type"] == "text/event-stream"
                and "no-store" in fields["cache-control"] and "content-encoding" not in fields, fields=fields)
    checks.note("it begins with the cash", names(reader.commit()) == ["balance"])
    person.buy(2)
    begun = time.monotonic()
    events = reader.commit()
    took = time.monotonic() - begun
    checks.note("a trade is an order, a fill, a position and the cash", names(events) == TRADE, seen=names(events))
    checks.note("at once", took < 0.5, seconds=round(took, 3))
    told = {name: data for _, name, data in events}
    _, portfolio = person.ask("GET", "/portfolio")
    _, history = person.ask("GET", "/transactions")
    _, orders = person.ask("GET", "/orders")
    checks.note("they say what the API answers",
                told["balance"]["cash"] == portfolio["cash"] and told["fill"] == history["transactions"][0]
                and told["order"] == orders["orders"][0]
                and all(portfolio["positions"][0][k] == v for k, v in told["position"].items()))
    person.ask("POST", "/sell", {"symbol": "MSFT", "quantity": 1})
    refused = reader.next()
    checks.note("a refused order", refused[1] == "order" and refused[2]["status"] == "rejected")
    waiting = person.limit("buy", 1)
    checks.note("an order that waits", names(reader.commit()) == ["order", "balance"])
    person.ask("DELETE", f"/orders/{waiting['orderId']}")
    ended = reader.commit()
    checks.note("and its end", names(ended) == ["order", "balance"] and ended[0][2]["status"] == "canceled")
    reader.close()
    return reader.last


def resume(checks, person, last):
    person.buy(3)
    person.buy(4)
    reader = Reader(person, last)
    events = reader.commit()
    fills = [data["quantity"] for _, name, data in events if name == "fill"]
    checks.note("who comes back gets the fills that were missed, each once", fills == [3, 4], seen=names(events))
    person.buy(5)
    checks.note("and then the next", names(reader.commit()) == TRADE)
    reader.close()
    strange = Reader(person, "999.1.1")
    checks.note("a strange id is answered by a reset", strange.next()[1] == "reset")
    strange.close()


def matched(checks, person):
    """Orders on both sides of the price: whichever way it goes, one is filled in the background."""
    price = float(person.ask("GET", "/stocks/AAPL")[1]["price"])
    reader = Reader(person)
    reader.commit()
    waiting = {person.limit(side, price * factor).get("orderId")
               for side, factor in (("buy", 0.9999), ("sell", 1.0001))}
    until = time.monotonic() + 90
    while time.monotonic() < until:
        event = reader.next()
        if event is None or (event[1] == "fill" and event[2]["orderId"] in waiting):
            break
    checks.note("a limit order that the matcher fills", event is not None and event[1] == "fill")
    for order_id in waiting:
        person.ask("DELETE", f"/orders/{order_id}")
    reader.close()


def ends(checks, person):
    reader = Reader(person)
    reader.commit()
    begun, beats = time.monotonic(), 0
    for event in reader.feed:
        beats += event is None
        if beats == 2:
            break
    checks.note("silence is broken by comments", time.monotonic() - begun < 8)
    readers = [reader] + [Reader(person) for _ in range(STREAMS)]
    refused = readers.pop().stream
    checks.note("one stream too many of a person is refused with the time to come back",
                [r.stream.status for r in readers] == [200] * STREAMS and refused.status == 503
                and "retry-after" in refused.fields, status=refused.status)
    refused.close()
    readers.pop().close()
    with checks.step("a stream that ends gives its place back"):
        for _ in range(50):
            again = Reader(person)
            if again.stream.status == 200:
                break
            again.close()
            time.sleep(0.1)
        assert again.stream.status == 200
        readers.append(again)
    person.ask("POST", "/auth/logout")
    begun = time.monotonic()
    for reader in readers:
        while reader.next():
            pass
        reader.close()
    checks.note("a token that is revoked ends its streams", time.monotonic() - begun < 4,
                seconds=round(time.monotonic() - begun, 1))


# MARK: The browser

def is_live(page):
    page.wait_for_selector("html[data-account=live]", state="attached")


def tabs(checks, browser, origin):
    seen = Complaints()
    one = new_page(browser, seen, viewport={"width": 1280, "height": 900})
    name, password = f"tabs-{secrets.token_hex(4)}", f"four quiet words {secrets.token_hex(6)}"
    asked = []
    one.context.on("request", lambda r: asked.append(r.url) if r.url.endswith("/stream/account") else None)
    enter(one, origin, name, password, True)
    two = one.context.new_page()
    two.set_default_timeout(15_000)
    seen.watch(two)
    two.goto(f"{origin}/app/")
    two.wait_for_selector("#buyForm, #signIn")
    if two.locator("#signIn").count():
        enter(two, origin, name, password, False)
    with checks.step("two tabs follow the account over one stream"):
        is_live(one)
        is_live(two)
        assert len(asked) == 1, asked
    with checks.step("the token is in no address"):
        assert all("token" not in url and "eyJ" not in url for url in asked), asked
    with checks.step("an order in one tab shows in the other's holdings and cash without a reload"):
        before = two.inner_text("#accountFigures")
        order(one, "buy", "AAPL", 3)
        held(two, "AAPL", 3)
        assert two.inner_text("#accountFigures") != before
    with checks.step("and in its orders, its history and its portfolio"):
        for path, rows, symbol in (("orders", "#orders", "MSFT"), ("transactions", "#transactions", "TSLA"),
                                   ("portfolio", "#positions", "AMZN")):
            two.goto(f"{origin}/app/{path}")
            two.wait_for_selector(f"{rows} tbody tr")
            count = two.locator(f"{rows} tbody tr").count()
            order(one, "buy", symbol, 1)
            two.locator(f"{rows} tbody tr", has_text=symbol).first.wait_for()
            assert two.locator(f"{rows} tbody tr").count() == count + 1
    with checks.step("the other way round, when the tab that held the stream is gone"):
        one.close()
        is_live(two)
        three = two.context.new_page()
        three.set_default_timeout(15_000)
        seen.watch(three)
        three.goto(f"{origin}/app/")
        three.wait_for_selector("#buyForm")
        is_live(three)
        two.goto(f"{origin}/app/")
        two.wait_for_selector("#buyForm")
        order(two, "buy", "AAPL", 1)
        held(three, "AAPL", 4)
    with checks.step("another device of the same person hears it, too"):
        device = new_page(browser, seen, viewport={"width": 1280, "height": 900})
        enter(device, origin, name, password, False)
        is_live(device)
        order(device, "sell", "AAPL", 2)
        held(three, "AAPL", 2)
        held(two, "AAPL", 2)
        device.context.close()
    for page in (two, three):
        seen.collect(page)
    checks.note("no console error, no CSP violation", not seen.found, found=seen.found[:5])
    two.context.close()


def fallback(checks, browser, origin):
    """Without the stream the account is asked for every 30 seconds; the clock is the test's."""
    page = new_page(browser, viewport={"width": 1280, "height": 900})
    page.route(re.compile(r"/stream/account"), lambda route: route.abort())
    enter(page, origin, f"poll-{secrets.token_hex(4)}", f"four quiet words {secrets.token_hex(6)}", True)
    with checks.step("without the stream the page asks every 30 seconds"):
        page.wait_for_selector("html[data-account=polling]", state="attached")
        page.context.clock.install()
        page.reload()
        page.context.clock.run_for(1_000)
        page.wait_for_selector("#buyForm")
        page.wait_for_selector("html[data-account=polling]", state="attached")
        with page.expect_response(lambda r: r.url.endswith("/portfolio") and r.ok):
            page.context.clock.run_for(31_000)
    page.context.close()


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--origin", default="http://localhost:8080")
    arguments.add_argument("--part", choices=["sockets", "browser"], action="append", default=[])
    options = arguments.parse_args()
    origin = options.origin.rstrip("/")
    parts = options.part or ["sockets", "browser"]
    checks = Checks()
    if "sockets" in parts:
        person = Person(origin)
        with checks.step("doors"):
            doors(checks, person)
        last = None
        with checks.step("live"):
            last = live(checks, person)
        with checks.step("resume"):
            resume(checks, person, last)
        with checks.step("the matcher"):
            matched(checks, person)
        with checks.step("ends"):
            ends(checks, person)
    if "browser" in parts:
        from playwright.sync_api import sync_playwright

        with sync_playwright() as playwright:
            browser = launch(playwright)
            with checks.step("tabs"):
                tabs(checks, browser, origin)
            with checks.step("fallback"):
                fallback(checks, browser, origin)
            browser.close()
    checks.finish()


if __name__ == "__main__":
    main()
