"""From the fields of the rules page to what a site may set.  Stores nothing."""

from __future__ import annotations

from collections.abc import Mapping

from model.finding import Rule
from service.domain import Outcome, Thresholds, Word
from service.errors import InvalidInput
from service.policy import DIGITS
from service.rules.own import make_word

Fields = Mapping[str, str]

KINDS = ("flag", "reject")


def thresholds_in(
    fields: Fields, model: Mapping[Rule, Thresholds]
) -> dict[Rule, Thresholds]:
    """The thresholds in which a site differs from the model.

    Args:
        fields: `flag-obscene`, `reject-obscene` and so on: a score; empty for never.
        model: the model's own thresholds.  What equals them goes by the model.

    Raises:
        InvalidInput: names every field that is wrong, as `/flag-obscene`.
    """
    problems = [(f"/{name}", "There is no such rule.") for name in _strange(fields)]
    own: dict[Rule, Thresholds] = {}
    for rule in Rule:
        flag, reject = (_score(fields, f"{kind}-{rule}", problems) for kind in KINDS)
        if flag is not None and reject is not None and flag > reject:
            problem = "Flagging must not begin above rejecting."
            problems.append((f"/flag-{rule}", problem))
        elif not problems and (limits := Thresholds(flag, reject)) != model.get(rule):
            own[rule] = limits
    if problems:
        raise InvalidInput(*problems[0], *problems[1:])
    return own


def word_in(fields: Fields) -> Word:
    """A word of the site's own.

    Raises:
        InvalidInput: names every field that is wrong.
    """
    asked = (fields.get(name, "") for name in ("text", "rule", "strength", "forms"))
    return make_word(*asked)


def outcome_in(fields: Fields) -> Outcome:
    """What a flagged comment gets until a person decides.

    Raises:
        InvalidInput: it is none of the two.
    """
    try:
        return Outcome(fields.get("flagged", ""))
    except ValueError as error:
        raise InvalidInput("/flagged", "Choose one of the two.") from error


def notices_in(fields: Fields) -> dict[tuple[str, str], str]:
    """Texts of the fields `notice-en-obscene` and so on, by language and clause."""
    named = (
        (name.removeprefix("notice-").partition("-"), text)
        for name, text in fields.items()
        if name.startswith("notice-")
    )
    return {(language, clause): text for (language, _, clause), text in named}


def version_in(fields: Fields, name: str = "version") -> int:
    """The number of a version of the policy.

    Raises:
        InvalidInput: it is none.
    """
    value = fields.get(name, "")
    if not value.isascii() or not value.isdigit() or len(value) > 9:
        raise InvalidInput(f"/{name}", "The form names no version of the rules.")
    return int(value)


def _strange(fields: Fields) -> list[str]:
    """Fields of thresholds for rules that do not exist."""
    known = {f"{kind}-{rule}" for kind in KINDS for rule in Rule}
    return [
        name
        for name in fields
        if name.startswith(("flag-", "reject-")) and name not in known
    ]


def _score(fields: Fields, name: str, problems: list[tuple[str, str]]) -> float | None:
    """A score in [0, 1]; None for an empty field, and for one that is no score."""
    text = fields.get(name, "").strip().replace(",", ".")
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        problems.append((f"/{name}", "This is no number."))
        return None
    if not 0.0 <= value <= 1.0:
        problems.append((f"/{name}", "It must lie between 0 and 1."))
        return None
    return round(value, DIGITS)
