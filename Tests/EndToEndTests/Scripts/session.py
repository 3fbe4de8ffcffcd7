#!/usr/bin/env python3
"""Signed in at a running Portico in two tabs: refresh, reload, sign-out everywhere; in headless Chromium.

One JSON line per check; the exit code is 1 when one failed.
"""

import argparse
import re
import secrets
from pathlib import Path

from playwright.sync_api import sync_playwright

from checks import Checks, Complaints, launch, new_page
from trade import enter, held


def second_tab(first, seen, origin):
    page = first.context.new_page()
    page.set_default_timeout(15_000)
    seen.watch(page)
    page.goto(f"{origin}/app/")
    page.wait_for_selector("#buyForm")
    return page


def quick_buy(page, symbol):
    page.wait_for_selector(f"#stockList .quick-buy[data-symbol={symbol}]")
    page.click(f"#stockList .quick-buy[data-symbol={symbol}]", no_wait_after=True)


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--origin", default="http://localhost:8080")
    arguments.add_argument("--out", type=Path, required=True)
    arguments.add_argument("--user", default=f"e2e-{secrets.token_hex(4)}")
    arguments.add_argument("--password", default=f"four quiet words {secrets.token_hex(6)}")
    options = arguments.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    origin = options.origin.rstrip("/")
    checks, seen = Checks(), Complaints()
    with sync_playwright() as playwright:
        browser = launch(playwright)
        one = new_page(browser, seen, viewport={"width": 1280, "height": 900})
        try:
            run(checks, seen, one, origin, options)
        except Exception as error:  # told as a check, with a picture of where it happened
            checks.note("sessions", False, error=str(error).split("\n")[0][:300])
            one.screenshot(path=options.out / "session-failed.png", full_page=True)
        browser.close()
    checks.finish()


def run(checks, seen, one, origin, options):
    one.context.clock.install()
    enter(one, origin, options.user, options.password, True)
    checks.note("sign-up signs in", one.locator("#buyForm").count() == 1)
    stored = one.evaluate("() => JSON.stringify({ ...localStorage, ...sessionStorage })")
    if one.context.cookies(f"{origin}/oauth2/token"):
        checks.note("no token lies in the browser's storage", not re.search(r"eyJ|rt1\.", stored))
        cookie = [c for c in one.context.cookies(f"{origin}/oauth2/token") if "rt-" in c["name"]]
        checks.note(
            "the refresh token is in an HttpOnly, SameSite=Strict cookie of the token endpoint",
            len(cookie) == 1 and cookie[0]["httpOnly"] and cookie[0]["sameSite"] == "Strict"
            and cookie[0]["path"] == "/oauth2/token")
        with checks.step("a second tab is signed in"):
            two = second_tab(one, seen, origin)
        with checks.step("two tabs whose tokens ran out trade at once and stay signed in"):
            one.context.clock.fast_forward("16:00")
            quick_buy(one, "AAPL")
            quick_buy(two, "AAPL")
            one.wait_for_selector(".toast:has-text('Successfully bought')")
            two.wait_for_selector(".toast:has-text('Successfully bought')")
        with checks.step("two tabs reload at once and stay signed in"):
            one.evaluate("() => { setTimeout(() => location.reload(), 50); }")
            two.evaluate("() => { setTimeout(() => location.reload(), 50); }")
            one.wait_for_timeout(500)
            for page in (one, two):
                held(page, "AAPL", 2)
    else:
        checks.note("two tabs", True, skipped="this service has no provider: a session lives in its tab")
        two = None
    with checks.step("sign out everywhere ends this tab and the other"):
        one.goto(f"{origin}/app/profile")
        one.click("#signOutEverywhere")
        one.wait_for_url(lambda url: "/app/profile" not in url)
        one.goto(f"{origin}/app/")
        one.wait_for_selector("#doorTitle")
        if two:
            two.wait_for_selector("#doorTitle")
    for page in filter(None, (one, two)):
        seen.collect(page)
    checks.note("no console error, no CSP violation", not seen.found, found=seen.found[:10])


if __name__ == "__main__":
    main()
