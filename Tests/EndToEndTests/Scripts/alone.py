"""A script with a server of its own and one page in Chromium: its arguments, its pictures, its exit code."""

import argparse
from pathlib import Path

from playwright.sync_api import sync_playwright

from checks import Checks, Complaints, launch, new_page
from running import Server


def run_alone(description, name, settings, drive):
    """Calls `drive(checks, seen, page, server)`; what it raises is a check that failed."""
    arguments = argparse.ArgumentParser(description=description)
    arguments.add_argument("--portico", required=True)
    arguments.add_argument("--out", type=Path, required=True)
    options = arguments.parse_args()
    checks, seen = Checks(), Complaints()
    with Server(options.portico, options.out, settings) as server, sync_playwright() as playwright:
        browser = launch(playwright)
        page = new_page(browser, seen, viewport={"width": 1280, "height": 900})
        try:
            drive(checks, seen, page, server)
        except Exception as error:  # told as a check, with a picture of where it happened
            checks.note(name, False, error=str(error).split("\n")[0][:300])
        for number, left in enumerate(page.context.pages if checks.failed else []):
            left.screenshot(path=options.out / f"failed-{number}.png", full_page=True)
        browser.close()
    checks.finish()
