# SPDX-License-Identifier: BSD-2-Clause
"""A kernel in a machine: follows its output, and finds out why it hangs when it does."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from keelvm.crash import Bugcheck, Frame
from keelvm.errors import KeelError, QmpClosed
from keelvm.journal import Entry
from keelvm.machine import CONSOLE, Machine
from keelvm.output import KernelOutput

Listener = Callable[["KernelSession", Entry, str], None]
NMI_TIMEOUT = 30.0
END_TIMEOUT = 5.0
MONITOR_CPU = re.compile(r"CPU#(\d+)")
MONITOR_RIP = re.compile(r"\b[RE]IP=([0-9a-f]+)")


class KernelSession:
    """What one kernel said in one machine, taken from the machine's journal as it comes."""

    def __init__(self, machine: Machine, listener: Listener | None = None) -> None:
        self.machine = machine
        self.output = KernelOutput()
        self.hang: str | None = None
        self.stopped_at: dict[int, Frame] = {}
        self._listener = listener

    @property
    def status(self) -> int | None:
        """QEMU's exit status; None if it still runs or had to be ended."""
        return self.machine.status

    def advance(self, until: Callable[[KernelOutput], bool], timeout: float) -> bool:
        """Follow the output until the condition holds; False at the time-out or QEMU's end."""
        deadline = time.monotonic() + timeout
        while not until(self.output):
            entry = self.machine.next_entry(deadline)
            if entry is None:
                return False
            if entry.kind == CONSOLE:
                kind = self.output.feed(entry)
                if self._listener is not None:
                    self._listener(self, entry, kind)
        return True

    def run_to_exit(self, timeout: float) -> bool:
        """Follow the output to QEMU's end. At the time-out: ask every thread where it is."""
        self.advance(lambda output: False, timeout)
        if self.status is not None:
            return True
        self.hang = f"QEMU did not end within {timeout:g} s"
        self.machine.note(f"{self.hang}: sending an NMI")
        self.interrogate()
        return False

    def bugchecks(self) -> list[Bugcheck]:
        """All bugchecks that the kernel reported."""
        return self.output.crash.bugchecks

    def interrogate(self) -> None:
        """Make the kernel print its threads by an NMI; if it cannot, read the processors."""
        before = len(self.bugchecks())
        try:
            self._inject_nmi()
            if self.advance(lambda output: self._answered(before), NMI_TIMEOUT):
                self.advance(lambda output: False, END_TIMEOUT)
                return
            self.machine.note("the kernel did not answer the NMI: reading its processors")
            if self.status is None:
                self._read_processors(self.machine.qmp.monitor("info registers -a"))
        except KeelError as error:
            self.machine.note(f"QEMU does not answer: {error}")

    def _inject_nmi(self) -> None:
        try:
            self.machine.qmp.execute("inject-nmi")
        except QmpClosed:
            pass  # the kernel's report ended QEMU before QEMU answered

    def _answered(self, before: int) -> bool:
        new = self.bugchecks()[before:]
        return bool(new) and new[0].complete

    def _read_processors(self, text: str) -> None:
        cpu = 0
        for line in text.splitlines():
            if match := MONITOR_CPU.search(line):
                cpu = int(match[1])
            if match := MONITOR_RIP.search(line):
                self.stopped_at[cpu] = self._frame(int(match[1], 16))

    def _frame(self, address: int) -> Frame:
        boot = self.output.first("boot")
        base, size = self.output.base, boot.number("size") if boot else None
        if base is None or not base <= address < base + (size or 1 << 24):
            return Frame(0, "", None, address)
        return Frame(0, "ntoskrnl.exe", address - base, address)
