"""Every page there is, each with something on it: for examining and for pictures.

A scene is a page in one state; `SCENES` lists all.  It is opened by whoever may see it,
on a site in the middle of its day.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import dataclass
from urllib.parse import urlsplit

from playwright.sync_api import Page, expect

from tests.newsroom import EDITOR, MARY, NewsSite
from tests.twenty import twenty

EDITED = "c-16"
"""A comment with a history: flagged, changed by its author, reported."""
REJECTED = "c-21"
"""A comment whose author has not appealed yet."""
ALL = frozenset(comment["id"] for comment in twenty())
EACH_KIND = ALL - {f"c-{n}" for n in (3, 5, 7, 10, 11, 14, 15, 17, 19, 20)}
"""Enough of the twenty that every kind of card is there: examining takes time."""


@dataclass(frozen=True)
class Stage:
    """A site in the middle of its day, and where its last author reads why."""

    site: NewsSite
    link: str
    link_heard: str


@dataclass(frozen=True)
class Scene:
    """A page in one state.

    `who` is signed in, nobody if None.  `path` may name the site and the links.  `act`
    brings the page into its state.  `status` is that of the answer.
    """

    name: str
    path: str
    who: str | None = MARY
    act: Callable[[Page], None] = lambda page: None
    status: int = 200

    def open(self, page: Page, stage: Stage) -> None:
        """Go there, and do what there is to do."""
        path = self.path.format(
            site=stage.site.name, link=stage.link, link_heard=stage.link_heard
        )
        answer = page.goto(path)
        assert answer
        assert answer.status == self.status
        self.act(page)


def set_up(site: NewsSite, ids: Container[str] = ALL) -> Stage:
    """Fill an empty site with those of the twenty comments that have these ids."""
    comments = {one["id"]: one for one in twenty() if one["id"] in ids}
    told = {answer["id"]: answer for answer in site.queue(list(comments.values()))}
    edited = comments[EDITED] | {
        "text": "Leeches, parasites, the lot of them, and you too."
    }
    site.post(edited)
    site.report(edited, "He writes this under every article.")
    site.decide("c-18", decision="reject", rule="personal", by="Ines")
    site.decide("c-13", decision="accept", by="Ines")
    site.decide("c-12", decision="reject", rule="derogatory", by="Ines")
    last = {"id": REJECTED, "text": "Shut up, you pathetic clown.", "language": "en"}
    (answer,) = site.post(last)
    return Stage(site, _link(answer), _link(told["c-8"]))


def _link(answer: dict[str, object]) -> str:
    return urlsplit(str(answer["appeal_url"])).path.removeprefix("/")


def _unfold(page: Page) -> None:
    page.evaluate(
        "for (const one of document.querySelectorAll('details')) one.open = 1"
    )


def _open_the_menu(page: Page) -> None:
    page.evaluate("document.querySelector('header details').open = 1")


def _select_two(page: Page) -> None:
    for box in page.locator("article.card input[name=pick]").all()[:2]:
        box.check()


def _ask_for_help(page: Page) -> None:
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()


def _fail_to_sign_in(page: Page) -> None:
    page.get_by_label("Name").fill("Somebody")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()


def _preview(page: Page) -> None:
    page.get_by_label("Flag from").first.fill("0.2")  # A script asks for the preview.
    expect(page.locator("#preview")).to_contain_text("comments")


def _try_a_word(page: Page) -> None:
    page.get_by_label("Word or phrase").fill("bridge")
    page.get_by_role("button", name="Try it").first.click()
    expect(page.get_by_role("button", name="Add it")).to_be_visible()


SCENES = (
    Scene("sign-in", "/desk/sign-in", who=None),
    Scene("sign-in-refused", "/desk/sign-in", who=None, act=_fail_to_sign_in),
    Scene("queue", "/desk/{site}/queue"),
    Scene("queue-unfolded", "/desk/{site}/queue", act=_unfold),
    Scene("queue-selected", "/desk/{site}/queue", act=_select_two),
    Scene(
        "queue-keys", "/desk/{site}/queue?words=you&rule=personal", act=_ask_for_help
    ),
    Scene("queue-none", "/desk/{site}/queue?words=nothing+is+like+this"),
    Scene("queue-misread", "/desk/{site}/queue?words=lazy&least=2", status=422),
    Scene("menu", "/desk/password", act=_open_the_menu),
    Scene("comment", f"/desk/{{site}}/comments/{EDITED}", act=_unfold),
    Scene("accepted", "/desk/{site}/accepted"),
    Scene("rejected", "/desk/{site}/rejected"),
    Scene("appeals", "/desk/{site}/appeals"),
    Scene("overview", "/desk/{site}/overview"),
    Scene("overview-unfolded", "/desk/{site}/overview?by=week&days=91", act=_unfold),
    Scene("rules", "/desk/{site}/rules", who=EDITOR),
    Scene("rules-unfolded", "/desk/{site}/rules", who=EDITOR, act=_unfold),
    Scene("rules-preview", "/desk/{site}/rules", who=EDITOR, act=_preview),
    Scene("rules-word", "/desk/{site}/rules", who=EDITOR, act=_try_a_word),
    Scene("rules-read", "/desk/{site}/rules"),
    Scene("versions", "/desk/{site}/rules/versions", who=EDITOR),
    Scene("accounts", "/desk/accounts", who=EDITOR, act=_unfold),
    Scene("password", "/desk/password"),
    Scene("not-found", "/desk/{site}/nothing", status=404),
    Scene("reader", "/{link}", who=None),
    Scene("reader-heard", "/{link_heard}", who=None),
    Scene("reader-broken", "/{link}x", who=None, status=404),
    Scene("docs", "/docs", who=None),
)
