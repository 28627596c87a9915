# SPDX-License-Identifier: BSD-2-Clause
"""What the integration tests share: configurations, boots, one kernel in one machine."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from keelvm.machine import CONSOLE, Machine, MachineConfig, boot_by_grub, boot_fast
from keelvm.report import Report
from keelvm.selftest import Outcome, Request, run
from keelvm.selftests import expected_names, read_list
from keelvm.session import KernelSession
from keelvm.settings import Settings
from keelvm.symbols import Symbolizer

BOOT_TIMEOUT = 60.0

# Each boots once and runs every self-test of the kernel.
CONFIGURATIONS = {
    "smp1": Request(smp=1),
    "smp2": Request(smp=2),
    "smp4": Request(smp=4),
    "smp8": Request(smp=8),
    "qemu64": Request(smp=1, mem_mib=64, cpu="qemu64"),
    "fast": Request(smp=2, fast=True),
    "icount": Request(smp=1, cpu="qemu64", fast=True, icount=True),
}


@dataclass(frozen=True)
class Lab:
    """The build under test and a folder for the logs of one test."""

    settings: Settings
    logs: Path

    def selftest(self, request: Request) -> Outcome:
        """Run self-tests as `keel selftest` does."""
        return run(self.settings, request, logs=self.logs)

    @contextlib.contextmanager
    def kernel(
        self, options: str, *, fast: bool = False, config: MachineConfig | None = None
    ) -> Iterator[KernelSession]:
        """A kernel that boots with this command line."""
        images = self.settings.images()
        boot = boot_fast(images.stripped, options) if fast else boot_by_grub(images.iso, options)
        base = config or MachineConfig()
        with Machine(replace(base, qemu=self.settings.qemu, boot=boot), self.logs) as machine:
            yield KernelSession(machine)

    def report(self, session: KernelSession, title: str = "the kernel") -> str:
        """The harness's report on a session, with symbols."""
        images = self.settings.images()
        symbolizer = Symbolizer(images.kernel, self.settings.symbolizer, self.settings.source)
        return Report(title, session, symbolizer).text()

    def end(self, session: KernelSession, timeout: float = BOOT_TIMEOUT) -> int:
        """Follow the kernel to QEMU's end; returns the status. A hang fails with its report."""
        ended = session.run_to_exit(timeout)
        assert ended, self.report(session, "the kernel hangs")
        assert session.status is not None
        return session.status

    def ready(self, session: KernelSession, times: int = 1) -> None:
        """Follow the kernel until it has said @ready so often."""
        seen = session.advance(
            lambda output: sum(event.name == "ready" for event in output.events) >= times,
            BOOT_TIMEOUT,
        )
        assert seen, self.report(session, "the kernel did not say @ready")


def console(session: KernelSession) -> list[str]:
    """The lines of COM1."""
    return [entry.text for entry in session.machine.journal.entries(CONSOLE)]


def qmp_events(session: KernelSession) -> list[str]:
    """QEMU's events."""
    return [entry.text for entry in session.machine.journal.entries("qmp")]


def kernel_tests(settings: Settings) -> list[str]:
    """The names of the self-tests that the kernel must run."""
    return expected_names(read_list(settings.images().selftests), None)


def planted_tests(settings: Settings) -> list[str]:
    """The names of the defects that were planted to be found; some only kasan can find."""
    images = settings.images()
    names = [t.name for t in read_list(images.selftests) if t.side == "planted"]
    return [name for name in names if images.variant == "kasan" or not name.startswith("planted.kasan_")]
