#!/usr/bin/env python3
"""Makes the picture of the README: the front page of a running Portico with live prices."""

import argparse
from pathlib import Path

from playwright.sync_api import sync_playwright

from checks import launch, new_page, wait_for_cards


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--origin", default="http://localhost:8080")
    arguments.add_argument("--out", type=Path, default=Path("site/static/portico.png"))
    arguments.add_argument("--scheme", choices=["light", "dark"], default="light")
    options = arguments.parse_args()
    options.out.parent.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = launch(playwright)
        page = new_page(
            browser, viewport={"width": 1280, "height": 960}, color_scheme=options.scheme,
            reduced_motion="reduce")
        page.goto(options.origin)
        wait_for_cards(page)
        # A few ticks, so that the lines have a shape.
        page.wait_for_timeout(3000)
        page.screenshot(path=options.out)
        browser.close()
    print(options.out)


if __name__ == "__main__":
    main()
