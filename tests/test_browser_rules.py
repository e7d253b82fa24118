"""The rules' page in a browser: tried as it is typed, and without scripts as well."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser import Watch, window
from tests.fixtures_browser import SignIn
from tests.newsroom import EDITOR, NewsSite

FOUL = "What the fuck is wrong with this world."


@pytest.fixture
def rules(sign_in: SignIn, site: NewsSite) -> Page:
    """The page of a site that has rejected a comment, open before an editor."""
    return opened(sign_in(EDITOR), site)


def opened(page: Page, site: NewsSite) -> Page:
    site.post({"id": "c-1", "text": FOUL}, {"id": "c-2", "text": "A fair point."})
    page.goto(site.page("rules"))
    return page


def test_thresholds_are_tried_as_they_are_typed(rules: Page) -> None:
    obscene = rules.get_by_role("group", name="Obscene")

    obscene.get_by_label("Reject from").fill("")

    expect(rules.locator("#preview")).to_contain_text(
        "On the last 2 comments this would flag 1 more and reject 1 fewer."
    )
    expect(rules.get_by_role("button", name="Preview")).to_be_hidden()


def test_what_is_wrong_is_said_as_it_is_typed(rules: Page, watch: Watch) -> None:
    watch.expected.add(422)
    obscene = rules.get_by_role("group", name="Obscene")

    obscene.get_by_label("Flag from").fill("7")

    expect(rules.locator("#preview")).to_have_text(
        "Obscene, flag from: It must lie between 0 and 1."
    )


def test_what_was_typed_last_is_what_is_shown(rules: Page) -> None:
    reject = rules.get_by_role("group", name="Obscene").get_by_label("Reject from")

    reject.press_sequentially("00", delay=100)
    reject.fill("0.7794")
    reject.fill("")

    expect(rules.locator("#preview")).to_contain_text("reject 1 fewer")


def test_a_word_is_tried_and_added(rules: Page) -> None:
    words = rules.get_by_role("region", name="Words of your own")

    words.get_by_label("Word or phrase").fill("dick")
    words.get_by_label("Rule").select_option("Obscene")
    words.get_by_role("button", name="Try it").click()
    expect(words.get_by_role("status")).to_contain_text("Dick Cheney")
    expect(words.get_by_role("table")).to_have_count(0)
    words.get_by_role("button", name="Add it").click()

    expect(words.get_by_role("row", name="dick")).to_contain_text("reject, obscene")
    expect(rules.locator("#said")).to_contain_text("Saved as")


def test_without_a_script_a_button_shows_the_preview(
    sign_in: SignIn, site: NewsSite
) -> None:
    rules = opened(sign_in(EDITOR, window(has_script=False)), site)

    rules.get_by_role("group", name="Obscene").get_by_label("Reject from").fill("")
    rules.get_by_role("button", name="Preview").click()

    expect(rules.locator("#preview")).to_contain_text("flag 1 more")
    expect(
        rules.get_by_role("group", name="Obscene").get_by_label("Reject from")
    ).to_have_value("")
