"""What the image holds, made as the Dockerfile says but without Docker, then shut in.

Its RUN instructions make the virtual environment and compile, on the files that its
COPY instructions would find; all lies under /mnt in a namespace of mounts: /mnt/app,
/mnt/opt/venv and /mnt/data.  Not the image's are Python itself and the libraries of the
system: those are this machine's.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import mkdtemp

from tests.manifests import image
from tests.namespaces import ALONE
from tests.test_repository import Instruction, instructions, said

ROOT = Path(__file__).parent.parent
MADE = ROOT / "build" / "image"
"""Half a gigabyte that takes a minute to install is kept, by what it was made of."""
PYTHON = "/mnt/base/bin/python{}.{}".format(*sys.version_info[:2])
PLACES = """
set -e
mount -t tmpfs none /mnt
mkdir -p /mnt/app /mnt/base /mnt/opt/venv /mnt/data /mnt/socket
mount --bind "$APP" /mnt/app
mount --bind "$BASE" /mnt/base
mount --bind "$VENV" /mnt/opt/venv
"""
BUILD = """
python() { "$PYTHON" "$@"; }
cd /mnt/app
"""
SHUT = """
mount --bind "$DATA" /mnt/data
if [ -n "$SOCKET" ]; then
    touch "/mnt/socket/${SOCKET##*/}"
    mount --bind "$SOCKET" "/mnt/socket/${SOCKET##*/}"
fi
mount -t tmpfs -o mode=1777,size=64m none /tmp
for place in app base opt/venv; do mount -o remount,bind,ro "/mnt/$place"; done
mount -o remount,ro /mnt
mount -o remount,bind,ro /
cd /mnt/app
exec setpriv --reuid "$USER_ID" --regid "$USER_ID" --clear-groups \
    --inh-caps=-all --bounding-set=-all --no-new-privs env -i "$@"
"""


@dataclass(frozen=True, slots=True)
class Undocked:
    """The folders that the image has as /app and /opt/venv."""

    app: Path
    venv: Path


def build(app: Path, like: Undocked | None = None, **arguments: str) -> Undocked:
    """Do what the Dockerfile's first stage does.

    Args:
        app: a folder that is not there yet.
        like: an image whose packages this one has, too.
        arguments: those of the build.
    """
    stage = instructions()
    stage = stage[: [word for word, _ in stage].index("FROM", 1)]
    defaults = dict(rest.split("=", 1) for word, rest in stage if word == "ARG")
    assert arguments.keys() <= defaults.keys()
    given = defaults | arguments
    undocked = Undocked(app, MADE / key(stage, given))
    for word, rest in stage:
        if word == "COPY":
            *sources, target = rest.split()
            copy(sources, app / target)
        elif word == "RUN" and "-m venv" in rest:
            install(rest, undocked, given, like)
        elif word == "RUN":
            run(rest, undocked, given)
    return undocked


def key(stage: Sequence[Instruction], given: Mapping[str, str]) -> str:
    """A name for what would be installed now, by this Python."""
    locks = [file.read_text() for file in sorted(ROOT.glob("requirements*.lock"))]
    return sha256(repr((stage, given, locks, sys.version)).encode()).hexdigest()[:16]


def install(
    rest: str, undocked: Undocked, given: Mapping[str, str], like: Undocked | None
) -> None:
    """Make the virtual environment, unless one of the same was made before.

    It does not matter where: it is always mounted where it was made.
    """
    if undocked.venv.is_dir():
        return
    MADE.mkdir(parents=True, exist_ok=True)
    part = Path(mkdtemp(dir=MADE, prefix="part-"))
    if like:
        subprocess.run(["cp", "-al", f"{like.venv}/.", str(part)], check=True)
    part.chmod(0o755)
    run(rest, Undocked(undocked.app, part), given)
    try:
        part.rename(undocked.venv)
    except OSError:
        if not undocked.venv.is_dir():
            raise
        shutil.rmtree(part)  # Somebody else was as quick.


def run(rest: str, undocked: Undocked, given: Mapping[str, str]) -> None:
    """Run one instruction with this machine's environment, in which pip is told how."""
    script = PLACES + BUILD + under_mnt(rest).replace(" --no-cache-dir", "")
    plain = {name: it for name, it in os.environ.items() if name[:6] != "PYTHON"}
    done = subprocess.run(
        [*ALONE, "sh", "-c", script],
        env=plain | {**given} | places(undocked),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def copy(sources: Sequence[str], target: Path) -> None:
    """Copy files, or what is in a folder, as COPY does: not what is ignored."""
    for source in map(ROOT.joinpath, sources):
        is_folder = source.is_dir()
        for file in source.rglob("*") if is_folder else [source]:
            if file.is_file() and not is_ignored(str(file.relative_to(ROOT))):
                to = target / (file.relative_to(source) if is_folder else file.name)
                to.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(file, to)


def is_ignored(name: str) -> bool:
    """Whether `.dockerignore` leaves a file out: the last line that fits it says so."""
    parts = name.split("/")
    names = ["/".join(parts[: n + 1]) for n in range(len(parts))]
    fitting = [line for line in ignoring() if any(map(fits(line).fullmatch, names))]
    return bool(fitting) and not fitting[-1].startswith("!")


def ignoring() -> Iterator[str]:
    """The patterns of `.dockerignore`."""
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            yield line.strip()


def fits(pattern: str) -> re.Pattern[str]:
    """A pattern of `.dockerignore` as Docker reads it: `*` is no slash, `**/` all."""
    parts = re.split(r"(\*\*/|\*)", pattern.removeprefix("!"))
    meant = {"**/": "(?:.*/)?", "*": "[^/]*"}
    return re.compile("".join(meant.get(it) or re.escape(it) for it in parts))


def shut_in(
    undocked: Undocked,
    data: Path,
    command: Sequence[str],
    env: Mapping[str, str],
    socket: Path | None = None,
) -> tuple[list[str], dict[str, str]]:
    """A command to run as the container would, and the environment to start it with.

    Args:
        undocked: the image.
        data: what it has as its volume; is given to its user.
        command: the container's.
        env: settings, beside those of the image.
        socket: one that it finds in /mnt/socket.
    """
    user = image().user
    os.chown(data, user, user)
    within = variables() | {"LD_LIBRARY_PATH": "/mnt/base/lib", **env}
    pairs = [f"{name}={value}" for name, value in within.items()]
    outside = places(undocked) | {
        "DATA": str(data),
        "SOCKET": str(socket or ""),
        "USER_ID": str(user),
        "PATH": os.environ["PATH"],
    }
    return [*ALONE, "sh", "-c", PLACES + SHUT, "sh", *pairs, *command], outside


def variables() -> dict[str, str]:
    """The image's own variables."""
    pairs = (pair for line in said("ENV") for pair in shlex.split(under_mnt(line)))
    own = dict(pair.split("=", 1) for pair in pairs)
    home = re.search(r"--home-dir (\S+)", " ".join(said("RUN")))
    assert home
    path = own["PATH"].replace("$PATH", "/usr/bin:/bin")
    return own | {"PATH": path, "HOME": under_mnt(home[1])}


def command() -> list[str]:
    """What the container runs where nobody says anything else."""
    words: list[str] = json.loads(said("CMD")[-1])
    return words


def health() -> list[str]:
    """What Docker runs to see whether the container is healthy."""
    check = said("HEALTHCHECK")[0]
    words: list[str] = json.loads(check[check.index("[") :])
    return words


def places(undocked: Undocked) -> dict[str, str]:
    """Where things are before they are mounted."""
    return {
        "APP": str(undocked.app),
        "VENV": str(undocked.venv),
        "BASE": sys.base_prefix,
        "PYTHON": PYTHON,
    }


def under_mnt(text: str) -> str:
    """Put the folders that an instruction names below /mnt."""
    return re.sub(r"(?<![\w./])/(?=(?:app|data|opt/venv)\b)", "/mnt/", text)
