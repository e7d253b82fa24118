"""The operator's bench for thresholds and models, among the commands of `service.cli`.

What is imported inside takes more time to load than all other commands take.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

import click

from model.finding import Rule
from service.commands.common import (
    Threshold,
    database,
    now,
    parts,
    plainly,
)
from service.commands.labels import labels
from service.commands.learning import artifact
from service.domain import Thresholds
from service.errors import NotPossible
from service.store.records import Site
from service.store.sites import Sites

if TYPE_CHECKING:
    from service.commands.replay_report import Load, Trial
    from service.judging.replay import Setup
    from service.store.labels import Decided

DAYS = 28
"""Days in which is counted how many comments are flagged."""
SECONDS = 15.0
"""Taken for a decision where neither the log nor the operator says better."""

Given = tuple[str, float | None, float | None]
"""A rule, from which score it flags, and from which it rejects."""


@click.command("replay")
@click.option("--model", metavar="VERSION", help="To try; else the active one.")
@click.option(
    "--policy", metavar="SITE@VERSION", help="Of the site to try; else the present one."
)
@click.option(
    "--threshold",
    "thresholds",
    type=(click.Choice([rule.value for rule in Rule]), Threshold(), Threshold()),
    metavar="RULE FLAG REJECT",
    multiple=True,
    help="To try in place of the policy's, as `set-thresholds` takes it; repeatable.",
)
@click.option("--site", metavar="NAME", help="Whose comments; else all sites'.")
@click.option(
    "--last",
    type=click.IntRange(1, 1_000_000),
    default=2_000,
    show_default=True,
    help="How many comments.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(0.1, 3_600),
    help="That a moderator takes to decide one; else what the log tells.",
)
@plainly
def replay(
    model: str | None,
    policy: str | None,
    thresholds: Sequence[Given],
    site: str | None,
    last: int,
    seconds: float | None,
) -> None:
    """Say what a model or a policy would make of what people decided last.

    Judges the comments anew, beside what the active model and the present policies make
    of them now, and changes nothing.
    """
    from service.commands.replay_report import lines

    own = _own(thresholds)
    present = _present(site, policy)
    changed = [_changed(one, policy, own) for one in present]
    decided = labels().last(present[0].id if site or policy else None, last)
    if not decided:
        raise NotPossible("People have decided on no comment whose text is kept.")
    setups = _setups(present, changed, model)
    for line in lines(_trial(decided, setups, own, seconds)):
        click.echo(line)


COMMANDS = (replay,)


def _own(thresholds: Sequence[Given]) -> dict[Rule, Thresholds]:
    try:
        return {Rule(rule): Thresholds(*limits) for rule, *limits in thresholds}
    except ValueError as error:
        raise click.UsageError(f"{error}.") from error


def _present(site: str | None, policy: str | None) -> list[Site]:
    """The sites whose comments are judged, as they are.

    Raises:
        InvalidInput: there is no such site.
    """
    sites = Sites(database())
    if policy is None:
        return sites.all() if site is None else [sites.find(site)]
    name, _ = _named(policy)
    if site not in (None, name):
        raise click.UsageError(f"{policy} is no policy of {site}.")
    return [sites.find(name)]


def _named(policy: str) -> tuple[str, int]:
    """A site's name and the number of its policy."""
    name, _, number = policy.rpartition("@")
    if not (name and number.isascii() and number.isdigit() and len(number) < 10):
        raise click.UsageError(f"{policy!r} is no policy, such as default@3.")
    return name, int(number)


def _changed(site: Site, policy: str | None, own: dict[Rule, Thresholds]) -> Site:
    """The site as it would be.

    Raises:
        InvalidInput: it has had no such policy.
    """
    if policy is not None:
        version = Sites(database()).version(site, _named(policy)[1])
        terms = version.terms
        site = replace(
            site,
            policy_version=version.number,
            thresholds=terms.thresholds,
            words=terms.words,
            allowed=terms.allowed,
        )
    return replace(site, thresholds={**site.thresholds, **own})


def _setups(
    present: Sequence[Site], changed: Sequence[Site], model: str | None
) -> tuple[Setup, Setup]:
    """What judges now, and what is tried.

    Raises:
        NotPossible: there is no such version of the model.
    """
    from model.judge import Judge
    from model.lexicon.matcher import load_lexicon
    from service.judging.bench import Bench
    from service.judging.replay import Setup

    lexicon = load_lexicon()
    bench = Bench(Judge(lexicon, artifact()))
    judge = bench.shared if model is None else Judge(lexicon, artifact(model))
    now_ = Setup(bench, {site.name: site for site in present})
    # A bench of its own: it keeps policies by number, and here a number is two things.
    return now_, Setup(bench.with_model(judge), {site.name: site for site in changed})


def _trial(
    decided: Sequence[Decided],
    setups: tuple[Setup, Setup],
    own: Mapping[Rule, Thresholds],
    seconds: float | None,
) -> Trial:
    from tqdm import tqdm

    from service.commands.replay_report import Trial
    from service.judging import replay as replaying

    share = parts().settings.sample_share
    replayed = replaying.replay(
        (one.label for one in tqdm(decided, disable=None, leave=False)),
        *setups,
        sample_weight=1 / share if share else 1.0,
    )
    load = _load(list(setups[0].sites.values()), seconds)
    return Trial(decided, *setups, own, replayed, load, share)


def _load(sites: Sequence[Site], seconds: float | None) -> Load:
    from service.commands.replay_report import Load
    from service.store.overview import Overview
    from service.store.pace import seconds_a_decision

    moment = now()
    first = (moment - timedelta(days=DAYS)).date()
    begun = min(Sites(database()).version(site, 1).at for site in sites)
    start = max(begun, datetime.combine(first, time(), UTC))
    tally = Overview(database()).since([site.id for site in sites], first, moment)
    days = max(1.0, (moment - start) / timedelta(days=1))
    flagged = tally.flagged / days
    if seconds is not None:
        return Load(flagged, days, seconds, "as given")
    if known := seconds_a_decision(database()):
        source = "the median between two decisions of one moderator, pauses left out"
        return Load(flagged, days, known, source)
    return Load(flagged, days, SECONDS, "assumed; give --seconds if you know better")
