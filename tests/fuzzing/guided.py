"""Let atheris look for texts that reach code which no text has reached before.

python -m tests.fuzzing.guided --seconds 600

atheris (libFuzzer) changes bytes and watches which branches of `model` they take; what
each part of the judge promises is held against every text.  A find ends the run: its
bytes are in the folder named by --out, and belong into tests/fuzzing/findings.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

try:
    import atheris
except ImportError:
    sys.exit("atheris has no wheel for this Python or system: nothing was run")

with atheris.instrument_imports(include=["model"]):
    from model.artifact import load, shipped
    from model.judge import Judge
    from model.lexicon.matcher import load_lexicon

from tests.fuzzing.promises import (
    examine_contacts,
    examine_fold,
    examine_lexicon,
    examine_places,
)
from tests.fuzzing.texts import LONGEST, MARKS, ODD, WORDS

ROUND_S = 60


def main() -> None:
    """Run until the time is over or a promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--out", type=Path, default=Path("build/fuzzing"))
    parser.add_argument("--in-one-go", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.in_one_go:
        fuzz(args.seconds, args.out)
    end = time.monotonic() + args.seconds
    while (left := end - time.monotonic()) > 1:
        # What atheris traces stays in memory, some 8 MB a second: so begin anew.
        command = [sys.executable, "-m", "tests.fuzzing.guided", "--in-one-go"]
        command += [f"--seconds={min(ROUND_S, left):.0f}", f"--out={args.out}"]
        done = subprocess.run(command, check=False)
        if done.returncode:
            sys.exit(done.returncode)


def fuzz(seconds: int, out: Path) -> None:
    """Run for so long; what was learnt stays in the folder `corpus`."""
    corpus, words = out / "corpus", out / "words.dict"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, piece in enumerate((*WORDS, *ODD)):
        (corpus / f"seed-{number}").write_bytes(piece.encode())
    words.write_text("".join(map(_entry, (*WORDS, *MARKS, *ODD))))
    lexicon = load_lexicon()
    judge = Judge(lexicon, load(shipped()))

    def examine(data: bytes) -> None:
        text = data.decode("utf-8", "replace")[:LONGEST]
        examine_fold(text)
        examine_lexicon(lexicon, text)
        examine_contacts(text)
        # Watched code is slow, so its time says nothing: `generated` measures.
        examine_places(judge, text)

    atheris.Setup(
        [
            sys.argv[0],
            f"-max_total_time={seconds}",
            f"-artifact_prefix={out}/",
            f"-dict={words}",
            "-max_len=600",
            "-timeout=20",
            "-print_final_stats=1",
            str(corpus),
        ],
        examine,
    )
    atheris.Fuzz()


def _entry(piece: str) -> str:
    """A word as libFuzzer's dictionaries write it."""
    return '"' + "".join(f"\\x{byte:02x}" for byte in piece.encode()) + '"\n'


if __name__ == "__main__":
    main()
