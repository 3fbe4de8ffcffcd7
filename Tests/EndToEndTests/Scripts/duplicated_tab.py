#!/usr/bin/env python3
"""A duplicated tab with tokens in sessionStorage, in headless Chromium.

`site.token_storage: session` and `accounts.browser_refresh: body`: a duplicate starts with a copy of the
refresh token. Whichever tab uses it, the others go on with its successor; a tab that cannot learn the
successor signs itself out and leaves the session alone. One JSON line per check; the exit code is 1 when
one failed.
"""

import json
import secrets

from alone import run_alone
from trade import enter

SETTINGS = {"PORTICO_SITE_TOKEN_STORAGE": "session", "PORTICO_ACCOUNTS_BROWSER_REFRESH": "body"}

# The grace for a spent token counts at the server, so that it takes its ten seconds.
GRACE_MS = 11_000


def kept(page):
    return json.loads(page.evaluate("() => sessionStorage.getItem('portico.session')") or "null")


def duplicate(page, seen, origin):
    """What a browser does: a tab whose sessionStorage begins as a copy of its opener's."""
    with page.context.expect_page() as opened:
        page.evaluate("url => { window.open(url); }", f"{origin}/app/")
    copy = opened.value
    copy.set_default_timeout(15_000)
    seen.watch(copy)
    copy.wait_for_selector("#buyForm")
    return copy


def buy(page):
    page.wait_for_selector("#stockList .quick-buy[data-symbol=AAPL]")
    page.click("#stockList .quick-buy[data-symbol=AAPL]", no_wait_after=True)
    page.wait_for_selector(".toast:has-text('Successfully bought')")


def away(page, origin):
    """A page of ours that hears nothing of the others; what the tab keeps stays."""
    page.goto(f"{origin}/robots.txt")


def drive(checks, seen, one, server):
    origin = server.origin
    one.context.clock.install()
    enter(one, origin, f"twin-{secrets.token_hex(4)}", f"four quiet words {secrets.token_hex(6)}", True)
    first = kept(one)
    checks.note("both tokens lie in sessionStorage",
                first["token"].startswith("eyJ") and first["refreshToken"].startswith("rt1."))
    two = duplicate(one, seen, origin)
    checks.note("a duplicate begins with the same refresh token",
                kept(two)["refreshToken"] == first["refreshToken"])
    with checks.step("one of them refreshes"):
        one.context.clock.fast_forward("16:00")
        buy(one)
    second = kept(one)
    checks.note("the refresh token was rotated", second["refreshToken"] != first["refreshToken"])
    checks.note("the other tab has the successor", kept(two)["refreshToken"] == second["refreshToken"])
    with checks.step("and trades with it after the grace for spent tokens"):
        two.wait_for_timeout(GRACE_MS)
        buy(two)
        two.context.clock.fast_forward("16:00")
        buy(two)
        one.wait_for_timeout(GRACE_MS)
        buy(one)
    checks.note("both go on alike", kept(one)["refreshToken"] == kept(two)["refreshToken"])

    away(two, origin)
    with checks.step("a tab that did not hear of the successor asks for it"):
        one.context.clock.fast_forward("16:00")
        buy(one)
        one.wait_for_timeout(GRACE_MS)
        one.context.clock.fast_forward("16:00")
        spent = kept(two)["refreshToken"]
        two.goto(f"{origin}/app/")
        two.wait_for_selector("#buyForm")
        buy(two)
        buy(one)
    checks.note("and did not use the spent one", spent != kept(two)["refreshToken"])

    away(two, origin)
    with checks.step("when nobody is left to tell, the tab signs itself out"):
        one.context.clock.fast_forward("16:00")
        buy(one)
        token = kept(one)["token"]
        one.close()
        two.wait_for_timeout(GRACE_MS)
        two.goto(f"{origin}/app/")
        two.wait_for_selector("#doorTitle, #signIn")
    answer = server.api("GET", "/portfolio", token=token)
    checks.note("and the session lives on at the server", answer.status == 200, status=answer.status)
    with checks.step("one click signs in again"):
        two.click("#signIn")
        two.wait_for_selector("#buyForm")
    with checks.step("tabs of two sign-ins keep to themselves"):
        other = one.context.new_page()
        other.set_default_timeout(15_000)
        seen.watch(other)
        other.goto(f"{origin}/app/")
        other.click("#signIn")
        other.wait_for_selector("#buyForm")
        before = kept(other)["refreshToken"]
        two.context.clock.fast_forward("16:00")
        buy(two)
        assert kept(other)["refreshToken"] == before != kept(two)["refreshToken"]
        buy(other)
    two.goto(f"{origin}/app/profile")
    with checks.step("signing out leaves no token"):
        two.click("#signOut")
        two.wait_for_url(lambda url: "/app/profile" not in url)
    left = two.evaluate("() => JSON.stringify({...localStorage, ...sessionStorage})")
    checks.note("no token is left", "eyJ" not in left and "rt1." not in left)
    for page in (two, other):
        seen.collect(page)
    checks.note("no console error, no CSP violation", not seen.found, found=seen.found[:10])


if __name__ == "__main__":
    run_alone(__doc__, "duplicated tab", SETTINGS, drive)
