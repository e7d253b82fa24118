"""The patterns that the OpenAPI document shows are the very checks that are made.

The document's are ECMAScript's (JSON Schema, section 6.4), ours are run in Rust, those
of `service.compat` in Python: each sign of Unicode is tried in all three.
"""

from __future__ import annotations

import json
import re
import subprocess

import pytest
from pydantic_core import SchemaValidator, core_schema

from service.api.parsing import EXPECTED, LANGUAGE, NO_CONTROL, VISIBLE, WEB_ADDRESS

FORMS = {
    NO_CONTROL: "a{}b",
    WEB_ADDRESS: "https://a{}b",
    LANGUAGE: "en-a{}b",
    VISIBLE: "{}",
}
"""Where the sign stands for each pattern."""
SIGNS = [chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000]
SCRIPT = """
const {pattern, before, after} = JSON.parse(require("fs").readFileSync(0, "utf8"));
const expression = new RegExp(pattern, "u");
const refused = [];
for (let code = 0; code < 0x110000; code++) {
  if (code >= 0xd800 && code < 0xe000) continue;
  const sign = String.fromCodePoint(code);
  if (!expression.test(before + sign + after)) refused.push(code);
}
console.log(JSON.stringify(refused));
"""


def test_each_pattern_that_says_what_it_expects_is_tried() -> None:
    assert FORMS.keys() == EXPECTED.keys()


@pytest.mark.parametrize("pattern", FORMS, ids=list(EXPECTED.values()))
def test_a_pattern_takes_the_same_signs_in_every_dialect(
    pattern: str, node: str
) -> None:
    before, _, after = FORMS[pattern].partition("{}")
    job = json.dumps({"pattern": pattern, "before": before, "after": after})
    done = subprocess.run(
        [node, "-e", SCRIPT], input=job, capture_output=True, text=True, check=True
    )
    rust = SchemaValidator(core_schema.str_schema(pattern=pattern))

    ecmascript = set(json.loads(done.stdout))
    ours = {
        ord(sign) for sign in SIGNS if not rust.isinstance_python(before + sign + after)
    }
    python = {
        ord(sign) for sign in SIGNS if not re.search(pattern, before + sign + after)
    }

    assert ours == ecmascript == python
    assert ours
