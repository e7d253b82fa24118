"""Phone numbers: a shape or a word announces them, a numbering plan confirms them.

Leaves out vanity letters (1-800-FLOWERS), extensions and number words of languages
other than English.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from model.contacts.context import (
    CUE,
    is_about_something_else,
    is_announced,
    is_of_an_office,
)
from model.contacts.plan import Line, international_line, is_filler, national_line
from model.contacts.text import DOUBTFUL, SURE, Sighting

MOST = 16
"""Candidates of one kind in one text: judging one takes some 0.1 ms."""

SHAPE = re.compile(
    r"""
    (?<!\d)(?<!\d[.:])(?:
      (?P<plus>\+[ ]?\(?\d(?:[ .()-]{0,3}\d){6,14}
        | 00(?:1|33|4[49]|6[0145]|9[1-4]|880|96[568]|97[1347])(?:[ .()-]{0,3}\d){7,12})
    | (?P<mobile>(?:\(?(?:91|0)\)?[ -]{0,3})?\(?[6-9]\d{4}\)?[ ._*-]{0,3}\d{5})
    | (?P<american>(?:1[ .-]{0,3})?
        (?:\([2-9]\d\d\)[ .-]{0,2}[2-9]\d\d[ .-]?
          |[2-9]\d\d(?P<gap>[ .-])[2-9]\d\d(?P=gap))\d{4})
    | (?P<trunk>\(?0\d{2,4}\)?[ /-]{1,3}\d{3,8}(?:[ -]\d{3,5}){0,2}|0\d{9,10})
    | (?<!\d[ .*_~-])(?P<spelled>\d(?P<by>[ .*_~-])\d(?:(?P=by)\d){8,11}(?!(?P=by)\d))
    )(?!\d)(?![.:]\d)(?!,\d{2,3}(?!\d))
    """,
    re.VERBOSE,
)
"""What looks like a phone number whatever stands around it."""

COMPLETE = re.compile(r"\+[ ]?(?:1|44|91)(?:[ .()-]{0,3}\d){10}")
"""A number of the right length, though perhaps no plan has it."""

CUED = re.compile(
    rf"\b(?=[a-z]){CUE}(?:[ ](?:me|him|her|them|us|no|number|num|at|on|is|was|the"
    r"|his|my)){0,4}[ .:#=-]{0,3}"
    r"(?P<number>[(+]?\d(?:[ .()-]{0,2}\d){6,12})(?!\d)(?![.:,]\d)",
    re.IGNORECASE,
)
"""A number in any grouping, just after a word that announces a phone number."""

LOCAL = re.compile(r"(?!(?:19|20)\d\d)[2-9]\d{2,3}[ .-]?\d(?!000)\d{3}")
"""A subscriber's number without the area code; not a year range, not a round sum."""

DIGIT_WORDS = "zero one two three four five six seven eight nine"
WORDS = {word: str(digit) for digit, word in enumerate(DIGIT_WORDS.split())}
WORDS |= {"o": "0", "oh": "0", "i": "1", "l": "1"}
WORD = "(?:zero|one|two|three|four|five|six|seven|eight|nine)"
TOKEN = rf"(?:(?:double|triple)[ -]{{1,2}})?(?:{WORD}|oh?|\d|(?<=\d)[il](?=\d))"
"""A digit, a word for it, or a letter that looks like it."""

TOKENS = re.compile(rf"(?:(double|triple)[ -]+)?({WORD}|oh?|\d|[il])")
SPOKEN = re.compile(
    rf"(?<![a-z]){TOKEN}(?:[ ,./-]{{0,3}}{TOKEN}){{6,13}}(?![a-z])", re.IGNORECASE
)
MIXED = re.compile(
    rf"\d(?:[ ,.-]{{0,2}}(?=[a-z])(?:{WORD}|[oil]\d)|(?<=[a-z]\d)(?:"
    r"(?<=(?:one|two|six)\d)|(?<=(?:zero|four|five|nine)\d)"
    r"|(?<=(?:three|seven|eight)\d)))",
    re.IGNORECASE,
)
"""A sign that digits and words are mixed.  Begins with a digit, to be found fast."""
GLUED = re.compile(rf"\d(?:{WORD}|[oil])|{WORD}\d", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A number some shape or word let us notice, before it is judged.

    `sure_alone`: nobody writes anything but a phone number like this.
    `even_unassigned`: worth a person's look though no numbering plan has it.
    """

    start: int
    end: int
    digits: str
    line: Line
    sure_alone: bool = False
    even_unassigned: bool = False
    announced: bool = False


def find_phones(text: str) -> Iterator[Sighting]:
    """See Indian, American and British numbers, and any with + or 00.

    Sure where a numbering plan has the number, and its writing or the words around it
    say that it is one; doubtful where one of the two is missing or the words name an
    office.  Toll-free numbers and helplines' short codes are passed over.
    """
    matches = SHAPE.finditer(text)
    for match in islice(matches, MOST):
        yield from _judged(text, _by_shape(text, match))
    # More than any comment holds: a person looks, rather than the machine at length.
    rest = (match.span() for match in matches if not match["spelled"])
    for start, end in islice(rest, 1):
        yield Sighting(start, end, DOUBTFUL)
    for match in islice(CUED.finditer(text), MOST):
        yield from _judged(text, _by_cue(match))


def find_spoken_phones(text: str) -> Iterator[Sighting]:
    """See numbers with digits in words: "nine eight four ...", "98470-one2345"."""
    for match in islice(SPOKEN.finditer(text), MOST):
        words = re.findall(WORD, match[0], re.IGNORECASE)
        glued = GLUED.search(match[0]) is not None
        digits = _spoken_digits(match[0])
        if glued or len(words) > 1:
            sure_alone = glued or len(words) >= 7
            line = national_line(digits)
            yield from _judged(text, Candidate(*match.span(), digits, line, sure_alone))


def _judged(text: str, seen: Candidate) -> Iterator[Sighting]:
    announced = seen.announced or is_announced(text, seen.start, seen.end)
    if seen.line is Line.PUBLIC or is_about_something_else(
        text, seen.start, seen.end, announced=announced
    ):
        return
    unknown = seen.line is Line.UNASSIGNED or is_filler(seen.digits)
    if unknown and not (announced or seen.even_unassigned):
        return
    if len(seen.digits) < 10 and not seen.even_unassigned:
        return
    sure = not unknown and (announced or seen.sure_alone)
    office = is_of_an_office(text, seen.start, seen.end, seen.digits)
    yield Sighting(seen.start, seen.end, SURE if sure and not office else DOUBTFUL)


def _by_shape(text: str, match: re.Match[str]) -> Candidate:
    start, end = match.span()
    digits = _digits(match[0])
    if match["plus"]:
        return _longest(match, international_line)
    if match["trunk"]:
        return _longest(match, national_line)
    line = national_line(match[0])
    if match["mobile"]:
        alone = len(match[0].strip("()")) > 10 and not _is_in_a_row(text, start, end)
        return Candidate(start, end, digits, line, alone)
    if match["american"]:
        tight = match["gap"] != " "
        return Candidate(start, end, digits, line, tight, tight)
    return Candidate(start, end, digits, line)


def _by_cue(match: re.Match[str]) -> Candidate:
    start, end = match.span("number")
    digits = _digits(match["number"])
    local = LOCAL.fullmatch(match["number"]) is not None
    plus = match["number"].startswith("+")
    line = (international_line if plus else national_line)(match["number"])
    return Candidate(start, end, digits, line, even_unassigned=local, announced=True)


def _longest(match: re.Match[str], line_of: Callable[[str], Line]) -> Candidate:
    """The longest number from its start that a plan has: "+91 98470 12345 2 pm"."""
    start, end = match.span()
    ends = [start + group.end() for group in re.finditer(r"\d+\)?", match[0])]
    for shorter in ends[:-4:-1]:
        number = match.string[start:shorter]
        line = line_of(number)
        if line is not Line.UNASSIGNED:
            written = not number.isdecimal()
            return Candidate(start, shorter, _digits(number), line, written)
    complete = COMPLETE.fullmatch(match[0]) is not None
    return Candidate(
        start, end, _digits(match[0]), Line.UNASSIGNED, even_unassigned=complete
    )


def _is_in_a_row(text: str, start: int, end: int) -> bool:
    """Whether five more digits stand beside it, as in a table of figures."""
    return (
        re.search(r"\d{5}[ .-]{1,3}$", text[max(0, start - 8) : start]) is not None
        or re.match(r"[ .-]{1,3}\d{5}(?!\d)", text[end : end + 9]) is not None
    )


def _digits(number: str) -> str:
    return re.sub(r"\D", "", number)


def _spoken_digits(words: str) -> str:
    times = {"": 1, "double": 2, "triple": 3}
    return "".join(
        WORDS.get(word, word) * times[repeat]
        for repeat, word in TOKENS.findall(words.lower())
    )
