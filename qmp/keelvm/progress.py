# SPDX-License-Identifier: BSD-2-Clause
"""What `keel selftest` shows while it runs: a progress line on a terminal, plain KTAP otherwise."""

from __future__ import annotations

import shutil
from typing import TextIO

from keelvm.journal import Entry
from keelvm.ktap import FAILED, PASSED, Result
from keelvm.output import KTAP
from keelvm.session import KernelSession

RED = "\x1b[31m"
GREEN = "\x1b[32m"
PLAIN = "\x1b[0m"
CLEAR = "\r\x1b[K"


class PlainProgress:
    """The kernel's KTAP lines as they come."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __call__(self, session: KernelSession, entry: Entry, kind: str) -> None:
        if kind == KTAP:
            print(entry.text, file=self._stream, flush=True)

    def finish(self, passed: bool, summary: str) -> None:
        """The last line, as a KTAP diagnostic."""
        print(f"# {'passed' if passed else 'FAILED'}: {summary}", file=self._stream, flush=True)


class TerminalProgress:
    """One line that counts, and a red line for each failure."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._shown = 0

    def __call__(self, session: KernelSession, entry: Entry, kind: str) -> None:
        ktap = session.output.ktap
        for result in ktap.results[self._shown :]:
            self._shown += 1
            self._show(result, ktap.plan)

    def finish(self, passed: bool, summary: str) -> None:
        """The last line."""
        colour, word = (GREEN, "passed") if passed else (RED, "FAILED")
        print(f"{CLEAR}{colour}{word}{PLAIN}: {summary}", file=self._stream, flush=True)

    def _show(self, result: Result, plan: int | None) -> None:
        if result.outcome == FAILED:
            print(f"{CLEAR}{RED}failed{PLAIN} {result.name}", file=self._stream)
            for text in result.diagnostics:
                print(f"  {text}", file=self._stream)
        elif result.outcome != PASSED:
            print(f"{CLEAR}{result.outcome} {result.name}: {result.reason}", file=self._stream)
        line = f"[{self._shown}/{plan or '?'}] {result.name}"
        width = shutil.get_terminal_size().columns - 1
        self._stream.write(f"{CLEAR}{line[:width]}")
        self._stream.flush()


def progress_for(stream: TextIO) -> PlainProgress | TerminalProgress:
    """What suits the stream."""
    return TerminalProgress(stream) if stream.isatty() else PlainProgress(stream)
