"""What readers are told about their comments, in English, Hindi and Malayalam.

A notice quotes the site's rule and names the clauses that were broken, never the words.
What moderators are told is `service.wording`; nothing here decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from model.finding import Rule, Source
from service.wording import CLAUSES, SITE_RULE


class Clause(StrEnum):
    """What a comment broke: a rule, or by which part of it.

    Contact details break the rule `personal`, but to call them an attack is wrong.
    """

    DEROGATORY = Rule.DEROGATORY.value
    PERSONAL = Rule.PERSONAL.value
    OBSCENE = Rule.OBSCENE.value
    CONTACT = "contact"


BY_NAME: Mapping[str, Clause] = {clause.value: clause for clause in Clause}
HELD = "held"
"""In place of a clause: a person has to read the comment before it is published."""
ENGLISH = "en"

Wordings = Mapping[str, Mapping[str, str]]
"""Notices by language and by clause or HELD; a site's own may have any of them."""


@dataclass(frozen=True, slots=True)
class Language:
    """How one language says it.

    Each of `clauses` and `other`, which names none, fits for `{broken}` in `notice`;
    several are joined by `several`.
    """

    sentence: str
    notice: str
    several: str
    clauses: Mapping[Clause, str]
    other: str
    held: str

    def say(self, clauses: Iterable[Clause | None]) -> str:
        """The notice that these clauses were broken; None stands for no clause."""
        phrases = (self.clauses[c] if c else self.other for c in clauses)
        *rest, last = list(dict.fromkeys(phrases)) or [self.other]
        broken = self.several.format(", ".join(rest), last) if rest else last
        return self.notice.format(broken=broken, sentence=self.sentence)


SPOKEN: Mapping[str, Language] = {
    ENGLISH: Language(
        sentence=SITE_RULE,
        notice="Your comment was not published: it contains {broken}. "
        "The rule of this site: “{sentence}” "
        "You may change the comment and send it again.",
        several="{} and {}",
        clauses={
            Clause.DEROGATORY: CLAUSES[Rule.DEROGATORY],
            Clause.PERSONAL: CLAUSES[Rule.PERSONAL],
            Clause.OBSCENE: CLAUSES[Rule.OBSCENE],
            Clause.CONTACT: "private contact details",
        },
        other="words this site does not print",
        held="Your comment will appear once a moderator has read it.",
    ),
    # Each phrase is a plural of the masculine, so that one verb agrees with all.
    "hi": Language(
        sentence="कृपया अपनी टिप्पणियों में अपमानजनक, व्यक्तिगत या अश्लील शब्दों का प्रयोग न करें।",
        notice="आपकी टिप्पणी प्रकाशित नहीं की गई, क्योंकि इसमें {broken} हैं। "
        "इस साइट का नियम है: “{sentence}” "
        "टिप्पणी में बदलाव करके उसे फिर से भेजा जा सकता है।",
        several="{} और {}",
        clauses={
            Clause.DEROGATORY: "अपमानजनक शब्द",
            Clause.PERSONAL: "व्यक्तिगत आक्षेप",
            Clause.OBSCENE: "अश्लील शब्द",
            Clause.CONTACT: "निजी संपर्क विवरण",
        },
        other="इस साइट के नियम के विरुद्ध शब्द",
        held="मॉडरेटर के पढ़ लेने के बाद आपकी टिप्पणी दिखाई देगी।",
    ),
    "ml": Language(
        sentence="നിങ്ങളുടെ അഭിപ്രായങ്ങളിൽ അധിക്ഷേപകരമോ വ്യക്തിപരമോ അശ്ലീലമോ ആയ "
        "വാക്കുകൾ ദയവായി ഒഴിവാക്കുക.",
        notice="നിങ്ങളുടെ അഭിപ്രായം പ്രസിദ്ധീകരിച്ചിട്ടില്ല, കാരണം അതിൽ {broken} ഉണ്ട്. "
        "ഈ സൈറ്റിന്റെ നിയമം: “{sentence}” "
        "അഭിപ്രായം തിരുത്തി വീണ്ടും അയയ്ക്കാവുന്നതാണ്.",
        several="{}, {} എന്നിവ",
        clauses={
            Clause.DEROGATORY: "അധിക്ഷേപകരമായ വാക്കുകൾ",
            Clause.PERSONAL: "വ്യക്തിപരമായ ആക്രമണം",
            Clause.OBSCENE: "അശ്ലീല വാക്കുകൾ",
            Clause.CONTACT: "ബന്ധപ്പെടാനുള്ള സ്വകാര്യ വിവരങ്ങൾ",
        },
        other="ഈ സൈറ്റിന്റെ നിയമത്തിന് നിരക്കാത്ത വാക്കുകൾ",
        held="ഒരു മോഡറേറ്റർ വായിച്ചശേഷം നിങ്ങളുടെ അഭിപ്രായം പ്രത്യക്ഷപ്പെടും.",
    ),
}
LANGUAGES = tuple(SPOKEN)
NOTICES: Wordings = {
    name: {clause.value: language.say([clause]) for clause in Clause}
    | {HELD: language.held}
    for name, language in SPOKEN.items()
}
"""Our wording, whole as the reader gets it: what a site may replace."""


def language_of(tag: str | None) -> str:
    """The language to answer a comment in, by its BCP 47 tag: `hi-IN` gives `hi`.

    English where there is no tag, or none that we have a wording for.
    """
    primary = tag.partition("-")[0].lower() if tag else ENGLISH
    return primary if primary in SPOKEN else ENGLISH


def clause_of(rule: Rule | None, source: Source | None = None) -> Clause | None:
    """The clause that a reason names; None for a reason that names no rule."""
    if rule is None:
        return None
    is_contact = rule is Rule.PERSONAL and source is Source.CONTACT
    return Clause.CONTACT if is_contact else BY_NAME[rule]


def notice_for(
    broken: Iterable[Clause | Rule | None],
    language: str | None = None,
    own: Wordings | None = None,
) -> str:
    """Tell the reader why the comment was rejected.

    Args:
        broken: what it broke, strongest first; None stands for no clause.
        language: of the comment, a BCP 47 tag.
        own: the site's wording, which stands in place of ours where it has one: theirs
            come first, each as it is, then ours for the rest.
    """
    tongue = language_of(language)
    clauses = tuple(dict.fromkeys(BY_NAME[b] if b else None for b in broken))
    theirs = own.get(tongue) if own else None
    if not theirs:
        return _ours(tongue, clauses)
    said: list[str] = []
    rest: list[Clause | None] = []
    for clause in clauses:
        if clause is not None and clause in theirs:
            said.append(theirs[clause])
        else:
            rest.append(clause)
    if rest or not said:
        said.append(_ours(tongue, tuple(rest)))
    return " ".join(said)


def held_notice(language: str | None = None, own: Wordings | None = None) -> str:
    """Tell the reader that a person will read the comment first."""
    tongue = language_of(language)
    theirs = own.get(tongue) if own else None
    return (theirs or NOTICES[tongue]).get(HELD) or NOTICES[tongue][HELD]


# Every rejection says one of these few dozen, and joining them anew takes 1.4 us.
@cache
def _ours(tongue: str, clauses: tuple[Clause | None, ...]) -> str:
    return SPOKEN[tongue].say(clauses)
