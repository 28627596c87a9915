# SPDX-License-Identifier: BSD-2-Clause
"""`keel bench`: one boot that runs the kernel's benchmarks, and their figures as a table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from keelvm.events import Event
from keelvm.journal import Entry
from keelvm.machine import EXIT_PASSED, Machine
from keelvm.options import kernel_command_line
from keelvm.output import EVENT
from keelvm.report import Report
from keelvm.selftest import Request, machine_config
from keelvm.session import KernelSession
from keelvm.settings import Settings
from keelvm.symbols import Symbolizer

PAGE_KIB = 4
NUMBERS = ("threads", "rounds", "ns", "switches", "ipis", "cr3", "cr8", "tlb", "self")
DEAR = {"switches": "switches", "ipis": "IPIs", "self": "self", "cr3": "CR3", "cr8": "CR8", "tlb": "TLB"}


@dataclass(frozen=True)
class Measurement:
    """One `@bench` line."""

    name: str
    threads: int
    rounds: int
    ns: int
    switches: int
    ipis: int
    cr3: int
    cr8: int
    tlb: int
    self: int

    def per_round(self, total: int) -> float:
        """A total, for one round."""
        return total / self.rounds


@dataclass(frozen=True)
class Boot:
    """What the kernel said when it was up."""

    ns: int
    used_kib: int
    memory_kib: int


@dataclass
class Outcome:
    """The end of a run."""

    request: Request
    boot: Boot | None
    measurements: list[Measurement]
    problems: list[str]
    report: Report

    @property
    def passed(self) -> bool:
        """Whether the figures are all there."""
        return not self.problems

    def json(self) -> dict[str, Any]:
        """Everything, for machines."""
        return {
            "passed": self.passed,
            "problems": self.problems,
            "smp": self.request.processors(),
            "mem_mib": self.request.mem_mib,
            "cpu": self.request.cpu,
            "icount": self.request.icount,
            "boot": vars(self.boot) if self.boot else None,
            "benchmarks": [vars(one) for one in self.measurements],
        }


def measurement(event: Event) -> Measurement | None:
    """What a `@bench` line says; None if a field is missing or makes no sense."""
    numbers = [event.number(key) for key in NUMBERS]
    known = [number for number in numbers if number is not None]
    if len(known) != len(numbers) or not event.text("name") or known[0] < 1 or known[1] < 1:
        return None
    return Measurement(event.text("name"), *known)


def run(settings: Settings, request: Request, glob: str | None, logs: Path | None = None) -> Outcome:
    """Boot, measure, judge."""
    options = kernel_command_line({"bench": glob}, request.append)
    asked = replace(request, selftest=False, append=options)
    images = settings.images(asked.variant)
    symbolizer = Symbolizer(images.kernel, settings.symbolizer, settings.source)
    with Machine(machine_config(settings, asked), logs) as machine:
        said: list[str] = []
        session = KernelSession(machine, _collect(said))
        session.run_to_exit(asked.timeout)
        outcome = _judge(asked, session, said)
        machine.keep_logs = machine.keep_logs or not outcome.passed
        outcome.report = Report("the benchmarks failed", session, symbolizer, None, outcome.problems)
        return outcome


def _collect(said: list[str]) -> Callable[[KernelSession, Entry, str], None]:
    """Keeps the kernel's comments: it says there what it could not measure."""

    def listen(_session: KernelSession, entry: Entry, kind: str) -> None:
        if kind != EVENT and entry.text.startswith("# "):
            said.append(entry.text[2:])

    return listen


def _judge(request: Request, session: KernelSession, said: list[str]) -> Outcome:
    problems = [*session.output.problems, *said]
    found = []
    for event in session.output.events:
        if event.name == "bench":
            one = measurement(event)
            if one is None:
                problems.append(f"this makes no sense: {event.raw!r}")
            else:
                found.append(one)
    if session.hang:
        problems.append(session.hang)
    elif session.status != EXIT_PASSED:
        problems.append(f"QEMU's exit status is {session.status}, not {EXIT_PASSED}")
    if session.output.refusal:
        problems.append(session.output.refusal)
    problems += [bugcheck.title() for bugcheck in session.bugchecks()]
    boot = _boot(request, session.output.first("ready"))
    if boot is None:
        problems.append("the kernel did not say @ready with its figures")
    if not found:
        problems.append("no benchmark ran")
    return Outcome(request, boot, found, problems, Report("", session, None))


def _boot(request: Request, ready: Event | None) -> Boot | None:
    ns = ready.number("boot_ns") if ready else None
    free = ready.number("free_pages") if ready else None
    if ns is None or free is None:
        return None
    memory = request.mem_mib * 1024
    return Boot(ns, memory - free * PAGE_KIB, memory)


def table(outcome: Outcome) -> str:
    """The figures, a line each."""
    unit = "instructions" if outcome.request.icount else "ns"
    lines = []
    if outcome.boot:
        boot = outcome.boot
        lines.append(
            f"boot: {boot.ns:,} {unit} from the first instruction to the end of phase 1, "
            f"{boot.used_kib:,} of {boot.memory_kib:,} KiB in use"
        )
    dear = " ".join(f"{title:>8}" for title in DEAR.values())
    lines.append(f"{'a round of':32} {'threads':>7} {unit:>12} {dear}  ratio to 1")
    alone: dict[str, Measurement] = {}
    for one in outcome.measurements:
        if one.threads == 1:
            alone[one.name] = one
        lines.append(_row(one, alone.get(one.name)))
    return "\n".join(lines)


def _row(one: Measurement, alone: Measurement | None) -> str:
    ratio = ""
    if alone is not None and one.threads > 1 and alone.ns > 0:
        ratio = f"  {one.per_round(one.ns) / alone.per_round(alone.ns):.2f}"
    dear = " ".join(f"{one.per_round(getattr(one, key)):>8.1f}" for key in DEAR)
    return (
        f"{one.name:32} {one.threads:>7} {one.per_round(one.ns):>12,.0f} "
        f"{dear}{ratio}"
    )
