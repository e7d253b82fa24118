"""What `flask replay` says: a table, what it stands for, and what it cannot tell.

Measures nothing.  Every line fits a terminal of 80 columns.
"""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from model.finding import Rule
from service.commands.common import day, shown
from service.domain import Thresholds
from service.judging.replay import SAMPLE, Figures, Replayed, Setup, figures
from service.store.labels import Decided

WIDTH = 78
UNKNOWN = "?"


@dataclass(frozen=True, slots=True)
class Load:
    """What moderators have to do: comments flagged a day, and seconds for each.

    `days` is how many days were counted, and `source` says how the seconds are known.
    """

    flagged: float
    days: float
    seconds: float
    source: str


@dataclass(frozen=True, slots=True)
class Trial:
    """What was tried: on what, what judges now and then, and what came of it.

    `own` are the thresholds that are tried in place of the policy's, and `share` is how
    many of the accepted comments are sampled.
    """

    decided: Sequence[Decided]
    now: Setup
    then: Setup
    own: Mapping[Rule, Thresholds]
    replayed: Sequence[Replayed]
    load: Load
    share: float


def lines(trial: Trial) -> Iterator[str]:
    """The whole report."""
    before = figures(trial.replayed, lambda one: one.now)
    after = figures(trial.replayed, lambda one: one.then)
    yield _folded(_about(trial.decided))
    yield ""
    yield _folded(f"now   {_said(trial.now, {})}", "      ")
    yield _folded(f"then  {_said(trial.then, trial.own)}", "      ")
    yield ""
    yield from _table(before, after, trial.load)
    yield ""
    for note in (
        _moves(trial.replayed),
        _on_samples(trial.decided, trial.share),
        "Of comments that were rejected and that nobody looked at nothing is known: "
        "more may be wrongly rejected.",
        _on_minutes(before, trial.load),
    ):
        yield _folded(f"- {note}", "  ")


def _about(decided: Sequence[Decided]) -> str:
    kinds = Counter(one.label.kind for one in decided)
    listed = ", ".join(f"{count:,} {kind}" for kind, count in kinds.most_common())
    return (
        f"The last {len(decided):,} comments that people decided and whose texts are "
        f"kept, from {day(decided[-1].at)} to {day(decided[0].at)}: {listed}."
    )


def _said(setup: Setup, own: Mapping[Rule, Thresholds]) -> str:
    """The model, the policies, and what is tried in their place."""
    policies = f"the policies of {len(setup.sites)} sites"
    if len(setup.sites) == 1:
        (site,) = setup.sites.values()
        policies = site.policy
    tried = [f"{rule} {shown(t.flag)} {shown(t.reject)}" for rule, t in own.items()]
    return ", ".join([setup.bench.version, policies, *tried])


def _table(before: Figures, after: Figures, load: Load) -> Iterator[str]:
    """Rows of 78 characters: what, of how many, how many now, and how many then."""
    both = before, after
    yield f"{'':<40}{'now':>19}{'then':>19}"
    for name, among, whole, counts in (
        ("missed", "rejected", before.rejected, [one.missed for one in both]),
        (
            "wrongly rejected",
            "accepted",
            before.accepted,
            [one.wrongly_rejected for one in both],
        ),
        (
            "wrongly held",
            "accepted",
            before.accepted,
            [one.wrongly_held for one in both],
        ),
        ("in the queue", "all", before.comments, [one.flagged for one in both]),
    ):
        cells = "".join(f"{count:>11,.0f}{_share(count, whole):>8}" for count in counts)
        yield f"{name:<18}{f'of {whole:,.0f} {among}':<22}{cells}"
    minutes = load.flagged * load.seconds / 60
    then = minutes * after.flagged / before.flagged if before.flagged else None
    cells = "".join(f"{_number(one):>11}{'':>8}" for one in (minutes, then))
    yield f"{'minutes of review a day':<40}{cells}".rstrip()


def _share(part: float, whole: float) -> str:
    return f"{part / whole:.1%}" if whole else UNKNOWN


def _number(number: float | None) -> str:
    return UNKNOWN if number is None else f"{number:,.1f}"


def _moves(replayed: Sequence[Replayed]) -> str:
    """How many comments get something else, whatever they stand for."""
    moves = Counter((one.now, one.then) for one in replayed if one.now is not one.then)
    if not moves:
        return "None of these comments would be judged otherwise."
    listed = ", ".join(f"{n:,} {a} to {b}" for (a, b), n in moves.most_common())
    return f"{moves.total():,} of these comments would be judged otherwise: {listed}."


def _on_samples(decided: Sequence[Decided], share: float) -> str:
    samples = sum(one.label.kind == SAMPLE for one in decided)
    if not samples:
        return (
            "No sample is among them. Of comments that were accepted and that nobody "
            "looked at nothing is known: more may be missed, and more would be flagged "
            "that are not now."
        )
    if share:
        return (
            f"{samples:,} are samples. Each counts for {1 / share:,.0f} comments that "
            "were accepted and that nobody looked at, so a few of them move much."
        )
    return (
        f"{samples:,} are samples. Sampling is off now (REFRAIN_SAMPLE_SHARE), so what "
        "they stand for is not known: each counts for itself."
    )


def _on_minutes(before: Figures, load: Load) -> str:
    then = "as many more or fewer as there are in the queue above."
    if not before.flagged:
        then = "nothing is known, for none of the comments above is flagged now."
    return (
        f"Minutes: {load.flagged:,.1f} comments a day were flagged in the last "
        f"{load.days:.0f} days, and each takes {load.seconds:.0f} s ({load.source}). "
        f"Then: {then}"
    )


def _folded(text: str, indent: str = "") -> str:
    return textwrap.fill(
        text,
        WIDTH,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
