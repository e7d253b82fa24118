"""In a browser: every page is accessible, fits its window, and keeps to itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

from tests.browser import (
    LAPTOP,
    NARROWEST,
    PHONE,
    WIDE,
    Watch,
    overflow,
    resize,
    window,
)
from tests.fixtures_browser import SignIn, Visit
from tests.newsroom import Newsroom
from tests.stage import EACH_KIND, SCENES, Scene, Stage, set_up

GRAVE = {"serious", "critical"}
"""Of axe's minor, moderate, serious and critical."""
THUMB = 44  # CSS pixels
UNFOLDED = {scene.name for scene in SCENES if scene.name.endswith("-unfolded")}
EXAMINED = [scene for scene in SCENES if f"{scene.name}-unfolded" not in UNFOLDED]
"""Whatever is on a page is on the same page unfolded, too."""
WCAG = {
    "type": "tag",
    "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
}
COLOURS = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
"""What axe-core looks for; only the latter differs between light and dark."""


@pytest.fixture(scope="module")
def stage(service: Newsroom) -> Stage:
    """A site in the middle of its day; no test changes it."""
    return set_up(service.site("herald"), EACH_KIND)


def faults(page: Page, rules: Mapping[str, Any] = WCAG) -> list[str]:
    """What axe-core finds grave on a page, with where it is."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    found: list[dict[str, Any]] = page.evaluate(
        """rules => axe.run({runOnly: rules, resultTypes: ["violations"]})
             .then(results => results.violations)""",
        rules,
    )
    return [
        f"{fault['id']} ({fault['impact']}) at {node['target']}: {node['html'][:200]}"
        for fault in found
        if fault["impact"] in GRAVE
        for node in fault["nodes"]
    ]


def small(page: Page) -> list[str]:
    """What is too low for a thumb: buttons, fields and what unfolds."""
    found: list[str] = page.evaluate(
        """least => [...document.querySelectorAll(
             "button, summary, select, textarea, input:not([type=hidden])")]
           .filter(one => one.checkVisibility({visibilityProperty: true}))
           .map(one => one.matches("[type=checkbox], [type=radio]")
             ? one.closest("label") ?? one : one)
           .filter(one => one.getBoundingClientRect().height < least)
           .map(one => one.outerHTML.slice(0, 200))""",
        THUMB,
    )
    return found


@pytest.mark.parametrize("scene", EXAMINED, ids=lambda scene: scene.name)
def test_a_page_is_accessible_and_fits_its_window(
    scene: Scene, stage: Stage, sign_in: SignIn, visit: Visit, watch: Watch
) -> None:
    watch.expected |= {403, 404, 422}
    phone = window(PHONE)
    page = sign_in(scene.who, phone) if scene.who else visit(phone)

    scene.open(page, stage)

    on_a_phone = [*faults(page), *small(page)]
    too_wide = {width: spill(page, width) for width in (NARROWEST, PHONE, LAPTOP, WIDE)}
    page.emulate_media(color_scheme="dark")
    in_the_dark = faults(page, COLOURS)
    assert (on_a_phone, in_the_dark) == ([], [])
    assert not any(too_wide.values()), too_wide


def test_the_examination_finds_what_is_wrong(stage: Stage, visit: Visit) -> None:
    page = visit()
    page.goto("/desk/sign-in")

    page.evaluate("document.querySelector('h1').style.color = 'silver'")

    assert "color-contrast" in faults(page)[0]


def spill(page: Page, width: int) -> int:
    resize(page, width)
    return overflow(page)
