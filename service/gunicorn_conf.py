"""How gunicorn serves the app: `gunicorn -c service/gunicorn_conf.py`.

Read in gunicorn's master process, which never imports the app: a reload (HUP) then
serves new code and a new model, and no thread or connection crosses a fork.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

# gunicorn ships no annotations.
from gunicorn.arbiter import Arbiter  # type: ignore[import-untyped]
from gunicorn.workers.base import Worker  # type: ignore[import-untyped]

from service.errors import ConfigurationError
from service.settings import load_settings

FOLDER = "refrain-metrics-"
COUNTS = "PROMETHEUS_MULTIPROC_DIR"

try:
    _settings = load_settings(os.environ)
except ConfigurationError as error:
    sys.exit(str(error))

# A reload, or an upgrade by USR2, reads this file again and keeps the folder.
if COUNTS not in os.environ:
    os.environ[COUNTS] = tempfile.mkdtemp(prefix=FOLDER)

wsgi_app = "service.app:create_app()"
_host = f"[{_settings.bind}]" if ":" in _settings.bind else _settings.bind
bind = f"{_host}:{_settings.port}"
workers = _settings.workers
threads = _settings.threads
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
# Every line would name a path, and so a comment's id; see REFRAIN_LOG_LEVEL instead.
accesslog = None
loglevel = _settings.log_level.lower()
control_socket_disable = True


def on_starting(server: Arbiter) -> None:
    """Begin with empty counts, unless a running server is being upgraded (USR2)."""
    if server.master_pid == 0:
        folder = Path(os.environ[COUNTS])
        folder.mkdir(parents=True, exist_ok=True)
        for file in folder.glob("*.db"):
            file.unlink(missing_ok=True)


def child_exit(server: Arbiter, worker: Worker) -> None:
    """Take what a worker that ended said about itself out of the metrics."""
    from prometheus_client.multiprocess import mark_process_dead

    mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def on_exit(server: Arbiter) -> None:
    """Remove the folder of counts if it was made here and nobody took it over."""
    folder = Path(os.environ[COUNTS])
    if server.reexec_pid == 0 and folder.name.startswith(FOLDER):
        shutil.rmtree(folder, ignore_errors=True)
