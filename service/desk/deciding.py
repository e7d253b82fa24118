"""What the buttons of cards do: decide one or many, undo, and note who looks.

Each answers a form by leading back to its page, and the script with {"said": …}.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from types import MappingProxyType
from typing import TypeVar

from flask import Blueprint, flash, jsonify, redirect, render_template, request
from flask.typing import ResponseReturnValue

from service.deciding import UNDO_S
from service.desk import errors
from service.desk.cards import counted, show
from service.desk.forms import Choice, Pick, read_choice, read_pick, read_picks
from service.desk.listing import WORDS
from service.desk.paths import own_path, path
from service.desk.session import by_script, moderators, signed_in
from service.desk.undoing import forget, remember
from service.errors import NotAllowed, NotPossible, RefrainError, StaleDecision
from service.review import Decided
from service.services import services
from service.store.records import Site

T = TypeVar("T")

NOTHING: Mapping[str, RefrainError] = MappingProxyType({})

bp = Blueprint("deciding", __name__)


@bp.post("/<site>/decide")
@moderators
def decide(site: Site) -> ResponseReturnValue:
    """Decide one comment, and those like it where that is asked."""
    choice, pick = read_choice(request.form), read_pick(request.form)
    done = _decide(site, choice, pick)
    said = choice.said
    if done.like_it:
        said += f", with {counted(done.like_it, 'other')} like it"
    if choice.outcome not in (None, done.outcome):
        said += "; the first opinion was another, so an editor decides"
    return _answer(site, f"{said}.", [done])


@bp.post("/<site>/decide-many")
@moderators
def decide_many(site: Site) -> ResponseReturnValue:
    """Decide all that were selected; who was too late for one is told of it."""
    choice = read_choice(request.form)
    results = _decide_many(site, choice, read_picks(request.form.getlist("pick")))
    done, failed = _sorted(results)
    count = len(done) + sum(one.like_it for one in done)
    said = f"{choice.said}: {counted(count, 'comment')}.{_left(failed)}"
    return _answer(site, said, done, failed)


@bp.post("/<site>/undo")
@moderators
def undo(site: Site) -> ResponseReturnValue:
    """Take back decisions made a moment ago."""
    picks = read_picks(request.form.getlist("pick"))
    forget()
    results = _each(picks, lambda pick: _undo(site, pick))
    done, failed = _sorted(results)
    if not done:
        raise next(iter(failed.values()))
    said = f"Undone.{_left(failed)}"
    if by_script():
        return jsonify(said=said, cards={id: _card(site, id) for id in results})
    flash(said)
    return _back()


@bp.post("/<site>/look")
@moderators
def look(site: Site) -> ResponseReturnValue:
    """Note that a comment is being looked at, and tell who else does."""
    other = services().review.desk.look(
        site.id,
        request.form.get("id", ""),
        by=signed_in().name,
        now=datetime.now(UTC),
    )
    return jsonify(look=None if other is None else {"moderator": other.moderator})


@bp.errorhandler(StaleDecision)
@bp.errorhandler(NotAllowed)
@bp.errorhandler(NotPossible)
def refuse(error: RefrainError) -> ResponseReturnValue:
    """Go on with the list, and say why this one was not decided."""
    if by_script():
        return errors.refuse(error)
    flash(str(error))
    return _back()


def _decide(site: Site, choice: Choice, pick: Pick) -> Decided:
    review, account = services().review, signed_in()
    if choice.outcome is None:
        return review.escalate(
            site,
            pick.comment_id,
            note=choice.note,
            seen=pick.number,
            by=account.name,
        )
    return review.decide(
        site,
        pick.comment_id,
        choice.outcome,
        rule=choice.rule,
        note=choice.note,
        seen=pick.number,
        by=account.name,
        role=account.role,
        alike=pick.is_group,
    )


def _decide_many(
    site: Site, choice: Choice, picks: Sequence[Pick]
) -> Mapping[str, Decided | RefrainError]:
    """Single comments in one transaction; a group, which may be large, by itself."""
    if choice.outcome is None:
        return _each(picks, lambda pick: _decide(site, choice, pick))
    account = signed_in()
    single = [(pick.comment_id, pick.number) for pick in picks if not pick.is_group]
    decided = services().review.decide_many(
        site,
        single,
        choice.outcome,
        rule=choice.rule,
        note=choice.note,
        by=account.name,
        role=account.role,
    )
    results: dict[str, Decided | RefrainError] = {
        comment_id: result
        for (comment_id, _), result in zip(single, decided, strict=True)
    }
    groups = [pick for pick in picks if pick.is_group]
    return {**results, **_each(groups, lambda pick: _decide(site, choice, pick))}


def _undo(site: Site, pick: Pick) -> Pick:
    services().review.undo(
        site, pick.comment_id, number=pick.number, by=signed_in().name
    )
    return pick


def _each(
    picks: Iterable[Pick], act: Callable[[Pick], T]
) -> Mapping[str, T | RefrainError]:
    """Do something with each: that one is refused does not touch the others.

    Returns:
        What became of each comment, by its id.
    """
    results: dict[str, T | RefrainError] = {}
    for pick in picks:
        try:
            results[pick.comment_id] = act(pick)
        except (StaleDecision, NotAllowed, NotPossible) as error:
            results[pick.comment_id] = error
    return results


def _sorted(
    results: Mapping[str, T | RefrainError],
) -> tuple[list[T], dict[str, RefrainError]]:
    """What was done, and why the rest was not."""
    done: list[T] = []
    failed: dict[str, RefrainError] = {}
    for comment_id, result in results.items():
        if isinstance(result, RefrainError):
            failed[comment_id] = result
        else:
            done.append(result)
    return done, failed


def _left(failed: Mapping[str, RefrainError]) -> str:
    if not failed:
        return ""
    first = next(iter(failed.values()))
    return f" {counted(len(failed), 'was', 'were')} left as before: {first}"


def _answer(
    site: Site,
    said: str,
    done: Sequence[Decided],
    failed: Mapping[str, RefrainError] = NOTHING,
) -> ResponseReturnValue:
    picks = [Pick(one.number, one.comment_id) for one in done]
    if by_script():
        return jsonify(
            said=said,
            undo={"picks": list(map(str, picks)), "seconds": UNDO_S},
            others=sum(one.like_it for one in done),
            failed={comment_id: str(error) for comment_id, error in failed.items()},
        )
    # The bar with the undo button says it; where there is none, the page does.
    if not remember(site, said, picks, datetime.now(UTC)):
        flash(said)
    return _back()


def _card(site: Site, comment_id: str) -> str:
    """A comment's card as it is now, to take its place in the list again."""
    by, now = signed_in().name, datetime.now(UTC)
    case = services().review.desk.case(site.id, comment_id, by=by, now=now)
    if case is None:
        return ""
    return render_template(
        "desk/cards.html",
        **WORDS,
        shown=[show(case.card)],
        site=site,
        now=now,
        back=path(site.name, "queue"),
    )


def _back() -> ResponseReturnValue:
    """Lead to the page that the form was on."""
    back = request.form.get("back", "").removeprefix(request.script_root)
    return redirect(own_path(back), HTTPStatus.SEE_OTHER)
