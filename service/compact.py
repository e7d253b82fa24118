"""Compact JSON, as it is answered and stored."""

from __future__ import annotations

import json

# One encoder for all: `json.dumps` with options builds a new one at every call.
dumps = json.JSONEncoder(
    ensure_ascii=False, separators=(",", ":"), allow_nan=False
).encode
