"""Take docs/team-performance.png, the picture in the README, from a running demo.

    python3 -m uv run manage.py demo --port 8123 &
    python3 -m uv run docs/screenshot.py http://127.0.0.1:8123

Needs a Chromium: SPM_CHROMIUM names it, /usr/bin/chromium by default.
"""

import os
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

TARGET = Path(__file__).with_name("team-performance.png")
DIRECTOR = "Astrid Vollmark"
PAGE = "/performance/?period=2026&measure=bookings"
FLAGS = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-sync"]
SIZE = {"width": 1440, "height": 1180}


def sign_in(page: Page, address: str) -> None:
    """As the sales director of the demo company, who sees all teams, from the list on the sign-in page."""
    page.goto(f"{address}/accounts/login/")
    page.get_by_label("Sign in as").select_option(label=DIRECTOR)
    page.locator("form", has=page.get_by_label("Sign in as")).get_by_role("button").click()
    page.wait_for_url(f"{address}/")


def main(address: str) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("SPM_CHROMIUM", "/usr/bin/chromium"), chromium_sandbox=False, args=FLAGS
        )
        page = browser.new_page(viewport=SIZE, color_scheme="light", locale="en-GB")
        sign_in(page, address)
        page.goto(address + PAGE)
        page.wait_for_load_state("networkidle")
        page.screenshot(path=TARGET, animations="disabled")
        browser.close()
    sys.stdout.write(f"{TARGET} ({TARGET.stat().st_size // 1024} kB)\n")


if __name__ == "__main__":
    main((sys.argv[1:] or ["http://127.0.0.1:8000"])[0].rstrip("/"))
