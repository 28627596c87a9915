# SPDX-License-Identifier: BSD-2-Clause
"""The kernel's output on COM1, taken apart: machine events, KTAP, log lines."""

from __future__ import annotations

from keelvm.crash import Bugcheck, CrashReader
from keelvm.events import Event, parse_event, split_embedded
from keelvm.journal import Entry
from keelvm.ktap import KtapParser

EVENT = "event"
KTAP = "ktap"
LOG = "log"


class KernelOutput:
    """Feed it the console's lines; it knows what the kernel has said so far."""

    def __init__(self) -> None:
        self.ktap = KtapParser()
        self.crash = CrashReader()
        self.events: list[Event] = []
        self.problems: list[str] = []

    def feed(self, entry: Entry) -> str:
        """Take a line of the console; returns what it was: EVENT, KTAP or LOG."""
        before, event = split_embedded(entry.text)
        if event:
            self._feed_plain(before, False, entry.at)
            return self._feed_event(event, entry.complete)
        if entry.text.startswith("@"):
            return self._feed_event(entry.text, entry.complete)
        return self._feed_plain(entry.text, entry.complete, entry.at)

    def first(self, name: str) -> Event | None:
        """The first event of this name."""
        return next((event for event in self.events if event.name == name), None)

    @property
    def base(self) -> int | None:
        """The address at which the kernel runs."""
        boot = self.first("boot")
        return boot.number("base") if boot is not None else None

    @property
    def bugcheck(self) -> Bugcheck | None:
        """The first bugcheck."""
        return self.crash.bugchecks[0] if self.crash.bugchecks else None

    @property
    def refusal(self) -> str | None:
        """Why the kernel refused to boot."""
        error = self.first("error")
        return error.text("reason", "no reason given") if error is not None else None

    def _feed_plain(self, text: str, complete: bool, at: float) -> str:
        return KTAP if self.ktap.feed(text, complete, at) else LOG

    def _feed_event(self, text: str, complete: bool) -> str:
        event = parse_event(text) if complete else None
        if event is None:
            how = "garbled" if complete else "cut off"
            self.problems.append(f"a machine line is {how}: {text!r}")
        else:
            self.events.append(event)
            self.crash.feed(event)
        return EVENT
