"""Akismet's API: what its clients would see.

What is submitted is marked as a test, so that nothing is learnt.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from service.compat.akismet import HAM, INVALID, SPAM, THANKS, VALID
from service.compat.forms import FORM
from service.selftest.calling import Answer, shown
from service.selftest.findings import Failed
from service.selftest.visit import FAIR, FOUL, WRONG_KEY, Check, Visit, in_time

TITLE = "Akismet"
CHECK = "/1.1/comment-check"
PATIENCE_S = 1.0
"""How long the client of PyPI waits."""
MEANING = {HAM: "published", SPAM: "lands among spam or pending"}


def key(visit: Visit) -> str:
    """The key is good."""
    _expect(_post(visit, "/1.1/verify-key"), VALID)
    return "valid"


def fair(visit: Visit) -> str:
    """The fair comment is published, if the site's policy does not mind it."""
    return judged(visit, FAIR)


def foul(visit: Visit) -> str:
    """The foul one is not, if the site's policy minds it."""
    return judged(visit, FOUL)


def decisions(visit: Visit) -> str:
    """What people decide can be told."""
    told = {"comment_content": FAIR, "is_test": "1"}
    _expect(_post(visit, "/1.1/submit-ham", told), THANKS)
    return "what people decide can be told (it was marked as a test)"


def wrong_key(visit: Visit) -> str:
    """Not everybody may ask."""
    fields = {"api_key": WRONG_KEY, "comment_content": FAIR}
    _expect(_post(visit, CHECK, fields), INVALID)
    return "refused"


def time(visit: Visit) -> str:
    """Clients wait for the answer."""
    fields = {"comment_content": FOUL}
    otherwise = "Python's client would fail."
    return in_time(lambda: _post(visit, CHECK, fields), PATIENCE_S, otherwise)


CHECKS: tuple[tuple[str, Check], ...] = (
    ("key", key),
    ("fair comment", fair),
    ("foul comment", foul),
    ("decisions", decisions),
    ("wrong key", wrong_key),
    ("time", time),
)


def judged(visit: Visit, text: str) -> str:
    """What the client is told of a text."""
    said = _post(visit, CHECK, {"comment_content": text}).expect(200).text
    wanted = HAM if visit.verdicts[text].is_clear else SPAM
    if said != wanted:
        raise Failed(f"`{shown(said)}`, which is not what the site's policy says.")
    return f"{said}: {MEANING[said]}"


def _post(visit: Visit, path: str, fields: Mapping[str, str] | None = None) -> Answer:
    sent = {"api_key": visit.key, "key": visit.key, "blog": visit.caller.url}
    body = urlencode(sent | {"user_ip": "192.0.2.1"} | dict(fields or {})).encode()
    return visit.caller.post(path, body, {"Content-Type": FORM})


def _expect(answer: Answer, wanted: str) -> None:
    """Check what is said, to the letter.  Raises Failed where it is something else."""
    said = answer.expect(200).text
    if said != wanted:
        why = shown(answer.headers.get("x-akismet-debug-help", said))
        raise Failed(f"Expected `{wanted}`: {why}")
