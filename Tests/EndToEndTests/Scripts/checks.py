"""What the browser scripts share: Chromium, one JSON line per check, and what a page complained about."""

import json
import os
import sys
from contextlib import contextmanager

CHROMIUM = os.environ.get("PORTICO_CHROMIUM", "/usr/bin/chromium")

READY = "#stockList > li[data-state=ready]"

VIOLATIONS = """
window.__violations = [];
document.addEventListener("securitypolicyviolation", (event) => {
  window.__violations.push(`${event.violatedDirective}: ${event.blockedURI || event.sample}`);
});
"""


class Checks:
    """Notes each check as it is made; a failure is told at the end by the exit code."""

    def __init__(self):
        self.failed = 0

    def note(self, name, ok, **details):
        self.failed += 0 if ok else 1
        print(json.dumps({"check": name, "ok": bool(ok), **details}), flush=True)
        return bool(ok)

    @contextmanager
    def step(self, name):
        """A block that passes unless it raises."""
        try:
            yield
        except Exception as error:  # every failure becomes a line, and the next check still runs
            self.note(name, False, error=str(error).split("\n")[0][:300])
        else:
            self.note(name, True)

    def finish(self):
        sys.exit(1 if self.failed else 0)


class Complaints:
    """Console errors, uncaught exceptions and CSP violations of the pages of one context."""

    def __init__(self, tolerated=()):
        self.tolerated = tuple(tolerated)
        self.found = []
        self.pages = []

    def watch(self, page):
        self.pages.append(page)
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.found.append(f"uncaught: {error}"))

    def _console(self, message):
        if message.type != "error":
            return
        url = (message.location or {}).get("url", "")
        if not any(part in url for part in self.tolerated):
            self.found.append(f"{message.text} ({url})")

    def collect(self, page):
        """Adds the page's own list of violations; called before a page is left."""
        try:
            self.found += page.evaluate("window.__violations.splice(0)")
        except Exception:  # a page that is being left has nothing more to say
            pass


def launch(playwright):
    return playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])


def new_page(browser, complaints=None, **options):
    context = browser.new_context(**options)
    context.add_init_script(VIOLATIONS)
    page = context.new_page()
    page.set_default_timeout(15_000)
    if complaints is not None:
        complaints.watch(page)
    return page


def wait_for_cards(page):
    # A function, not an expression: the page's policy forbids evaluating a text.
    page.wait_for_function(f"() => document.querySelectorAll('{READY}').length === 5")
