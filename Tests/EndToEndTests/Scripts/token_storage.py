#!/usr/bin/env python3
"""Tokens in localStorage, as documents S0 and S4 describe, by setting; in headless Chromium.

`site.token_storage: local` and `accounts.browser_refresh: body`: the tokens lie where the documents say,
a reload and a new tab are signed in without asking the provider, a tab whose tokens another tab has used
up takes the newer ones, and signing out takes everything away. One JSON line per check; the exit code is 1
when one failed.
"""

import json
import secrets

from alone import run_alone
from trade import enter

SETTINGS = {"PORTICO_SITE_TOKEN_STORAGE": "local", "PORTICO_ACCOUNTS_BROWSER_REFRESH": "body"}


def kept(page):
    return json.loads(page.evaluate("() => localStorage.getItem('portico.session')") or "null")


def buy(page):
    page.wait_for_selector("#stockList .quick-buy[data-symbol=AAPL]")
    page.click("#stockList .quick-buy[data-symbol=AAPL]", no_wait_after=True)
    page.wait_for_selector(".toast:has-text('Successfully bought')")


def drive(checks, seen, one, server):
    origin = server.origin
    one.context.clock.install()
    enter(one, origin, f"local-{secrets.token_hex(4)}", f"four quiet words {secrets.token_hex(6)}", True)
    first = kept(one)
    checks.note("both tokens lie in localStorage",
                first["token"].startswith("eyJ") and first["refreshToken"].startswith("rt1."))
    checks.note("no refresh cookie", not any(
        "rt-" in c["name"] for c in one.context.cookies(f"{origin}/oauth2/token")))
    asked = []
    one.context.on("request", lambda r: asked.append(r.url) if "/oauth2/token" in r.url else None)
    with checks.step("a reload and a second tab are signed in"):
        one.reload()
        one.wait_for_selector("#buyForm")
        two = one.context.new_page()
        two.set_default_timeout(15_000)
        seen.watch(two)
        two.goto(f"{origin}/app/")
        two.wait_for_selector("#buyForm")
    checks.note("the provider was not asked for it", not asked, asked=asked)
    with checks.step("a tab whose token ran out gets a new one"):
        one.context.clock.fast_forward("16:00")
        buy(one)
    second = kept(one)
    checks.note("the refresh token was rotated and kept", second["refreshToken"] != first["refreshToken"])
    with checks.step("the other tab, after the grace for spent tokens, takes the newer ones"):
        # The grace counts at the server, so that it takes its ten seconds.
        two.wait_for_timeout(11_000)
        buy(two)
    checks.note("and did not use the spent one", kept(two)["refreshToken"] == second["refreshToken"])
    with checks.step("a reload after the token ran out refreshes"):
        one.context.clock.fast_forward("16:00")
        one.reload()
        one.wait_for_selector("#buyForm")
    checks.note("with a third token", kept(one)["refreshToken"] != second["refreshToken"])
    with checks.step("a busy provider signs nobody out"):
        one.context.clock.fast_forward("16:00")
        one.route("**/oauth2/token", lambda route: route.fulfill(
            status=503, headers={"Retry-After": "1"}, json={"error": "busy"}))
        one.click("#stockList .quick-buy[data-symbol=AAPL]", no_wait_after=True)
        one.wait_for_selector(".toast:has-text('cannot be reached')")
        one.unroute("**/oauth2/token")
        buy(one)
    # The 503 was ours; Chromium writes every such answer to the console.
    seen.found = [text for text in seen.found if "503" not in text]
    with checks.step("signing out takes everything away, in both tabs"):
        two.goto(f"{origin}/app/")
        two.wait_for_selector("#buyForm")
        one.goto(f"{origin}/app/profile")
        one.click("#signOutEverywhere")
        one.wait_for_url(lambda url: "/app/profile" not in url)
        two.wait_for_selector("#doorTitle, #signIn")
    left = one.evaluate("() => JSON.stringify({...localStorage, ...sessionStorage})")
    checks.note("no token is left", "eyJ" not in left and "rt1." not in left)
    for page in (one, two):
        seen.collect(page)
    checks.note("no console error, no CSP violation", not seen.found, found=seen.found[:10])


if __name__ == "__main__":
    run_alone(__doc__, "token storage", SETTINGS, drive)
