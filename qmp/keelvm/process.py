# SPDX-License-Identifier: BSD-2-Clause
"""Starting QEMU so that it never outlives us, whatever ends us.

- normal end and exceptions: the machine's context manager;
- SIGTERM and SIGHUP: turned into SystemExit while a machine runs, so that it unwinds;
- interpreter exit without unwinding: atexit;
- SIGKILL: the kernel kills QEMU (PR_SET_PDEATHSIG). That signal is bound to the thread that
  forked, so a machine must be started from a thread that lives as long as it does.
"""

from __future__ import annotations

import atexit
import ctypes
import os
import signal
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Any

PR_SET_PDEATHSIG = 1
ENDING_SIGNALS = (signal.SIGTERM, signal.SIGHUP)

_running: set["subprocess.Popen[bytes]"] = set()
_previous: dict[int, Any] = {}


def start(
    command: Sequence[str], output: Path, keep_files: Sequence[int] = ()
) -> "subprocess.Popen[bytes]":
    """Start a process that dies with us; its standard output and error go to `output`.

    Raises OSError if it cannot be executed.
    """
    parent = os.getpid()
    prctl = _prctl()

    def before_exec() -> None:
        if prctl is not None:
            prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
            if os.getppid() != parent:
                os._exit(127)  # the parent died before the line above

    with open(output, "wb") as file:
        process = subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            pass_fds=tuple(keep_files),
            start_new_session=True,
            preexec_fn=before_exec,
        )
    _running.add(process)
    _take_signals()
    return process


def end(process: "subprocess.Popen[bytes]") -> int:
    """Kill the process if it still runs and reap it; returns its return code."""
    if process.poll() is None:
        process.kill()
    status = process.wait()
    _running.discard(process)
    if not _running:
        _give_signals_back()
    return status


def _prctl() -> Any:
    try:
        return ctypes.CDLL(None, use_errno=True).prctl
    except (OSError, AttributeError):
        return None  # not Linux: all but SIGKILL is still handled


def _take_signals() -> None:
    if threading.current_thread() is not threading.main_thread():
        return
    for number in ENDING_SIGNALS:
        if number not in _previous and signal.getsignal(number) == signal.SIG_DFL:
            _previous[number] = signal.signal(number, _on_signal)


def _give_signals_back() -> None:
    if threading.current_thread() is not threading.main_thread():
        return
    for number, handler in list(_previous.items()):
        if signal.getsignal(number) is _on_signal:
            signal.signal(number, handler)
        del _previous[number]


def _on_signal(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


@atexit.register
def _end_all() -> None:
    for process in list(_running):
        end(process)
