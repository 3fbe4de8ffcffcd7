#!/usr/bin/env python3
"""Document S1's own tests against a running Portico, row by row of spec/apps.md.

`--part browser`: the manual checklist (S1-42 to S1-56) in headless Chromium.
`--part api`: its curl commands, its unit and its integration assertion, and what its answers look like.
`--part load`: its load profile, ten requests a second on /check.
One JSON line per check, named by its row; the exit code is 1 when one failed.
"""

import argparse
import json
import re
import secrets
import statistics
import subprocess
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

from checks import READY, Checks, Complaints, launch, new_page, wait_for_cards
from trade import enter, held, holdings, mirror, order, toast

SYMBOLS = ["GOOGL", "AAPL", "MSFT", "TSLA", "AMZN"]
# Where the document's own example prices lie; a market that has a memory may leave them in time.
REALISTIC = {"GOOGL": (75, 300), "AAPL": (87, 350), "MSFT": (190, 760), "TSLA": (100, 600), "AMZN": (70, 280)}
CORS = {
    "access-control-allow-headers":
        {"content-type", "x-amz-date", "authorization", "x-api-key", "x-amz-security-token"},
    "access-control-allow-methods": {"GET", "POST", "OPTIONS"},
}


# MARK: The browser

def price_texts(page):
    return page.eval_on_selector_all(f"{READY} .stock-price", "all => all.map((e) => e.textContent)")


def until(page, holds):
    """Waits from outside: in a page whose clock stands still its own timers wait, too."""
    for _ in range(100):
        if holds():
            return
        time.sleep(0.05)
    raise AssertionError(f"not within 5 s: {page.inner_text('#feedStatus')}")


def loading(checks, browser, origin):
    """S1-42 to S1-45: the page with its five stocks, and the refresh that needs no stream."""
    seen = Complaints(["/stream"])
    page = new_page(browser, seen, viewport={"width": 1280, "height": 900})
    asked = []
    page.on("request", lambda r: asked.append(r.url) if r.url.endswith("/check") else None)
    # Without a stream the page has to ask every 30 seconds; the clock is the test's.
    page.route(re.compile(r"/stream"), lambda route: route.abort())
    page.context.clock.install()
    page.goto(f"{origin}/")
    page.context.clock.run_for(1000)
    wait_for_cards(page)
    shown = page.eval_on_selector_all(READY, "all => all.map((li) => li.dataset.symbol)")
    checks.note("S1-43 five stocks display", shown == SYMBOLS, shown=shown)
    values = {s: float(t.strip("$").replace(",", "")) for s, t in zip(shown, price_texts(page))}
    checks.note("S1-44 prices are realistic",
                all(REALISTIC[s][0] <= v <= REALISTIC[s][1] for s, v in values.items()), prices=values)
    with checks.step("S1-45 data refreshes every 30 seconds, and no sooner"):
        until(page, lambda: page.get_attribute("#feedStatus", "data-state") == "polling")
        before, count = price_texts(page), len(asked)
        # The server's clock is its own: its prices need two of its seconds to move.
        time.sleep(2)
        page.context.clock.run_for(25_000)
        assert len(asked) == count, f"{len(asked) - count} requests before its time"
        with page.expect_response(lambda r: r.url.endswith("/check") and r.ok):
            page.context.clock.run_for(6_000)
        assert len(asked) == count + 1, f"{len(asked) - count} requests in one period"
        until(page, lambda: price_texts(page) != before)
    seen.collect(page)
    checks.note("S1-42 the page loads without errors", not seen.found, found=seen.found[:5])
    page.context.close()


def buying(checks, page):
    with checks.step("S1-47 the buy form validates its required fields"):
        page.click("#buyForm button[type=submit]")
        page.wait_for_selector("#buyProblem:has-text('Choose a stock')")
        page.select_option("#buySymbol", "AAPL")
        for wrong in ("", "0", "-1", "1.5"):
            page.fill("#buyQuantity", wrong)
            page.click("#buyForm button[type=submit]")
            page.wait_for_selector("#buyProblem:has-text('whole number')")
        required = page.eval_on_selector_all("#buyForm [required]", "all => all.map((e) => e.id)")
        assert required == ["buySymbol", "buyQuantity"], required
    with checks.step("S1-46 the buy form accepts valid input; S1-49 the portfolio updates"):
        with page.expect_response(lambda r: r.url.endswith("/portfolio") and r.ok) as answer:
            order(page, "buy", "AAPL", 5)
        held(page, "AAPL", 5)
        told = {p["symbol"]: p["quantity"] for p in answer.value.json()["positions"]}
        assert told == holdings(page) == {"AAPL": 5}, told
    with checks.step("S1-48 a buy returns the success message"):
        toast(page, r"Successfully bought 5 shares of AAPL at \$\d+\.\d\d each")
    with checks.step("S1-50 quick buy is one click for one share"):
        page.click("#stockList .quick-buy[data-symbol=GOOGL]")
        held(page, "GOOGL", 1)


def selling(checks, page):
    with checks.step("S1-52 the sell form prevents overselling before anything is sent"):
        sent = []
        page.on("request", lambda r: sent.append(r.url) if r.url.endswith("/sell") else None)
        order(page, "sell", "AAPL", 6)
        page.wait_for_selector("#sellProblem:has-text('at most 5')")
        assert sent == [], sent
    with checks.step("S1-51 the sell form accepts valid input; S1-53 message and portfolio follow"):
        order(page, "sell", "AAPL", 2)
        toast(page, r"Successfully sold 2 shares of AAPL at \$\d+\.\d\d each")
        held(page, "AAPL", 3)
    with checks.step("S1-54 quick sell is one click, and off without a share"):
        page.click("#portfolio .quick-sell[data-symbol=GOOGL]")
        page.wait_for_selector("#portfolio > li[data-symbol=GOOGL]", state="detached")
        assert page.is_disabled("#stockList .quick-sell[data-symbol=GOOGL]")
        assert page.is_enabled("#stockList .quick-sell[data-symbol=AAPL]")


def keeping(checks, page, origin):
    with checks.step("S1-55 the portfolio persists in localStorage and after a reload"):
        assert mirror(page) == {"AAPL": 3}, mirror(page)
        page.reload()
        held(page, "AAPL", 3)
        assert mirror(page) == holdings(page) == {"AAPL": 3}
    with checks.step("S1-55 without the API the remembered portfolio is shown and said to be remembered"):
        page.route(re.compile(r"/api/v1/"), lambda route: route.abort())
        page.goto(f"{origin}/app/")
        held(page, "AAPL", 3)
        assert "this browser remembers" in page.inner_text("#view")
        page.unroute(re.compile(r"/api/v1/"))
        page.goto(f"{origin}/app/")
        wait_for_cards(page)
    with checks.step("S1-56 it displays current values and follows each quote"):
        page.wait_for_function(
            """() => {
              const price = Number(document.querySelector("#stockList [data-symbol=AAPL] .stock-price")?.textContent.replace(/[$,]/g, ""));
              const value = Number(document.querySelector("#portfolio [data-symbol=AAPL] .holding-value")?.textContent.replace(/[$,]/g, ""));
              // A share is worth what it would bring: the bid, a little below the price.
              return price > 0 && Math.abs(value / (price * 3) - 1) < 0.002;
            }""")
        before = page.inner_text("#portfolio .holding-value")
        page.wait_for_function(
            "old => document.querySelector('#portfolio .holding-value').textContent !== old",
            arg=before, timeout=40_000)


def browser_part(checks, options):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = launch(playwright)
        with checks.step("S1-42 to S1-45"):
            loading(checks, browser, options.origin)
        seen = Complaints()
        page = new_page(browser, seen, viewport={"width": 1280, "height": 900})
        try:
            enter(page, options.origin, f"s1-{secrets.token_hex(4)}", f"four quiet words {secrets.token_hex(6)}", True)
            buying(checks, page)
            selling(checks, page)
            complaints = list(seen.found)
            checks.note("S1-42 the desk works without errors", not complaints, found=complaints[:5])
            keeping(checks, page, options.origin)
        except Exception as error:  # told as a check, with a picture of where it happened
            checks.note("the checklist", False, error=str(error).split("\n")[0][:300])
        if checks.failed and options.out:
            options.out.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=options.out / "s1-failed.png", full_page=True)
        browser.close()


# MARK: The API

def curl(*arguments):
    """The status, the header fields and the body that curl gets."""
    with tempfile.NamedTemporaryFile() as fields:
        done = subprocess.run(
            ["curl", "--silent", "--show-error", "--max-time", "20", "-D", fields.name, *arguments],
            capture_output=True, text=True, check=True)
        head = Path(fields.name).read_text().strip().split("\n\n")[-1].splitlines()
    named = {}
    for line in head[1:]:
        name, _, value = line.partition(":")
        named[name.strip().lower()] = value.strip()
    return int(head[0].split()[1]), named, done.stdout


def post(origin, path, body, *more):
    return curl("-X", "POST", f"{origin}{path}", "-H", "Content-Type: application/json", "-d", body, *more)


def sign_up(origin):
    account = json.dumps({"username": f"s1-{secrets.token_hex(4)}", "password": f"four quiet words {secrets.token_hex(6)}"})
    assert post(origin, "/Prod/auth/signup", account)[0] == 201
    return json.loads(post(origin, "/Prod/auth/login", account)[2])["token"]


def check_answer(checks, origin):
    status, fields, body = curl("-X", "GET", f"{origin}/Prod/check")
    stocks = json.loads(body)
    checks.note("S1-57 curl GET /check answers 200 with a bare array", status == 200 and isinstance(stocks, list))
    checks.note("S1-90 integration: status 200 and length 5", status == 200 and len(stocks) == 5)
    checks.note(
        "S1-01 the five symbols with S1's four fields and types",
        [s["symbol"] for s in stocks] == SYMBOLS and all(
            isinstance(s["price"], (int, float)) and re.fullmatch(r"-?\d+\.\d\d", s["change"])
            and isinstance(s["volume"], int) for s in stocks))
    checks.note("/check says more: name, previous close, time, source, age", all(
        {"name", "previousClose", "changeAbs", "asOf", "source", "stale"} <= s.keys() for s in stocks))


def traded(checks, origin):
    token = sign_up(origin)
    bearer = ("-H", f"Authorization: Bearer {token}")
    guarded = post(origin, "/Prod/buy", '{"symbol":"GOOGL","quantity":5,"stock_price":150}')
    checks.note("S1-58 without a token: 401 with a hint", guarded[0] == 401 and "www-authenticate" in guarded[1],
                status=guarded[0])
    buy_status, _, text = post(origin, "/Prod/buy", '{"symbol":"GOOGL","quantity":5,"stock_price":150}', *bearer)
    bought = json.loads(text)
    moved = buy_status == 409 and bought.get("error") == "price_moved"
    checks.note("S1-58 the document's buy is accepted as it is", buy_status == 200 or moved, status=buy_status, body=text[:300])
    if buy_status == 200:
        checks.note("S1-48 its answer has the document's fields", answer_is(bought, "buy", "total_cost", 5, "bought"), body=text[:400])
    post(origin, "/Prod/buy", '{"symbol":"AAPL","quantity":4}', *bearer)
    sell_status, _, text = post(origin, "/Prod/sell", '{"symbol":"AAPL","quantity":3,"stock_price":175}', *bearer)
    sold = json.loads(text)
    moved = sell_status == 409 and sold.get("error") == "price_moved"
    checks.note("S1-58 the document's sale is accepted as it is", sell_status == 200 or moved, status=sell_status, body=text[:300])
    if sell_status == 200:
        checks.note("S1-53 its answer has the document's fields", answer_is(sold, "sell", "total_received", 3, "sold"), body=text[:400])
    return bearer


def answer_is(answer, kind, total, quantity, verb):
    return (
        re.fullmatch(r"[0-9a-f]{32}", answer["id"]) is not None
        and re.fullmatch(r"\d+\.\d\d", answer["price"]) is not None
        and re.fullmatch(r"\d+\.\d\d", answer[total]) is not None
        and answer["type"] == kind and answer["quantity"] == quantity and answer["success"] is True
        and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", answer["timestamp"]) is not None
        and answer["message"] == f"Successfully {verb} {quantity} shares of {answer['symbol']} at ${answer['price']} each")


def refusals(checks, origin, bearer):
    rows = [
        ("S1-67 a symbol of more than ten letters", '{"symbol":"ABCDEFGHIJK","quantity":1}', 400, "Invalid symbol"),
        ("S1-67 a symbol that is no text", '{"symbol":5,"quantity":1}', 400, None),
        ("S1-27 an unknown symbol", '{"symbol":"XXXX","quantity":1}', 404, "unknown_symbol"),
        ("S1-47 no quantity", '{"symbol":"AAPL"}', 400, None),
        ("S1-47 half a share", '{"symbol":"AAPL","quantity":1.5}', 400, None),
        ("S1-30 more than the cash", '{"symbol":"AAPL","quantity":900000}', 403, "insufficient_funds"),
        ("S1-07 no JSON", "{", 400, None),
    ]
    for name, body, expected, error in rows:
        status, fields, text = post(origin, "/Prod/buy", body, *bearer)
        answer = json.loads(text)
        ok = status == expected and answer.get("success") is False and "message" in answer and "requestId" in answer
        checks.note(name, ok and (error is None or answer["error"] == error), status=status, body=text[:200])
    status, _, text = post(origin, "/Prod/sell", '{"symbol":"TSLA","quantity":1}', *bearer)
    checks.note("S1-52 the server refuses to oversell",
                status == 403 and json.loads(text)["error"] == "insufficient_shares", status=status)


def cors(checks, origin):
    browser = ("-H", f"Origin: {origin}")
    status, fields, _ = curl("-X", "OPTIONS", f"{origin}/Prod/buy", *browser,
                             "-H", "Access-Control-Request-Method: POST",
                             "-H", "Access-Control-Request-Headers: authorization,content-type")
    checks.note("S1-18 OPTIONS /buy is answered without a token", status in (200, 204), status=status)
    for name, wanted in CORS.items():
        told = {v.strip().lower() if "headers" in name else v.strip() for v in fields.get(name, "").split(",")}
        checks.note(f"S1-20 {name}", wanted <= told, told=sorted(told))
    for name, status_wanted, path in (("answers", 200, "/Prod/check"), ("errors", 401, "/Prod/portfolio")):
        status, fields, _ = curl(f"{origin}{path}", *browser)
        checks.note(f"S1-59 {name} carry the CORS fields",
                    status == status_wanted and "access-control-allow-origin" in fields, status=status)


def unit(checks, portico):
    with tempfile.TemporaryDirectory() as folder:
        event = Path(folder) / "event.json"
        event.write_text("{}")
        done = subprocess.run([portico, "invoke", "StockCheckerFunction", "--event", str(event), "--data", folder],
                              capture_output=True, text=True, timeout=120)
        try:
            result = json.loads(done.stdout)
            ok = result["statusCode"] == 200 and len(json.loads(result["body"])) == 5
        except (ValueError, KeyError):
            ok = False
    checks.note("S1-89 unit: handler({}) answers 200 and five stocks", ok, output=(done.stdout + done.stderr)[:300])


def api_part(checks, options):
    with checks.step("GET /check"):
        check_answer(checks, options.origin)
    with checks.step("POST /buy and /sell"):
        refusals(checks, options.origin, traded(checks, options.origin))
    with checks.step("CORS"):
        cors(checks, options.origin)
    if options.portico:
        with checks.step("the unit test"):
            unit(checks, options.portico)


# MARK: The load

def load_part(checks, options):
    """Ten arrivals a second, each on time whether or not the ones before are done."""
    latencies, errors, threads = [], [], []

    def visit():
        begun = time.monotonic()
        try:
            with urllib.request.urlopen(f"{options.origin}/Prod/check", timeout=10) as answer:
                if answer.status != 200 or len(json.load(answer)) != 5:
                    errors.append(answer.status)
        except Exception as error:
            errors.append(str(error))
        latencies.append((time.monotonic() - begun) * 1000)

    start, arrivals = time.monotonic(), options.seconds * 10
    for number in range(arrivals):
        time.sleep(max(0, start + number / 10 - time.monotonic()))
        threads.append(threading.Thread(target=visit))
        threads[-1].start()
    for thread in threads:
        thread.join()
    cuts = statistics.quantiles(latencies, n=100)
    checks.note("S1-91 load: ten requests a second, no error", not errors and len(latencies) == arrivals,
                requests=len(latencies), seconds=options.seconds, errors=errors[:5],
                p50_ms=round(cuts[49], 1), p99_ms=round(cuts[98], 1))


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--origin", default="http://localhost:8080")
    arguments.add_argument("--part", choices=["browser", "api", "load"], action="append", default=[])
    arguments.add_argument("--portico", help="the binary, for the unit assertion")
    arguments.add_argument("--seconds", type=int, default=10, help="of load")
    arguments.add_argument("--out", type=Path, help="where a picture of a failure goes")
    options = arguments.parse_args()
    options.origin = options.origin.rstrip("/")
    checks = Checks()
    parts = {"browser": browser_part, "api": api_part, "load": load_part}
    for name in options.part or parts:
        parts[name](checks, options)
    checks.finish()


if __name__ == "__main__":
    main()
