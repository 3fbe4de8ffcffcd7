#!/usr/bin/env python3
"""Walks through the public site of a running Portico in headless Chromium.

One JSON line per check; the exit code is 1 when one failed. Screenshots go to --out.
"""

import argparse
import re
from pathlib import Path

from playwright.sync_api import sync_playwright

from audit import audit
from checks import READY, Checks, Complaints, launch, new_page, wait_for_cards

SYMBOLS = ["GOOGL", "AAPL", "MSFT", "TSLA", "AMZN"]
PAGES = ["/", "/about/", "/help/", "/news/", "/api/", "/app/"]

CARD = """(li) => ({
  symbol: li.dataset.symbol, price: li.querySelector(".stock-price")?.textContent ?? "",
  change: li.querySelector(".stock-change")?.textContent ?? "",
  colour: getComputedStyle(li.querySelector(".stock-change")).color,
  ink: getComputedStyle(li).color,
  time: li.querySelector("time")?.dateTime ?? "", line: li.querySelector("svg")?.getAttribute("aria-label") ?? "",
})"""

def prices(page):
    return page.eval_on_selector_all(f"{READY} .stock-price", "all => all.map((e) => e.textContent)")


def front_page(checks, page, origin, wait_ms):
    response = page.goto(f"{origin}/")
    policy = response.headers.get("content-security-policy", "")
    checks.note("front page answers 200", response.status == 200, status=response.status)
    checks.note(
        "policy allows nothing inline",
        "default-src 'none'" in policy and "unsafe" not in policy, policy=policy)
    with checks.step("five cards appear"):
        wait_for_cards(page)
    cards = page.eval_on_selector_all("#stockList > li", f"all => all.map({CARD})")
    checks.note("the five symbols in order", [c["symbol"] for c in cards] == SYMBOLS)
    shape = re.compile(r"^(▲ up \+|▼ down −|■ unchanged )\$[\d,]+\.\d\d [+−]?\d+\.\d\d %$")
    checks.note(
        "price, sign, word, colour and time on each card",
        all(
            re.match(r"^\$[\d,]+\.\d{2,4}$", c["price"]) and shape.match(c["change"])
            and (c["colour"] != c["ink"] or "unchanged" in c["change"]) and c["time"] and c["line"]
            for c in cards), cards=[f"{c['price']} {c['change']}" for c in cards])
    before = prices(page)
    with checks.step("prices change"):
        page.wait_for_function(
            "old => [...document.querySelectorAll('.stock-price')].some((e, i) => e.textContent !== old[i])",
            arg=before, timeout=wait_ms)
    with checks.step("a summary is announced once"):
        page.wait_for_function("() => document.getElementById('marketSummary').textContent.includes('Prices loaded')")
    checks.note(
        "how the prices come", True, feed=page.get_attribute("#feedStatus", "data-state"))


def api_away(checks, browser, origin):
    seen = Complaints()
    page = new_page(browser, seen, viewport={"width": 1280, "height": 900})
    page.route(re.compile(r"/api/v1/"), lambda route: route.abort())
    page.goto(f"{origin}/")
    with checks.step("API away: the page says so"):
        page.wait_for_selector("#apiAway:visible")
        assert "price service" in page.inner_text("#apiAway")
        assert page.locator("#stockList > li").count() == 5, "the cards have gone"
    uncaught = [text for text in seen.found if text.startswith("uncaught")]
    checks.note("API away: no uncaught exception", not uncaught, found=uncaught)
    page.unroute(re.compile(r"/api/v1/"))
    with checks.step("API back: the retry button brings the prices"):
        page.click("#retry")
        wait_for_cards(page)
        page.wait_for_selector("#apiAway", state="hidden")
    page.context.close()


def keyboard(checks, browser, origin):
    page = new_page(browser, viewport={"width": 1280, "height": 900})
    page.goto(f"{origin}/")
    wait_for_cards(page)
    page.keyboard.press("Tab")
    checks.note("keyboard: the first stop is the skip link",
                page.evaluate("document.activeElement.className") == "skip")
    page.keyboard.press("Enter")
    checks.note("keyboard: it leads to the content",
                page.evaluate("document.activeElement.id") == "main")
    page.reload()
    wait_for_cards(page)
    stops, unmarked = [], []
    for _ in range(80):
        page.keyboard.press("Tab")
        stop = page.evaluate("""() => { const e = document.activeElement; const s = getComputedStyle(e);
          return e === document.body ? null
            : { name: e.getAttribute("aria-label") || e.textContent.trim(), outline: s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 2 }; }""")
        if stop is None:
            break
        stops.append(stop["name"])
        if not stop["outline"]:
            unmarked.append(stop["name"])
    expected = page.evaluate("""() => [...document.querySelectorAll("a[href], button, input")]
      .filter((e) => e.checkVisibility() && !e.disabled).length""")
    checks.note("keyboard: every control is reached", len(stops) >= expected, stops=len(stops), controls=expected)
    checks.note("keyboard: focus is always visible", not unmarked, unmarked=unmarked)
    page.focus("#themeToggle")
    page.keyboard.press("Enter")
    page.reload()
    checks.note(
        "keyboard: the colour switch works and is remembered",
        page.evaluate("document.documentElement.dataset.theme") == "dark")
    page.context.close()


def every_page(checks, browser, origin, out, tolerated):
    seen = Complaints(tolerated)
    links = set(PAGES)
    for scheme in ("light", "dark"):
        for width in (1280, 320):
            page = new_page(
                browser, seen, viewport={"width": width, "height": 900}, color_scheme=scheme)
            for path in sorted(links):
                page.goto(f"{origin}{path}")
                if path == "/":
                    wait_for_cards(page)
                if path == "/app/":
                    page.wait_for_selector("#view[aria-busy=false]")
                if path == "/news/":
                    links |= set(page.eval_on_selector_all(
                        ".news-item a", "all => all.map((a) => new URL(a.href).pathname)"))
                page.wait_for_timeout(250)
                where = f"{path} {width} {scheme}"
                problems = audit(page)
                if problems:
                    checks.note(f"{where}: audit", False, problems=problems[:8])
                slug = path.strip("/").replace("/", "-") or "home"
                page.screenshot(path=out / f"{slug}-{width}-{scheme}.png", full_page=True)
                seen.collect(page)
            page.context.close()
    checks.note("every page in light and dark, wide and 320 px", True, pages=sorted(links))
    checks.note("no console error, no CSP violation", not seen.found, found=seen.found[:10])


def edges(checks, browser, origin):
    page = new_page(browser, reduced_motion="reduce")
    page.goto(f"{origin}/")
    wait_for_cards(page)
    checks.note("reduced motion: nothing moves", page.evaluate("document.getAnimations().length") == 0)
    missing = page.goto(f"{origin}/no-such-page/")
    checks.note("an unknown page answers 404 with a way on",
                missing.status == 404 and page.locator("main a[href='/']").count() == 1)
    deep = page.goto(f"{origin}/app/stocks/AAPL")
    page.wait_for_selector("#view[aria-busy=false]")
    checks.note("a deep link into the desk asks to sign in",
                deep.status == 200 and page.locator("#doorTitle").count() == 1)
    page.context.close()
    plain = new_page(browser, java_script_enabled=False)
    plain.goto(f"{origin}/")
    checks.note("without script the page still says what it is",
                plain.locator("#stockList > li").count() == 5 and plain.locator("noscript").count() > 0)
    plain.context.close()


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--origin", default="http://localhost:8080")
    arguments.add_argument("--out", type=Path, required=True)
    arguments.add_argument("--price-wait-ms", type=int, default=40_000)
    arguments.add_argument(
        "--tolerate", action="append", default=[], help="part of an address whose failures are no errors")
    options = arguments.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    origin = options.origin.rstrip("/")
    checks = Checks()
    with sync_playwright() as playwright:
        browser = launch(playwright)
        page = new_page(browser, viewport={"width": 1280, "height": 900})
        for name, part in (
            ("front page", lambda: front_page(checks, page, origin, options.price_wait_ms)),
            ("API away", lambda: api_away(checks, browser, origin)),
            ("keyboard", lambda: keyboard(checks, browser, origin)),
            ("pages", lambda: every_page(checks, browser, origin, options.out, options.tolerate)),
            ("edges", lambda: edges(checks, browser, origin)),
        ):
            try:
                part()
            except Exception as error:  # a broken part must not hide the parts after it
                checks.note(name, False, error=str(error).split("\n")[0][:300])
        browser.close()
    checks.finish()


if __name__ == "__main__":
    main()
