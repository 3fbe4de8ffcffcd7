#!/usr/bin/env python3
"""The whole program on Alpha Vantage, by a stand-in on loopback, and on recorded files.

One JSON line per check; the exit code is 1 when one failed.
"""

import argparse
import datetime
import json
import re
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

from checks import Checks
from running import Server

KEY = "av&key-7f3a9c"
CALLS = 7
SPACING_MS = 150


class Upstream:
    """Answers as alphavantage.co does: always 200, the body decides."""

    def __init__(self):
        self.calls, self.mode, self.pause, self.lock = [], "good", 0, threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                query = {k: v[0] for k, v in parse_qs(urlsplit(self.path).query).items()}
                with outer.lock:
                    outer.calls.append((time.monotonic(), query))
                time.sleep(outer.pause)
                data = json.dumps(outer.body(query)).encode()
                self.send_response(200)
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/query"

    @property
    def day(self):
        return str(datetime.datetime.now(ZoneInfo("America/New_York")).date())

    def body(self, query):
        if query.get("apikey") != KEY:
            return {"Error Message": "the parameter apikey is invalid or missing."}
        if self.mode == "limit":
            return {"Information": "Our standard API rate limit is 25 requests per day."}
        symbol = query["symbol"]
        if query["function"] == "TIME_SERIES_INTRADAY":
            return {"Information": "This is a premium endpoint."}
        if query["function"] == "TIME_SERIES_DAILY":
            bar = {"1. open": "150.0", "2. high": "151.0", "3. low": "149.0", "4. close": "150.5", "5. volume": "100"}
            day = datetime.date.today()
            return {"Meta Data": {"2. Symbol": symbol}, "Time Series (Daily)": {
                str(day - datetime.timedelta(days=n)): bar for n in range(1, 60)}}
        return {"Global Quote": {
            "01. symbol": symbol, "02. open": "150.0", "03. high": "151.0", "04. low": "149.0",
            "05. price": "150.2500", "06. volume": "1234567", "07. latest trading day": self.day,
            "08. previous close": "149.7500", "09. change": "0.5000", "10. change percent": "0.3339%"}}

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def sign_up(server):
    account = {"username": "market-sources", "password": "four quiet words again"}
    assert server.api("POST", "/auth/signup", account).status == 201
    return server.api("POST", "/auth/login", account).json()["token"]


def quotes(checks, server, upstream, token):
    stocks = server.api("GET", "/check").json()
    checks.note("every quote names its source", {s["source"] for s in stocks} == {"alphavantage"})
    checks.note("a price is exact", all(s["price"] == 150.25 and s["change"] == "0.33" for s in stocks), first=stocks[0])
    times = [at for at, _ in upstream.calls]
    gaps = [after - before for before, after in zip(times, times[1:])]
    checks.note("one call for each symbol, at a distance", len(times) == 5 and min(gaps) > SPACING_MS / 1000 * 0.8,
                calls=len(times), least_ms=round(min(gaps) * 1000))
    server.api("GET", "/check")
    checks.note("a young quote costs no call", len(upstream.calls) == 5)
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: server.api("GET", "/stocks/NVDA", token=token).status, range(20)))
    checks.note("twenty who ask at once cost one call", set(answers) == {200} and len(upstream.calls) == 6,
                calls=len(upstream.calls), statuses=sorted(set(answers)))
    bought = server.api("POST", "/buy", {"symbol": "AAPL", "quantity": 1}, token=token)
    checks.note("a fill names the source's quote", bought.status == 200 and bought.json()["quoteId"].startswith("alphavantage-AAPL-"),
                status=bought.status)


def restart(checks, server, upstream, token):
    server.kill()
    server.start()
    stocks = server.api("GET", "/check").json()
    checks.note("quotes outlive kill -9", len(stocks) == 5 and len(upstream.calls) == 6, calls=len(upstream.calls))
    daily = server.api("GET", "/stocks/AAPL/history?range=1m&interval=1d", token=token)
    checks.note("a series from the source", daily.status == 200 and len(daily.json()["bars"]) > 20 and len(upstream.calls) == 7)
    spent = server.api("GET", "/stocks/MSFT/history?range=1m&interval=1d", token=token)
    checks.note("the day's budget outlives it, too: the eighth call is not made",
                spent.status == 503 and len(upstream.calls) == CALLS and "retry-after" in spent.headers, status=spent.status)
    server.kill()
    server.start()
    again = server.api("GET", "/stocks/AAPL/history?range=1m&interval=1d", token=token)
    checks.note("a series outlives kill -9", again.status == 200 and len(upstream.calls) == CALLS)


def secrets_kept(checks, server, upstream):
    sent = all(query.get("apikey") == KEY for _, query in upstream.calls)
    places = [path for path in server.folder.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()]
    encoded = [path for path in server.folder.rglob("*") if path.is_file() and KEY.replace("&", "%26").encode() in path.read_bytes()]
    checks.note("the key is sent, and is in no log and no file", sent and not places and not encoded,
                places=[str(p) for p in places + encoded])


def alphavantage(checks, portico, folder):
    upstream = Upstream()
    environment = {
        "PORTICO_MARKET_SOURCE": "alphavantage", "PORTICO_MARKET_ALPHAVANTAGE_URL": upstream.url,
        "PORTICO_MARKET_ALPHAVANTAGE_KEY": KEY, "PORTICO_MARKET_ALPHAVANTAGE_CALLS_PER_DAY": str(CALLS),
        "PORTICO_MARKET_ALPHAVANTAGE_SPACING_MS": str(SPACING_MS)}
    with Server(portico, folder / "alphavantage", environment) as server:
        token = sign_up(server)
        quotes(checks, server, upstream, token)
        restart(checks, server, upstream, token)
        server.stop()
        secrets_kept(checks, server, upstream)
    upstream.close()
    limited = Upstream()
    limited.mode = "limit"
    with Server(portico, folder / "limited", {**environment, "PORTICO_MARKET_ALPHAVANTAGE_URL": limited.url}) as server:
        first = server.api("GET", "/check")
        second = server.api("GET", "/check")
        checks.note("the source's own limit: 503 with the time to come back, and it is not asked again",
                    first.status == second.status == 503 and len(limited.calls) == 1 and int(first.headers["retry-after"]) > 0,
                    status=first.status, calls=len(limited.calls))
    limited.close()


def economy(checks, portico, folder):
    """Calls are for what somebody wants to know, once."""
    upstream = Upstream()
    upstream.pause = 0.3
    environment = {
        "PORTICO_MARKET_SOURCE": "alphavantage", "PORTICO_MARKET_ALPHAVANTAGE_URL": upstream.url,
        "PORTICO_MARKET_ALPHAVANTAGE_KEY": KEY, "PORTICO_MARKET_ALPHAVANTAGE_SPACING_MS": "50",
        "PORTICO_MARKET_ALPHAVANTAGE_CALLS_PER_DAY": "100000"}
    age = {"PORTICO_TRADING_QUOTE_AGE_SECONDS": "2"}
    with Server(portico, folder / "economy", {**environment, **age}) as server:
        token = sign_up(server)
        time.sleep(2)
        checks.note("nobody asks, nothing is spent", not upstream.calls, calls=len(upstream.calls))
        with ThreadPoolExecutor(6) as pool:
            path = "/stocks/AAPL/history?range=6m"
            statuses = list(pool.map(lambda _: server.api("GET", path, token=token).status, range(6)))
        checks.note("six who ask for a series at once cost one call", statuses == [200] * 6 and len(upstream.calls) == 1,
                    statuses=statuses, calls=len(upstream.calls))
        dear = [server.api("GET", f"/stocks/{symbol}/history?range=1d", token=token).status for symbol in ("AAPL", "AAPL", "MSFT")]
        checks.note("what costs money is asked for once", dear == [400] * 3 and len(upstream.calls) == 2,
                    statuses=dear, calls=len(upstream.calls))
        order = {"symbol": "AAPL", "quantity": 2}
        first = server.api("POST", "/buy", order, token=token)
        time.sleep(2.5)
        spent = len(upstream.calls)
        portfolio = server.api("GET", "/portfolio", token=token).json()
        position = portfolio["positions"][0]
        checks.note("a portfolio is valued by an old quote that says so",
                    first.status == 200 and position["stale"] and position["price"] == 150.25 and position["marketValue"] != position["cost"]
                    and len(upstream.calls) == spent, position=position)
        second = server.api("POST", "/buy", order, token=token)
        checks.note("an order may spend a call on a fresh quote", second.status == 200 and len(upstream.calls) == spent + 1
                    and second.json()["quoteId"] != first.json()["quoteId"], status=second.status, calls=len(upstream.calls) - spent)
        upstream.mode = "limit"
        time.sleep(2.5)
        third = server.api("POST", "/buy", order, token=token)
        starred = server.api("POST", "/favorites", {"symbol": "TSLA"}, token=token)
        checks.note("without one an order is refused, and a stock is still one",
                    third.status == 503 and third.json()["error"] == "quote_stale" and starred.status == 201,
                    order=third.json(), favourite=starred.status)
    soft = {"PORTICO_MARKET_ALPHAVANTAGE_SOFT_AGE_SECONDS": "1"}
    # The same address, since a token names it.
    with Server(portico, folder / "economy", {**environment, **soft}, port=server.port) as server:
        old = server.api("GET", "/stocks/AAPL/history?range=6m", token=token)
        checks.note("an old series outlives the day's limit and says that it is old",
                    old.status == 200 and old.json()["stale"] is True and len(old.json()["bars"]) > 20,
                    status=old.status, stale=old.json().get("stale"))
    upstream.close()


def replay(checks, portico, folder):
    recorded = folder / "recorded"
    recorded.mkdir()
    begin = int(time.time()) // 60 * 60 - 3600
    for number, symbol in enumerate(["GOOGL", "AAPL", "MSFT", "TSLA", "AMZN"]):
        bars = [{
            "time": datetime.datetime.fromtimestamp(begin + 60 * n, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "open": 100 + number, "high": 101 + number + n / 100, "low": 99 + number, "close": 100.5 + number + n / 100,
            "volume": 10} for n in range(61)]
        (recorded / f"{symbol}.json").write_text(json.dumps({"bars": bars}))
    environment = {"PORTICO_MARKET_SOURCE": "replay", "PORTICO_MARKET_REPLAY_FOLDER": str(recorded)}
    with Server(portico, folder / "replay", environment) as server:
        stocks = server.api("GET", "/check").json()
        checks.note("recorded quotes name their source and their own time",
                    {s["source"] for s in stocks} == {"replay"} and all(re.match(r"\d{4}-", s["asOf"]) for s in stocks)
                    and stocks[0]["price"] > 100, first=stocks[0])


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--portico", required=True)
    options = arguments.parse_args()
    checks = Checks()
    with tempfile.TemporaryDirectory() as folder:
        with checks.step("Alpha Vantage"):
            alphavantage(checks, options.portico, Path(folder))
        with checks.step("Few calls"):
            economy(checks, options.portico, Path(folder))
        with checks.step("recorded files"):
            replay(checks, options.portico, Path(folder))
    checks.finish()


if __name__ == "__main__":
    main()
