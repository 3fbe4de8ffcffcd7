#!/usr/bin/env python3
"""The provider's pages and the desk's session in headless Chromium.

Signs up with an address, confirms it with the code from the outbox, signs in, reloads, refreshes in two
tabs at once, sets a forgotten password anew and signs out everywhere; pictures of every page, wide and
narrow, light and dark. `--outbox` is the folder of `accounts.mail_folder`; without it the
confirmation is skipped by name. One JSON line per check; the exit code is 1 when one failed.
"""

import argparse
import re
import secrets
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

from checks import Checks, Complaints, launch, new_page

PASSWORD = f"seven quiet herons {secrets.token_hex(6)}"


def code_for(outbox, user):
    """The newest code that was sent to this account; the dispatcher needs a moment."""
    for _ in range(60):
        for path in sorted(outbox.glob("*.eml"), reverse=True):
            text = path.read_text(encoding="utf-8")
            found = re.search(r"code is (\d{8})", text)
            if found and user in text:
                return found.group(1)
        time.sleep(0.25)
    raise AssertionError("no message came")


def sign_up(checks, page, origin, user, outbox, out):
    with checks.step("the desk leads to the provider's sign-up"):
        page.goto(f"{origin}/app/")
        page.click("#signUp")
        page.wait_for_url(re.compile(r"/signup"))
        page.screenshot(path=out / "provider-signup.png")
    with checks.step("a weak password is explained on the page"):
        page.fill("#username", user)
        page.fill("#password", "fifteen letters"[:14])
        page.click("main form button[type=submit]")
        page.wait_for_selector("[role=alert]")
        assert "15 characters" in page.inner_text("[role=alert]")
        assert page.input_value("#username") == user
    with checks.step("sign-up with an address asks for its code"):
        page.fill("#email", f"{user}@example.com")
        page.fill("#password", PASSWORD)
        page.click("main form button[type=submit]")
        page.wait_for_url(re.compile(r"/confirmUser"))
        page.screenshot(path=out / "provider-confirm.png")
    if outbox is None:
        checks.note("the code from the outbox confirms", True, skipped="no --outbox was given")
        page.click("nav.links a")
    else:
        with checks.step("the code from the outbox confirms"):
            page.fill("#code", code_for(outbox, user))
            page.click("text=Confirm the address")
    page.wait_for_url(re.compile(r"/login"))
    with checks.step("sign-in returns to the desk"):
        page.fill("#username", user)
        page.fill("#password", PASSWORD)
        page.screenshot(path=out / "provider-login.png")
        page.click("main form button[type=submit]")
        page.wait_for_selector("#buyForm")


def reload(checks, page):
    with checks.step("a reload stays signed in"):
        page.reload()
        page.wait_for_selector("#buyForm")


def refresh_in_two_tabs(checks, page, other):
    """Both tabs hold tokens that ran out, and both want to trade at once."""
    with checks.step("two tabs whose tokens ran out refresh at once and both go on"):
        page.context.clock.fast_forward("16:00")
        for tab in (page, other):
            tab.wait_for_selector("#stockList .quick-buy[data-symbol=AAPL]")
            tab.click("#stockList .quick-buy[data-symbol=AAPL]", no_wait_after=True)
        for tab in (page, other):
            tab.wait_for_selector(".toast:has-text('Successfully bought')")


def forgotten(checks, browser, seen, origin, user, outbox):
    """Another browser sets the password anew; whoever was signed in is not any more."""
    fresh = f"nine loud gulls {secrets.token_hex(6)}"
    page = new_page(browser, seen, viewport={"width": 390, "height": 844})
    with checks.step("a forgotten password is set anew on the hosted pages"):
        page.goto(f"{origin}/login")
        page.click("text=Forgot your password?")
        page.fill("#username", user)
        before = len(list(outbox.glob("*.eml")))
        page.click("main form button[type=submit]")
        page.wait_for_url(re.compile(r"/confirmForgotPassword"))
        for _ in range(60):
            if len(list(outbox.glob("*.eml"))) > before:
                break
            time.sleep(0.25)
        newest = sorted(outbox.glob("*.eml"))[-1].read_text(encoding="utf-8")
        page.fill("#username", user)
        page.fill("#code", re.search(r"\b(\d{8})\b", newest.split("\n\n", 1)[1])[1])
        page.fill("#password", fresh)
        page.click("main form button[type=submit]")
        page.wait_for_url(re.compile(r"/login"))
    seen.collect(page)
    page.context.close()
    return fresh


SIZES = {"wide": (1280, 900), "narrow": (320, 700)}


def gallery(checks, browser, origin, out):
    """A picture of every hosted page, wide and narrow, light and dark; none scrolls sideways."""
    pages = ["login", "signup", "confirmUser", "forgotPassword", "confirmForgotPassword", "logout",
             "error?error=redirect_mismatch"]
    sideways = []
    for scheme in ("light", "dark"):
        for size, (width, height) in SIZES.items():
            page = new_page(browser, None, viewport={"width": width, "height": height},
                            color_scheme=scheme)
            for name in pages:
                page.goto(f"{origin}/{name}")
                page.screenshot(
                    path=out / f"hosted-{name.split('?')[0]}-{size}-{scheme}.png", full_page=True)
                if page.evaluate("() => document.documentElement.scrollWidth > innerWidth"):
                    sideways.append(f"{name} {size} {scheme}")
            page.context.close()
    checks.note("no hosted page scrolls sideways", not sideways, pages=sideways)


def two_tabs(checks, page, origin, seen):
    other = page.context.new_page()
    other.set_default_timeout(15_000)
    seen.watch(other)
    with checks.step("two tabs that reload at once both stay signed in"):
        other.goto(f"{origin}/app/")
        other.wait_for_selector("#buyForm")
        for _ in range(3):
            for tab in (page, other):
                tab.evaluate("() => { location.reload(); }")
            for tab in (page, other):
                tab.wait_for_load_state()
                tab.wait_for_selector("#buyForm")
    return other


def no_token_in_storage(checks, page):
    kept = page.evaluate("() => JSON.stringify({...localStorage, ...sessionStorage})")
    checks.note("no token lies in the browser's storage", "eyJ" not in kept and "rt1." not in kept)
    names = {cookie["name"]: cookie for cookie in page.context.cookies()}
    refresh = next((c for n, c in names.items() if "rt-" in n), None)
    checks.note("every cookie is HttpOnly", all(c["httpOnly"] for c in names.values()))
    if refresh:
        checks.note("the refresh cookie is strict and narrow",
                    refresh["sameSite"] == "Strict" and refresh["path"] == "/oauth2/token")


def sign_out_everywhere(checks, page, other, origin):
    with checks.step("signing out everywhere ends both tabs"):
        page.goto(f"{origin}/app/profile")
        page.click("#signOutEverywhere")
        page.wait_for_url(lambda url: "/app/" not in url)
        page.goto(f"{origin}/app/")
        page.wait_for_selector("#doorTitle, #signIn")
        other.goto(f"{origin}/app/portfolio")
        other.wait_for_selector("#doorTitle, #signIn")


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--origin", default="http://localhost:8080")
    arguments.add_argument("--out", type=Path, required=True)
    arguments.add_argument("--outbox", type=Path)
    options = arguments.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    origin, user = options.origin.rstrip("/"), f"e2e-{secrets.token_hex(4)}"
    # The weak password's page is a 400, which Chromium writes to the console as an error.
    checks, seen = Checks(), Complaints(["/signup"])
    with sync_playwright() as playwright:
        browser = launch(playwright)
        page = new_page(browser, seen, viewport={"width": 1280, "height": 900})
        page.context.clock.install()
        with checks.step("the whole way in"):
            sign_up(checks, page, origin, user, options.outbox, options.out)
        if not checks.failed:
            no_token_in_storage(checks, page)
            reload(checks, page)
            other = two_tabs(checks, page, origin, seen)
            refresh_in_two_tabs(checks, page, other)
            sign_out_everywhere(checks, page, other, origin)
            if options.outbox:
                forgotten(checks, browser, seen, origin, user, options.outbox)
            for tab in (page, other):
                seen.collect(tab)
            checks.note("no console error, no CSP violation", not seen.found, found=seen.found[:10])
            gallery(checks, browser, origin, options.out)
        else:
            page.screenshot(path=options.out / "oauth-failed.png", full_page=True)
        browser.close()
    checks.finish()


if __name__ == "__main__":
    main()
