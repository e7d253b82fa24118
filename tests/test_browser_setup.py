"""The browser's tests themselves: none is left out unseen, and pictures are taken."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser import HOW_TO_GET_ONE, LAPTOP, PHONE, WIDE
from tests.fixtures_service import ROOT
from tests.newsroom import Newsroom
from tests.screenshots import README, Gallery, Picture
from tests.stage import SCENES, Stage

PICTURES = ROOT / "docs" / "screenshots"
LARGEST = 200_000  # bytes of a picture in the repository


def run_without_browser(tmp_path: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Run one test where no browser is on the path."""
    test = "tests/test_browser_sign_in.py::test_a_wrong_password_opens_nothing"
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", test],
        cwd=ROOT,
        env={"PATH": str(tmp_path), "HOME": os.environ["HOME"], **env},
        capture_output=True,
        text=True,
        check=False,
    )


def test_without_a_browser_a_developer_is_told_how_to_get_one(tmp_path: Path) -> None:
    done = run_without_browser(tmp_path)

    assert done.returncode == 0
    assert "1 skipped" in done.stdout
    assert HOW_TO_GET_ONE in done.stdout


def test_without_a_browser_ci_fails(tmp_path: Path) -> None:
    done = run_without_browser(tmp_path, REQUIRE_BROWSER="1")

    assert done.returncode == 1
    assert HOW_TO_GET_ONE in done.stdout


def test_ci_gets_a_browser_and_does_without_none() -> None:
    script = (ROOT / ".ci" / "run").read_text()

    assert "missing+=(chromium)" in script
    assert "REQUIRE_BROWSER=1 make test" in script


def test_pictures_are_taken_at_three_widths_in_light_and_dark(
    browser: Browser, service: Newsroom, tmp_path: Path
) -> None:
    stage = Stage(service.site("pictured"), link="", link_heard="")

    Gallery(browser, service, stage).write(tmp_path, SCENES[:1])

    assert {file.name: width(file) for file in tmp_path.iterdir()} == {
        f"sign-in-{width}-{scheme}.png": width
        for width in (PHONE, LAPTOP, WIDE)
        for scheme in ("light", "dark")
    }


def width(file: Path) -> int:
    """Width of a PNG in pixels (RFC 2083, sections 3.1 and 4.1.1)."""
    return int(struct.unpack(">I", file.read_bytes()[16:20])[0])


@pytest.mark.parametrize("picture", README, ids=lambda picture: picture.scene.name)
def test_the_readmes_pictures_are_there_and_small(picture: Picture) -> None:
    file = PICTURES / f"{picture.scene.name}.png"

    assert width(file) == picture.width
    assert file.stat().st_size < LARGEST
