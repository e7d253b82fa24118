"""Whatever anybody writes is shown as text, in every field of every page.

Each field has a canary in it, every page is looked at in every state, and the templates
themselves say which expressions a canary has to have come by.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Collection, Iterator
from enum import Enum
from html import unescape
from typing import NamedTuple
from urllib.parse import quote

import pytest
from flask import Flask

from model.finding import Rule
from service.desk.rules.trials import Found
from tests.canaries import (
    Page,
    Sown,
    canaries_in,
    canary,
    crawled,
    led,
    sow,
)
from tests.displayed import Expression, expressions, watch
from tests.fixtures_service import ROOT, built
from tests.fixtures_store import Install
from tests.visitor import Visitor

SHOWN = frozenset(
    [
        "answered",
        "appeal",
        "appealed",
        "articleid",
        "authorid",
        "authorname",
        "by",
        "closed",
        "commentid",
        "edited",
        "editor",
        "first",
        "flagged",
        "javascript",
        "language",
        "long",
        "looker",
        "many",
        "message",
        "model",
        "moderator",
        "name",
        "new",
        "note",
        "notice",
        "old",
        "other",
        "parentid",
        "parenttext",
        "phrase",
        "policy",
        "rejected",
        "report",
        "reported",
        "reporter",
        "said",
        "site",
        "text",
        "title",
        "told",
        "typed",
        "unlinked",
        "untitled",
        "url",
        "why",
        "word",
        "words",
    ]
)
NO_DATA = frozenset({"docs.html"})
"""It shows `openapi.json`, which is written here."""
OURS: dict[str, frozenset[str]] = {
    "desk/accounts.html": frozenset(["made.password"]),
    "desk/comment.html": frozenset(["appeal.answer", "reports_said", "revision.said"]),
    "desk/error.html": frozenset(["title"]),
    "desk/filters.html": frozenset(["all", "extra", "label"]),
    "desk/macros.html": frozenset(
        ["id", "name", "one.code", "one.name", "undo.said if undo"]
    ),
    "desk/overview.html": frozenset(
        [
            "bar",
            "caption",
            "cell",
            "counted_from",
            "notice.style",
            "notice.text",
            "row[0]",
            "section.if_empty",
            "svg",
            "table.caption",
            "tile.detail",
            "tile.number",
            "time",
            "whole.pairs[0][0]",
            "whole.pairs[0][1]",
            "whole.pairs[1][0]",
            "whole.pairs[1][1]",
        ]
    ),
    "desk/password.html": frozenset(
        ["autocomplete", "fields['/' ~ name]", "hint", "label"]
    ),
    "desk/preview.html": frozenset(["said_of(preview)"]),
    "desk/rule_parts.html": frozenset(["id", "label", "name", "problem"]),
    "desk/rules.html": frozenset(
        [
            "described(word)",
            "name",
            "ours",
            "sent.tried if sent.form == 'allowed'",
            "sent.tried if sent.form == 'words'",
        ]
    ),
    "desk/versions.html": frozenset(["more", "path(site.name, 'rules', 'versions')"]),
    "reader.html": frozenset(
        [
            "fault",
            "said.how.format(until=until)",
            "said.limit.format(limit=limit)",
            "said.moment(card.received_at)",
            "said.moment(decision.decided_at)",
            "said.no_text",
            "said.whole",
        ]
    ),
    "reader_done.html": frozenset(["line"]),
}
"""What no canary can reach, and is more than a literal or number: names and ids of form
fields, and sentences of ours with numbers in them (`said`, `fault`, `hint`, charts);
what checks keep markup out of (words that were tried); keys of enumerations; a password
that was made; and what takes more rows than are here (older versions, pairs, drift)."""
NUMBER = re.compile(r"[-+.,:%–\d]+(T[-+.:\d]+)?")
"""Numbers, shares, days and moments."""


class Looked(NamedTuple):
    """What was seen: pages by what was done, and what expressions displayed."""

    app: Flask
    pages: dict[str, str]
    fields: dict[Expression, set[str]]
    harm: dict[Expression, str]
    values: dict[Expression, set[str]]


@pytest.fixture(scope="module")
def looked(install: Install) -> Iterator[Looked]:
    """Everything, seen once.  Which database it comes from, no template knows."""
    with built(install("sqlite"), REFRAIN_SECOND_SHARE="0") as app:
        yield look(app)


def look(app: Flask) -> Looked:
    """Fill a site, and open every page of it."""
    found = Looked(app, {}, defaultdict(set), {}, defaultdict(set))

    def note(expression: Expression, value: object, html: str) -> None:
        found.fields[expression] |= canaries_in(html)
        found.values[expression].add(html if _is_said(value) else "0")
        if Page(html).harm:
            found.harm[expression] = html

    watch(app, note)
    sown = sow(app)
    for visit in (desk, filters, decisions, rules, trials, accounts, doors, reader):
        for name, page in visit(sown).items():
            found.pages[f"{visit.__name__}: {name}"] = page
    return found


def _is_said(value: object) -> bool:
    return not isinstance(value, int | float | Enum)


# ---- Pages ----


def desk(sown: Sown) -> dict[str, str]:
    """What links lead to, for an editor and for a moderator."""
    pages = crawled(sown.editor, sown.path("queue"))
    more = [sown.path(), sown.path("rules"), sown.path("queue")]
    pages |= {f"moderator {path}": sown.moderator.get(path).text for path in more}
    script = {"X-Requested-With": "desk"}
    part = sown.editor.get(sown.path("queue"), **script).json()["html"]
    return pages | {"part": part}


def filters(sown: Sown) -> dict[str, str]:
    """Lists that are narrowed by all that can be typed, and by what cannot be."""
    words = ["words", "author", "article", "language", "rule", "least", "order"]
    asked = "&".join(f"{name}={quote(canary('typed'))}" for name in words)
    hold = quote(canary("authorid"))
    queries = [asked, f"author={hold}", "waiting=flagged&rule=obscene&source=lexicon"]
    lists = ["queue", "rejected", "accepted", "appeals", "overview"]
    addresses = [f"{sown.path(one)}?{query}" for one in lists for query in queries]
    return {address: sown.editor.get(address).text for address in addresses}


def decisions(sown: Sown) -> dict[str, str]:
    """What is said after a button was pressed; by the last one it can be undone."""
    card = {"id": canary("commentid0"), "back": sown.path("queue"), "seen": "1"}
    stale = led(sown.editor, sown.path("decide"), **card, approve="1")
    done = led(sown.editor, sown.path("decide"), **card | {"seen": "2"}, approve="1")
    return {"too late": stale, "done": done}


def rules(sown: Sown) -> dict[str, str]:
    """Forms of the rules that were wrong, that came too late, and that were saved."""
    typed = {"note": canary("typed"), "text": canary("typed"), "tried": canary("typed")}
    wrong = {**typed, "flag-obscene": canary("typed"), "reject-obscene": "0.1"}
    wrong |= {"flagged": canary("typed"), "notice-en-obscene": canary("typed") * 99}
    wrong |= {"rule": canary("typed"), "strength": "", "forms": "", "restore": "9" * 9}
    forms = ("thresholds", "words", "allowed", "notices", "versions")
    pages = {f"wrong {act}": sown.post(act, **wrong) for act in forms}
    pages |= {f"late {act}": sown.post(act, **typed, version="1") for act in forms}
    limits = {f"flag-{rule}": "0.1" for rule in Rule} | {"flagged": "accept"}
    pages["preview"] = sown.post("thresholds", **limits, do="preview")
    pages["saved"] = sown.post("notices", **{"notice-en-held": canary("notice")})
    return pages


def trials(sown: Sown) -> dict[str, str]:
    """Words and phrases that are tried on comments, and what names may be called."""
    word = {"rule": "obscene", "strength": "flag", "forms": "word", "do": "try"}
    text = {"text": f"x {canary('text')}"}
    # Names to try words on ship with the model; even these are shown as text.
    hostile = tuple(canary(f"name{number}") for number in range(20))
    found = Found(canary("said"), (), 0, hostile[:2], 1, hostile, hostile[:1])
    parts = sown.app.jinja_env.get_template("desk/rule_parts.html")
    with sown.app.test_request_context():
        shown = str(parts.make_module().trial(found))  # type: ignore[attr-defined]
    return {
        "word": sown.post("words", **word, **text),
        "found": sown.post("words", **word, text="i id text"),
        "phrase": sown.post("allowed", **text, do="try"),
        "names": shown,
    }


def accounts(sown: Sown) -> dict[str, str]:
    """What is made of accounts, and what is not."""
    new = {"name": canary("new"), "role": "moderator", "site": ""}
    acts = {"password": {}, "disable": {}, "enable": {}, "change": new}
    pages = {
        "made": led(sown.editor, "/desk/accounts", **new),
        "taken": led(sown.editor, "/desk/accounts", **new),
    }
    for act, fields in acts.items():
        named = {"name": canary("new"), **fields}
        pages[act] = led(sown.editor, f"/desk/accounts/{act}", **named)
    return pages


def doors(sown: Sown) -> dict[str, str]:
    """What those are shown who are not let in, or not everywhere."""
    stranger, typed = Visitor.of(sown.app), canary("typed")
    fields = {"name": typed, "password": typed, "next": typed}
    wrong = {"present": typed, "password": "short", "again": typed}
    nowhere = sown.path("comments", canary("nowhere"))
    return {
        "wrong": led(stranger, "/desk/sign-in", **fields),
        "asked": stranger.get(f"/desk/sign-in?next={quote(typed)}").text,
        "nowhere": sown.editor.get(nowhere).text,
        "not theirs": sown.moderator.get("/desk/accounts").text,
        "no password": led(sown.moderator, "/desk/password", **wrong),
    }


def reader(sown: Sown) -> dict[str, str]:
    """The pages of readers: before they object, when they do, and after."""
    browser = sown.app.test_client()
    pages = {link: browser.get(link).text for link in sown.links}
    first = sown.links[0]
    for words in (canary("words") * 200, canary("words")):
        answer = browser.post(first, data={"words": words}, follow_redirects=True)
        pages[words] = answer.text
    return pages | {"broken": browser.get(f"/appeal/{quote(canary('typed'))}").text}


# ---- What is asked of them ----


def test_no_canary_comes_out_as_markup(looked: Looked) -> None:
    harm = {name: Page(page).harm for name, page in looked.pages.items()}

    assert len(harm) > 60
    assert {name: found for name, found in harm.items() if found} == {}
    assert looked.harm == {}


def test_every_field_is_shown_somewhere_as_text(looked: Looked) -> None:
    shown = set().union(*map(canaries_in, looked.pages.values()))

    assert sorted(shown) == sorted(SHOWN)


def test_every_expression_that_displays_data_has_displayed_a_canary(
    looked: Looked,
) -> None:
    environment, ours = looked.app.jinja_env, literals()
    templates = [name for name in environment.list_templates() if name not in NO_DATA]
    left = {
        expression
        for name in templates
        for expression in expressions(environment, name)
        if not looked.fields[expression] and not all_of(looked.values[expression], ours)
    }

    unexplained = {e for e in left if e.text not in OURS.get(e.template, ())}
    assert sorted(unexplained) == []
    named = {(name, text) for name, texts in OURS.items() for text in texts}
    assert named == {(e.template, e.text) for e in left}


def all_of(values: set[str], ours: Collection[str]) -> bool:
    """Whether something was displayed, and nothing but numbers and words of ours."""
    said = {unescape(value) for value in values} - {""}
    return bool(said) and all(
        NUMBER.fullmatch(one) or one.casefold() in ours for one in said
    )


def literals() -> set[str]:
    """All texts that stand in the code of the service, as they stand there."""
    found = set()
    for folder in ("service", "model"):
        for file in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    found.add(node.value.casefold())
    return found
