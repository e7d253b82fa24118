"""Whether memory stays flat: ever other comments for minutes, half of them stored.

    python -m benchmarks.soak [MINUTES]

Counted is how the memory of all workers grows with the requests answered, once what is
remembered on purpose has filled: after the first quarter.
"""

from __future__ import annotations

import json
import os
import random
import socket
import subprocess
import sys
import time
from itertools import count
from statistics import linear_regression
from tempfile import TemporaryDirectory

import psutil

from benchmarks.figures import Figure, machine, table
from benchmarks.load import check_answer
from benchmarks.serving import SERVICE, Server, first_key, serving
from benchmarks.texts import unseen_texts

MINUTES = 4.0
GENERATORS = 2
TEXTS = 4_000
SAMPLE_S = 1.0
MB_PER_100_000 = 1.0


def main(minutes: float) -> int:
    """Print the table of this alone."""
    description = machine()
    figure = measure(minutes)
    print(description, table([figure]), sep="\n\n")
    return 0 if figure.met else 1


def measure(minutes: float) -> Figure:
    """Load a service of its own, and watch."""
    with TemporaryDirectory(prefix="refrain-benchmark-") as folder:
        env = os.environ | {"REFRAIN_DATA_DIR": folder}
        env.pop("DATABASE_URL", None)
        key = first_key(env)
        with serving(SERVICE, env, folder) as server:
            samples = watched(server, key, minutes * 60)
    settled = samples[len(samples) // 4 :]
    answered, megabytes = zip(*settled, strict=True)
    slope = linear_regression(answered, megabytes).slope * 100_000
    return Figure(
        f"memory of the workers over {samples[-1][0]:,} requests, for each 100,000",
        f"{slope:+.2f} MB",
        "",
        f"{megabytes[0]:.0f} to {megabytes[-1]:.0f} MB",
        f"<= {MB_PER_100_000:g} MB",
        slope <= MB_PER_100_000,
    )


def watched(server: Server, key: str, seconds: float) -> list[tuple[int, float]]:
    """Requests answered so far, and memory of all workers in MB, once a second."""
    command = [sys.executable, "-m", "benchmarks.soak", str(server.port), key]
    generators = [
        subprocess.Popen([*command, str(number)], stdout=subprocess.PIPE, text=True)
        for number in range(GENERATORS)
    ]
    samples = []
    end = time.monotonic() + seconds
    try:
        while time.monotonic() < end:
            counts = [generator.stdout.readline() for generator in generators]  # type: ignore[union-attr]
            workers = psutil.Process(server.process.pid).children()
            memory = sum(worker.memory_info().rss for worker in workers) / 1e6
            samples.append((sum(map(int, counts)), memory))
    finally:
        for generator in generators:
            generator.kill()
            generator.communicate()
    return samples


def generate(port: int, key: str, seed: int) -> None:
    """Send without end; print once a second how many were answered."""
    draw = random.Random(seed)  # noqa: S311 - no secret
    texts = unseen_texts(TEXTS)
    told = time.monotonic()
    with socket.create_connection(("127.0.0.1", port)) as connection:
        for number in count(1):
            comment = {"text": " ".join(draw.sample(texts, 2))[60:300]}
            if number % 2:
                comment["id"] = f"{seed}-{number}"
            connection.sendall(request(key, json.dumps(comment).encode()))
            check_answer(connection)
            if time.monotonic() - told >= SAMPLE_S:
                told = time.monotonic()
                print(number, flush=True)


def request(key: str, body: bytes) -> bytes:
    """One comment."""
    return (
        "POST /v1/moderate HTTP/1.1\r\nHost: localhost\r\n"
        f"Authorization: Bearer {key}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode() + body


if __name__ == "__main__":
    if len(sys.argv) == 4:
        generate(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
    else:
        sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else MINUTES))
