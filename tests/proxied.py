"""A real nginx with the configuration in deploy/, before servers of the tests.

Only what a machine decides is changed: ports, addresses of the service, where the
certificate is, where logs and temporary files go.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme

NGINX = Path(__file__).parent.parent / "deploy" / "nginx"
HOW_TO_GET_NGINX = "Needs nginx; on Debian and Ubuntu: apt-get install nginx-light."
START_S = 10.0


@dataclass(frozen=True)
class Proxy:
    """A running nginx: where it listens, whom to trust, and what it wrote."""

    plain: tuple[str, int]
    tls: tuple[str, int]
    authority: Path
    folder: Path

    @property
    def url(self) -> str:
        """Its address for those outside."""
        return f"https://localhost:{self.tls[1]}"

    def written(self, name: str) -> str:
        """A log, `access` or `error`."""
        return (self.folder / f"{name}.log").read_text()


def program() -> str:
    """Where nginx is; without it the test is skipped, or fails where it has to be."""
    found = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if found is None:
        if os.environ.get("CI") or os.environ.get("REQUIRE_NGINX"):
            pytest.fail(HOW_TO_GET_NGINX)
        pytest.skip(HOW_TO_GET_NGINX)
    return found


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def configure(folder: Path, servers: Sequence[tuple[str, int]]) -> tuple[int, int]:
    """Write the configuration into a folder; returns the ports, plain and TLS."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "authority.pem"))
    (folder / "tls").mkdir()
    own = authority.issue_cert("localhost")
    own.private_key_pem.write_to_path(str(folder / "tls" / "tls.key"))
    for pem in own.cert_chain_pems:
        pem.write_to_path(str(folder / "tls" / "tls.crt"), append=True)
    plain, tls = free_port(), free_port()
    text = (NGINX / "nginx.conf").read_text()
    for there, here in {
        "/tmp/": f"{folder}/",  # noqa: S108 - the image's own
        "listen 8080 ": f"listen 127.0.0.1:{plain} ",
        "listen 8443 ": f"listen 127.0.0.1:{tls} ",
        "/dev/stdout": str(folder / "access.log"),
        "error_log stderr": f"error_log {folder}/error.log",
    }.items():
        assert there in text
        text = text.replace(there, here)
    (folder / "nginx.conf").write_text(text)
    upstream = (NGINX / "upstream.conf").read_text()
    line = "    server service:8000 resolve max_fails=1 fail_timeout=2s;\n"
    assert line in upstream
    ours = line.replace(" resolve", "")
    own_lines = "".join(
        ours.replace("service:8000", f"{host}:{port}") for host, port in servers
    )
    (folder / "upstream.conf").write_text(upstream.replace(line, own_lines))
    return plain, tls


def check(folder: Path) -> str:
    """What `nginx -t` says; it fails if that is not all well."""
    done = subprocess.run(
        [program(), "-t", "-p", str(folder), "-c", str(folder / "nginx.conf")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


@contextmanager
def proxying(folder: Path, servers: Sequence[tuple[str, int]]) -> Iterator[Proxy]:
    """Run nginx before some servers until the block ends."""
    command = [program(), "-p", str(folder), "-c", str(folder / "nginx.conf")]
    plain, tls = configure(folder, servers)
    # As root it would become another user, who may not write where tests do.
    own = "user root;" if os.geteuid() == 0 else ""
    start = ["-e", str(folder / "start.log"), "-g", f"daemon off; {own}"]
    with subprocess.Popen([*command, *start]) as process:
        try:
            wait_for(tls, process, folder)
            local = "127.0.0.1"
            yield Proxy((local, plain), (local, tls), folder / "authority.pem", folder)
        finally:
            process.terminate()
            process.wait(START_S)


def wait_for(port: int, process: subprocess.Popen[bytes], folder: Path) -> None:
    """Wait until nginx listens."""
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return
        except OSError:
            time.sleep(0.02)
    raise RuntimeError(f"nginx did not start:\n{(folder / 'start.log').read_text()}")
