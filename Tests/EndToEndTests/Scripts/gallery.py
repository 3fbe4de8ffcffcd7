#!/usr/bin/env python3
"""Pictures and audits of every page of a running Portico, in every state that a person can meet.

States: signed out; signed in with nothing; signed in with trades; the API away. Each is shown wide and
at 320 px, light and dark. One JSON line per check; the exit code is 1 when an audit found something.
"""

import argparse
import re
import secrets
from pathlib import Path

from playwright.sync_api import sync_playwright

from audit import audit
from checks import Checks, Complaints, launch, new_page, wait_for_cards
from trade import enter, held, order

WIDTHS = (1440, 320)
SCHEMES = ("light", "dark")
PUBLIC = ["/", "/about/", "/help/", "/news/", "/api/", "/no-such-page/", "/app/", "/login", "/signup"]
DESK = ["", "stocks/AAPL", "stocks/NVDA", "portfolio", "orders", "transactions", "favorites", "profile"]
SETTLE_MS = 500


class Gallery:
    def __init__(self, checks, page, origin, options):
        self.checks, self.page, self.origin, self.out, self.only = checks, page, origin, options.out, options.only
        # Half of the combinations has both widths and both schemes.
        self.variants = list(zip(WIDTHS, reversed(SCHEMES))) if options.quick else [
            (width, scheme) for width in WIDTHS for scheme in SCHEMES]

    def show(self, state, path, prepare=None):
        """One address in both widths and both colour schemes."""
        slug = re.sub(r"[^a-z0-9]+", "-", path.lower().strip("/")) or "home"
        name = f"{state}-{slug}"
        if self.only and not re.search(self.only, name):
            return
        for width, scheme in self.variants:
            self.page.set_viewport_size({"width": width, "height": 900})
            self.page.emulate_media(color_scheme=scheme)
            self.page.goto(f"{self.origin}{path}")
            if path == "/" and state != "away":
                wait_for_cards(self.page)
            if path.startswith("/app/"):
                self.page.wait_for_selector("#view[aria-busy=false]")
            if prepare:
                prepare(self.page)
            self.page.wait_for_timeout(SETTLE_MS)
            # The audit first: for a picture the driver writes styles into fields.
            problems = audit(self.page)
            self.page.screenshot(path=self.out / f"{name}-{width}-{scheme}.png", full_page=True)
            if problems:
                self.checks.note(f"{name} {width} {scheme}", False, problems=problems[:10])
        self.checks.note(f"{name}: seen", True)


def news_posts(page, origin):
    page.goto(f"{origin}/news/")
    return page.eval_on_selector_all(".news-item a", "all => all.map((a) => new URL(a.href).pathname)")


def fill(page):
    """A few trades, an open order and a favourite."""
    order(page, "buy", "AAPL", 12)
    held(page, "AAPL", 12)
    order(page, "buy", "MSFT", 4)
    held(page, "MSFT", 4)
    page.wait_for_timeout(1500)
    order(page, "sell", "AAPL", 2)
    held(page, "AAPL", 10)
    for symbol in ("MSFT", "TSLA"):
        with page.expect_response(re.compile(r"/favorites$")):
            page.click(f"#stockList .star[data-symbol={symbol}]")


def waiting_order(page, origin):
    page.goto(f"{origin}/app/stocks/AAPL")
    preview(page, limit="1.00")
    page.click("#ticketForm > button[type=button]")
    page.wait_for_selector(".toast")


def preview(page, limit=None):
    page.wait_for_selector("#ticketForm")
    if limit:
        page.check("input[name=type][value=limit]", force=True)
        page.fill("#ticketLimit", limit)
    page.fill("#ticketQuantity", "3")
    page.click("#ticketForm button[type=submit]")
    page.wait_for_selector("#ticketPreview dl")


def signed_in(checks, page, origin, options):
    gallery = Gallery(checks, page, origin, options)
    enter(page, origin, options.user, options.password, True)
    for path in DESK:
        gallery.show("empty", f"/app/{path}")
    page.goto(f"{origin}/app/")
    wait_for_cards(page)
    fill(page)
    waiting_order(page, origin)
    for path in DESK:
        gallery.show("full", f"/app/{path}")
    gallery.show("ticket", "/app/stocks/MSFT", preview)
    page.goto(f"{origin}/app/transactions")
    page.wait_for_selector("#transactions tbody tr")
    run = page.locator("#transactions a[href*='/app/executions/']").first
    if run.count():
        gallery.show("full", run.get_attribute("href").replace(origin, ""))
    page.route(re.compile(r"/api/v1/"), lambda route: route.abort())
    for path in DESK:
        gallery.show("away", f"/app/{path}")


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--origin", default="http://localhost:8080")
    arguments.add_argument("--out", type=Path, required=True)
    arguments.add_argument("--only", default="", help="a pattern of the pictures' names")
    arguments.add_argument("--quick", action="store_true", help="two of the four combinations of width and colours")
    arguments.add_argument("--user", default=f"e2e-{secrets.token_hex(4)}")
    arguments.add_argument("--password", default=f"four quiet words {secrets.token_hex(6)}")
    options = arguments.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    origin = options.origin.rstrip("/")
    # The API is taken away on purpose, and preview's own reload is no part of the site.
    checks, seen = Checks(), Complaints(("/api/v1/", "/no-such-page/", "/_portico/"))
    with sync_playwright() as playwright:
        browser = launch(playwright)
        try:
            page = new_page(browser, seen, reduced_motion="reduce")
            gallery = Gallery(checks, page, origin, options)
            for path in PUBLIC + news_posts(page, origin):
                gallery.show("out", path)
            page.route(re.compile(r"/api/v1/"), lambda route: route.abort())
            gallery.show("away", "/", lambda p: p.wait_for_selector("#apiAway:visible"))
            page.context.close()
            page = new_page(browser, seen, reduced_motion="reduce")
            signed_in(checks, page, origin, options)
        except Exception as error:  # told as a check, with a picture of where it happened
            checks.note("gallery", False, error=str(error)[:600])
            page.screenshot(path=options.out / "failed.png", full_page=True)
        browser.close()
    checks.note("no console error", not seen.found, found=seen.found[:10])
    checks.finish()


if __name__ == "__main__":
    main()
