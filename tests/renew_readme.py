"""Write into README.md what follows from the code: `make readme`.

That is the answer that the running code gives, and the table of published clients.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from service.app import create_app
from service.services import NAME
from service.settings import load_settings
from tests import published

FILE = Path(__file__).parent.parent / "README.md"
SHOWN = re.compile(r"(?<=```json\n).*?(?=```)", re.DOTALL)
"""The example is the first block of JSON."""
SPAN = re.compile(r"\{\s+(\"start\": \d+),\s+(\"end\": \d+),\s+(\"text\": .*)\s+\}")


def given() -> dict[str, Any]:
    """What the running code answers about the example of the documentation."""
    with TemporaryDirectory() as folder:
        app = create_app(load_settings({"REFRAIN_DATA_DIR": folder}))
    operation = app.extensions[NAME].document["paths"]["/v1/moderate"]["post"]
    success = operation["responses"]["200"]["content"]["application/json"]
    answer = success["examples"]["decision"]["value"]
    return dict(json.loads(json.dumps(answer)))


def shown(readme: str) -> Any:  # noqa: ANN401 - whatever stands there
    """What the README says is answered."""
    found = SHOWN.search(readme)
    return json.loads(found[0]) if found else None


def renewed(readme: str, answer: dict[str, Any]) -> str:
    """The README with this answer, each span on a line of its own."""
    block = json.dumps(answer, indent=2, ensure_ascii=False)
    block = SPAN.sub(r"{\1, \2, \3}", block)
    return SHOWN.sub(lambda _: block + "\n", readme, count=1)


if __name__ == "__main__":
    FILE.write_text(published.renewed(renewed(FILE.read_text(), given())))
