"""How long clients of other services wait, at a rate that does not yield.

99 of 100 requests at RATE a second are answered within what is told here, counted from
the moment they were due: see `benchmarks.steady`.
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

from benchmarks.asking import PROTOCOLS
from benchmarks.figures import Figure
from benchmarks.serving import SERVICE, Server, first_key, serving

RATE = 200.0
SECONDS = 3.5
WARM_S = 0.5
P99_MS = 50.0
SECRET = "empsec_" + "5e" * 32
UNJUDGED = re.compile(r"^refrain_coral_unjudged_total\{.*\} (\S+)$", re.MULTILINE)


def measure() -> Iterator[Figure]:
    """Measure each protocol, one after the other."""
    with TemporaryDirectory(prefix="refrain-benchmark-") as folder:
        env = os.environ | {"REFRAIN_DATA_DIR": folder, "WEB_CONCURRENCY": "2"}
        env.pop("DATABASE_URL", None)
        key = first_key(env)
        add_secret(env)
        with serving(SERVICE, env, folder) as server:
            for protocol in PROTOCOLS:
                secret = SECRET if protocol == "coral" else key
                waits(server, protocol, secret, WARM_S)
                yield _figure(protocol, waits(server, protocol, secret, SECONDS))
            unjudged = not_judged(server)
    yield Figure(
        "of those of Coral, held because there was no time to judge",
        f"{unjudged:.0f} of {RATE * (WARM_S + SECONDS):.0f}",
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


def waits(server: Server, protocol: str, secret: str, seconds: float) -> list[float]:
    """How long each of RATE requests a second took, in seconds."""
    command = [sys.executable, "-m", "benchmarks.steady", str(server.port)]
    command += [str(seconds), str(RATE), protocol, secret]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return list(json.loads(done.stdout))


def not_judged(server: Server) -> float:
    """How many of Coral's requests were answered without a verdict."""
    url = f"http://127.0.0.1:{server.port}/metrics"
    with urllib.request.urlopen(url) as answer:
        return sum(map(float, UNJUDGED.findall(answer.read().decode())))


def _figure(protocol: str, took: list[float]) -> Figure:
    p99 = quantiles(took, n=100)[-1] * 1e3
    return Figure(
        f"{protocol} at {RATE:.0f} requests/s: p99 of {len(took)} (median)",
        f"{p99:.1f} ms ({median(took) * 1e3:.1f})",
        "",
        "",
        f"<= {P99_MS:.0f} ms",
        p99 <= P99_MS,
    )
