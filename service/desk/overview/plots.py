"""What the overview plots by day or week: each section with its drawings and table.

Starts from periods and reads no store; how lines and bars are drawn is
`service.desk.overview.charts`.
"""

from __future__ import annotations

from service.desk.overview.measures import (
    ACCEPTED,
    ACCEPTED_RATE,
    ALL,
    CONFIRMED,
    CONFIRMED_RATE,
    DIFFERENT,
    DISPELLED,
    DRAWN,
    FLAGGED,
    FLAGGED_RATE,
    HARMLESS,
    KAPPA,
    KAPPA_UNTIL,
    LONG_WAIT,
    MEDIAN_WAIT,
    MISS_HIGH_UNTIL,
    MISS_LOW_UNTIL,
    MISS_RATE_UNTIL,
    MISSED,
    OVERTURNED,
    REJECTED,
    REJECTED_RATE,
    SAME,
    SAME_RATE,
    SAMPLED,
    TWICE,
    UPHELD,
    UPHELD_RATE,
    WAITED,
)
from service.desk.overview.numbers import count
from service.desk.overview.scales import (
    coefficient_scale,
    duration_scale,
    share_scale,
)
from service.desk.overview.sections import Drawing, Section, drawn, lines_of
from service.desk.overview.views import View, plotted, shares, stacked, table
from service.watch import LEAST_SAMPLES


def volume(view: View) -> Section:
    """How many comments came, and what became of them at once."""
    plot = stacked(view, "volume", "Comments", (REJECTED, FLAGGED, ACCEPTED))
    return Section(
        "volume",
        "Comments",
        "What the automatic verdict was, before anybody looked. A comment that was "
        "changed and sent again counts again.",
        drawn(plot),
        table(view, "Comments", ALL, ACCEPTED, FLAGGED, REJECTED),
        "No comments came.",
    )


def rates(view: View) -> Section:
    """Which shares of them were accepted, flagged and rejected."""
    return Section(
        "rates",
        "Shares of all comments",
        "Each on an axis of its own, for most comments on most sites are accepted.",
        drawn(
            shares(
                view, "doubtful", "Flagged and rejected", FLAGGED_RATE, REJECTED_RATE
            ),
            shares(view, "accepted", "Accepted", ACCEPTED_RATE),
        ),
        table(view, "Shares", ALL, ACCEPTED_RATE, FLAGGED_RATE, REJECTED_RATE),
        "No comments came.",
    )


def waits(view: View) -> Section:
    """How long comments waited for people."""
    measures = MEDIAN_WAIT, LONG_WAIT
    values = view.values(*measures)
    scale = duration_scale(min(values, default=0), max(values, default=0))
    plot = plotted(view, "waits", "Time to decision", measures, scale)
    return Section(
        "waits",
        "Time to decision",
        "From when a comment began to wait until a person decided. Half were decided "
        "within the median, nine in ten within the other line. Each step up the axis "
        "is several times longer than the last.",
        drawn(lines_of(plot) if values else None),
        table(view, "Time to decision", WAITED, *measures),
        "No comment that waited was decided.",
    )


def with_the_model(view: View) -> Section:
    """How far people agree with automatic verdicts."""
    return Section(
        "model",
        "Agreement with the model",
        "Of the first decision by a person on each comment. Upheld: the person left it "
        "as the model had decided. Doubt: the model had flagged it; confirmed, if the "
        "person rejected it.",
        drawn(
            stacked(
                view,
                "firm",
                "Accepted or rejected by the model",
                (UPHELD, OVERTURNED),
                is_low=True,
            ),
            stacked(
                view,
                "doubts",
                "Flagged by the model",
                (CONFIRMED, DISPELLED),
                is_low=True,
            ),
        ),
        table(
            view,
            "Agreement with the model",
            UPHELD,
            OVERTURNED,
            UPHELD_RATE,
            CONFIRMED,
            DISPELLED,
            CONFIRMED_RATE,
        ),
        "Nobody has decided on what the model proposed.",
    )


def with_each_other(view: View) -> Section:
    """How far two people agree on the same comment."""
    return Section(
        "people",
        "Agreement with each other",
        "Of comments that were given to a second person. Kappa says how far the two "
        "agree beyond chance: 1 is always, 0 is no better than chance; from 0.6 on, "
        "agreement is commonly called substantial.",
        drawn(
            stacked(view, "twice", "Decided twice", (SAME, DIFFERENT), is_low=True),
            _kappa(view),
        ),
        table(
            view,
            "Agreement with each other",
            TWICE,
            SAME,
            DIFFERENT,
            SAME_RATE,
            KAPPA,
            KAPPA_UNTIL,
        ),
        "No comment was decided by a second person.",
    )


def misses(view: View) -> Section:
    """How much of what is accepted breaks the rule, by samples."""
    return Section(
        "misses",
        "What the model misses",
        _missed(view),
        drawn(
            stacked(view, "samples", "Samples", (HARMLESS, MISSED), is_low=True),
            _miss_rate(view),
        ),
        table(
            view,
            "What the model misses",
            DRAWN,
            SAMPLED,
            MISSED,
            MISS_RATE_UNTIL,
            MISS_LOW_UNTIL,
            MISS_HIGH_UNTIL,
        ),
        "Nobody has decided on a sample. Some of what is accepted is drawn at random "
        "and waits in the queue: deciding it tells how much is missed.",
    )


def _missed(view: View) -> str:
    """What samples say of all that was accepted in this time, as an estimate."""
    last = view.periods[-1]
    decided, rejected, all_drawn = last.samples_until
    accepted = sum(period.tally.accepted for period in view.periods)
    rate, low, high = (
        measure.of(last)
        for measure in (MISS_RATE_UNTIL, MISS_LOW_UNTIL, MISS_HIGH_UNTIL)
    )
    samples = (
        f"In this time {count(all_drawn)} of the accepted comments were drawn at "
        f"random as samples. Moderators decided {count(decided)} samples and rejected "
        f"{count(rejected)} of them; what readers reported or the site decided first "
        "does not count."
    )
    if MISS_RATE_UNTIL.figure(last) is None:
        return f"{samples} To estimate what is missed, {LEAST_SAMPLES} are needed."
    return (
        f"{samples} So an estimated {rate} of the {count(accepted)} that were accepted "
        f"break the rule; with 95% confidence, from {low} to {high}."
    )


def _kappa(view: View) -> Drawing | None:
    values = view.values(KAPPA_UNTIL)
    if not values:
        return None
    title = f"Kappa, of all from {view.periods[0].label} until then"
    scale = coefficient_scale(min(values))
    plot = plotted(view, "kappa", title, (KAPPA_UNTIL,), scale, is_low=True)
    return lines_of(plot)


def _miss_rate(view: View) -> Drawing | None:
    """As high as what is known at the end asks for: the first samples tell nothing."""
    measures = MISS_RATE_UNTIL, MISS_LOW_UNTIL, MISS_HIGH_UNTIL
    in_the_end = MISS_HIGH_UNTIL.figure(view.periods[-1])
    if in_the_end is None:
        return None
    title = f"Share missed, by all samples from {view.periods[0].label} until then"
    scale = share_scale(min(2 * in_the_end, max(view.values(*measures))))
    plot = plotted(view, "miss-rate", title, measures, scale, is_low=True)
    return lines_of(plot)
