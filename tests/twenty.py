"""Twenty mixed comments, as readers of a regional paper write them: the README's.

Made up for this repository.  What the model says of each is not part of them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent.parent / "docs" / "twenty.jsonl"


def twenty() -> list[dict[str, Any]]:
    """The comments, as they are posted."""
    return [json.loads(line) for line in FILE.read_text("utf-8").splitlines()]
