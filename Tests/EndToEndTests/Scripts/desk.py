#!/usr/bin/env python3
"""The trading desk of a running Portico when things are slow, broken, or done by keyboard alone.

One JSON line per check; the exit code is 1 when one failed.
"""

import argparse
import re
import secrets
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

from audit import audit
from checks import Checks, Complaints, launch, new_page, wait_for_cards
from trade import enter, held, order

API = re.compile(r"/api/v1/")
NEEDS_NAME = {"button", "link", "textbox", "combobox", "slider", "radio", "checkbox", "listbox", "img", "navigation",
              "spinbutton", "searchbox", "table"}


# What a page moves by itself while it loads, as Chromium measures it; up to 0.1 counts as good.
MOVES = """window.__moved = 0; window.__movers = [];
new PerformanceObserver((list) => { for (const e of list.getEntries()) if (!e.hadRecentInput) {
  window.__moved += e.value;
  window.__movers.push(...e.sources.map((s) => `${s.node?.nodeName}.${s.node?.className?.baseVal ?? s.node?.className}`));
} }).observe({ type: "layout-shift", buffered: true });"""
MOST_MOVED = 0.05


def search(checks, page, origin):
    with checks.step("search: by keyboard to a stock's page"):
        page.goto(f"{origin}/app/")
        wait_for_cards(page)
        page.focus("#searchBox")
        page.keyboard.type("nv")
        page.wait_for_selector("#searchList [role=option][aria-selected=true]:has-text('NVDA')")
        box = page.locator("#searchBox")
        assert box.get_attribute("aria-expanded") == "true"
        assert box.get_attribute("aria-activedescendant") == "searchHit0"
        page.keyboard.press("Enter")
        page.wait_for_url("**/app/stocks/NVDA")
        page.wait_for_selector(".stock-title h1:has-text('NVDA')")
        assert page.is_hidden("#searchList")
    with checks.step("search: arrows choose, escape closes, nothing found is said"):
        page.focus("#searchBox")
        page.keyboard.type("a")
        page.wait_for_selector("#searchHit1")
        page.keyboard.press("ArrowDown")
        assert page.get_attribute("#searchBox", "aria-activedescendant") == "searchHit1"
        page.keyboard.press("Escape")
        assert page.is_hidden("#searchList")
        page.fill("#searchBox", "zzz")
        page.wait_for_selector("#searchList:has-text('No stock of that name')")
        page.fill("#searchBox", "")
    with checks.step("search: a click chooses"):
        page.fill("#searchBox", "tesla")
        page.click("#searchHit0")
        page.wait_for_url("**/app/stocks/TSLA")


def live_beyond_the_five(checks, page, origin):
    with checks.step("a stock outside the five is live, too"):
        page.goto(f"{origin}/app/stocks/NVDA")
        page.wait_for_selector(".big-price")
        before = page.inner_text(".big-price")
        page.wait_for_function("old => document.querySelector('.big-price').textContent !== old", arg=before, timeout=8_000)


def slow_answers(checks, page, origin):
    with checks.step("slow answers: shapes stand in, the navigation stays, the page follows"):
        page.goto(f"{origin}/app/")
        wait_for_cards(page)
        page.route(re.compile(r"/api/v1/orders"), lambda route: (time.sleep(1.2), route.continue_()))
        page.click("#deskNav a[data-route=orders]")
        page.wait_for_selector("#view[aria-busy=true] .skeleton")
        assert page.inner_text("#view h1") == "Orders"
        page.wait_for_selector("#view[aria-busy=false]")
        assert page.locator(".skeleton").count() == 0
    page.unroute(re.compile(r"/api/v1/orders"))


def broken_answers(checks, page, origin):
    for path, name in (("orders", "Orders"), ("transactions", "History"), ("favorites", "Favourites"),
                       ("stocks/AAPL", "AAPL"), ("profile", "Profile")):
        with checks.step(f"/app/{path}: an error with a way back, and the retry works"):
            page.route(API, lambda route: route.fulfill(
                status=503, content_type="application/json", body='{"error":"busy","message":"The service is busy"}'))
            page.goto(f"{origin}/app/{path}")
            page.wait_for_selector("#view .notice-problem[role=alert]:has-text('The service is busy')")
            problems = audit(page)
            assert not problems, problems
            page.unroute(API)
            page.click("#view .notice-problem button")
            page.wait_for_selector(f"#view h1:has-text('{name}')")
    with checks.step("no history: the chart says so, the rest of the stock's page stands"):
        page.route(re.compile(r"/stocks/\w+/history"), lambda route: route.abort())
        page.goto(f"{origin}/app/stocks/MSFT")
        page.wait_for_selector(".stock-chart .notice:has-text('No history')")
        assert page.locator("#ticketForm").count() == 1
        page.unroute(re.compile(r"/stocks/\w+/history"))
    with checks.step("garbage instead of JSON is told as an error, not shown"):
        page.route(re.compile(r"/api/v1/orders"), lambda route: route.fulfill(status=500, body="<script>alert(1)</script>"))
        page.goto(f"{origin}/app/orders")
        page.wait_for_selector("#view .notice-problem:has-text('status 500')")
        page.unroute(re.compile(r"/api/v1/orders"))


def hostile_texts(checks, page, origin):
    with checks.step("texts of the API never become markup"):
        evil = '<img src=x onerror=\\"window.__evil=1\\">'
        page.route(re.compile(r"/api/v1/transactions"), lambda route: route.fulfill(
            content_type="application/json",
            body='{"transactions":[{"id":"1","symbol":"%s","type":"buy","quantity":1,"price":1,"total":1,"timestamp":"2026-01-01T00:00:00Z"}]}' % evil))
        page.goto(f"{origin}/app/transactions")
        page.wait_for_selector("#transactions tbody tr")
        assert page.locator("#transactions img").count() == 0
        assert page.evaluate("window.__evil === undefined")
        page.unroute(re.compile(r"/api/v1/transactions"))


def names(checks, page, origin):
    """The tree that a screen reader gets, from the browser itself."""
    session = page.context.new_cdp_session(page)
    for path in ("", "stocks/AAPL", "portfolio", "orders", "transactions", "favorites", "profile"):
        page.goto(f"{origin}/app/{path}")
        page.wait_for_selector("#view[aria-busy=false]")
        nameless = [
            node["role"]["value"] for node in session.send("Accessibility.getFullAXTree")["nodes"]
            if not node.get("ignored") and node.get("role", {}).get("value") in NEEDS_NAME
            and not node.get("name", {}).get("value", "").strip()]
        checks.note(f"/app/{path}: every control, picture and table has a name", not nameless, nameless=nameless)


def keyboard(checks, page, origin):
    with checks.step("keyboard: a purchase without a mouse"):
        page.goto(f"{origin}/app/")
        wait_for_cards(page)
        page.focus("#buySymbol")
        page.keyboard.type("AMZN")
        page.keyboard.press("Tab")
        page.keyboard.type("2")
        page.keyboard.press("Enter")
        held(page, "AMZN", 2)
    with checks.step("keyboard: every stop shows its focus and is not hidden under the bar"):
        for width in (1440, 320):
            page.set_viewport_size({"width": width, "height": 900})
            page.goto(f"{origin}/app/")
            wait_for_cards(page)
            for _ in range(70):
                page.keyboard.press("Tab")
                problem = page.evaluate("""() => {
                  const e = document.activeElement;
                  if (e === document.body) return "end";
                  const style = getComputedStyle(e.matches("input[type=radio]") ? e.nextElementSibling : e);
                  if (style.outlineStyle === "none" || parseFloat(style.outlineWidth) < 2) return `no outline: ${e.outerHTML.slice(0, 80)}`;
                  const box = e.getBoundingClientRect();
                  const at = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
                  return !at || (e.contains(at) || at.contains(e) || at.closest("label")?.contains(e)) ? null : `${e.id || e.outerHTML.slice(0, 60)} is under ${at?.outerHTML.slice(0, 80)}`;
                }""")
                if problem == "end":
                    break
                assert problem is None, f"{width}: {problem}"
        page.set_viewport_size({"width": 1280, "height": 900})


def shapes(checks, page, origin):
    with checks.step("between the widths nothing scrolls sideways, also at 400 percent"):
        for width, height in ((320, 256), (480, 800), (640, 900), (768, 1024), (1024, 768), (1920, 1080)):
            page.set_viewport_size({"width": width, "height": height})
            for path in ("", "stocks/AAPL", "portfolio", "orders", "transactions"):
                page.goto(f"{origin}/app/{path}")
                page.wait_for_selector("#view[aria-busy=false]")
                problems = audit(page)
                assert not problems, f"{path} {width}: {problems[:4]}"
        page.set_viewport_size({"width": 1280, "height": 900})
    with checks.step("reduced motion: nothing moves"):
        page.emulate_media(reduced_motion="reduce")
        page.goto(f"{origin}/app/")
        wait_for_cards(page)
        page.wait_for_timeout(1500)
        assert page.evaluate("document.getAnimations().length") == 0
        page.emulate_media(reduced_motion=None)


def stillness(checks, page, origin):
    """Signed in, wide and narrow: what comes later has its room from the start."""
    page = page.context.new_page()
    page.set_default_timeout(15_000)
    page.add_init_script(MOVES)
    for width in (1440, 320):
        page.set_viewport_size({"width": width, "height": 900})
        for path in ("", "stocks/AAPL", "portfolio", "orders", "transactions", "favorites", "profile"):
            page.goto(f"{origin}/app/{path}")
            page.wait_for_selector("#view[aria-busy=false]")
            page.wait_for_timeout(1000)
            moved, movers = page.evaluate("[window.__moved, window.__movers]")
            checks.note(f"/app/{path} {width}: nothing moves while it loads", moved < MOST_MOVED,
                        moved=round(moved, 4), movers=movers[:6])
    page.close()


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--origin", default="http://localhost:8080")
    arguments.add_argument("--out", type=Path, required=True)
    options = arguments.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    origin = options.origin.rstrip("/")
    checks, seen = Checks(), Complaints(["/api/v1/"])
    with sync_playwright() as playwright:
        browser = launch(playwright)
        page = new_page(browser, seen, viewport={"width": 1280, "height": 900})
        try:
            enter(page, origin, f"desk-{secrets.token_hex(4)}", f"four quiet words {secrets.token_hex(6)}", True)
            order(page, "buy", "AAPL", 2)
            held(page, "AAPL", 2)
            for part in (search, live_beyond_the_five, slow_answers, broken_answers, hostile_texts, names, keyboard, shapes,
                         stillness):
                part(checks, page, origin)
        except Exception as error:  # told as a check, with a picture of where it happened
            checks.note("desk", False, error=str(error).split("\n")[0][:300])
        if checks.failed:
            page.screenshot(path=options.out / "desk-failed.png", full_page=True)
        uncaught = [text for text in seen.found if "/_portico/" not in text]
        checks.note("no console error, no uncaught exception", not uncaught, found=uncaught[:6])
        browser.close()
    checks.finish()


if __name__ == "__main__":
    main()
