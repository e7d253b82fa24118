"""Run as many made-up texts and requests as asked for; tell what broke a promise.

python -m tests.fuzzing.generated --texts 700000 --requests 300000 --seed 1

Every find is written as a file of its own; where there is one the exit status is 1.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

from flask import Flask

from model.artifact import load, shipped
from model.judge import Judge
from model.lexicon.matcher import load_lexicon
from service.app import create_app
from service.services import NAME
from service.settings import load_settings
from tests.fixtures_store import KEY, prepare
from tests.fuzzing.promises import (
    MOST_MS,
    examine_contacts,
    examine_fold,
    examine_judge,
    examine_lexicon,
)
from tests.fuzzing.requests import Sent, make_request
from tests.fuzzing.texts import chance, make_text

REPORT_EVERY = 20_000
MOST_S = 2.0
"""How long a request may take in this process, whatever else the machine does."""


class Found(AssertionError):
    """A promise that was broken, and the input that broke it."""

    def __init__(self, said: str, data: bytes) -> None:
        super().__init__(said)
        self.data = data


class Texts:
    """Holds texts against what the parts of the judge promise."""

    def __init__(self, most_ms: float = MOST_MS) -> None:
        self._most_ms = most_ms
        self._lexicon = load_lexicon()
        self._judge = Judge(self._lexicon, load(shipped()))

    def run(self, random: Random) -> str:
        """Make one up and examine it; what it came to, to be counted."""
        text = make_text(random, lone=True)
        try:
            examine_fold(text)
            examine_lexicon(self._lexicon, text)
            examine_contacts(text)
            examine_judge(self._judge, text, self._most_ms)
        except Exception as error:
            data = text.encode("utf-8", "surrogatepass")
            raise Found(f"{type(error).__name__}: {error}", data) from error
        return "long text" if len(text) > 1000 else "text"


class Requests:
    """Holds an app against what is promised of every answer."""

    def __init__(self, app: Flask) -> None:
        self._app = app

    def run(self, random: Random) -> str:
        """Make a request up and send it; what it came to, to be counted."""
        sent = make_request(random)
        try:
            return f"{sent.path} {self.status(sent)}"
        except Exception as error:
            said = f"{sent.path}: {type(error).__name__}: {error}"
            raise Found(said, sent.body) from error

    def status(self, sent: Sent) -> int:
        """Send a request.

        Raises:
            AssertionError: it was answered with a fault of the service, by no proper
                document, or late.
        """
        begun = time.thread_time()
        status, body, media_type = asked(self._app, sent)
        assert status < 500, body
        assert time.thread_time() - begun < MOST_S
        if "json" in media_type:
            json.loads(body)
        assert b"Traceback" not in body
        return status


def asked(app: Flask, sent: Sent) -> tuple[int, bytes, str]:
    """The answer of an app, straight from WSGI: status, body and media type."""
    heads: list[tuple[int, str]] = []

    def start(status: str, headers: list[tuple[str, str]], _: object = None) -> object:
        heads.append((int(status[:3]), dict(headers).get("Content-Type", "")))
        return None

    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": sent.path,
        "QUERY_STRING": sent.query,
        "CONTENT_TYPE": sent.media_type,
        "CONTENT_LENGTH": str(len(sent.body)),
        "HTTP_AUTHORIZATION": f"Bearer {KEY}",
        "HTTP_HOST": "localhost",
        "SCRIPT_NAME": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(sent.body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    body = b"".join(app(environ, start))  # type: ignore[arg-type]
    ((status, media_type),) = heads
    return status, body, media_type


@contextmanager
def serving_app() -> Iterator[Flask]:
    """The app on a database of its own, whose site KEY opens."""
    with tempfile.TemporaryDirectory() as folder:
        prepare(f"sqlite:///{Path(folder, 'refrain.db')}")
        app = create_app(load_settings({"REFRAIN_DATA_DIR": folder}))
        yield app
        app.extensions[NAME].store.database.close()


def main(argv: list[str] | None = None) -> int:
    """Run, and write what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=int, default=100_000)
    parser.add_argument("--requests", type=int, default=30_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("build/fuzzing"))
    args = parser.parse_args(argv)
    with serving_app() as app:
        found = run(Texts(), args.texts, args.seed, args.out)
        found += run(Requests(app), args.requests, args.seed, args.out)
    return 1 if found else 0


def run(many: Texts | Requests, count: int, seed: int, out: Path) -> int:
    """Run inputs of one kind; how many of them broke a promise."""
    random, found = chance(seed), 0
    came_to: Counter[str] = Counter()
    begun = time.monotonic()
    for number in range(1, count + 1):
        try:
            came_to[many.run(random)] += 1
        except Found as error:
            found += 1
            out.mkdir(parents=True, exist_ok=True)
            file = out / f"{type(many).__name__.lower()}-{seed}-{number}.txt"
            file.write_bytes(error.data)
            print(f"{file}: {error}"[:500], flush=True)
        if number % REPORT_EVERY == 0 or number == count:
            took = time.monotonic() - begun
            kind = type(many).__name__.lower()
            print(f"{number:,} {kind}, {took:,.0f} s, {found} found", flush=True)
    for name, times in sorted(came_to.items()):
        print(f"  {times:>9,}  {name}")
    return found


if __name__ == "__main__":
    sys.exit(main())
