# SPDX-License-Identifier: BSD-2-Clause
"""The journal of a machine: everything that happened, in order, for waiting and for reports.

Reader threads append, anyone waits. An entry is never changed or removed, so that a place in
the journal is just an index.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import Any

EXIT = "exit"


@dataclass(frozen=True)
class Entry:
    """One thing that happened; `kind` is a serial channel's name, `qmp`, `note` or `exit`."""

    kind: str
    text: str
    at: float
    complete: bool = True
    data: dict[str, Any] = field(default_factory=dict)


class Journal:
    """An append-only list of entries that threads can wait on."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._ended = False
        self._changed = threading.Condition()
        self._start = time.monotonic()

    def add(
        self, kind: str, text: str, complete: bool = True, data: dict[str, Any] | None = None
    ) -> None:
        """Append an entry and wake whoever waits."""
        entry = Entry(kind, text, time.monotonic() - self._start, complete, data or {})
        with self._changed:
            self._entries.append(entry)
            self._ended = self._ended or kind == EXIT
            self._changed.notify_all()

    def get(self, index: int, deadline: float) -> Entry | None:
        """The entry at `index`, waited for until `deadline` (time.monotonic).

        None if it came not in time, or will never come because the machine has ended.
        """
        with self._changed:
            while len(self._entries) <= index:
                left = deadline - time.monotonic()
                if self._ended or left <= 0:
                    return None
                self._changed.wait(left)
            return self._entries[index]

    def entries(self, kind: str | None = None) -> list[Entry]:
        """A copy of the entries so far, of one kind or of all."""
        with self._changed:
            return [entry for entry in self._entries if kind in (None, entry.kind)]
