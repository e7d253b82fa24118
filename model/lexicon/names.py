"""Names of people, places and works in which words stand that somebody may forbid.

Nothing is judged by them: a site's new word is tried on them before it is saved.
"""

from __future__ import annotations

from model.lexicon.entries import DATA, shipped_allowed
from model.text import fold

FILE = "names.txt"


def known_names() -> list[str]:
    """The names, then those phrases of the shipped allow list that are none of them."""
    lines = (DATA / FILE).read_text(encoding="utf-8").splitlines()
    names = [line for line in lines if line and not line.startswith("#")]
    folded = {fold(name).text for name in names}
    return names + [phrase for phrase in shipped_allowed() if phrase not in folded]
