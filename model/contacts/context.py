"""What the words around a number say of it.  Leaves out the number itself."""

from __future__ import annotations

import re

from model.contacts.text import before

CUE = (
    r"(?:phone|telephone|tel|mobile|mob|cell|whats[ ]?app|dial|ph|contact|call|ring"
    r"|text|sms|reach)"
)
"""Words that announce a phone number."""

ANNOUNCED = re.compile(
    rf"\b(?:{CUE}|called|calling|texting|number|no|digits|missed call|fax|landline)\b"
    r"|wa\.me/\+?$|tel:\+?$|phone=\+?$"
)
ANNOUNCED_AFTER = re.compile(
    r"[^a-z\n]{0,3}(?:(?:is|was|are)\s)?(?:his|her|my|their|your|the|this|whatsapp|call"
    r"|text)\s(?:\w{1,12}['\u2019]?s?\s)?(?:number|phone|mobile|cell|whatsapp|him|her|me)\b",
    re.IGNORECASE,
)

OFFICE = re.compile(
    r"\b(?:helpline|hotline|toll.?free|customer|offices?|switchboard|control room"
    r"|police|senators?|congress\w*|representatives?|reps?|white house|ministry"
    r"|department|dept|council|mla|mp|embassy|hospital|ambulance|suicide|crisis|lifeline"
    r"|samaritans|newsroom|desk|reservations?|fire (?:force|station|brigade))\b"
)
OFFICIAL = re.compile(r"(?:0{0,2}1)?202(?:224|225|456)\d{4}|(?:0|0{0,2}44)207219\d{4}")
"""The US Senate, House of Representatives, White House; the British Parliament."""

OTHER_BEFORE = re.compile(
    r"(?:[$€£₹#@&_^]|\b(?:rs|inr|usd|isbn(?:-1[03])?|issn|pnr|id|ref|order|invoice|case"
    r"|fir|crime|docket|patent|application|account|acct?|a/c|article|tweet|status|roll"
    r"|serial|receipt|txn|transaction|aadhaa?r|pan|gst|section|pages?|pp|vol|no\. of"
    r"|doi|pmid|oclc|arxiv|issue|bug|ticket|bill|act|version|population|total|votes?|model"
    r"|part|sku|barcode|registration|reg|licen[cs]e)\.?"
    r"(?:\s(?:no|number|num|id))?(?:[ :]{1,2}97[89])?)[ .:#-]{0,3}$"
)
OTHER_AFTER = re.compile(
    r"\s?(?:%|(?:percent|per cent|crores?|cr|lakhs?|lacs?|[mb]illion|bn|trillion"
    r"|thousand|rupees|dollars|pounds|euros|votes?|people|voters|citizens|km|miles"
    r"|bytes|tonnes|tons|years|hours|hrs|metres|units|times|cases|deaths)\b)",
    re.IGNORECASE,
)
NETWORK = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}(?![.]?\d)")
"""An IPv4 address."""
LINK = re.compile(r"://|www\.|\.(?:com|org|net|in|uk|gov)/|=\w*$")
PHONE_LINK = re.compile(r"(?:wa\.me/|tel:|phone=)\+?$")


GLUED_WORD = re.compile(r"[a-z_]$")
GLUED_AFTER = re.compile(r"[A-Za-z_]")
ITS_WORD = re.compile(rf"(?:^|[^a-z])(?:{CUE}|no|number|num|on|at|is)$")
"""Words a number may stick to: "ph9847012345"."""


def is_announced(text: str, start: int, end: int) -> bool:
    """Whether the words beside [start, end) say that it is a phone number."""
    return (
        ANNOUNCED.search(before(text, start, 30)) is not None
        or ANNOUNCED_AFTER.match(text, end, end + 40) is not None
    )


def is_of_an_office(text: str, start: int, end: int, digits: str) -> bool:
    """Whether it is a public body's number, or the words beside it name an office."""
    around = before(text, start, 50) + " " + text[end : end + 30].lower()
    return OFFICIAL.fullmatch(digits) is not None or OFFICE.search(around) is not None


def is_about_something_else(
    text: str, start: int, end: int, *, announced: bool
) -> bool:
    """Whether it is a sum, a count, a book, a case, part of a link or of a name."""
    lead = before(text, start, 200)
    token = "" if not lead or lead[-1].isspace() else lead.split()[-1]
    if PHONE_LINK.search(token):
        return False
    return (
        (GLUED_WORD.search(token) is not None and ITS_WORD.search(token) is None)
        or (GLUED_AFTER.match(text, end, end + 1) is not None and not announced)
        or LINK.search(token) is not None
        or OTHER_BEFORE.search(lead[-30:]) is not None
        or NETWORK.match(text, start, end + 2) is not None
        or OTHER_AFTER.match(text, end, end + 12) is not None
    )
