"""Street addresses: a house number, a street and a postal code, or words like
"lives at" before them.  Leaves out bare streets and places: they are news.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from model.contacts.text import DOUBTFUL, SURE, Sighting, before

LEAD = 32  # characters before a number in which its "house number is" may begin
MOST = 64  # candidates of one kind looked at in one text

PREMISE = (
    r"(?<!\w)(?:[hd]\.?[ ]?no\b\.?"
    r"|(?:house|door|flat|plot|apt|apartment|villa|quarter|tc)\b\.?[ ]?"
    r"(?:no\b\.?|number)?|(?:house|door|flat)[ ]number[ ]is\b)[ :.#-]{0,2}"
)
# Begins with the digit, checks what is before it afterwards: so the search skips from
# digit to digit.
HOUSE = (
    r"\d(?<![\w$€£₹/]\d)(?<!\d[.,:-]\d)\d{0,4}[a-z]?(?:[/-]\d{1,5}[a-z]?){0,3}"
    r"(?!\w|[.,:]\d|%)"
)
NAME = (
    r"(?:(?!(?:the|of|and|to|in|on|at|for|with|is|was|are|by|that|this|from|or|as|an?"
    r"|years?|months|days|hours|minutes|mins|people|persons|km|miles?|met(?:er|re)s?)\b)"
    r"(?:[a-z][\w.'\u2019-]{0,20}|\d{1,3}(?:st|nd|rd|th))[ ,]{1,2})"
)
STREET = (
    r"(?:street|st|road|rd|avenue|ave|av|lane|ln|drive|dr|boulevard|blvd|crescent"
    r"|terrace|close|court|ct|square|sq|marg|gali|nagar|colony|layout|enclave|salai"
    r"|place|pl|circle|parkway|pkwy|highway|hwy|trail|chowk|bazaar|gardens|grove|mews"
    r"|row|way|cross|main)\b\.?"
)
PIN = r"[1-9]\d\d[ ]?\d{3}(?![\w'\u2019]|[.,]\d)"
CODE = (
    rf"(?:(?:[ ,-]|pin)[ :.-]{{0,3}}{PIN}"  # India
    r"|\b[a-z]{1,2}\d[a-z\d]?[ ]?\d[a-z]{2}\b"  # Britain
    r"|\b[a-z]\d[a-z][ -]?\d[a-z]\d\b"  # Canada
    r"|(?:,[ ]?[a-z]{2}|\b(?-i:[A-Z]{2}|[A-Z][a-z]{3,12}))[ ,.]{1,3}"  # United States
    r"\d{5}(?:-\d{4})?(?!\d|[.,]\d))"
)
GAP = r"[^.!?;]{0,70}?"

STREETS = re.compile(
    rf"{HOUSE}[ ,]{{1,3}}(?=[a-z]|\d{{1,3}}[snrt]){NAME}{{0,5}}?"
    rf"(?P<street>{STREET})(?:[ ]{STREET}){{0,2}}",
    re.IGNORECASE,
)
CODED = re.compile(rf"{GAP}{CODE}", re.IGNORECASE)
NAMED = re.compile(r"(?!(?:19|20)\d\d[ ])[^\s,]+[ ,]+[^\s,]+[ ,]+\S")
"""A street with a name; neither "5 main meals" nor the "2008 Main Street bailout"."""
STATED = re.compile(r",[ ][A-Z][A-Za-z .]{2,24},[ ][A-Z]{2}\b")
FLAT = re.compile(
    rf"{HOUSE},[ ]?(?:\d{{1,2}}(?:st|nd|rd|th)[ ](?:floor|block|cross|main)"
    r"|(?:block|tower|wing)[ ]\w{1,3}|\w{2,20}[ ](?:\w{2,20}[ ])?(?:apartments?|towers?"
    r"|residency|enclave|heights|court|nagar|colony|society))\b",
    re.IGNORECASE,
)
PREMISE_BEFORE = re.compile(
    rf"(?P<sure>{PREMISE}(?:{HOUSE},[ ]?|[a-z]-?)?)$"
    r"|(?<!\w)(?:no\b\.?[ ]?|number[ ]|\#[ ]?)$",
    re.IGNORECASE,
)
OWNER = re.compile(r"\b(?:his|her|their|your|whose|\w+['\u2019]s)\s$")
HAS_PIN = re.compile(PIN)
PREMISES = re.compile(rf"{PREMISE}{HOUSE}[^.!?;\n]{{2,90}}?[ -]{PIN}", re.IGNORECASE)
HOUSE_NAME = re.compile(
    r"\b[a-z]\w{1,30}[ ](?:house|bhavan|bhavanam|nivas|veedu|veettil|manzil|illam|villa"
    rf"|mandiram),[^.!?;]{{1,60}}?\bp\.?[ ]?o\b[^!?;]{{1,40}}?{PIN}",
    re.IGNORECASE,
)
"""Kerala's houses have names, and a post office in place of a street."""

HOME = re.compile(
    r"(?:\b(?:live[sd]?|living|reside[sd]?|residing|stay(?:s|ing|ed)?)"
    r"(?:\s(?:now|still|alone|currently|right|down|over|just|nearby|here)){0,2}"
    r"\s(?:at|in|on)"
    r"|\baddress(?:\s(?:is|was))?(?:\s(?:at|in|on))?"
    r"|\b(?:his|her|their|my|your|whose|\w+['\u2019]s)\s(?:home|house|flat|residence)"
    r"(?:\s(?:is|was))?(?:\s(?:at|in|on))?"
    r"|\bthe\s(?:house|flat)\sis(?:\s(?:at|in|on))?"
    r"|\b(?:find|visit|meet|get|kill|see)\s(?:him|her|them)\s(?:at|in|on))"
    r"[\s:,-]{1,3}$"
)
OFFICE = re.compile(
    r"\b(?:offices?|headquarters|hq|ministry|museums?|hospitals?|schools?|embassy|consulate"
    r"|department|commission|university|college|library|church|temple|mosque|theatre"
    r"|theater|hotel|restaurant|stores?|shop|branch|secretariat|town hall|station"
    r"|donations?|cheques?)\b(?![ ](?:street|st|road|rd|lane|avenue|ave|hill)\b)"
)
LANDMARK = re.compile(
    r"\b(?:1[0-2][ ]downing|1600[ ]pennsylvania|7,?[ ](?:lok kalyan|race course)"
    r"|10,?[ ]janpath|24,?[ ]akbar|350[ ]fifth|4[ ]privet)\b",
    re.IGNORECASE,
)
"""Addresses everybody knows: nobody is exposed by them."""


def find_addresses(text: str) -> Iterator[Sighting]:
    """See where somebody lives.

    Sure with a postal code or after words such as "lives at", unless the words name an
    office; doubtful with a town and a state, or as a flat and its floor.
    """
    for match in islice(STREETS.finditer(text), MOST):
        yield from _in_a_street(text, match)
    for match in islice(FLAT.finditer(text), MOST):
        start, is_dwelling = _with_premise(text, match.start())
        if is_dwelling:
            yield from _seen(text, start, match.end(), DOUBTFUL)
    if HAS_PIN.search(text):
        for pattern in (PREMISES, HOUSE_NAME):
            for match in islice(pattern.finditer(text), MOST):
                yield from _seen(text, *match.span(), SURE)


def _in_a_street(text: str, match: re.Match[str]) -> Iterator[Sighting]:
    start, is_dwelling = _with_premise(text, match.start())
    lead = before(text, start, 50)
    is_home = HOME.search(lead) is not None
    is_home = is_home or (is_dwelling and OWNER.search(lead) is not None)
    if code := CODED.match(text, match.end()):
        yield from _seen(text, start, code.end(), SURE)
    elif is_home and NAMED.match(match[0]):
        yield from _seen(text, start, match.end(), SURE)
    elif state := STATED.match(text, match.end()):
        yield from _seen(text, start, state.end(), DOUBTFUL)
    elif is_dwelling and match["street"][0].isupper():
        yield from _seen(text, start, match.end(), DOUBTFUL)


def _with_premise(text: str, start: int) -> tuple[int, bool]:
    """Where the address begins whose number is at `start`: "Flat 4B", "No. 12".

    And whether the word before the number is one only for dwellings.
    """
    lead = text[max(0, start - LEAD) : start]
    match = PREMISE_BEFORE.search(lead)
    if match is None:
        return start, False
    return start - len(lead) + match.start(), match["sure"] is not None


def _seen(text: str, start: int, end: int, score: float) -> Iterator[Sighting]:
    # A full stop may shorten the street's name, or end the sentence.
    address = text[start:end].rstrip(".")
    if LANDMARK.search(address):
        return
    if OFFICE.search(before(text, start, 60) + address.lower()):
        score = DOUBTFUL
    yield Sighting(start, start + len(address), score)
