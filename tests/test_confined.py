"""Shut in as the container is: an ordinary user, no capability, nothing to write to.

Real, but for the container: a namespace of mounts in which the root is read-only, for
which one has to be root.  Elsewhere these tests are skipped.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.manifests import image
from tests.proxied import free_port

ROOT = Path(__file__).parent.parent
START_S = 60.0
SHUT = """
set -e
mount --make-rprivate /
mount -t tmpfs none /mnt
mkdir /mnt/app /mnt/base /mnt/site /mnt/data
mount --bind "$APP" /mnt/app
mount --bind "$BASE" /mnt/base
mount --bind "$SITE" /mnt/site
mount -t tmpfs -o mode=1777,size=64m none /tmp
mount -t tmpfs -o "uid=$USER_ID,gid=$USER_ID,mode=700" none /mnt/data
for place in /mnt/app /mnt/base /mnt/site; do mount -o remount,bind,ro "$place"; done
mount -o remount,ro /mnt
mount -o remount,bind,ro /
cd /mnt/app
exec setpriv --reuid "$USER_ID" --regid "$USER_ID" --clear-groups \
    --inh-caps=-all --bounding-set=-all --no-new-privs \
    env -i PATH=/usr/bin:/bin PYTHONHOME=/mnt/base PYTHONPATH=/mnt/site \
    LD_LIBRARY_PATH=/mnt/base/lib PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    REFRAIN_DATA_DIR=/mnt/data PORT="$PORT" sh -c "
        touch /mnt/app/written /mnt/base/written /etc/written || true
        $PYTHON -m flask --app service.cli init && exec $PYTHON -m service.run"
"""
"""What the image has under /app is under /mnt/app here, and /data under /mnt/data."""


@dataclass(frozen=True, slots=True)
class Confined:
    """A service that is shut in: where it answers, its process, and what it printed."""

    url: str
    pid: int
    printed: Path


@pytest.fixture(scope="module")
def confined(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Confined]:
    may = ["unshare", "--mount", "sh", "-c", "mount --make-rprivate /"]
    if os.geteuid() or subprocess.run(may, capture_output=True).returncode:
        pytest.skip("Needs root, and a system that lets it have mounts of its own.")
    printed, port = tmp_path_factory.mktemp("confined") / "printed", free_port()
    env = {
        "PATH": os.environ["PATH"],
        "APP": str(ROOT),
        "BASE": sys.base_prefix,
        "SITE": sysconfig.get_path("purelib"),
        "USER_ID": str(image().user),
        "PYTHON": "/mnt/base/bin/python{}.{}".format(*sys.version_info[:2]),
        "PORT": str(port),
    }
    command = ["unshare", "--mount", "bash", "-c", SHUT]
    with (
        printed.open("wb") as stream,
        subprocess.Popen(command, env=env, stdout=stream, stderr=stream) as process,
    ):
        try:
            service = Confined(f"http://127.0.0.1:{port}", process.pid, printed)
            wait_for(service, process)
            yield service
        finally:
            process.terminate()


def wait_for(service: Confined, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"{service.url}/readyz", timeout=5).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError(service.printed.read_text())


def test_the_service_works_where_it_may_write_to_its_data_only(
    confined: Confined,
) -> None:
    printed = confined.printed.read_text()
    key = re.search(r"API key +(\S+)", printed)
    assert key

    headers = {"Authorization": f"Bearer {key[1]}"}
    comment = {"id": "c-1", "text": "What the fuck is wrong with this world."}
    answer = httpx.post(
        f"{confined.url}/v1/moderate", json=comment, headers=headers, timeout=30
    )

    assert answer.json()["decision"] == "reject"
    assert "refrain_requests_total" in httpx.get(f"{confined.url}/metrics").text
    # Outside of the namespace: those of the repository would be there to see.
    assert printed.count("Read-only file system") == 3
    assert not (ROOT / "written").exists()


def test_no_process_of_it_has_rights(confined: Confined) -> None:
    processes = [confined.pid]
    for pid in processes:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        processes += map(int, children)

    assert len(processes) >= 4  # Itself, gunicorn, its workers, the sender of webhooks.
    for pid in processes:
        status = dict(
            line.split(":\t", 1)
            for line in Path(f"/proc/{pid}/status").read_text().splitlines()
            if ":\t" in line
        )
        assert set(status["Uid"].split()) == {str(image().user)}
        assert {int(status[f"Cap{name}"], 16) for name in ("Eff", "Prm", "Bnd")} == {0}
        assert status["NoNewPrivs"] == "1"
