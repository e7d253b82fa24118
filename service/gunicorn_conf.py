"""How gunicorn serves the app: `gunicorn -c service/gunicorn_conf.py`.

Read in gunicorn's master process, which never imports the app: a reload (HUP) then
serves new code and a new model, and no thread or connection crosses a fork.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

# gunicorn ships no annotations.
from gunicorn.arbiter import Arbiter  # type: ignore[import-untyped]
from gunicorn.workers.base import Worker  # type: ignore[import-untyped]

from service import counts
from service.errors import ConfigurationError
from service.settings import load_settings

COUNTS = "PROMETHEUS_MULTIPROC_DIR"
CHECK_S = 20.0
"""How long a reload waits for the check, and the master for nothing else."""
MOST_CONNECTIONS = 1000
"""How many connections a worker holds, where it may open so many files."""
OTHER_FILES = 200
"""How many files a worker may open beside them: database, model, counts, webhooks."""


def open_files() -> int:
    """Have the workers, which inherit it, open as many files as they need and may.

    Returns:
        How many those are; a connection is one of them.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = MOST_CONNECTIONS + OTHER_FILES
    if soft == resource.RLIM_INFINITY or soft >= most:
        return most
    wanted = most if hard == resource.RLIM_INFINITY else min(most, hard)
    with suppress(OSError, ValueError):  # The system knows a limit of its own.
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


try:
    _settings = load_settings(os.environ)
except ConfigurationError as error:
    sys.exit(str(error))

# A reload, or an upgrade by USR2, reads this file again and keeps the folder.
if COUNTS not in os.environ:
    os.environ[COUNTS] = counts.make_folder()

wsgi_app = "service.app:create_app()"
_host = f"[{_settings.bind}]" if ":" in _settings.bind else _settings.bind
bind = f"{_host}:{_settings.port}"
workers = _settings.workers
threads = _settings.threads
# A worker without a file left can accept nobody, nor open its database.
worker_connections = max(open_files() - OTHER_FILES, 2 * threads)
worker_class = "service.worker.Worker"
preload_app = False
# The main loop of a worker gives a sign of life every second, whatever its threads do.
timeout = 30
graceful_timeout = 30
# Longer than the 60 s of nginx, so that the proxy and not the server ends a connection.
keepalive = 75
limit_request_line = 8190
limit_request_fields = 64
limit_request_field_size = 8190
# Every line would name a path, and so a comment's id; `service.logs` writes its own.
accesslog = None
logger_class = "service.telemetry.server_log.ServerLog"
# At level debug gunicorn would name paths, too.
loglevel = _settings.log_level.lower().replace("debug", "info")
control_socket_disable = True


def on_starting(server: Arbiter) -> None:
    """Begin with empty counts, unless a running server is being upgraded (USR2)."""
    folder = Path(os.environ[COUNTS])
    if server.master_pid == 0:
        folder.mkdir(parents=True, exist_ok=True)
        for file in folder.glob("*.db"):
            file.unlink(missing_ok=True)
    counts.hold(folder)
    counts.tidy(folder.parent)


def when_ready(server: Arbiter) -> None:
    """Let a reload (HUP) go on only with what can be served."""
    server.reload = partial(reload_if_sound, server, server.reload)


def reload_if_sound(server: Arbiter, reload: Callable[[], None]) -> None:
    """Reload, unless the new code, settings or model would not start.

    gunicorn retires the old workers before the new ones have loaded anything, so a
    broken model would take the service down.
    """
    env = {name: value for name, value in os.environ.items() if name != COUNTS}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "service.check"],
            cwd=server.cfg.chdir,
            env=env,
            stderr=subprocess.PIPE,
            text=True,
            timeout=CHECK_S,
        )
        said = done.stderr.strip() or f"The check ended with {done.returncode}."
        problem = said.splitlines()[-1] if done.returncode else ""
    except (OSError, subprocess.TimeoutExpired) as error:
        problem = f"The check did not end: {type(error).__name__}."
    if problem:
        server.log.error("Not reloaded, the old workers go on. %s", problem)
    else:
        reload()


def pre_fork(server: Arbiter, worker: Worker) -> None:
    """Choose a processor for a worker that is about to start: the least taken one.

    Only where there is at least one worker for each processor; with fewer, two services
    on a machine might choose the same one and leave others idle.
    """
    worker.processor = None
    if not hasattr(os, "sched_setaffinity"):
        return  # Not on Linux.
    processors = sorted(os.sched_getaffinity(0))
    if workers >= len(processors):
        taken = Counter(other.processor for other in server.WORKERS.values())
        worker.processor = min(processors, key=taken.__getitem__)


def post_fork(server: Arbiter, worker: Worker) -> None:
    """Keep a worker's threads on one processor: only one of them runs at a time.

    Else they wake each other on different ones, and all they work on follows from one
    cache to the other: a stored comment cost 430 µs with four threads, 280 kept here.
    """
    if worker.processor is not None:
        os.sched_setaffinity(0, {worker.processor})


def child_exit(server: Arbiter, worker: Worker) -> None:
    """Take what a worker that ended said about itself out of the metrics."""
    from prometheus_client.multiprocess import mark_process_dead

    mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def on_exit(server: Arbiter) -> None:
    """Remove the folder of counts if it was made here and nobody took it over."""
    folder = Path(os.environ[COUNTS])
    if server.reexec_pid == 0 and folder.name.startswith(counts.PREFIX):
        shutil.rmtree(folder, ignore_errors=True)
