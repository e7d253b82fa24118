"""Pictures of every page, at three widths, in light and in dark.

`python -m tests.screenshots --out DIR` writes them; with `--readme DIR` also the two
that README.md shows.  The service runs meanwhile, on a database of its own.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, Page, StorageState, expect, sync_playwright

from tests.browser import (
    HOW_TO_GET_ONE,
    LAPTOP,
    PHONE,
    WIDE,
    enter,
    find_browser,
    launch_options,
    resize,
    window,
)
from tests.newsroom import Newsroom, newsroom
from tests.stage import SCENES, Scene, Stage, set_up

SITE = "herald"


@dataclass(frozen=True)
class Picture:
    """What the README shows: a scene in a window."""

    scene: Scene
    width: int
    is_dark: bool


README = (
    Picture(Scene("queue", "/desk/{site}/queue?order=oldest"), LAPTOP, False),
    Picture(Scene("appeals-phone", "/desk/{site}/appeals"), PHONE, True),
)


def main(arguments: Sequence[str]) -> int:
    """Write the pictures; returns the exit status."""
    parser = argparse.ArgumentParser(prog="tests.screenshots", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder to write to")
    parser.add_argument("--readme", type=Path, help="folder of the README's two")
    chosen = parser.parse_args(arguments)
    found = find_browser()
    if found is None:
        print(HOW_TO_GET_ONE, file=sys.stderr)
        return 1
    with sync_playwright() as playwright, TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(**launch_options(found))
        with newsroom(Path(folder)) as service:
            gallery = Gallery(browser, service, set_up(service.site(SITE)))
            print(f"{gallery.write(chosen.out)} pictures are in {chosen.out}")
            if chosen.readme:
                gallery.write_readme(chosen.readme)
        browser.close()
    return 0


class Gallery:
    """Takes pictures of scenes; everybody signs in once."""

    def __init__(self, browser: Browser, service: Newsroom, stage: Stage) -> None:
        self._browser = browser
        self._service = service
        self._stage = stage
        self._sessions: dict[str | None, StorageState | None] = {None: None}

    def write(self, folder: Path, scenes: Sequence[Scene] = SCENES) -> int:
        """Write scenes as NAME-WIDTH-light.png and -dark.png; counts them."""
        folder.mkdir(parents=True, exist_ok=True)
        count = 0
        for scene in scenes:
            with self._window(scene.who) as page:
                scene.open(page, self._stage)
                for width in (PHONE, LAPTOP, WIDE):
                    resize(page, width)
                    for scheme in ("light", "dark"):
                        page.emulate_media(color_scheme=scheme)
                        file = folder / f"{scene.name}-{width}-{scheme}.png"
                        page.screenshot(path=file, full_page=True)
                        count += 1
        return count

    def write_readme(self, folder: Path) -> None:
        """Write what the README shows: what fits a window, and no more."""
        folder.mkdir(parents=True, exist_ok=True)
        for picture in README:
            with self._window(picture.scene.who) as page:
                resize(page, picture.width)
                page.emulate_media(color_scheme="dark" if picture.is_dark else "light")
                picture.scene.open(page, self._stage)
                page.screenshot(path=folder / f"{picture.scene.name}.png")

    @contextmanager
    def _window(self, who: str | None) -> Iterator[Page]:
        if who not in self._sessions:
            with self._window(None) as page:
                enter(page, str(who))
                expect(page.get_by_role("heading", name="Queue")).to_be_visible()
                self._sessions[who] = page.context.storage_state()
        context = self._browser.new_context(
            **window(), base_url=self._service.url, storage_state=self._sessions[who]
        )
        yield context.new_page()
        context.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
