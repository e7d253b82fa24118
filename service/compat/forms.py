"""Forms, as `application/x-www-form-urlencoded` carries them, in whichever charset.

Nothing else is read: a body in parts, and so every file, is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import unquote_to_bytes
from wsgiref.types import WSGIEnvironment

from werkzeug.exceptions import RequestEntityTooLarge

from service.api.reading import read_body

FORM = "application/x-www-form-urlencoded"
MAX_FIELDS = 2_000
"""WordPress sends some hundreds, for it adds the variables of its server."""
EXPANSION = 3
"""Bytes of a form for one of a text: each may be escaped."""

CHARSETS = frozenset(
    {"koi8-r", "koi8-u", "shift_jis", "euc-jp", "euc-kr", "gb2312", "gbk", "gb18030"}
    | {"big5", "tis-620", "macintosh"}
    | {f"iso-8859-{part}" for part in range(2, 17) if part != 12}
    | {f"windows-{page}" for page in range(1250, 1259)}
)
"""What pages were written in before UTF-8, as they say so: in each of these, bytes
stand for themselves or for a part of a letter, so that reading one costs little."""
LATIN_1 = frozenset({"us-ascii", "ascii", "latin1", "iso-8859-1"})
"""Taken for their superset by Microsoft, as browsers do (WHATWG, Encoding)."""


def read_form(environ: WSGIEnvironment, limit: int) -> bytes:
    """Read a body that is a form by its headers.

    Args:
        environ: the request.
        limit: longest form, in bytes.

    Raises:
        HTTPException: as those of `service.api.reading.read_body`.
    """
    return read_body(environ, limit, FORM)


def parse_form(form: bytes, charset_field: str) -> Mapping[str, str]:
    """Parse a form; of fields with the same name the last one counts, as in PHP.

    A value is read as UTF-8 if it can be.  Nearly all clients send that, whatever they
    say, and hardly a text in another charset can be mistaken for it.

    Args:
        form: fields, escaped.
        charset_field: name of the field that says which charset is tried then; what
            cannot be read even so is replaced by U+FFFD.

    Raises:
        RequestEntityTooLarge: there are more than MAX_FIELDS.
    """
    pairs = form.split(b"&", MAX_FIELDS)
    if len(pairs) > MAX_FIELDS:
        raise RequestEntityTooLarge(f"A form may have at most {MAX_FIELDS:,} fields.")
    raw: dict[str, bytes] = {}
    for pair in pairs:
        name, _, value = pair.partition(b"=")
        raw[_unescaped(name).decode("utf-8", "replace")] = _unescaped(value)
    charset = _charset(raw.get(charset_field, b""))
    return {name: _text(value, charset) for name, value in raw.items()}


def _unescaped(value: bytes) -> bytes:
    return unquote_to_bytes(value.replace(b"+", b" "))


def _text(value: bytes, charset: str) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode(charset, "replace")


def _charset(name: bytes) -> str:
    """A charset that Python knows, UTF-8 where it is none of the above."""
    charset = name.decode("ascii", "replace").strip().lower()
    if charset in LATIN_1:
        return "windows-1252"
    # Python remembers for ever whichever other name it is asked for.
    return charset if charset in CHARSETS else "utf-8"
