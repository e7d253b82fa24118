"""Memory that was freed, given back to the system."""

from __future__ import annotations

import ctypes
import gc
from contextlib import suppress
from functools import cache


def settle() -> None:
    """Tidy up once all is loaded that stays.

    The collector need not look through it ever again, and what was freed while loading
    goes back to the system: 15 MB, where the C library is GNU's.
    """
    gc.collect()
    gc.freeze()
    _trim()


def give_back() -> None:
    """Tidy up after something large was replaced."""
    gc.collect()
    _trim()


def _trim() -> None:
    with suppress(AttributeError, OSError):
        _c_library().malloc_trim(0)


@cache
def _c_library() -> ctypes.CDLL:
    return ctypes.CDLL(None)
