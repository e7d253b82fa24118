"""Contact details that expose a person: phone numbers, e-mail and street addresses.

Leaves out identity documents and bank cards, and who the person is: a number of an
office looks like one of a home, so what the words around it call official is doubtful.
"""

from __future__ import annotations

import re

from model.contacts.address import find_addresses
from model.contacts.email import find_emails
from model.contacts.phone import MIXED, find_phones, find_spoken_phones
from model.contacts.text import Legible, Sighting, legible
from model.finding import Finding, Rule, Source

# Gates: a clean comment of 222 characters must pass in under 3 µs, so the cheapest
# tests come first and no seeker starts without the least that it needs.
ASCII_DIGIT = re.compile(r"[0-9]")
ANY_DIGIT = re.compile(r"[\d\u2460-\u24ff\u2776-\u2793]")
SEVEN_DIGITS = re.compile(r"\d(?:[^a-zA-Z\d\n]{0,3}\d){6}")
MAIL_HINTS = ("mail", "dot", "yahoo", "(at", "[at")
HIGH_WORDS = ("seven", "eight", "nine", "six", "zero")
"""Every Indian mobile number begins with one of the first four."""


def find_contacts(text: str) -> list[Finding]:
    """Find the phone numbers, e-mail addresses and street addresses in a text.

    Args:
        text: as sent; any string, lone surrogates too.

    Returns:
        One finding each, in the order of the text, not overlapping: rule PERSONAL,
        detail `phone`, `email` or `address`, one span in code points of `text`.  Score
        1.0 is sure, 0.6 worth a person's look.
    """
    digit = ASCII_DIGIT if text.isascii() else ANY_DIGIT
    has_digit = digit.search(text) is not None
    low = text.lower()
    is_spoken = sum([word in low for word in HIGH_WORDS]) > 1
    has_mail = "@" in low or "\uff20" in low or any([h in low for h in MAIL_HINTS])
    if not (has_digit or is_spoken or has_mail):
        return []
    plain = legible(text)
    seen: list[tuple[str, Sighting]] = []
    if has_mail:
        seen += (("email", sighting) for sighting in find_emails(plain.text))
    if is_spoken or (has_digit and MIXED.search(plain.text)):
        seen += (("phone", sighting) for sighting in find_spoken_phones(plain.text))
    if has_digit:
        seen += (("address", sighting) for sighting in find_addresses(plain.text))
        if SEVEN_DIGITS.search(plain.text):
            seen += (("phone", sighting) for sighting in find_phones(plain.text))
    return [_finding(plain, detail, sighting) for detail, sighting in _apart(seen)]


def _apart(seen: list[tuple[str, Sighting]]) -> list[tuple[str, Sighting]]:
    """Those that do not overlap, in the order of the text; the surer, longer stays."""
    kept: list[tuple[str, Sighting]] = []
    for detail, new in sorted(seen, key=lambda s: s[1].start):
        if not kept or kept[-1][1].end <= new.start:
            kept.append((detail, new))
        elif _weight(new) > _weight(kept[-1][1]):
            kept[-1] = (detail, new)
    return kept


def _weight(sighting: Sighting) -> tuple[float, int]:
    return sighting.score, sighting.end - sighting.start


def _finding(plain: Legible, detail: str, seen: Sighting) -> Finding:
    span = plain.span(seen.start, seen.end)
    return Finding(Rule.PERSONAL, None, Source.CONTACT, seen.score, (span,), detail)
