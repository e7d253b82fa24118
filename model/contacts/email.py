"""E-mail addresses, plain or disguised.  Leaves out who reads the mail: it judges by
the name before the @ and the provider after it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from model.contacts.text import DOUBTFUL, SURE, Sighting, before

MOST = 64  # addresses looked at in one text

_FREEMAIL = """
    gmail googlemail yahoo ymail rocketmail hotmail outlook live msn icloud aol aim
    proton protonmail rediffmail rediff zoho zohomail gmx yandex fastmail tutanota tuta
    hushmail btinternet virginmedia ntlworld talktalk comcast verizon sbcglobal
    bellsouth rogers bigpond optusnet sify indiatimes tiscali
"""
FREEMAIL = frozenset(_FREEMAIL.split())
"""Providers whose boxes belong to single people, by the label before the suffix."""

_FREEMAIL_DOMAINS = """
    mail.com me.com mac.com pm.me web.de mail.ru qq.com 163.com 126.com att.net cox.net
    sky.com shaw.ca in.com hey.com duck.com inbox.com usa.com email.com
"""
FREEMAIL_DOMAINS = frozenset(_FREEMAIL_DOMAINS.split())

_ROLES = """
    abuse accounts admin admissions advertise advertising appeals billing bookings care
    careers comments complaint complaints contact contactus corrections customer
    customercare customerservice customersupport desk donate donations editor editorial
    editors enquiries enquiry events feedback git grievance grievances hello help
    helpdesk helpline hr info information inquiries inquiry jobs legal letter letters
    mail mailer mailbox marketing media moderator moderators news newsdesk newsletter
    newsroom noreply office ombudsman online opinion orders partnerships postmaster
    press privacy query readers readerseditor reception registrar reply report sales
    security service services subscribe subscriptions support team tips webmaster
"""
ROLES = frozenset(_ROLES.split())
"""Names of desks, not of people."""

OFFICIAL = re.compile(
    r"(?:^|\.)(?:gov|gob|gouv|govt|mil|int|nic\.in|police\.uk|parliament\.uk|nhs\.uk)"
    r"(?:\.[a-z]{2})?$"
)
NOWHERE = re.compile(
    r"(?:^|\.)(?:example(?:\.(?:com|net|org))?|invalid|localhost|test"
    r"|png|jpe?g|gif|svg|webp)$"
)

LOCAL = r"(?<![\w.+%-])(?P<local>[\w](?:[\w.+%-]{0,62}[\w])?)"
LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
AT = r"""(?:\s{0,2}[(\[{<*_-]{1,2}\s?(?:at|@)\s?[)\]}>*_-]{1,2}\s{0,2}
    |(?P<bare_at>\s{1,3}at\s{1,3})|(?P<spaced_at>\s{0,2}@\s{0,2}))"""
DOT = r"""(?:\.
    |\s{0,2}[(\[{<*_-]{1,2}\s?(?:dot|\.)\s?[)\]}>*_-]{1,2}\s{0,2}
    |(?P<bare_dot>\s{1,3}(?:dot|\.)\s{1,3}))"""

PLAIN = re.compile(
    rf"{LOCAL}@(?P<domain>(?:{LABEL}\.){{1,6}}[a-z]{{2,24}})(?![\w@])",
    re.IGNORECASE,
)
DISGUISED = re.compile(
    rf"{LOCAL}{AT}(?P<provider>{LABEL}){DOT}"
    r"(?P<suffix>(?:co|com|org|net|in|me|edu|ac|info|uk|us|ca|au)"
    r"(?:\.(?:in|uk|au|nz|za))?)(?!\w)",
    re.IGNORECASE | re.VERBOSE,
)
CLIPPED = re.compile(
    rf"{LOCAL}\s?@\s?(?P<provider>gmail|hotmail|yahoo|rediffmail|outlook|icloud)"
    r"(?![\w@]|\.\w)",
    re.IGNORECASE,
)

ASKS_TO_WRITE = re.compile(r"\b(?:e-?mail|mail|write|contact|reach|address|id|me)\b")


def find_emails(text: str) -> Iterator[Sighting]:
    """See e-mail addresses of persons: sure at a freemail provider, else doubtful.

    Desks (editor@, support@, ...), public bodies (.gov, .nic.in, ...) and addresses
    that cannot exist (example.com) are passed over.
    """
    if "@" in text:
        for match in islice(PLAIN.finditer(text), MOST):
            yield from _judged(match, match["domain"])
        for match in islice(CLIPPED.finditer(text), MOST):
            yield from _judged(match, f"{match['provider']}.com")
    for match in islice(DISGUISED.finditer(text), MOST):
        if _is_meant(text, match):
            yield from _judged(match, f"{match['provider']}.{match['suffix']}")


def _judged(match: re.Match[str], domain: str) -> Iterator[Sighting]:
    domain = domain.lower()
    if OFFICIAL.search(domain) or NOWHERE.search(domain) or _is_role(match["local"]):
        return
    yield Sighting(
        match.start(), match.end(), SURE if _is_freemail(domain) else DOUBTFUL
    )


def _is_meant(text: str, match: re.Match[str]) -> bool:
    """Whether "x at y.com" is an address: one may also "look at yahoo.com"."""
    if match["bare_at"] is None and match["spaced_at"] is None:
        return True
    if match["provider"].lower() not in FREEMAIL:
        return False
    if match["spaced_at"] is not None:
        return True
    looks_like_a_box = re.search(r"[\d._]", match["local"]) is not None
    dot_is_written = match["bare_dot"] is not None
    asked = ASKS_TO_WRITE.search(before(text, match.start(), 30)) is not None
    return looks_like_a_box or dot_is_written or asked


def _is_freemail(domain: str) -> bool:
    return domain in FREEMAIL_DOMAINS or domain.split(".")[0] in FREEMAIL


def _is_role(local: str) -> bool:
    parts = [part for part in re.split(r"[\d._+%-]+", local.lower()) if part]
    return bool(parts) and all(part in ROLES or part == "no" for part in parts)
