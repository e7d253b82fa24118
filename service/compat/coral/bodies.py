"""What a reader of a comment sees of its body, which Coral sends as HTML or plain text.

A setting of the phase says which, and no request does.  So what can only be Coral's own
markup is taken away, and nothing else: in plain text, `<you idiot>` is what a reader
wrote, and what every reader sees.
"""

from __future__ import annotations

import re

from service.compat.markup import instead, shown

_ATTRIBUTES = r'((?:\s+(?:class|href|rel|target)="[^"<>]*")*)'
_TAG = re.compile(
    rf"</?(br|div|p|blockquote|ul|li|a|b|strong|i|em|s|span){_ATTRIBUTES}\s*/?>",
    re.ASCII | re.IGNORECASE,
)
_VALUE = re.compile(r'="([^"]*)"', re.ASCII)
_OWN = re.compile(
    r"coral-[a-z-]+|_blank|(?:(?:noopener|noreferrer|ugc|nofollow)\s*)+", re.ASCII
)
"""Values of attributes that Coral itself writes."""


def seen(body: str) -> str:
    """The text of a body, in lines as it is shown."""
    return shown(body, _TAG, _instead)


def _instead(tag: re.Match[str]) -> str:
    """What is seen of a tag: a new line, or what an attribute says and nothing else."""
    kept = [
        value
        for value in _VALUE.findall(tag[2])
        if not _OWN.fullmatch(value) and not _is_repeated(value, tag)
    ]
    return " ".join(["", *kept, ""]) if kept else instead(tag)


def _is_repeated(address: str, tag: re.Match[str]) -> bool:
    """Whether the text of a link is its address, as it is of those that Coral makes."""
    after = tag.string[tag.end() : tag.end() + len(address) + 1].partition("<")[0]
    return after.rstrip("/") == address.removeprefix("mailto:").rstrip("/")
