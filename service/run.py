"""Serve and deliver: gunicorn and, beside it, the deliverer of webhooks.

Run as `python -m service.run`.  What a signal tells it is told to gunicorn, and when
gunicorn ends, all ends.  A deliverer that ends by itself is started again, and that is
said: comments have to be judged meanwhile, and no event is lost.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from types import FrameType

from service.logs import make_log

SERVER = ("-m", "gunicorn", "--config", "service/gunicorn_conf.py")
DELIVERER = ("-m", "flask", "--app", "service.cli", "deliver-webhooks")
ENDING = (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM)
PAUSE_S = 2.0
"""How long to wait before a deliverer is started again."""
PR_SET_PDEATHSIG = 1  # linux/prctl.h


class Pair:
    """The two processes.  Made by the main thread, which gets the signals."""

    def __init__(self) -> None:
        self._server: subprocess.Popen[bytes] | None = None
        self._deliverer: subprocess.Popen[bytes] | None = None
        self._is_ending = False
        # Found before any fork: a child must not load libraries.
        self._prctl = getattr(ctypes.CDLL(None), "prctl", None)

    def run(self) -> int:
        """Run both until gunicorn ends; returns its status as shells tell it."""
        for number in (*ENDING, signal.SIGHUP):
            signal.signal(number, self._pass_on)
        self._server = start(SERVER, self._end_with_parent)
        self._deliverer = start(DELIVERER, self._prepare_deliverer)
        status = self._watch(self._server)
        self._deliverer.terminate()
        self._deliverer.wait()
        return status if status >= 0 else 128 - status

    def _watch(self, server: subprocess.Popen[bytes]) -> int:
        """Wait for gunicorn to end, and mind the deliverer meanwhile."""
        while True:
            ended, status = os.wait()
            code = os.waitstatus_to_exitcode(status)
            if ended == server.pid:
                server.returncode = code
                return code
            if self._deliverer and ended == self._deliverer.pid:
                self._deliverer.returncode = code
                self._restart(code)

    def _restart(self, code: int) -> None:
        if self._is_ending:
            return
        if code:
            how = f"by signal {-code}" if code < 0 else f"with status {code}"
            make_log("ERROR").error(f"The deliverer of webhooks ended {how}.")
        time.sleep(PAUSE_S)
        self._deliverer = start(DELIVERER, self._prepare_deliverer)

    def _pass_on(self, number: int, frame: FrameType | None) -> None:
        """Hear a signal: of Ctrl-C gunicorn hears from the terminal too, which is fine.

        After HUP, the deliverer that is started again has the new code and settings.
        """
        self._is_ending |= number in ENDING
        if self._server is None:
            sys.exit(128 + number)  # Nothing has begun.
        self._server.send_signal(number)
        if number == signal.SIGHUP and self._deliverer:
            self._deliverer.terminate()

    def _prepare_deliverer(self) -> None:
        """In its process: judging goes first, and Ctrl-C waits until it is ready."""
        self._end_with_parent()
        os.nice(10)
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def _end_with_parent(self) -> None:
        """In a child: be ended when this process is killed.  Only Linux can do that."""
        if self._prctl:
            self._prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def start(
    arguments: tuple[str, ...], prepare: Callable[[], None]
) -> subprocess.Popen[bytes]:
    """Start this Python anew; `prepare` is run in the new process before."""
    command = [sys.executable, *arguments]
    return subprocess.Popen(command, preexec_fn=prepare)  # noqa: S603 - ours alone


def main() -> int:
    """Run both; answers the exit status.  Settings are in the environment."""
    parser = argparse.ArgumentParser("python -m service.run", description=__doc__)
    parser.parse_args()
    return Pair().run()


if __name__ == "__main__":
    sys.exit(main())
