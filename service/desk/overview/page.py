"""The overview's page: how much came, what became of it, and who agrees with whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from service.desk.overview import drifting, plots
from service.desk.overview.agreement import Agreement, agreement, by_rule
from service.desk.overview.charts import meter
from service.desk.overview.measures import (
    ACCEPTED_RATE,
    ALL,
    FLAGGED_RATE,
    KAPPA,
    LONG_WAIT,
    MEDIAN_WAIT,
    REJECTED_RATE,
    SAME_RATE,
    UPHELD_RATE,
)
from service.desk.overview.numbers import count, per_cent
from service.desk.overview.periods import (
    DAY,
    By,
    Period,
    first_day,
    period,
    periods,
    span,
)
from service.desk.overview.sections import Section
from service.desk.overview.views import View
from service.desk.session import moderators
from service.services import services
from service.store.overview import Overview
from service.store.records import Site
from service.store.tallies import Tally, commonest, hottest, total
from service.watch import DAYS

CHOICES = (7, 28, 91, 364)
"""How many days are offered; others may be asked for in the address."""
MOST_DAYS = 371  # 53 weeks
MOST_BY_DAY = 92
"""More columns than these are too thin to be told apart: then it is by week."""
LISTED = 20
"""How many words and articles are listed."""

bp = Blueprint("overview", __name__)


@dataclass(frozen=True, slots=True)
class Choice:
    """What is asked for: columns of days or weeks, and over how many days."""

    by: By
    days: int


DEFAULT = Choice(By.DAY, 28)


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure over all days: its name, the number, and what that is of."""

    name: str
    number: str
    detail: str


@dataclass(frozen=True, slots=True)
class Row:
    """A word or an article with its counts, each as a number and a bar."""

    name: str
    counts: tuple[tuple[str, Markup], ...]


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A rule, and shares of what people made of it, each with how many it is of."""

    name: str
    shares: tuple[tuple[str, str], ...]


@bp.get("/<site>/overview")
@moderators
def page(site: Site) -> ResponseReturnValue:
    """Show the overview of a site; what cannot be shown is shown as usual."""
    chosen, now = asked(request.args), datetime.now(UTC)
    today = now.date()
    first = first_day(chosen.by, chosen.days, today)
    earliest = min(first, today - (DAYS - 1) * DAY)
    found = Overview(services().store.database).days(site.id, earliest, today, now)
    days = {day: tally for day, tally in found.items() if day >= first}
    whole = period(first, today, total(days.values()), today)
    compared = drifting.compare(site, services().moderation.card, found, today)
    return render_template(
        "desk/overview.html",
        chosen=chosen,
        time=span(first, today),
        choices=sorted({*CHOICES, chosen.days}),
        ways=list(By),
        whole=whole,
        counted_from=None if first in days else span(min(days), min(days)),
        tiles=tiles(whole),
        notices=drifting.notices(compared),
        sections=[
            *sections(View(chosen.by, periods(chosen.by, days, today))),
            drifting.section(compared),
        ],
        rules=rules(whole.tally),
        terms=terms(whole.tally),
        articles=articles(whole.tally),
    )


def asked(query: Mapping[str, str]) -> Choice:
    """Read the query string; what makes no sense there is as if it were not there."""
    wanted, days = query.get("by", ""), query.get("days", "")
    by = By(wanted) if wanted in list(By) else DEFAULT.by
    is_number = days.isascii() and days.isdecimal() and len(days) < 5
    number = min(max(1, int(days)), MOST_DAYS) if is_number else DEFAULT.days
    return Choice(By.WEEK if number > MOST_BY_DAY else by, number)


def sections(view: View) -> list[Section]:
    """Everything that is plotted by day or week."""
    return [
        plots.volume(view),
        plots.rates(view),
        plots.waits(view),
        plots.with_the_model(view),
        plots.with_each_other(view),
        plots.misses(view),
    ]


def tiles(whole: Period) -> list[Tile]:
    """The figures over all days."""
    return [
        Tile("Comments", ALL.of(whole), "judged automatically"),
        Tile("Accepted", ACCEPTED_RATE.of(whole), _comments(whole.tally.accepted)),
        Tile("Flagged", FLAGGED_RATE.of(whole), _comments(whole.tally.flagged)),
        Tile("Rejected", REJECTED_RATE.of(whole), _comments(whole.tally.rejected)),
        *_by_people(whole),
    ]


def _by_people(whole: Period) -> list[Tile]:
    tally, firm, twice = whole.tally, whole.model.firm, sum(map(sum, whole.pairs))
    all_within = f"median; nine in ten within {LONG_WAIT.of(whole)}"
    decided = f"of {_comments(firm.whole)} that the model decided"
    kappa = f"of {_comments(twice)}; kappa {KAPPA.of(whole)}"
    return [
        Tile(
            "Decisions by people",
            count(tally.by_people),
            f"{count(tally.approvals)} approved, {count(tally.rejections)} rejected",
        ),
        Tile(
            "Time to decision",
            MEDIAN_WAIT.of(whole),
            all_within if tally.waits else "nothing that waited was decided",
        ),
        Tile(
            "Upheld by people",
            UPHELD_RATE.of(whole),
            decided if firm.whole else "nobody looked at what the model decided",
        ),
        Tile(
            "Two people agree",
            SAME_RATE.of(whole),
            kappa if twice else "nothing was decided by two people",
        ),
    ]


def rules(whole: Tally) -> list[RuleRow]:
    """How far people agree with the model on each rule, and on all."""
    found = by_rule(whole.opinions)
    named = [
        _rule_row(str(rule or "no rule").capitalize(), found[rule]) for rule in found
    ]
    return [*named, _rule_row("All", agreement(whole.opinions))]


def terms(whole: Tally) -> list[Row]:
    """The most frequent words in what was rejected."""
    found = commonest(whole.terms, LISTED)
    most = max(found.values(), default=1)
    return [
        Row(word, ((count(n), meter(n / most, "rejected")),))
        for word, n in found.items()
    ]


def articles(whole: Tally) -> list[Row]:
    """The articles with the most flagged and rejected comments."""
    found = hottest(whole.articles, LISTED)
    most = max((max(h.flagged, h.rejected) for h in found.values()), default=1)
    return [
        Row(
            heat.title or id,
            (
                (count(heat.flagged), meter(heat.flagged / most, "flagged")),
                (count(heat.rejected), meter(heat.rejected / most, "rejected")),
            ),
        )
        for id, heat in found.items()
    ]


def _rule_row(name: str, found: Agreement) -> RuleRow:
    parts = (found.accepted, found.doubts, found.rejected, found.named)
    return RuleRow(name, tuple((per_cent(p.share), count(p.whole)) for p in parts))


def _comments(number: int) -> str:
    return "1 comment" if number == 1 else f"{count(number)} comments"
