"""In words and as HTML, what a trial of a change has shown."""

from __future__ import annotations

from dataclasses import dataclass, replace

from markupsafe import Markup

from model.finding import Span
from model.lexicon.entries import Strength, shipped_entries
from service.desk.marking import Mark, mark_up
from service.domain import Thresholds, Word
from service.rules.changes import described
from service.rules.own import same
from service.rules.preview import Preview, Shift
from service.rules.trial import Hit, Hits

AROUND = 60  # characters shown on either side of a word
SHOWN_COMMENTS = 8
SHOWN_NAMES = 40
PHRASES = 4  # of the shipped list that are named


@dataclass(frozen=True, slots=True)
class Found:
    """Where a word or phrase would be found, ready to be shown.

    `excerpts` and `names` are the first of them, `more_comments` and `more_names` how
    many are left; `spared` are names that an allow list keeps from it.  `warnings` say
    what else there is to know.
    """

    said: str
    excerpts: tuple[Markup, ...]
    more_comments: int
    names: tuple[str, ...]
    more_names: int
    spared: tuple[str, ...]
    warnings: tuple[str, ...]


def said_of(preview: Preview) -> str:
    """What other thresholds would do, in a sentence."""
    if not preview.comments:
        return "There is no comment yet to try it on."
    sample = f"On the last {_counted(preview.comments, 'comment')}"
    parts = [*_more("flag", preview.flagged), *_more("reject", preview.rejected)]
    if preview.let_through:
        parts.append(f"let {preview.let_through:,} rejected through")
    if not parts:
        return f"{sample} this would change nothing."
    *rest, last = parts
    listed = f"{', '.join(rest)} and {last}" if rest else last
    return f"{sample} this would {listed}."


def found_for_word(word: Word, hits: Hits, limits: Thresholds | None) -> Found:
    """Show where a new word would be found.

    Args:
        word: the word.
        hits: of comments that are rejected for a word to be ignored, else accepted.
        limits: what holds for its rule.
    """
    is_off = word.strength is Strength.IGNORE
    kind = "rejected" if is_off else "accepted"
    verb = "stands" if is_off else "would be found"
    if is_off:  # Whatever is not found hits no name.
        hits = replace(hits, names=(), spared=())
    lead = f"“{word.text}” ({described(word)}) {verb} in"
    return _found(lead, kind, hits, _warnings(word, limits))


def found_for_phrase(phrase: str, hits: Hits) -> Found:
    """Show where something that is to be allowed stands."""
    return _found(f"“{phrase}” stands in", "rejected", hits, ())


def _found(lead: str, kind: str, hits: Hits, warnings: tuple[str, ...]) -> Found:
    last = f"the last {_counted(hits.comments, f'{kind} comment')}"
    few = ", for of most accepted ones it is not" if kind == "accepted" else ""
    said = f"{lead} {len(hits.hits):,} of {last} whose text is kept{few}."
    if not hits.comments:
        said = f"{lead} no {kind} comment: of none the text is kept yet."
    first = hits.hits[:SHOWN_COMMENTS]
    return Found(
        said,
        tuple(excerpt(hit) for hit in first),
        len(hits.hits) - len(first),
        hits.names[:SHOWN_NAMES],
        max(len(hits.names) - SHOWN_NAMES, 0),
        hits.spared,
        warnings,
    )


def excerpt(hit: Hit) -> Markup:
    """The part of a comment around the first place where the word stands, marked."""
    text, first = hit.comment.text, hit.spans[0]
    start, end = max(first.start - AROUND, 0), min(first.end + AROUND, len(text))
    marks = [
        Mark(span.start - start, span.end - start, "unknown")
        for span in hit.spans
        if _is_within(span, start, end)
    ]
    shown = mark_up(" ".join(text[start:end].split("\n")), marks)
    before, after = "… " if start else "", " …" if end < len(text) else ""
    return Markup("{}{}{}").format(before, shown, after)


def _is_within(span: Span, start: int, end: int) -> bool:
    return start <= span.start and span.end <= end


def _warnings(word: Word, limits: Thresholds | None) -> tuple[str, ...]:
    """Why a word may have no effect, or not the one that is meant."""
    return tuple(
        warning
        for warning in (_shipped(word), _phrases(word), _without_effect(word, limits))
        if warning
    )


def _shipped(word: Word) -> str | None:
    """That the shipped list has the word."""
    text = same(word.text)
    known = [entry for entry in shipped_entries() if entry.text == text]
    if not known:
        return None
    return f"The shipped list has it already: {described(known[-1])}."


def _phrases(word: Word) -> str | None:
    """That a weaker word leaves the phrases that hold it as strong as they are."""
    if word.strength is Strength.REJECT:
        return None
    part = f" {same(word.text)} "
    phrases = dict.fromkeys(
        entry.text
        for entry in shipped_entries()
        if entry.strength is Strength.REJECT
        and part in f" {entry.text} "
        and entry.text != part.strip()
    )
    if not phrases:
        return None
    shown = ", ".join(f"“{phrase}”" for phrase in list(phrases)[:PHRASES])
    more = f" and {len(phrases) - PHRASES} more" if len(phrases) > PHRASES else ""
    return f"Shipped phrases with it still reject: {shown}{more}."


def _without_effect(word: Word, limits: Thresholds | None) -> str | None:
    """That the site's thresholds leave the word no effect, or less."""
    flags = limits is not None and limits.flag is not None
    rejects = limits is not None and limits.reject is not None
    if word.strength is Strength.FLAG and not flags:
        return f"Under the rule {word.rule} nothing is flagged just now."
    if word.strength is Strength.REJECT and not rejects:
        return f"Under the rule {word.rule} nothing is rejected just now."
    return None


def _more(verb: str, shift: Shift) -> list[str]:
    if not shift.more:
        return []
    return [f"{verb} {abs(shift.more):,} {'more' if shift.more > 0 else 'fewer'}"]


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
