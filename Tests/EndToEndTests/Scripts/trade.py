#!/usr/bin/env python3
"""Signs up at a running Portico, trades, reloads and signs out, in headless Chromium.

`--step trade` (the default) makes an account and leaves holdings; `--step verify` signs in to the same
account, for instance after a restart of the server, and looks whether they are still there.
One JSON line per check; the exit code is 1 when one failed. Screenshots go to --out.
"""

import argparse
import json
import re
import secrets
from pathlib import Path

from playwright.sync_api import sync_playwright

from checks import Checks, Complaints, launch, new_page, wait_for_cards

LEFT = {"AAPL": 2, "MSFT": 1}


def enter(page, origin, user, password, is_new):
    """Through the provider's pages where there is one, else through the desk's own form."""
    page.goto(f"{origin}/app/")
    page.wait_for_selector("#signIn, #signInForm")
    if page.locator("#signInForm").count():
        if is_new:
            page.click("#swapForm")
        form = "#signUpForm" if is_new else "#signInForm"
    else:
        page.click("#signUp" if is_new else "#signIn")
        page.wait_for_url(re.compile(r"/(signup|login)"))
        form = "main form"
    page.fill("#username", user)
    page.fill("#password", password)
    page.click(f"{form} button[type=submit]")
    page.wait_for_selector("#buyForm")
    wait_for_cards(page)


def holdings(page):
    return page.eval_on_selector_all(
        "#portfolio > li[data-symbol]",
        "all => Object.fromEntries(all.map((li) => [li.dataset.symbol, Number(li.dataset.quantity)]))")


def mirror(page):
    return json.loads(page.evaluate("() => localStorage.getItem('portfolio')") or "{}")


def order(page, side, symbol, quantity):
    page.wait_for_selector(f"#{side}Symbol option[value={symbol}]", state="attached")
    page.select_option(f"#{side}Symbol", symbol)
    page.fill(f"#{side}Quantity", str(quantity))
    page.click(f"#{side}Form button[type=submit]")


def held(page, symbol, quantity):
    page.wait_for_selector(f"#portfolio > li[data-symbol={symbol}][data-quantity='{quantity}']")


def toast(page, pattern):
    page.locator(".toast", has_text=re.compile(pattern)).first.wait_for()


def trades(checks, page):
    with checks.step("buying without fields is refused"):
        page.click("#buyForm button[type=submit]")
        page.wait_for_selector("#buyProblem:has-text('Choose a stock')")
        page.select_option("#buySymbol", "AAPL")
        page.fill("#buyQuantity", "0")
        page.click("#buyForm button[type=submit]")
        page.wait_for_selector("#buyProblem:has-text('whole number')")
    with checks.step("buying three shares is confirmed with the price"):
        with page.expect_response(lambda r: r.url.endswith("/portfolio") and r.ok) as answer:
            order(page, "buy", "AAPL", 3)
        toast(page, r"Successfully bought 3 shares of AAPL at \$\d+\.\d\d each")
        held(page, "AAPL", 3)
        told = {p["symbol"]: p["quantity"] for p in answer.value.json()["positions"]}
        assert told == holdings(page) == mirror(page) == {"AAPL": 3}, (told, mirror(page))
    with checks.step("quick buy and quick sell trade one share"):
        page.click("#stockList .quick-buy[data-symbol=AAPL]")
        held(page, "AAPL", 4)
        page.click("#portfolio .quick-sell[data-symbol=AAPL]")
        held(page, "AAPL", 3)
    with checks.step("quick sell is off without a share"):
        assert page.is_disabled("#stockList .quick-sell[data-symbol=TSLA]")
    with checks.step("selling more than is held is refused before it is sent"):
        sent = []
        page.on("request", lambda r: sent.append(r.url) if r.url.endswith("/sell") else None)
        order(page, "sell", "AAPL", 99)
        page.wait_for_selector("#sellProblem:has-text('at most 3')")
        assert sent == []
    with checks.step("selling is confirmed and changes the holdings"):
        order(page, "sell", "AAPL", 1)
        toast(page, r"Successfully sold 1 shares? of AAPL")
        held(page, "AAPL", 2)
        page.click("#stockList .quick-buy[data-symbol=MSFT]")
        held(page, "MSFT", 1)
    with checks.step("messages vanish after some seconds"):
        page.mouse.move(5, 5)
        page.wait_for_function("() => document.querySelectorAll('.toast').length === 0")
    with checks.step("a reload stays signed in and shows the same"):
        page.reload()
        held(page, "AAPL", 2)
        assert holdings(page) == mirror(page) == LEFT, holdings(page)
    with checks.step("values follow the market"):
        before = page.inner_text("#portfolio .holding-value >> nth=0")
        page.wait_for_function(
            "old => document.querySelector('#portfolio .holding-value').textContent !== old",
            arg=before, timeout=40_000)


# How often of sixty looks the account's value on the page is the API's, with an answer in between.
AGREEING = """async (authorization) => {
  const shown = () => document.querySelector("#accountFigures .figure-value").textContent;
  const found = { same: 0, unlike: [] };
  for (let look = 0; look < 60; look += 1) {
    const before = shown();
    const answer = await (await fetch("/api/v1/portfolio", { headers: { authorization } })).json();
    const told = answer.equity.toLocaleString("en-US", { style: "currency", currency: "USD" });
    if (told === before) found.same += 1;
    else found.unlike.push(`${before} / ${told}`);
    await new Promise((done) => setTimeout(done, 100));
  }
  return found;
}"""


def values(checks, page, origin):
    """One rule for what holdings are worth: the page reckons between two answers as the API does."""
    with checks.step("the account's value is the API's, though prices move every second"):
        with page.expect_request(lambda r: r.url.endswith("/portfolio")) as asked:
            page.goto(f"{origin}/app/")
        page.wait_for_selector("#accountFigures .figure-value:has-text('$')")
        found = page.evaluate(AGREEING, asked.value.headers.get("authorization", ""))
        # A price moves between a quote of the stream and the API's; a rule of its own never agrees.
        assert found["same"] >= 10, found["unlike"][-3:]
    with checks.step("so is the last point of its history"):
        found = page.evaluate("""async (authorization) => {
          const ask = async (path) => (await fetch(`/api/v1${path}`, { headers: { authorization } })).json();
          const found = { same: 0, unlike: [] };
          for (let look = 0; look < 20 && found.same === 0; look += 1) {
            const [now, past] = await Promise.all([ask("/portfolio"), ask("/portfolio/history")]);
            if (now.equity === past.equity.at(-1)) found.same += 1;
            else found.unlike.push([now.equity, past.equity.at(-1)]);
          }
          return found;
        }""", asked.value.headers.get("authorization", ""))
        assert found["same"], found["unlike"]


def views(checks, page, origin):
    """Every view of the desk, signed in and full."""
    def visit(path, selector):
        page.goto(f"{origin}/app/{path}")
        page.wait_for_selector(selector)

    with checks.step("the star makes a favourite"):
        with page.expect_response(re.compile(r"/favorites$")):
            page.click("#stockList .star[data-symbol=MSFT]")
        visit("favorites", "#favoriteList li[data-symbol=MSFT][data-state=ready]")
    with checks.step("stock page: chart, keyboard, table"):
        visit("stocks/AAPL", ".candle-up")
        page.focus(".chart-slider")
        last = page.get_attribute(".chart-slider", "aria-valuetext")
        page.keyboard.press("ArrowLeft")
        assert page.get_attribute(".chart-slider", "aria-valuetext") != last
        page.click(".numbers summary")
        page.wait_for_selector(".numbers tbody tr")
    with checks.step("ticket: preview, then a limit order that waits, then its cancellation"):
        page.check("input[name=type][value=limit]", force=True)
        page.fill("#ticketLimit", "1.00")
        page.fill("#ticketQuantity", "1")
        page.click("#ticketForm button[type=submit]")
        page.wait_for_selector("#ticketPreview dl")
        page.click("#ticketForm > button[type=button]")
        toast(page, r"is open")
        visit("orders", "#orders tbody tr")
        page.click("#orders button:has-text('Cancel')")
        page.wait_for_selector(".state[data-state=canceled]")
    with checks.step("history lists the trades"):
        visit("transactions", "#transactions tbody tr")
        assert page.locator("#transactions tbody tr").count() >= 4
    if page.locator("#transactions a[href*='/app/executions/']").count():
        with checks.step("a run shows its three steps"):
            page.click("#transactions a[href*='/app/executions/'] >> nth=0")
            page.wait_for_selector(".graph-node")
            assert page.locator(".step").count() >= 3
    else:
        checks.note("a run shows its three steps", True, skipped="the history names no executions")
    with checks.step("portfolio lists the positions"):
        visit("portfolio", "#positions tbody tr")
        assert page.locator("#positions tbody tr").count() == len(LEFT)
    with checks.step("profile lists this session"):
        visit("profile", ".sessions li")


def offline(checks, page, origin):
    """The browser's copy is shown, labelled, while the API is away; errors are expected meanwhile."""
    with checks.step("API away: the remembered holdings are shown and said to be remembered"):
        page.route(re.compile(r"/api/v1/"), lambda route: route.abort())
        page.goto(f"{origin}/app/")
        held(page, "AAPL", LEFT["AAPL"])
        assert "this browser remembers" in page.inner_text("#view")
    page.unroute(re.compile(r"/api/v1/"))


def sign_out(checks, page, origin):
    with checks.step("signing out ends the session and clears this browser's copy"):
        page.goto(f"{origin}/app/profile")
        page.click("#signOut")
        page.wait_for_url(lambda url: "/app/" not in url)
        # A provider that was not shown whose session it is asks once more.
        if page.locator("form[action^='/logout'] button").count():
            page.click("form[action^='/logout'] button")
        page.goto(f"{origin}/app/")
        page.wait_for_selector("#doorTitle")
        assert mirror(page) == {}, "the copy is still there"


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--origin", default="http://localhost:8080")
    arguments.add_argument("--out", type=Path, required=True)
    arguments.add_argument("--step", choices=["trade", "verify"], default="trade")
    arguments.add_argument("--user", default=f"e2e-{secrets.token_hex(4)}")
    arguments.add_argument("--password", default=f"four quiet words {secrets.token_hex(6)}")
    arguments.add_argument("--tolerate", action="append", default=[])
    options = arguments.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    origin = options.origin.rstrip("/")
    checks, seen = Checks(), Complaints(options.tolerate)
    with sync_playwright() as playwright:
        browser = launch(playwright)
        page = new_page(browser, seen, viewport={"width": 1280, "height": 900})
        is_new = options.step == "trade"
        with checks.step("sign-up" if is_new else "sign-in"):
            enter(page, origin, options.user, options.password, is_new)
        if not checks.failed and is_new:
            trades(checks, page)
            values(checks, page, origin)
            with checks.step("views"):
                views(checks, page, origin)
        elif not checks.failed:
            with checks.step("the holdings are still there"):
                held(page, "AAPL", LEFT["AAPL"])
                assert holdings(page) == LEFT, holdings(page)
        if not checks.failed:
            seen.collect(page)
            checks.note("no console error, no CSP violation", not seen.found, found=seen.found[:10])
            offline(checks, page, origin)
            sign_out(checks, page, origin)
        elif not page.is_closed():
            page.screenshot(path=options.out / "trade-failed.png", full_page=True)
            checks.note("complaints", not seen.found, found=seen.found[:10])
        browser.close()
    checks.finish()


if __name__ == "__main__":
    main()
