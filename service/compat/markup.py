"""HTML as a browser shows it, near enough to judge a comment by.

Nobody knows whether what a client calls HTML is, or what its page lets through.  So
this is for judging a text once more, and never for showing it: what is taken away here
has to be judged as it was sent, too.
"""

from __future__ import annotations

import re
from html import unescape

BLOCKS = frozenset(
    {"br", "div", "p", "blockquote", "ul", "ol", "li", "dl", "dt", "dd", "pre", "hr"}
    | {"table", "tr", "td", "th", "section", "article", "h1", "h2", "h3", "h4"}
    | {"h5", "h6"}
)
"""Elements that begin a line or a cell; any other may stand within a word."""

_TAG = re.compile(
    r"""<(?:
        !--.*?(?:-->|\Z)
        | [!?][^<>]*+>
        | /?([a-z][a-z0-9]*)
          (?:
              (?:"[^"]*"|'[^']*'|[^<>"'])*+>    # Within quotes there may be a `>`,
            | [^<>]*+>                          # unless one of them is alone.
          )
    )""",
    re.ASCII | re.DOTALL | re.IGNORECASE | re.VERBOSE,
)


def without_tags(text: str) -> str:
    """The text between tags and comments, in lines, with entities as they are shown."""
    if "<" in text:
        text = _TAG.sub(_instead, text)
    return (unescape(text) if "&" in text else text).strip()


def _instead(tag: re.Match[str]) -> str:
    return "\n" if (tag[1] or "").lower() in BLOCKS else ""
