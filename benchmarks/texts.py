"""Texts that are judged in the benchmarks, all written for them.

`CLEAN` is an ordinary comment; the hostile ones are built to be slow: each repeats what
some part of the judge has to look at twice.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from itertools import cycle, islice

CLEAN = (
    "The council has known about the bridge since the spring survey and still let the "
    "buses use it. I would rather hear what the repair costs and who pays for it than "
    "read another promise about the next budget meeting in April."
)

SYLLABLES = tuple(
    a + b
    for a in ("b", "br", "d", "gr", "l", "m", "n", "p", "st", "w")
    for b in ("a", "ent", "il", "or", "um")
)

HOSTILE_LENGTH = 10_000

UNITS: Mapping[str, str] = {
    "letters between dots": "f.",
    "letters between zero-width spaces": "f\u200b",
    "letters between spaces": "f u c k ",
    "one letter": "f",
    "one vowel after one letter": "fu",
    "repeated letters": "fuuuuuck ",
    "masks": "f*",
    "stars": "*",
    "signs for letters": "$h!t@",
    "ones": "1",
    "exclamation marks": "!",
    "single words": "a a ",
    "an obscene word": "fuck ",
    "an obscene word without spaces": "fuck",
    "an allowed word": "scunthorpe ",
    "marks on one letter": "\u0301",
    "marks on letters": "a\u0301\u0323\u0308",
    "Armenian letters among Latin": "f\u057dck ",
    "Cyrillic letters among Latin": "f\u0443\u0441k",
    "full-width letters": "\uff26\uff35\uff23\uff2b",
    "mathematical letters": "\U0001d41f\U0001d42e\U0001d41c\U0001d424",
    "a ligature of eighteen letters": "\ufdfa",
    "emoji of families": "\U0001f468\u200d\U0001f469\u200d\U0001f467 ",
    "flags": "\U0001f1ee\U0001f1f3",
    "right-to-left overrides": "\u202efuck\u202c",
    "Hindi": "\u0928\u092e\u0938\u094d\u0924\u0947 ",
    "Chinese": "\u4f60\u597d",
    "NUL": "\x00",
    "spaces": " ",
    "line breaks": "\n",
    "hyphens": "a-",
    "apostrophes": "a'",
    "underscores": "a_",
    "brackets": "([{",
    "digits and spaces": "9 8 4 7 ",
    "a phone number": "+91 98470 12345 ",
    "digits and hyphens": "98-47-",
    "digits in brackets": "(98)",
    "at signs": "a@",
    "dots and at signs": "a.b@c.",
    "an e-mail address": "someone@example.org ",
    "e-mail addresses spelt out": "someone at example dot org ",
    "a street address": "12 Church Road, Kochi 682001 ",
    "house numbers": "12 12, ",
    "street names": "Church Road Church Lane ",
    "web addresses": "http://a.b/",
    "identities": "muslims women gays jews ",
    "capitals": "FuCk YoU ",
}


def hostile_texts() -> dict[str, str]:
    """The hostile texts by name, each of HOSTILE_LENGTH characters."""
    texts = {name: _filled(unit) for name, unit in UNITS.items()}
    texts["no word twice"] = _words(random.Random(1), "abcdefghijklmnopqrstuvwxyz")  # noqa: S311
    texts["no word twice, mixed scripts"] = _words(random.Random(2), "aоеfuсkієss")  # noqa: S311, RUF001
    texts["all of them"] = _filled(" ".join(UNITS.values()))
    texts["all of them, shuffled"] = _shuffled("".join(UNITS.values()))
    return texts


def unseen_texts(count: int) -> list[str]:
    """Texts as long as CLEAN: its words, each third one replaced by one made up."""
    source = random.Random(4)  # noqa: S311
    return [_unseen(source) for _ in range(count)]


def _unseen(source: random.Random) -> str:
    words = [
        word if place % 3 else _made_up(source)
        for place, word in enumerate(CLEAN.split(" "))
    ]
    return " ".join(words)[: len(CLEAN)].ljust(len(CLEAN), ".")


def _made_up(source: random.Random) -> str:
    return "".join(source.choices(SYLLABLES, k=source.randint(2, 3)))


def _filled(unit: str) -> str:
    return "".join(islice(cycle(unit), HOSTILE_LENGTH))


def _words(source: random.Random, letters: str) -> str:
    words = (
        "".join(source.choices(letters, k=source.randint(3, 9)))
        for _ in range(HOSTILE_LENGTH)
    )
    return " ".join(words)[:HOSTILE_LENGTH]


def _shuffled(signs: str) -> str:
    return "".join(random.Random(3).choices(signs, k=HOSTILE_LENGTH))  # noqa: S311
