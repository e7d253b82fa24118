"""One self-contained HTML page: nothing on it is loaded from anywhere.

What a page tells is the business of who writes it.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from html import escape

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
"""A Content-Security-Policy: even if a comment's text were taken for HTML, it could
load nothing and run nothing."""

STYLE = """
:root{color-scheme:light dark;--page:#f5f5f1;--raised:#fff;--line:#d9dad4;
--text:#1b1d21;--muted:#555a64;--accent:#14507a;--good:#1c6238;--bad:#a3262b;
--good-soft:#e0f2e6;--bad-soft:#fbe5e4}
@media (prefers-color-scheme:dark){:root{--page:#14161a;--raised:#1c1f24;--line:#343941;
--text:#e7e8ea;--muted:#a7adb8;--accent:#8ec4ee;--good:#86d6a1;--bad:#ff9f99;
--good-soft:#173524;--bad-soft:#442223}}
*{box-sizing:border-box}
body{background:var(--page);color:var(--text);font:1rem/1.5 system-ui,sans-serif;
max-width:74rem;margin:0 auto;padding:1.5rem 1rem 4rem}
h1,h2,h3{line-height:1.25;overflow-wrap:anywhere}h2{margin:2.5rem 0 .5rem}
h3{margin:1.5rem 0 .25rem}
.scroll{overflow-x:auto}table{border-collapse:collapse;background:var(--raised)}
td,th{padding:.4rem .6rem;text-align:left;border-bottom:1px solid var(--line)}
th{font-weight:600}td.number,th.number{text-align:right;white-space:nowrap;
font-variant-numeric:tabular-nums}
.plots{display:grid;gap:1rem;margin:1rem 0;
grid-template-columns:repeat(auto-fit,minmax(min(100%,24rem),1fr))}
.plots img{display:block;width:100%;height:auto;border:1px solid var(--line)}
.muted{color:var(--muted)}.good{color:var(--good)}.bad{color:var(--bad)}
"""


def page(title: str, parts: Iterable[str], *, style: str = "") -> bytes:
    """The page in UTF-8.

    Args:
        title: of the page and its first heading.
        parts: HTML that follows the heading.
        style: CSS beside that of every page.
    """
    html = (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}{style}</style>"
        f"<h1>{escape(title)}</h1>{''.join(parts)}</html>\n"
    )
    # Half a character, which JSON can hold and UTF-8 cannot, is shown as unreadable.
    return html.encode("utf-8", "replace")


def pictures(plots: Mapping[str, tuple[bytes, bytes]]) -> str:
    """Plots side by side: of each a PNG file for light pages and one for dark."""
    shown = [_picture(name, *files) for name, files in plots.items()]
    return f'<div class="plots">{"".join(shown)}</div>' if shown else ""


def _picture(name: str, light: bytes, dark: bytes) -> str:
    return (
        '<picture><source media="(prefers-color-scheme:dark)" '
        f'srcset="{_data(dark)}"><img alt="{escape(name)}" src="{_data(light)}">'
        "</picture>"
    )


def _data(png: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(png).decode('ascii')}"
