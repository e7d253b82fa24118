"""The rules' page: thresholds, words, allow list, notices and versions of a site.

Moderators read it, editors change it.  A form says which version of the rules it was
made from, and nothing is saved over somebody else's change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import wraps
from http import HTTPStatus

from flask import Blueprint, flash, jsonify, redirect, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from model.finding import Rule
from model.lexicon.entries import Strength
from service.api.problems import MEDIA_TYPE, of_error
from service.desk.moments import ago
from service.desk.paths import path
from service.desk.rules.forms import (
    notices_in,
    outcome_in,
    thresholds_in,
    version_in,
    word_in,
)
from service.desk.rules.trials import Found, found_for_phrase, found_for_word, said_of
from service.desk.rules.views import Sent, choices, limits_of, version_views
from service.desk.session import by_script, editors, moderators, signed_in
from service.domain import Outcome, Thresholds, Word
from service.errors import InvalidInput, RefrainError, StalePolicy
from service.policy import make_policy
from service.rules.changes import described, differences
from service.rules.own import (
    make_note,
    make_notices,
    make_phrase,
    same,
    with_phrase,
    with_word,
)
from service.rules.preview import preview
from service.rules.trial import try_phrase, try_word
from service.services import services
from service.store.past import Past
from service.store.records import Site
from service.store.sites import Sites

LATEST = 3
"""Versions that the rules' page shows; there are pages of all."""

IN_A_PAGE = 20
"""Versions that those pages show."""

bp = Blueprint("rules", __name__)

View = Callable[[Site, Sent], ResponseReturnValue]


def form(name: str) -> Callable[[View], Callable[..., ResponseReturnValue]]:
    """Make a view of one of the page's forms, for editors.

    What is wrong with a form is said on the page, where all stays as it was typed.
    """

    def decorate(view: View) -> Callable[..., ResponseReturnValue]:
        @wraps(view)
        def guarded(site: Site) -> ResponseReturnValue:
            sent = Sent(name, request.form.to_dict())
            try:
                seen = replace(site, policy_version=version_in(sent.fields))
                _sites().check(seen)
                return view(site, sent)
            except InvalidInput as error:
                return _refused(site, sent, error)
            except StalePolicy as error:
                return _overtaken(site, seen, sent, error)

        return editors(guarded)

    return decorate


@bp.get("/<site>/rules")
@moderators
def page(site: Site) -> ResponseReturnValue:
    """Show the rules that are in force."""
    return _page(site, Sent())


@bp.post("/<site>/rules/thresholds")
@form("thresholds")
def set_thresholds(site: Site, sent: Sent) -> ResponseReturnValue:
    """Try thresholds on past comments, or let them hold."""
    defaults = services().moderation.bench.defaults
    thresholds = thresholds_in(sent.fields, defaults.thresholds)
    outcome = outcome_in(sent.fields)
    if sent.fields.get("do") == "preview":
        return _previewed(site, sent, thresholds, outcome)
    return _save(site, sent, thresholds=thresholds, flagged=outcome)


@bp.post("/<site>/rules/words")
@form("words")
def add_word(site: Site, sent: Sent) -> ResponseReturnValue:
    """Try a word, and add it once it was seen what it would be found in."""
    word = word_in(sent.fields)
    words = with_word(site.words, site.allowed, word)
    trial = f"{word.text} ({described(word)})"
    if not _was_tried(sent, trial):
        return _page(site, replace(sent, found=_try_word(site, word), tried=trial))
    return _save(site, sent, words=words)


@bp.post("/<site>/rules/allowed")
@form("allowed")
def allow(site: Site, sent: Sent) -> ResponseReturnValue:
    """Try what is to be allowed, and allow it once it was seen where it stands."""
    phrase = make_phrase(sent.fields.get("text", ""))
    allowed = with_phrase(site.allowed, site.words, phrase)
    if not _was_tried(sent, phrase):
        rejected = _past().kept(site.id, Outcome.REJECT)
        found = found_for_phrase(phrase, try_phrase(phrase, rejected))
        return _page(site, replace(sent, found=found, tried=phrase))
    return _save(site, sent, allowed=allowed)


@bp.post("/<site>/rules/removed")
@form("removed")
def remove(site: Site, sent: Sent) -> ResponseReturnValue:
    """Remove one of the site's own words, or take a phrase off the allow list."""
    word, phrase = (same(sent.fields.get(name, "")) for name in ("word", "phrase"))
    return _save(
        site,
        sent,
        words=[one for one in site.words if same(one.text) != word],
        allowed=[one for one in site.allowed if same(one) != phrase],
    )


@bp.post("/<site>/rules/notices")
@form("notices")
def set_notices(site: Site, sent: Sent) -> ResponseReturnValue:
    """Word the notices that readers get."""
    return _save(site, sent, notices=make_notices(notices_in(sent.fields)))


@bp.get("/<site>/rules/versions")
@moderators
def versions(site: Site) -> ResponseReturnValue:
    """Show all versions of the rules, page by page."""
    newest = request.args.get("from", site.policy_version, type=int)
    before = max(0, min(newest, site.policy_version)) + 1
    found = _sites().versions(site, before=before, limit=IN_A_PAGE + 1)
    return render_template(
        "desk/versions.html",
        site=site,
        versions=version_views(found, site, IN_A_PAGE),
        more=found[IN_A_PAGE].number if len(found) > IN_A_PAGE else None,
        ago=ago,
        now=datetime.now(UTC),
    )


@bp.post("/<site>/rules/versions")
@form("versions")
def restore(site: Site, sent: Sent) -> ResponseReturnValue:
    """Go back to an old version, by a new one."""
    wanted = version_in(sent.fields, "restore")
    changed = _sites().restore(site, wanted, by=signed_in().name, now=datetime.now(UTC))
    return _saved(site, changed, sent)


def _page(site: Site, sent: Sent) -> str:
    latest = _sites().versions(site, limit=LATEST + 1)
    bench = services().moderation.bench
    return render_template(
        "desk/rules.html",
        site=site,
        sent=sent,
        limits=limits_of(bench.policy(site), bench.defaults),
        versions=version_views(latest, site, LATEST),
        has_more=len(latest) > LATEST,
        said_of=said_of,
        ago=ago,
        now=datetime.now(UTC),
        **choices(),
    )


def _previewed(
    site: Site, sent: Sent, thresholds: Mapping[Rule, Thresholds], outcome: Outcome
) -> ResponseReturnValue:
    """Answer what thresholds would do, as a page or to the page's script."""
    bench = services().moderation.bench
    tried = preview(
        _past().decided(site.id),
        bench.policy(site),
        make_policy(site.policy, bench.card, thresholds, outcome),
    )
    if by_script():
        html = render_template("desk/preview.html", preview=tried, said_of=said_of)
        return jsonify(said=said_of(tried), html=html)
    return _page(site, replace(sent, preview=tried))


def _try_word(site: Site, word: Word) -> Found:
    outcome = Outcome.ACCEPT
    if word.strength is Strength.IGNORE:
        outcome = Outcome.REJECT
    hits = try_word(word, site.allowed, _past().kept(site.id, outcome))
    limits = services().moderation.policy(site).thresholds.get(word.rule)
    return found_for_word(word, hits, limits)


def _was_tried(sent: Sent, trial: str) -> bool:
    """Whether just this was tried on the page that the form was sent from."""
    return sent.fields.get("do") == "add" and sent.fields.get("tried") == trial


def _save(
    site: Site,
    sent: Sent,
    *,
    thresholds: Mapping[Rule, Thresholds] | None = None,
    flagged: Outcome | None = None,
    words: Iterable[Word] | None = None,
    allowed: Iterable[str] | None = None,
    notices: Mapping[str, Mapping[str, str]] | None = None,
) -> Response:
    """Make a new version by whoever is signed in."""
    changed = _sites().change(
        site,
        thresholds=thresholds,
        flagged=flagged,
        words=words,
        allowed=allowed,
        notices=notices,
        note=make_note(sent.fields.get("note", "")),
        by=signed_in().name,
        now=datetime.now(UTC),
    )
    return _saved(site, changed, sent)


def _saved(site: Site, changed: Site, sent: Sent) -> Response:
    """Say what holds now, where the form was."""
    if changed.policy_version == site.policy_version:
        flash("That is how it was: nothing is changed.")
    else:
        by = signed_in().name
        services().log.info("policy changed", policy=changed.policy, by=by)
        flash(f"Saved as {changed.policy}. It holds for all within 5 seconds.")
    place = f"{path(site.name, 'rules')}#{sent.place}"
    return redirect(place, HTTPStatus.SEE_OTHER)


def _refused(site: Site, sent: Sent, error: InvalidInput) -> ResponseReturnValue:
    """Say what is wrong at the field; nothing was saved."""
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    if by_script():
        return _problem(error, status)
    problems = {_field(pointer): problem for pointer, problem in error.fields}
    said = "Nothing is saved. What is wrong is said at the field."
    return _page(site, replace(sent, problems=problems, said=said)), status


def _field(pointer: str) -> str:
    """The name of the field that a pointer means: of `/hi/obscene`, a notice's."""
    name = pointer.removeprefix("/")
    return f"notice-{name.replace('/', '-')}" if "/" in name else name


def _overtaken(
    site: Site, seen: Site, sent: Sent, error: StalePolicy
) -> ResponseReturnValue:
    """Say who was faster and what is different now; the form can be sent again."""
    if by_script():
        return _problem(error, HTTPStatus.CONFLICT)
    present = _sites().find(site.name)
    then = _sites().versions(site, before=seen.policy_version + 1, limit=1)
    since = differences(then[0].terms, present.terms) if then else []
    page = _page(present, replace(sent, said=str(error), since=since))
    return page, HTTPStatus.CONFLICT


def _problem(error: RefrainError, status: HTTPStatus) -> ResponseReturnValue:
    answer = jsonify(of_error(error) | {"said": str(error)})
    answer.content_type = MEDIA_TYPE
    return answer, status


def _sites() -> Sites:
    return Sites(services().store.database)


def _past() -> Past:
    return Past(services().store.database)
