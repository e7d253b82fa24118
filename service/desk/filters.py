"""What a list is narrowed to, from the query string and back.  Reads no store."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from model.finding import Rule, Source
from service.desk.marking import plain
from service.domain import Waiting
from service.store.cases import Filters, Order

MAX_VALUE = 300  # characters of a free value

KINDS: Mapping[Waiting, str] = MappingProxyType(
    {
        Waiting.FLAGGED: "Flagged",
        Waiting.REPORTED: "Reported",
        Waiting.APPEALED: "Appealed",
        Waiting.ESCALATED: "Escalated",
        Waiting.SECOND: "Second opinion",
        Waiting.SAMPLE: "Sample",
    }
)
SOURCES: Mapping[Source, str] = MappingProxyType(
    {
        Source.LEXICON: "Word list",
        Source.CLASSIFIER: "Classifier",
        Source.CONTACT: "Contact details",
    }
)
RULES: Mapping[Rule, str] = MappingProxyType(
    {rule: rule.value.capitalize() for rule in Rule}
)
ORDERS: Mapping[Order, str] = MappingProxyType(
    {Order.NEWEST: "Newest first", Order.OLDEST: "Oldest first"}
)
CHIPS: Mapping[str, str] = MappingProxyType(
    {
        "waiting": "Kind",
        "rule": "Rule",
        "source": "Source",
        "article": "Article",
        "author": "Author",
        "language": "Language",
        "least": "Score from",
        "most": "Score to",
        "words": "Text",
    }
)
"""What each field of `Filters` is called on the page, in the order it is shown."""


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that is active; `without` is the query that lets go of it."""

    label: str
    value: str
    without: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a query string asks for.

    `typed` is what stood in it, to be shown again; `problems` says by field why a part
    of it was left out.
    """

    filters: Filters
    order: Order
    typed: Mapping[str, str]
    problems: Mapping[str, str]

    @property
    def query(self) -> dict[str, str]:
        """The query string that asks for the same: nothing that is as it always is."""
        values = {
            name: _written(value)
            for name in CHIPS
            if (value := getattr(self.filters, name)) is not None
        }
        if self.order is not Order.NEWEST:
            values["order"] = self.order.value
        return values

    @property
    def chips(self) -> list[Chip]:
        """One for each active filter."""
        query = self.query
        return [
            Chip(label, _shown(name, query[name]), _without(query, name))
            for name, label in CHIPS.items()
            if name in query
        ]


def choose(args: Mapping[str, str]) -> Chosen:
    """Read a query string.  What cannot be read narrows nothing and is a problem."""
    typed = {
        name: value
        for name in (*CHIPS, "order")
        if (value := args.get(name, "").strip())
    }
    values: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for name, value in typed.items():
        try:
            values[name] = _PARSERS[name](value)
        except ValueError as error:
            problems[name] = str(error)
    least, most = values.get("least"), values.get("most")
    if least is not None and most is not None and least > most:
        problems["most"] = "The highest score is below the lowest."
        del values["most"]
    order = values.pop("order", Order.NEWEST)
    return Chosen(Filters(**values), order, typed, problems)


def _one_of(kind: type[StrEnum]) -> Callable[[str], StrEnum]:
    def parse(value: str) -> StrEnum:
        try:
            return kind(value)
        except ValueError:
            known = ", ".join(kind)
            raise ValueError(f"“{plain(value, 30)}” is none of {known}.") from None

    return parse


def _score(value: str) -> float:
    try:
        number = float(value.replace(",", "."))
    except ValueError:
        number = -1.0
    if not 0.0 <= number <= 1.0:
        raise ValueError(f"A score is from 0 to 1, not “{plain(value, 30)}”.")
    return number


def _free(value: str) -> str:
    # PostgreSQL can neither store nor look for a NUL.
    if "\0" in value or len(value) > MAX_VALUE:
        raise ValueError(f"At most {MAX_VALUE} characters can be looked for.")
    return value


_PARSERS: Mapping[str, Callable[[str], object]] = MappingProxyType(
    {field.name: _free for field in fields(Filters)}
    | {
        "waiting": _one_of(Waiting),
        "rule": _one_of(Rule),
        "source": _one_of(Source),
        "least": _score,
        "most": _score,
        "order": _one_of(Order),
    }
)


def _written(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _shown(name: str, value: str) -> str:
    if name == "waiting":
        return KINDS[Waiting(value)]
    if name == "source":
        return SOURCES[Source(value)]
    if name == "rule":
        return RULES[Rule(value)]
    return value


def _without(query: Mapping[str, str], name: str) -> dict[str, str]:
    return {key: value for key, value in query.items() if key != name}
