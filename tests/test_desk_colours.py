"""Whoever sees poorly can read the desk: its colours contrast as WCAG 2.2 AA asks."""

from __future__ import annotations

import re

import pytest

from tests.fixtures_service import ROOT

CSS = (ROOT / "service" / "static" / "desk.css").read_text()
SURFACES = ("page", "raised", "sunken")
COLOURS = ("accent", "good", "bad", "doubt")

TEXT = 4.5
"""Success criterion 1.4.3, for text of any size."""
PARTS = 3.0
"""Success criterion 1.4.11, for the bounds of controls, and focus rings."""


def tokens(scheme: str) -> dict[str, str]:
    """The colours that the style sheet names for light, or anew for dark."""
    blocks = re.findall(
        r"(prefers-color-scheme: dark\) \{\s*)?:root \{(.*?)\}", CSS, re.DOTALL
    )
    return {
        name: colour
        for dark, rules in blocks
        if bool(dark) == (scheme == "dark")
        for name, colour in re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", rules)
    }


LIGHT = tokens("light")
DARK = tokens("dark")
SOFT = [name.removesuffix("-soft") for name in LIGHT if name.endswith("-soft")]

PAIRS = [
    *(
        (front, back, TEXT)
        for front in ("text", "muted", *COLOURS)
        for back in SURFACES
    ),
    *((colour, f"{colour}-soft", TEXT) for colour in SOFT),
    *((front, f"{c}-soft", TEXT) for c in COLOURS for front in ("text", "muted")),
    *(("on-fill", colour, TEXT) for colour in ("accent", "good", "bad")),
    ("mark-text", "mark", TEXT),
    *((front, back, PARTS) for front in ("edge", "focus") for back in SURFACES),
]


def luminance(colour: str) -> float:
    """Relative luminance, in [0, 1].

    Source:
        W3C, Web Content Accessibility Guidelines 2.2, "relative luminance".
    """
    channels = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    r, g, b = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    )
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(one: str, other: str) -> float:
    """Contrast ratio, from 1 to 21; the source is the same."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_the_formula_gives_the_known_ratios() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    # The lightest grey on white that W3C's techniques give as passing AA.
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.005)


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("front", "back", "least"), PAIRS)
def test_colours_contrast(
    scheme: dict[str, str], front: str, back: str, least: float
) -> None:
    assert contrast(scheme[front], scheme[back]) >= least


def test_dark_and_light_name_the_same_colours() -> None:
    assert set(LIGHT) == set(DARK)
    assert set(COLOURS) < set(SOFT)


def test_no_rule_asks_another_host() -> None:
    assert not re.search(r"@import|url\(\s*['\"]?(?:https?:)?//", CSS)
