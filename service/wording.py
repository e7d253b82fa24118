"""What reasons are called, in English: one message each.  Decides nothing.

Moderators and sites read them; what readers are told is `service.notices`.
"""

from __future__ import annotations

from model.finding import Attribute, Finding, Rule, Source

SITE_RULE = (
    "Kindly refrain from using derogatory, personal, or obscene words in your comments."
)
POSSIBLY = "Possibly "
UNKNOWN = "Too little of this text is in words the judge knows; a person should read."
FAILED = "The text could not be judged; a person should read it."

LEXICON: dict[Rule, tuple[str, str]] = {
    Rule.DEROGATORY: ("a derogatory word", "derogatory words"),
    Rule.PERSONAL: ("an insult", "insults"),
    Rule.OBSCENE: ("an obscene word", "obscene words"),
}
CLASSIFIER: dict[Attribute | None, str] = {
    Attribute.TOXICITY: "abusive language",
    Attribute.SEVERE_TOXICITY: "severely abusive language",
    Attribute.IDENTITY_ATTACK: "an attack on people for what they are",
    Attribute.INSULT: "an insult",
    Attribute.PROFANITY: "obscene language",
    Attribute.THREAT: "a threat",
}
CONTACT: dict[str, tuple[str, str]] = {
    "phone": ("a phone number", "phone numbers"),
    "email": ("an e-mail address", "e-mail addresses"),
    "address": ("a postal address", "postal addresses"),
}
CLAUSES: dict[Rule, str] = {
    Rule.DEROGATORY: "derogatory words",
    Rule.PERSONAL: "a personal attack",
    Rule.OBSCENE: "obscene words",
}


def message(finding: Finding, *, sure: bool) -> str:
    """Say in one sentence what a finding is.

    Args:
        finding: all its spans count: two make it "words" rather than "a word".
        sure: whether it rejects; what only flags is said to be possible.
    """
    if finding.rule is None:
        return FAILED if finding.detail == "failed" else UNKNOWN
    phrase = _phrase(finding, finding.rule)
    return f"{phrase[0].upper()}{phrase[1:]}." if sure else f"{POSSIBLY}{phrase}."


def is_doubt(text: str) -> bool:
    """Whether a message is one of a reason that only flags."""
    return text.startswith(POSSIBLY) or text in (UNKNOWN, FAILED)


def _phrase(finding: Finding, rule: Rule) -> str:
    if finding.source is Source.CLASSIFIER:
        return CLASSIFIER.get(finding.attribute) or CLAUSES[rule]
    if finding.source is Source.CONTACT:
        one, many = CONTACT.get(finding.detail, ("a private detail", "private details"))
    elif finding.attribute is Attribute.THREAT:
        one, many = "a threat", "threats"
    else:
        one, many = LEXICON[rule]
    return many if len(finding.spans) > 1 else one
