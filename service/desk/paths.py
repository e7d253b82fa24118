"""Where the desk's pages are, as links name them."""

from __future__ import annotations

import re
from urllib.parse import quote

from flask import request

ROOT = "/desk"
"""All of the desk is below it."""

_OWN = re.compile(rf"{ROOT}/(?!sign-)[!-\[\]-~]*")
"""Printable ASCII, as browsers write URLs, without the backslash some take for `/`."""


def path(*parts: str) -> str:
    """The path of a page, such as `path(site.name, "queue")`, for a link to it."""
    escaped = (quote(part, safe="") for part in parts)
    return "/".join((f"{request.script_root}{ROOT}", *escaped))


def own_path(wanted: str | None) -> str:
    """Where to go after signing in: as wanted if that is at the desk, else its start.

    `wanted` is a path as `request.full_path` has it, and comes from who knows whom.
    """
    is_own = wanted and _OWN.fullmatch(wanted) and ".." not in wanted
    return f"{request.script_root}{wanted if is_own else f'{ROOT}/'}"
