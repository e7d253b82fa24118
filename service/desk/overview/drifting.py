"""Whether this week's comments are like those before, and those the model was made for.

Compares spreads that others counted, says in words what that means, and plots it.
"""

# ruff: noqa: RUF001  (from one score to another stands a dash)

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from model.drift import BINS, EDGES, MENTIONED, WARNED, Reference, reference_of
from service.desk.overview.charts import Column, Plot, Series
from service.desk.overview.numbers import coefficient, per_cent
from service.desk.overview.scales import share_scale
from service.desk.overview.sections import Section, Table, drawn, lines_of
from service.store.records import Site
from service.store.tallies import Spread, Tally
from service.watch import (
    BEFORE,
    DAY,
    LEAST,
    LEAST_BEFORE,
    WEEK,
    Drift,
    drift,
    expected_of,
    goes_by_the_card,
    spread_of,
    within,
)

FEW = (
    f"In the last {WEEK} days the model judged fewer than {LEAST} comments here: too "
    "few to be compared. A version that has just been promoted starts anew."
)
LEAD = (
    f"Which share of the last {WEEK} days’ comments has which score: that of the rule "
    "that a comment is most likely to break. Where the lines part, other comments come "
    "than came before, or than the model was measured on."
)
NOT_MEASURED = (
    " There is no line of what the model was measured on: this version’s card does not "
    "say how those comments score."
)
NOT_BEFORE = (
    " There is none of the four weeks before either, in which this version judged "
    f"fewer than {LEAST_BEFORE} comments here: nothing is compared yet."
)


@dataclass(frozen=True, slots=True)
class Compared:
    """This week, and what it is compared with, where that is known.

    `since_before` is from the four weeks before, `since_training` from what the model
    was measured on.
    """

    week: Spread
    before: Reference | None
    training: Reference | None
    since_before: Drift
    since_training: Drift


@dataclass(frozen=True, slots=True)
class Notice:
    """What people should know; `style` is `doubt` where they should do something."""

    style: str
    text: str


def compare(
    site: Site, card: Mapping[str, Any], days: Mapping[date, Tally], today: date
) -> Compared:
    """Compare this week with the four before, and with the card.

    Args:
        site: fates are compared with the card where they are by its thresholds.
        card: of the version that judges; verdicts of others are left out.
        days: the last DAYS of `service.watch`, as far as there are any.
        today: the last day of the week.
    """
    model, training = str(card["version"]), reference_of(card)
    week = spread_of(within(days, today, WEEK), model)
    before = expected_of(spread_of(within(days, today - WEEK * DAY, BEFORE), model))
    since_training = drift(week, training)
    if not goes_by_the_card(site):
        since_training = Drift(scores=since_training.scores)
    return Compared(week, before, training, drift(week, before), since_training)


def notices(compared: Compared) -> list[Notice]:
    """What the comparison says that people should know; most weeks, nothing."""
    return [
        *_notice(
            compared.since_before,
            "This week’s comments differ much from those of the four weeks before",
            "Others may write, or of other things, or somebody changed the rules. What "
            "the model got right so far it may get wrong now: decide the samples in "
            "the queue and look at what is rejected. If it errs, have whoever runs the "
            "service see what other thresholds would do (flask replay) and train it on "
            "your decisions (flask learn).",
            "This week’s comments differ a little from those of the four weeks before",
        ),
        *_notice(
            compared.since_training,
            "The comments of this site differ much from those that the model was "
            "measured on",
            "So the figures in its card say little of how it does here: go by the "
            "samples and by how far people agree with it. After some hundred "
            "decisions, flask learn fits it to this site.",
            "The comments of this site differ a little from those that the model was "
            "measured on",
        ),
    ]


def _notice(found: Drift, much: str, what_to_do: str, little: str) -> list[Notice]:
    said = _indices(found)
    if found.largest >= WARNED:
        return [
            Notice("doubt", f"{much} ({said}; large from {WARNED} on). {what_to_do}")
        ]
    if found.largest >= MENTIONED:
        return [Notice("", f"{little} ({said}; large from {WARNED} on).")]
    return []


def _indices(found: Drift) -> str:
    known = {"scores": found.scores, "verdicts": found.fates}
    parts = [f"{coefficient(i)} by {of}" for of, i in known.items() if i is not None]
    return f"population stability index {' and '.join(parts)}"


def section(compared: Compared) -> Section:
    """How this week's scores spread, beside what they are compared with."""
    series = _series(compared) if sum(compared.week.fates) >= LEAST else ()
    return Section(
        "drift",
        "Scores of this week",
        _lead(compared),
        drawn(lines_of(_plot(series)) if series else None),
        Table(
            "Scores of this week, by score",
            ("Score", *(one.name for one in series)),
            tuple((_range(i), *_shares(i, series)) for i in range(BINS)),
        ),
        FEW,
    )


def _lead(compared: Compared) -> str:
    """What is plotted, and why it is not more."""
    if compared.training:
        return LEAD
    return LEAD + NOT_MEASURED + ("" if compared.before else NOT_BEFORE)


def _series(compared: Compared) -> tuple[Series, ...]:
    scores = compared.week.scores
    week = tuple(score / sum(scores) for score in scores)
    found = [Series("This week", "first", week)]
    if compared.before:
        before = compared.before.scores
        found.append(Series("The four weeks before", "second", before))
    if compared.training:
        training = compared.training.scores
        found.append(Series("What the model was measured on", "third", training))
    return tuple(found)


def _plot(series: Sequence[Series]) -> Plot:
    """Of scores; what has none is in the table only."""
    starts = range(BINS - 1)
    return Plot(
        id="scores",
        title="Scores of this week",
        description="The share of comments by their score. Numbers are in the table.",
        columns=tuple(Column(_label(i), _said(i, series)) for i in starts),
        series=tuple(replace(one, values=one.values[:-1]) for one in series),
        scale=share_scale(max(v for one in series for v in one.values[:-1] if v)),
        steps=(1, 3),
    )


def _label(i: int) -> str:
    """Where a bin begins, as the axis says it."""
    return f"{(0.0, *EDGES)[i]:g}"


def _range(i: int) -> str:
    """A bin, as the table says it."""
    if i == BINS - 1:
        return "Not understood"
    ends = (0.0, *EDGES, 1.0)
    return f"{ends[i]:g}–{ends[i + 1]:g}"


def _shares(i: int, series: Sequence[Series]) -> tuple[str, ...]:
    return tuple(per_cent(one.values[i]) for one in series)


def _said(i: int, series: Sequence[Series]) -> str:
    pairs = zip(series, _shares(i, series), strict=True)
    return f"{_range(i)}: " + ", ".join(f"{s.name.lower()} {v}" for s, v in pairs)
