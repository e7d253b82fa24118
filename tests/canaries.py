"""Markup in every field that anybody can fill, and everybody who reads it.

Past the API's and the desk's own checks, into the store: what pages show must be safe
whatever has got there.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from html import unescape
from html.parser import HTMLParser
from typing import NamedTuple
from urllib.parse import quote, unquote, urljoin, urlsplit

from flask import Flask
from sqlalchemy import update

from model.finding import Attribute, Rule, Source, Span
from service.alike import alike
from service.auth import hash_password, key_hash, new_key
from service.domain import Article, Author, Comment, Outcome, Reason, Verdict
from service.services import NAME, Services
from service.store.accounts import Moderator, Role
from service.store.records import Site
from service.store.schema import policies
from service.store.sites import Sites
from tests.fixtures_store import PASSWORD
from tests.samples import SCORES
from tests.visitor import Visitor

MARK = "<i id="
REST = " onclick=x()>'\" onfocus=x() &<script>"
"""Markup, and a way out of attributes with quotes of both kinds and without."""
SEEN = re.compile(rf"{MARK}(\w+)")
JAVASCRIPT = "javascript:alert(1)//"
HASH = hash_password(PASSWORD)
LETTERS = str.maketrans("0123456789", "abcdefghij")


def canary(field: str) -> str:
    """What is put in a field, to be looked for wherever something is displayed."""
    return f"{MARK}{field}{REST}"


def canaries_in(html: str) -> set[str]:
    """Fields whose canaries stand in HTML, as text or in an address."""
    whole = re.sub("</?mark[^>]*>", "", html)  # ours, around a part of some
    found = SEEN.findall(unquote(unescape(whole)))
    return {field.rstrip("0123456789") for field in found}


class Page(HTMLParser):
    """What a browser would make of a page: only what canaries must not become."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.harm: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at an element: whether a canary made it, or something in it."""
        named = dict(attrs)  # Our own <i> have no attributes.
        if (tag == "i" and attrs) or named.keys() & {"onclick", "onfocus"}:
            self.harm.append(str(self.get_starttag_text()))
        if tag == "script" and "src" not in named:
            self.harm.append("<script>")
        for name in ("href", "src", "action", "formaction"):
            if (named.get(name) or "").strip().lower().startswith("javascript:"):
                self.harm.append(f"{name}={named[name]}")


class Sown(NamedTuple):
    """A site whose every field has a canary in it, and who looks at it."""

    app: Flask
    site: Site
    editor: Visitor
    moderator: Visitor
    links: list[str]
    key: str

    @property
    def services(self) -> Services:
        """The app's parts."""
        return _services(self.app)

    def path(self, *parts: str) -> str:
        """Path of a page of the site."""
        return "/".join(
            ("/desk", *(quote(p, safe="") for p in (self.site.name, *parts)))
        )

    def post(self, act: str, **fields: str) -> str:
        """Send a form of the rules' page as the editor; what it leads to."""
        version = str(
            Sites(self.services.store.database).find(self.site.name).policy_version
        )
        return led(
            self.editor, self.path("rules", act), **({"version": version} | fields)
        )


def led(visitor: Visitor, path: str, **fields: str) -> str:
    """Send a form; the page that answers, or that it leads to."""
    answer = visitor.post(path, **fields)
    if answer.is_redirect:
        answer = visitor.get(answer.headers["Location"])
    return answer.text


def sow(app: Flask) -> Sown:
    """Fill a site of an app's."""
    parts, now = _services(app), datetime.now(UTC)
    sites = Sites(parts.store.database)
    site = sites.create(canary("site"), by=canary("first"), now=now)
    sites.create(canary("other"), by="test", now=now)
    key = new_key()
    parts.accounts.create_key(site.name, key_hash(key), "test", now)
    editor = _joins(app, "editor", Role.EDITOR)
    moderator = _joins(app, "moderator", Role.MODERATOR, site.id)
    _joins(app, "closed", Role.MODERATOR)
    parts.accounts.disable(canary("closed"), now)
    for number in range(3):
        site = sites.change(
            site,
            notices={"en": {"obscene": f"{canary('notice')} {number}"}},
            note=canary("why"),
            by=canary("editor"),
            now=now,
        )
    _sow_terms(parts, site)
    site = sites.find(site.name)
    return Sown(app, site, editor, moderator, _sow_comments(parts, site), key)


def _joins(app: Flask, field: str, role: Role, site_id: int | None = None) -> Visitor:
    accounts = _services(app).accounts
    accounts.create_moderator(
        Moderator(canary(field), HASH, role, datetime.now(UTC), site_id=site_id)
    )
    visitor = Visitor.of(app)
    assert visitor.sign_in(canary(field)).is_redirect
    return visitor


def _sow_terms(parts: Services, site: Site) -> None:
    """A word and a phrase as the desk would not take them, in the last version."""
    word = {
        "text": canary("word"),
        "rule": "obscene",
        "strength": "flag",
        "forms": "word",
    }
    values = {"words": json.dumps([word]), "allowed": json.dumps([canary("phrase")])}
    with parts.store.database.writing() as connection:
        connection.execute(
            update(policies)
            .where(policies.c.site_id == site.id)
            .where(policies.c.version == site.policy_version)
            .values(values)
        )


def _sow_comments(parts: Services, site: Site) -> list[str]:
    """One of each kind, by an author, on an article, in answer to another.

    Returns:
        Where readers are led from what was rejected.
    """
    sowing = _Sowing(parts, site)
    review, desk, at = parts.review, parts.review.desk, site.id
    for number in range(26):  # more than stand on one page
        many = f"many{number}"
        sowing.send(many, _verdict(Outcome.REJECT), "text")
        review.appeal(site, canary(many), decision=None, words=canary("appeal"))
        sowing.send(f"flagged{number}", _verdict(flagged=True), "text")
    sowing.send("parentid", _verdict(flagged=True), "parenttext", parent=None)
    for number in range(4):
        sowing.send(f"commentid{number}", _verdict(flagged=True), "text")
    sowing.send("long", _verdict(flagged=True), "text", more=" Fair words." * 300)
    sowing.send("javascript", _verdict(flagged=True), "text", url=JAVASCRIPT)
    sowing.send("commentid0", _verdict(flagged=True), "edited")
    sowing.send("reported", _verdict(), "text", is_kept=True)
    review.report(
        site, canary("reported"), reporter=canary("reporter"), words=canary("report")
    )
    review.escalate(
        site, canary("commentid1"), note=canary("note"), seen=1, by=canary("by")
    )
    review.decide(
        site,
        canary("commentid2"),
        Outcome.REJECT,
        rule=Rule.PERSONAL,
        note=canary("note"),
        seen=1,
        by=canary("moderator"),
        role=Role.MODERATOR,
    )
    now = datetime.now(UTC)
    desk.look(at, canary("commentid3"), by=canary("looker"), now=now)
    links = [
        sowing.send("rejected", _verdict(Outcome.REJECT), "text"),
        sowing.send("unlinked", _verdict(Outcome.REJECT), "text", url=JAVASCRIPT),
        sowing.send("untitled", _verdict(Outcome.REJECT), "text", url=None),
        sowing.send("appealed", _verdict(Outcome.REJECT), "text"),
        sowing.send("answered", _verdict(Outcome.REJECT), "text"),
        sowing.send("old", _verdict(Outcome.REJECT), "text", ago=timedelta(days=31)),
    ]
    review.decide(
        site,
        canary("many0"),
        Outcome.ACCEPT,
        rule=None,
        note=None,
        seen=1,
        by=canary("by"),
        role=Role.EDITOR,
    )
    review.appeal(site, canary("appealed"), decision=None, words=canary("appeal"))
    review.appeal(site, canary("commentid2"), decision=None, words=canary("appeal"))
    return [urlsplit(link).path for link in links if link]


def _verdict(outcome: Outcome = Outcome.ACCEPT, *, flagged: bool = False) -> Verdict:
    """One whose every word is sown, and whose reason points to the canary."""
    reason = Reason(
        Rule.OBSCENE,
        Attribute.PROFANITY,
        Source.LEXICON,
        1.0,
        0.4,
        (Span(0, len(canary("text"))),),
        canary("message"),
        canary("term"),
    )
    is_bad = flagged or outcome is Outcome.REJECT
    return Verdict(
        outcome,
        flagged,
        (reason,) if is_bad else (),
        SCORES,
        canary("told") if outcome is Outcome.REJECT else None,
        canary("model"),
        canary("policy"),
    )


class _Sowing:
    """Sends comments that are like no other."""

    def __init__(self, parts: Services, site: Site) -> None:
        self._parts, self._site, self._sent = parts, site, 0

    def send(
        self,
        field: str,
        verdict: Verdict,
        text: str,
        *,
        parent: str | None = "parentid",
        url: str | None = f"https://paper.example/?{canary('url')}",
        more: str = "",
        ago: timedelta = timedelta(0),
        is_kept: bool = False,
    ) -> str | None:
        """Have a comment recorded; the link for its reader."""
        self._sent += 1
        own = "".join(letter * 4 for letter in str(self._sent).translate(LETTERS))
        said = f"{canary(text)} {own} \u200b{more}"
        comment = Comment(
            said,
            canary(field),
            Author(
                canary("authorid"), canary("authorname") if self._sent % 2 else None
            ),
            Article(canary("articleid"), url, canary("title") if url else None),
            canary(parent) if parent else None,
            canary("language"),
        )
        store, now = self._parts.store, datetime.now(UTC) - ago
        keeps = bool(verdict.reasons) or is_kept
        found = store.record(
            self._site.id,
            comment,
            store.text_hash(said),
            verdict,
            now,
            alike=alike(said) if keeps else None,
        )
        return self._parts.links.appeal(self._site.id, comment.id, found.decision)


def _services(app: Flask) -> Services:
    services: Services = app.extensions[NAME]
    return services


def crawled(visitor: Visitor, start: str) -> dict[str, str]:
    """Every page of the desk that links lead to, by its address."""
    pages: dict[str, str] = {}
    new = [start]
    while new and len(pages) < 200:
        url = new.pop()
        answer = visitor.get(url)
        if "html" not in answer.headers.get("Content-Type", ""):
            continue
        pages[url] = answer.text
        for link in re.findall(r'href="([^"#]+)"', answer.text):
            there = urljoin(url, unescape(link))
            is_own = urlsplit(there).netloc == "" and there.startswith("/desk")
            if is_own and there not in pages and there not in new:
                new.append(there)
    return pages
