"""HTML as a browser shows it, near enough to judge a comment by.

Nobody knows whether what a client calls HTML is, or what its page lets through.  So
this is for judging a text once more, and never for showing it: what is taken away here
has to be judged as it was sent, too.
"""

from __future__ import annotations

import re
from collections.abc import Callable
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
    return shown(text, _TAG, instead)


def shown(
    text: str, tags: re.Pattern[str], seen_of: Callable[[re.Match[str]], str]
) -> str:
    """A text without tags, with entities as they are shown.

    Args:
        text: as it was sent.
        tags: what counts as one.
        seen_of: what is seen of it in its place.
    """
    if "<" in text:
        text = tags.sub(seen_of, text)
    return (unescape(text) if "&" in text else text).strip()


def instead(tag: re.Match[str]) -> str:
    """What is seen of a tag, whose first group is its name: at most that a line begins.

    A comment has no name.
    """
    return "\n" if (tag[1] or "").lower() in BLOCKS else ""
