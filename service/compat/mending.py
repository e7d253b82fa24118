"""JSON with halves of surrogate pairs, which no strict parser takes, made readable."""

from __future__ import annotations

import json


def mended(body: bytes) -> str | None:
    """JSON with U+FFFD for each half of a surrogate pair; None where that is no help.

    JavaScript writes them where a text was cut between them, and anybody can send one
    to keep a text from being read.  Positions in UTF-16 stay what they were.
    """
    try:
        text = json.dumps(json.loads(body.decode()), ensure_ascii=False)
    except (ValueError, RecursionError):
        return None
    if text.isascii():
        return None
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
