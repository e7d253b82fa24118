"""What the forms of cards say, checked.  Decides nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from model.finding import Rule
from service.domain import Outcome
from service.errors import InvalidInput

MAX_NOTE = 1000  # characters
MAX_PICKS = 500
"""As many as a page can come to hold that has fetched more and more."""
MAX_NUMBER = 9  # digits


@dataclass(frozen=True, slots=True)
class Choice:
    """What is to be done: `outcome` is None to escalate, `rule` is for rejecting."""

    outcome: Outcome | None
    rule: Rule | None
    note: str | None

    @property
    def said(self) -> str:
        """What was done, as the beginning of a sentence."""
        if self.outcome is None:
            return "Passed on to an editor"
        if self.outcome is Outcome.ACCEPT:
            return "Approved"
        return f"Rejected as {self.rule}"


@dataclass(frozen=True, slots=True)
class Pick:
    """A comment, and the number of the decision that held when the page was made.

    `is_group`: near-identical ones that wait are meant, too.
    """

    number: int
    comment_id: str
    is_group: bool = False

    def __str__(self) -> str:
        """As `read_picks` reads it."""
        group = "all" if self.is_group else "one"
        return f"{self.number}:{group}:{self.comment_id}"


def read_choice(form: Mapping[str, str]) -> Choice:
    """Which button was pressed, and the note.

    Raises:
        InvalidInput: none, or one for a rule that does not exist; or the note is long.
    """
    # PostgreSQL cannot store a NUL.
    note = form.get("note", "").strip().replace("\0", "\ufffd") or None
    if note and len(note) > MAX_NOTE:
        raise InvalidInput("/note", f"A note has at most {MAX_NOTE:,} characters.")
    if "approve" in form:
        return Choice(Outcome.ACCEPT, None, note)
    if "escalate" in form:
        return Choice(None, None, note)
    try:
        return Choice(Outcome.REJECT, Rule(form.get("reject", "")), note)
    except ValueError:
        known = ", ".join(Rule)
        raise InvalidInput("/rule", f"Choose the rule broken: {known}.") from None


def read_pick(form: Mapping[str, str]) -> Pick:
    """The comment that a card's own form is about.

    Raises:
        InvalidInput: the form is not as the page writes it.
    """
    number = _number(form.get("seen", ""))
    return Pick(number, form.get("id", ""), "alike" in form)


def read_picks(values: Sequence[str]) -> list[Pick]:
    """The comments selected, each once.

    Raises:
        InvalidInput: none, too many, or not as the page writes them.
    """
    if not values:
        raise InvalidInput("/pick", "Select a comment first.")
    if len(values) > MAX_PICKS:
        raise InvalidInput("/pick", f"At most {MAX_PICKS} can be decided at once.")
    picks = [_pick(value) for value in values]
    return list({pick.comment_id: pick for pick in picks}.values())


def _pick(value: str) -> Pick:
    number, _, rest = value.partition(":")
    group, _, comment_id = rest.partition(":")
    return Pick(_number(number), comment_id, group == "all")


def _number(value: str) -> int:
    if not (value.isascii() and value.isdigit() and len(value) <= MAX_NUMBER):
        raise InvalidInput("/seen", "The form is broken; reload the page.")
    return int(value)
