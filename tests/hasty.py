"""The service's worker with little patience, so that tests need little too."""

from __future__ import annotations

from service import worker
from service.connections import patient, receiving, threads

threads.REQUEST_S = 1.5
threads.AGED_S = 0.5
patient.ANSWER_S = 1.5
receiving.LINGER_S = 1.0


class Worker(worker.Worker):
    """As `service.worker.Worker`, but every deadline comes sooner."""
