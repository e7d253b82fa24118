"""A candidate beside the version that answers, as one page for people.

The gate's figures, plots of both on the decisions that were held out, the words whose
weight changed most, and comments whose verdict changes.  It shows what readers wrote:
whoever stores it has to keep it from others.  Leaves out whether the candidate may
answer, which the gate has said.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from html import escape
from pathlib import Path

import numpy as np

from model.artifact import Artifact
from model.changes import Change, Changes, weight_changes
from model.examination import Results, examine
from model.finding import RULE_OF
from model.gate import Check, Gate, percent, points, signed
from model.judge import Judge
from model.labels import Label
from model.page import page, pictures
from model.plots import plots

MOST_FLIPS = 20
"""Comments that are shown whose verdict changes."""

MOST_TEXT = 600
"""Characters of a comment that are shown."""

REACH = 0.05
"""Difference at the edge of an interval's picture; larger ones are drawn there."""

STYLE = """
.outcome{border-left:.4rem solid;padding:.6rem 1rem;margin:1rem 0;font-size:1.15rem}
.outcome.good{background:var(--good-soft)}.outcome.bad{background:var(--bad-soft)}
svg{display:block;width:9rem;height:1.1rem}
td:last-child,th[scope]{min-width:11rem}
.words{list-style:none;padding:0;margin:.25rem 0;display:flex;flex-wrap:wrap;gap:.35rem}
.words li{background:var(--raised);border:1px solid var(--line);border-radius:.3rem;
padding:0 .45rem;overflow-wrap:anywhere}
.words small{color:var(--muted);font-variant-numeric:tabular-nums}
.ways{display:grid;gap:0 2rem;
grid-template-columns:repeat(auto-fit,minmax(min(100%,24rem),1fr))}
.ways h4{margin:.5rem 0 0;font-weight:600}
article{background:var(--raised);border:1px solid var(--line);border-radius:.4rem;
padding:.7rem 1rem;margin:.8rem 0}
article p{margin:0}blockquote{margin:.5rem 0 0;overflow-wrap:anywhere;
white-space:pre-wrap}
"""


def write_comparison(
    path: Path,
    current: Judge,
    candidate: Judge,
    gate: Gate,
    held_out: Sequence[Label],
    artifacts: tuple[Artifact, Artifact],
) -> Path:
    """Write `comparison_page` into a file that only its owner can read."""
    content = comparison_page(current, candidate, gate, held_out, artifacts)
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode=0o600)
    with os.fdopen(file, "wb") as opened:
        opened.write(content)
    return path


def comparison_page(
    current: Judge,
    candidate: Judge,
    gate: Gate,
    held_out: Sequence[Label],
    artifacts: tuple[Artifact, Artifact],
) -> bytes:
    """The page, in HTML; nothing on it is loaded from anywhere.

    Args:
        current: the judge that answers.
        candidate: the one that would.
        gate: what the gate said of the two.
        held_out: decisions that the candidate has not learnt from; there may be none.
        artifacts: what the two judges are made of, in the same order.
    """
    parts = [_outcome(gate), _checks(gate)]
    if held_out:
        weight = [label.weight for label in held_out]
        was, would_be = (examine(j, held_out, weight) for j in (current, candidate))
        parts.append(_plots(was, would_be))
        parts.append(_flips(was, would_be, held_out))
    parts.append(_words(artifacts))
    title = f"{gate.candidate} in place of {gate.against}?"
    return page(title, parts, style=STYLE)


def _outcome(gate: Gate) -> str:
    if gate.passed:
        return '<p class="outcome good">Passed: it may answer in its place.</p>'
    failed = [check.name for check in gate.checks if not check.passed]
    return f'<p class="outcome bad">Refused for: {escape("; ".join(failed))}.</p>'


def _checks(gate: Gate) -> str:
    rows = "".join(map(_row, gate.checks))
    heads = ("texts", "current", "candidate", "points", "95 % between")
    named = "".join(f'<th class="number">{head}</th>' for head in heads)
    return (
        "<h2>What the gate measured</h2>"
        '<p class="muted">The dot is the difference; the line, what it lies within in '
        "95 of 100 resamples of the texts; the dashes, how much may be lost. To the "
        "right of the middle the candidate is better; the edges stand for "
        f"{100 * REACH:.0f} points and more.</p>"
        '<div class="scroll" tabindex="0" role="region" aria-label="Checks"><table>'
        f"<tr><th>figure</th><th></th>{named}<th></th><th>a candidate</th></tr>{rows}"
        "</table></div>"
    )


def _row(check: Check) -> str:
    numbers = [
        f"{check.cases:,}",
        percent(check.current),
        percent(check.candidate),
        points(check.candidate - check.current),
        f"{points(check.low)} and {points(check.high)}",
    ]
    cells = "".join(f'<td class="number">{number}</td>' for number in numbers)
    look, word = ("good", "passed") if check.passed else ("bad", "refused")
    return (
        f'<tr><th scope="row">{escape(check.name)}</th>'
        f'<td class="{look}"><strong>{word}</strong></td>{cells}'
        f'<td class="{look}">{_line(check)}</td><td>{escape(check.needs)}</td>'
        "</tr>"
    )


def _line(check: Check) -> str:
    """The interval as a line about nought, on one scale for all checks."""

    def x(difference: float) -> str:
        return f"{100 + 94 * max(-1.0, min(difference / REACH, 1.0)):.1f}"

    low, high, least = x(check.low), x(check.high), x(-check.margin)
    at = x(check.candidate - check.current)
    return (
        '<svg viewBox="0 0 200 24" aria-hidden="true" stroke="currentColor">'
        '<path d="M100 0V24" stroke="var(--muted)"/>'
        f'<path d="M{least} 0V24" stroke="var(--muted)" stroke-dasharray="3"/>'
        f'<path d="M{low} 12H{high}" stroke-width="3"/>'
        f'<circle cx="{at}" cy="12" r="5" fill="currentColor"/></svg>'
    )


def _plots(was: Results, would_be: Results) -> str:
    count = len(was.weight)
    drawn = plots({"current": was, "candidate": would_be})
    return (
        "<h2>On decisions that it has not learnt from</h2>"
        f'<p class="muted">{count:,} comments, each counted as often as there are '
        f"comments that it stands for.</p>{pictures(drawn)}"
    )


def _flips(was: Results, would_be: Results, held_out: Sequence[Label]) -> str:
    """Comments whose verdict changes, those it changes for most before the others."""
    change = np.abs(would_be.risk - was.risk)
    flips = [
        i
        for i in np.argsort(-change, kind="stable").tolist()
        if was.fate(i) is not would_be.fate(i)
    ]
    right = [i for i in flips if _is_better(was, would_be, i)]
    wrong = [i for i in flips if not _is_better(was, would_be, i)]
    of_wrong = min(len(wrong), max(MOST_FLIPS // 2, MOST_FLIPS - len(right)))
    shown = [
        (f"Now wrong: {len(wrong):,}", "bad", wrong[:of_wrong]),
        (f"Now right: {len(right):,}", "good", right[: MOST_FLIPS - of_wrong]),
    ]
    parts = [
        f'<h3 class="{look}">{heading}</h3>'
        + "".join(_flip(was, would_be, held_out[i], i) for i in chosen)
        for heading, look, chosen in shown
    ]
    return f"<h2>Comments whose verdict changes</h2>{''.join(parts)}"


def _is_better(was: Results, would_be: Results, i: int) -> bool:
    """Whether the new verdict of a comment is nearer to what people decided."""
    people = was.rejected_by_people[i]
    if was.stopped[i] != would_be.stopped[i]:
        return bool(would_be.stopped[i] == people)
    return bool(would_be.rejected[i] == people)


def _flip(was: Results, would_be: Results, label: Label, i: int) -> str:
    fates = f"{was.fate(i)} → {would_be.fate(i)}"
    people = "accepted it"
    if label.rejected:
        people = f"rejected it as {label.rule}" if label.rule else "rejected it"
    text = label.text[:MOST_TEXT] + ("…" if len(label.text) > MOST_TEXT else "")
    return (
        f"<article><p><strong>{fates}</strong>, people {people} "
        f'<span class="muted">(score {was.risk[i]:.2f} → {would_be.risk[i]:.2f})</span>'
        f'</p><blockquote dir="auto">{escape(text)}</blockquote></article>'
    )


def _words(artifacts: tuple[Artifact, Artifact]) -> str:
    return (
        "<h2>Words whose weight changed most</h2>"
        '<p class="muted">Coefficient times idf; one that rose speaks more for the '
        "rule than before. Letters between bars are parts of a word that is not known "
        "as a whole.</p>"
        f"{''.join(map(_of_attribute, weight_changes(*artifacts)))}"
    )


def _of_attribute(changes: Changes) -> str:
    attribute = changes.attribute
    return (
        f"<h3>{RULE_OF[attribute]}: {attribute}</h3>"
        f'<div class="ways">{_way("Weigh more", changes.more)}'
        f"{_way('Weigh less', changes.less)}</div>"
    )


def _way(heading: str, changes: Sequence[Change]) -> str:
    items = [f"<li>{_name(c)} <small>{signed(c.by, 2)}</small></li>" for c in changes]
    shown = f'<ul class="words">{"".join(items)}</ul>' if items else "none"
    return f"<div><h4>{heading}</h4>{shown}</div>"


def _name(change: Change) -> str:
    return escape(f"|{change.name.strip()}|" if change.is_part else change.name)
