"""The browser that is driven: where it is, what it may reach, and what it complains of.

It is a Chromium of the machine's own; none is downloaded.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import (
    BrowserContext,
    ConsoleMessage,
    Dialog,
    Page,
    Request,
    WebError,
)

from tests.fixtures_store import PASSWORD

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
HOW_TO_GET_ONE = (
    "These tests drive a real browser and found none: install one "
    "(Debian and Ubuntu: apt-get install chromium) or put one of "
    f"{', '.join(NAMES)} on the PATH."
)
NARROWEST = 320  # CSS pixels: WCAG 2.2, success criterion 1.4.10
PHONE, LAPTOP, WIDE = 390, 1280, 1920  # CSS pixels
HEIGHT = 900
TIMEOUT_MS = 10_000
"""How long anything may take to appear; a loaded machine is slow."""


def find_browser() -> str | None:
    """Path of a browser on this machine."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def launch_options(browser: str) -> dict[str, Any]:
    """How the browser is started: it finds no host but this machine."""
    args = ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
    if os.geteuid() == 0:
        args.append("--no-sandbox")  # Chromium refuses to make one as root.
    return {"executable_path": browser, "args": args}


def window(
    width: int = LAPTOP, *, is_dark: bool = False, has_script: bool = True
) -> dict[str, Any]:
    """What a browser's window is like, as playwright opens it; a phone is touched."""
    return {
        "viewport": {"width": width, "height": HEIGHT},
        "color_scheme": "dark" if is_dark else "light",
        "java_script_enabled": has_script,
        "has_touch": width <= PHONE,
        "reduced_motion": "reduce",
        "locale": "en-GB",
        "timezone_id": "UTC",
    }


@dataclass  # Without slots: playwright writes attributes of its own to it.
class Watch:
    """Notes whatever a page must not do, until somebody asks.

    That is: to ask another host for something, to open a dialog, to write an error to
    the console (violations of the Content-Security-Policy are among these), or to
    throw.  `expected` are statuses that a test provokes; the browser logs them too.
    """

    home: str
    expected: set[int] = field(default_factory=set)
    complaints: list[str] = field(default_factory=list)

    def attach(self, context: BrowserContext) -> None:
        """Watch all pages of a context, also those to come."""
        context.on("request", self._request)
        context.on("console", self._console)
        context.on("weberror", self._error)
        context.on("dialog", self._dialog)

    def _request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme != "data" and parts.netloc != urlsplit(self.home).netloc:
            self.complaints.append(f"asked another host: {request.url}")

    def _console(self, message: ConsoleMessage) -> None:
        logged = [f"status of {status}" for status in self.expected]
        if message.type == "error" and not any(s in message.text for s in logged):
            self.complaints.append(f"console: {message.text}")

    def _error(self, error: WebError) -> None:
        self.complaints.append(f"threw: {error.error}")

    def _dialog(self, dialog: Dialog) -> None:
        self.complaints.append(f"dialog: {dialog.message}")
        dialog.dismiss()


def enter(page: Page, name: str, password: str = PASSWORD) -> None:
    """Sign in by the form."""
    page.goto("/desk/sign-in")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def resize(page: Page, width: int) -> None:
    """Make a window as wide as that."""
    page.set_viewport_size({"width": width, "height": HEIGHT})


def overflow(page: Page) -> int:
    """By how many pixels a page is wider than its window."""
    width = page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    return int(width)
