"""How long clients wait, at a rate that does not yield.

99 of 100 requests are answered within what is told here, counted from the moment they
were due: see `benchmarks.steady`.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from typing import NamedTuple

from benchmarks.asking import PROTOCOLS
from benchmarks.figures import Figure
from benchmarks.serving import SERVICE, Server, first_key, serving

SECONDS = 3.5
WARM_S = 0.5
SECRET = "empsec_" + "5e" * 32
UNJUDGED = re.compile(r"^refrain_coral_unjudged_total\{.*\} (\S+)$", re.MULTILINE)


class Load(NamedTuple):
    """Requests per second, and within how many milliseconds 99 of 100 are answered."""

    rate: float
    p99_ms: float


OWN = Load(300.0, 40.0)
OTHERS = Load(200.0, 50.0)


def measure() -> Iterator[Figure]:
    """Measure each protocol, one after the other."""
    with TemporaryDirectory(prefix="refrain-benchmark-") as folder:
        env = os.environ | {"REFRAIN_DATA_DIR": folder, "WEB_CONCURRENCY": "2"}
        env.pop("DATABASE_URL", None)
        key = first_key(env)
        add_secret(env)
        with serving(SERVICE, env, folder) as server:
            for protocol in PROTOCOLS:
                load = OWN if protocol.startswith("/v1/moderate") else OTHERS
                secret = SECRET if protocol == "coral" else key
                waits(server, protocol, secret, load.rate, WARM_S)
                took = waits(server, protocol, secret, load.rate, SECONDS)
                yield _figure(protocol, load, took)
            unjudged = not_judged(server)
    yield Figure(
        "of those of Coral, held because there was no time to judge",
        f"{unjudged:.0f} of {OTHERS.rate * (WARM_S + SECONDS):.0f}",
        "",
        "",
        "",
        True,
    )


def add_secret(env: dict[str, str]) -> None:
    """Have Coral's requests signed with SECRET."""
    command = [sys.executable, "-m", "flask", "--app", "service.cli"]
    command += ["add-coral-secret", "default"]
    subprocess.run(
        command,
        env=env,
        input=f"{SECRET}\n",
        text=True,
        check=True,
        capture_output=True,
    )


def waits(
    server: Server, protocol: str, secret: str, rate: float, seconds: float
) -> list[float]:
    """How long each of so many requests a second took, in seconds."""
    command = [sys.executable, "-m", "benchmarks.steady", str(server.port)]
    command += [str(seconds), str(rate), protocol, secret]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return list(json.loads(done.stdout))


def not_judged(server: Server) -> float:
    """How many of Coral's requests were answered without a verdict."""
    url = f"http://127.0.0.1:{server.port}/metrics"
    with urllib.request.urlopen(url) as answer:
        return sum(map(float, UNJUDGED.findall(answer.read().decode())))


def _figure(protocol: str, load: Load, took: list[float]) -> Figure:
    p99 = quantiles(took, n=100)[-1] * 1e3
    return Figure(
        f"{protocol} at {load.rate:.0f} requests/s: p99 of {len(took)} (median)",
        f"{p99:.1f} ms ({median(took) * 1e3:.1f})",
        "",
        "",
        f"<= {load.p99_ms:.0f} ms",
        p99 <= load.p99_ms,
    )
