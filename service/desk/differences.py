"""Two revisions of a text as one, with what came and what went.  Word by word."""

from __future__ import annotations

import re
from difflib import SequenceMatcher

from markupsafe import Markup

from service.desk.marking import mark_up

MOST = 5000
"""Words and gaps beyond which texts are not compared: that takes too long."""

_PARTS = re.compile(r"\s+|[^\W_]+|[\W_]")


def differences(old: str, new: str) -> Markup | None:
    """The new text as HTML with `<ins>` and `<del>`; None where it is too long."""
    before, after = _PARTS.findall(old), _PARTS.findall(new)
    if max(len(before), len(after)) > MOST:
        return None
    matcher = SequenceMatcher(None, before, after)
    parts: list[Markup] = []
    for what, i, j, m, n in matcher.get_opcodes():
        went, came = mark_up("".join(before[i:j])), mark_up("".join(after[m:n]))
        if what == "equal":
            parts.append(came)
            continue
        parts.append(Markup("<del>{}</del>").format(went) if went else went)
        parts.append(Markup("<ins>{}</ins>").format(came) if came else came)
    return Markup().join(parts)
