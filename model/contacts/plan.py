"""Whose line a row of digits is, by the numbering plans in libphonenumber.

Leaves out the text around it: these are digits that somebody already takes for a phone
number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum, auto

from phonenumbers import (
    NumberParseException,
    PhoneNumber,
    PhoneNumberType,
    number_type,
    parse,
)

INDIA, AMERICA, BRITAIN = 91, 1, 44

AMERICAN_GROUPS = re.compile(r"(?:1\D{1,3})?\(?[2-9]\d\d\D{1,3}\d{3}\D\d{4}")

_PRIVATE = frozenset(
    {
        PhoneNumberType.FIXED_LINE,
        PhoneNumberType.MOBILE,
        PhoneNumberType.FIXED_LINE_OR_MOBILE,
        PhoneNumberType.VOIP,
        PhoneNumberType.PERSONAL_NUMBER,
        PhoneNumberType.PAGER,
    }
)


class Line(Enum):
    """What a numbering plan knows of a number."""

    PRIVATE = auto()
    """A person may have it."""
    PUBLIC = auto()
    """Toll-free, premium or shared-cost: a helpline or a company."""
    UNASSIGNED = auto()
    """No plan has it."""


def national_line(number: str) -> Line:
    """The line behind a number in Indian, American or British national writing.

    Trunk prefixes (0) and country codes (91, 1) without + are understood.
    """
    digits = re.sub(r"\D", "", number)
    numbers = list(_readings(digits))
    if AMERICAN_GROUPS.fullmatch(number):
        # 800 275 2273 is toll-free there, though India might have such a mobile.
        numbers.insert(0, _number(AMERICA, digits[-10:]))
    return _first_known(iter(numbers))


def international_line(number: str) -> Line:
    """The line behind a number that begins with + or 00.

    A country code is written in one piece: "+4 6 312 ..." is a row of figures.
    """
    try:
        # In India 00 is what is dialled before a country code.
        parsed = parse(number, "IN")
    except NumberParseException:
        return Line.UNASSIGNED
    in_one_piece = re.match(rf"\D*(?:00)?{parsed.country_code}", number) is not None
    return _first_known(iter([parsed])) if in_one_piece else Line.UNASSIGNED


def is_filler(digits: str) -> bool:
    """Whether the digits are figures or a placeholder.

    7800000000, 65000-75000 and 1234567890 are such.
    """
    return (
        len(set(digits)) <= 2
        or digits.endswith("00000")
        or (digits[3:5] == digits[8:] == "00")
        or digits in "012345678901"
        or digits in "1098765432109"
    )


def _first_known(numbers: Iterator[PhoneNumber]) -> Line:
    for number in numbers:
        kind = number_type(number)
        if kind != PhoneNumberType.UNKNOWN:
            return Line.PRIVATE if kind in _PRIVATE else Line.PUBLIC
    return Line.UNASSIGNED


def _readings(digits: str) -> Iterator[PhoneNumber]:
    """The numbers these digits may stand for, the likeliest first."""
    if digits.startswith(("1800", "1860")):
        yield _number(INDIA, digits)
    if digits.startswith("0"):
        rest = digits.lstrip("0")
        yield from (_number(code, rest) for code in (INDIA, BRITAIN) if rest)
    elif len(digits) == 10:
        yield from (_number(code, digits) for code in (INDIA, AMERICA))
    elif len(digits) == 11 and digits[0] == "1":
        yield _number(AMERICA, digits[1:])
    elif len(digits) == 12 and digits.startswith("91"):
        yield _number(INDIA, digits[2:])


def _number(country: int, digits: str) -> PhoneNumber:
    return PhoneNumber(country_code=country, national_number=int(digits))
