"""The header by which a caller says which trace a request belongs to.

Only reads it; what cannot be read is no error but nothing, as the standard has it.  No
`tracestate`: what is in it is other systems' own, and might be anything.

Source:
    W3C Recommendation "Trace Context", 23 November 2021, sections 3.2 and 4.3.
"""

from __future__ import annotations

import re
from typing import NamedTuple

# \Z and no $, which would let a line break pass.
_FORM = re.compile(
    r"(?P<version>[0-9a-f]{2})-(?P<trace>[0-9a-f]{32})-(?P<parent>[0-9a-f]{16})"
    r"-(?P<flags>[0-9a-f]{2})(?P<more>-[\x20-\x7e]{0,200})?\Z"
)
FIRST = "00"
"""The version in which nothing follows the flags; in later ones something may."""
NO_VERSION = "ff"
SAMPLED = 0x01


class Traceparent(NamedTuple):
    """A span of somebody else's that a request is part of; ids are lower-case hex."""

    trace_id: str
    parent_id: str
    is_sampled: bool


def parse_traceparent(header: str | None) -> Traceparent | None:
    """Read the header; None if there is none, or one that breaks the standard.

    Args:
        header: its value.  Two of them arrive joined by a comma, which fits no form.
    """
    found = _FORM.match(header) if header else None
    if found is None:
        return None
    version, trace_id, parent_id, flags, more = found.groups()
    if version == NO_VERSION or (version == FIRST and more is not None):
        return None
    if int(trace_id, 16) == 0 or int(parent_id, 16) == 0:
        return None
    return Traceparent(trace_id, parent_id, bool(int(flags, 16) & SAMPLED))
