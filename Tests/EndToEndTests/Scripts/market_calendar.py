#!/usr/bin/env python3
"""The market's sessions, day by day, against the calendar of exchange-calendars (XNYS), orders outside a
session, and a market that runs faster.

One JSON line per check; the exit code is 1 when one failed.
"""

import argparse
import tempfile
import time
from pathlib import Path

import exchange_calendars
import pandas
from playwright.sync_api import sync_playwright

from checks import Checks, launch
from running import Server

FIRST, LAST = 2007, 2035
SPEED = 60


def sign_up(server):
    account = {"username": "market-calendar", "password": "four quiet words again"}
    assert server.api("POST", "/auth/signup", account).status == 201
    return server.api("POST", "/auth/login", account).json()["token"]


def stamp(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def years(checks, server, token, oracle):
    early = {day.strftime("%Y-%m-%d") for day in oracle.early_closes}
    compared, short, wrong = 0, 0, []
    for year in range(FIRST, LAST + 1):
        start, end = f"{year}-01-01", f"{year}-12-31"
        answer = server.api("GET", f"/market/calendar?start={start}&end={end}", token=token)
        sessions = answer.json()["sessions"]
        expected = [{
            "date": day.strftime("%Y-%m-%d"), "open": stamp(row.open), "close": stamp(row.close),
            "early": day.strftime("%Y-%m-%d") in early,
        } for day, row in oracle.schedule.loc[start:end].iterrows()]
        wrong += [given for given in sessions if given not in expected]
        wrong += [want for want in expected if want not in sessions]
        if sessions != expected:
            wrong.append(year)
        compared += len(expected)
        short += sum(session["early"] for session in sessions)
    checks.note(f"every session from {FIRST} to {LAST} is the exchange's, to the minute", not wrong and compared > 7000,
                sessions=compared, early=short, wrong=wrong[:6])


def clock(checks, server, oracle):
    """The clock of this moment; asked again when a minute turned meanwhile."""
    for _ in range(3):
        now = pandas.Timestamp.now(tz="UTC").floor("min")
        told = server.api("GET", "/market/clock").json()
        if pandas.Timestamp.now(tz="UTC").floor("min") == now:
            break
    # The oracle's last minute of a session is the one that ends at its close.
    is_open = oracle.is_open_on_minute(now) and now not in oracle.closes.array
    checks.note("the clock says what the exchange does now", told["is_open"] == is_open
                and told["next_open"] == stamp(oracle.next_open(now))
                and told["next_close"] == stamp(oracle.next_close(now)), told=told)
    return is_open


def orders(checks, server, token, is_open):
    quote = server.api("GET", "/stocks/AAPL", token=token).json()
    market = server.api("POST", "/buy", {"symbol": "AAPL", "quantity": 1}, token=token)
    limit = server.api("POST", "/trade", {
        "symbol": "MSFT", "quantity": 1, "side": "buy", "type": "limit", "limit_price": 900}, token=token)
    told = server.api("GET", "/market/clock").json()
    if told["is_open"] != is_open:
        checks.note("the market opened or closed meanwhile: nothing to compare", True)
        return
    if is_open:
        checks.note("orders are filled in a session", market.status == 200, status=market.status)
        return
    checks.note("a quote outside a session is the last one's, and not stale",
                quote["stale"] is False and quote["asOf"] < told["timestamp"], asOf=quote["asOf"])
    checks.note("a market order outside a session is 423 with the next opening",
                market.status == 423 and market.json()["error"] == "market_closed"
                and market.json()["nextOpen"] == told["next_open"], status=market.status)
    checks.note("a limit order waits for the session", limit.json()["status"] == "accepted", status=limit.status)
    portfolio = server.api("GET", "/portfolio", token=token)
    checks.note("the portfolio is answered", portfolio.status == 200, status=portfolio.status)


def continuous(checks, server):
    told = server.api("GET", "/market/clock").json()
    checks.note("without the setting the market never closes",
                told["is_open"] is True and told["next_open"] is None and told["next_close"] is None, told=told)


def page(checks, server):
    """What somebody sees who looks at the market without a session."""
    told = server.api("GET", "/market/clock").json()
    with sync_playwright() as playwright:
        browser = launch(playwright)
        view = browser.new_page()
        errors = []
        view.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        view.goto(server.origin + "/")
        words = "Live" if told["is_open"] else "Market closed · opens"
        view.wait_for_function(
            "words => document.querySelector('#feedText').textContent.startsWith(words)", arg=words)
        checks.note("the page says whether the market trades", not errors, errors=errors,
                    text=view.inner_text("#feedText"))
        browser.close()


def faster(checks, options, folder, oracle):
    """A market that runs sixty times as fast, half an hour after an opening: orders there, times of the wall here."""
    now = time.time()
    inside = (oracle.next_open(pandas.Timestamp.now(tz="UTC").floor("min")) + pandas.Timedelta(minutes=30)).timestamp()
    # Where both clocks showed the same, so that the market's now shows that moment.
    epoch = pandas.Timestamp((now * SPEED - inside) / (SPEED - 1), unit="s", tz="UTC").floor("s")
    environment = {
        "PORTICO_MARKET_SESSIONS": "nyse", "PORTICO_MARKET_SIMULATION_SPEED": str(SPEED),
        "PORTICO_MARKET_SIMULATION_EPOCH": epoch.strftime("%Y-%m-%dT%H:%M:%SZ")}
    with Server(options.portico, folder / "faster", environment) as server:
        token = sign_up(server)
        before = pandas.Timestamp.now(tz="UTC")
        told = server.api("GET", "/market/clock").json()
        after = pandas.Timestamp.now(tz="UTC")
        shown = epoch + (before - epoch) * SPEED, epoch + (after - epoch) * SPEED
        # The program's clock counts whole milliseconds, each of them SPEED of the market's.
        shown = shown[0] - pandas.Timedelta(milliseconds=SPEED), shown[1]
        checks.note("the market's clock runs sixty times as fast", told["speed"] == SPEED and told["is_open"] is True
                    and shown[0].floor("ms") <= pandas.Timestamp(told["timestamp"]) <= shown[1], told=told)
        bought = server.api("POST", "/buy", {"symbol": "AAPL", "quantity": 1}, token=token)
        checks.note("an order is filled there at the wall's time", bought.status == 200
                    and abs((pandas.Timestamp(bought.json()["timestamp"]) - after).total_seconds()) < 60, status=bought.status)
        worth = server.api("GET", "/portfolio/history?period=1D", token=token)
        checks.note("the portfolio's history is the wall's", worth.status == 200 and worth.json()["timestamp"]
                    and abs(worth.json()["timestamp"][-1] - time.time()) < 60, status=worth.status)
        bars = server.api("GET", "/stocks/AAPL/history?range=1d&interval=5m", token=token).json()["bars"]
        server.stop()
        server.start()
        again = server.api("GET", "/stocks/AAPL/history?range=1d&interval=5m", token=token).json()["bars"]
        known = {bar["time"]: bar for bar in again}
        checks.note("a restart finds the same market", len(bars) > 2
                    and sum(known.get(bar["time"]) == bar for bar in bars) >= len(bars) - 2, bars=len(bars))


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--portico", required=True)
    options = arguments.parse_args()
    checks = Checks()
    oracle = exchange_calendars.get_calendar("XNYS", start=f"{FIRST}-01-01", end=f"{LAST}-12-31")
    with tempfile.TemporaryDirectory() as folder:
        with checks.step("sessions"), Server(
                options.portico, Path(folder) / "nyse", {"PORTICO_MARKET_SESSIONS": "nyse"}) as server:
            token = sign_up(server)
            years(checks, server, token, oracle)
            orders(checks, server, token, clock(checks, server, oracle))
            page(checks, server)
        with checks.step("faster"):
            faster(checks, options, Path(folder), oracle)
        with checks.step("continuous"), Server(options.portico, Path(folder) / "continuous") as server:
            continuous(checks, server)
    checks.finish()


if __name__ == "__main__":
    main()
