"""What the rules' page shows: the terms in force, and what was sent and is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from model.finding import RULE_OF, Attribute, Rule
from model.lexicon.entries import Forms, Strength
from service.desk.rules.forms import Fields
from service.desk.rules.trials import Found
from service.domain import Outcome, Thresholds
from service.notices import NOTICES
from service.policy import Policy
from service.rules.changes import described, differences
from service.rules.own import FORMS, MAX_NOTE, MAX_NOTICE, MAX_WORD
from service.rules.preview import Preview
from service.store.policies import Version
from service.store.records import Site

LANGUAGES = {"en": "English", "hi": "Hindi", "ml": "Malayalam"}
CLAUSES = {
    "derogatory": "Derogatory words",
    "personal": "Personal attacks",
    "obscene": "Obscene words",
    "contact": "Contact details",
    "held": "Held until a person decides",
}
DOES = {
    Strength.REJECT: "Reject the comment",
    Strength.FLAG: "Flag it for moderators",
    Strength.IGNORE: "Nothing: it is ignored",
}
LOOKED_FOR = {
    Forms.STEM: "With its forms (-s, -ing)",
    Forms.WORD: "As it stands",
}


@dataclass(frozen=True, slots=True)
class Sent:
    """A form that was sent, and what came of it.

    `problems` maps the names of fields to what is wrong with them; `said` is a message
    on the whole, and `since` what somebody else has changed in the meantime.
    """

    form: str = ""
    fields: Fields = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)
    said: str | None = None
    since: Sequence[str] = ()
    preview: Preview | None = None
    found: Found | None = None
    tried: str = ""

    @property
    def place(self) -> str:
        """The id of the page's section that the form is of."""
        if self.form == "removed":
            return "words" if self.fields.get("word") else "allowed"
        return self.form

    def value(self, form: str, name: str, present: str = "") -> str:
        """What a field holds: what was typed, or else what is in force."""
        return self.fields.get(name, "") if self.form == form else present

    def problem(self, form: str, name: str) -> str | None:
        """What is wrong with a field."""
        return self.problems.get(name) if self.form == form else None


@dataclass(frozen=True, slots=True)
class Limits:
    """The thresholds of one rule, in force and of the model.

    `exceptions` are attributes for which the model has others, while it is gone by.
    """

    rule: Rule
    present: Thresholds
    model: Thresholds
    exceptions: Mapping[Attribute, Thresholds]

    @property
    def is_own(self) -> bool:
        """Whether the site differs from the model."""
        return self.present != self.model


@dataclass(frozen=True, slots=True)
class VersionView:
    """A version of the rules, and what it changed."""

    version: Version
    changes: Sequence[str]
    is_present: bool


def limits_of(policy: Policy, model: Policy) -> list[Limits]:
    """The thresholds of every rule."""
    nothing = Thresholds(None, None)
    return [
        Limits(
            rule,
            policy.thresholds.get(rule, nothing),
            model.thresholds.get(rule, nothing),
            {
                attribute: limits
                for attribute, limits in model.attributes.items()
                if RULE_OF[attribute] is rule
            },
        )
        for rule in Rule
    ]


def version_views(
    versions: Sequence[Version], site: Site, most: int
) -> list[VersionView]:
    """The first of the versions, newest first, each with what it changed."""
    older: list[Version | None] = [*versions[1:], None]
    return [
        VersionView(
            version,
            differences(before.terms, version.terms) if before else (),
            version.number == site.policy_version,
        )
        for version, before in zip(versions, older, strict=True)
    ][:most]


def choices() -> dict[str, Any]:
    """Names and limits that the page's forms are made of."""
    return {
        "RULES": {rule: rule.capitalize() for rule in Rule},
        "described": described,
        "DOES": DOES,
        "LOOKED_FOR": {forms: LOOKED_FOR[forms] for forms in reversed(FORMS)},
        "LANGUAGES": LANGUAGES,
        "CLAUSES": CLAUSES,
        "NOTICES": NOTICES,
        "OUTCOMES": {
            Outcome.ACCEPT: "Published, and taken down if a person rejects it",
            Outcome.REJECT: "Held until a person approves it",
        },
        "MAX_WORD": MAX_WORD,
        "MAX_NOTE": MAX_NOTE,
        "MAX_NOTICE": MAX_NOTICE,
    }
