# SPDX-License-Identifier: BSD-2-Clause
"""`keel growth`: one boot that measures operations beside few and many others of their kind."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

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

MEMORY_MIB = 768  # 20,000 threads with their stacks
TIMEOUT = 300.0
FACTOR = 2.0


@dataclass(frozen=True)
class Measurement:
    """One `@growth` line: what an operation costs beside n others."""

    name: str
    n: int
    ns: int


@dataclass
class Outcome:
    """The end of a run."""

    measurements: list[Measurement]
    problems: list[str]
    report: Report

    @property
    def passed(self) -> bool:
        """Whether nothing grows that must not."""
        return not self.problems


def measurement(event: Event) -> Measurement | None:
    """What a `@growth` line says; None if it makes no sense."""
    n, ns = event.number("n"), event.number("ns")
    if not event.text("name") or n is None or ns is None or n < 1 or ns < 1:
        return None
    return Measurement(event.text("name"), n, ns)


def by_name(measurements: list[Measurement]) -> dict[str, list[Measurement]]:
    """Those of each operation, the fewest others first."""
    rows: dict[str, list[Measurement]] = {}
    for one in measurements:
        rows.setdefault(one.name, []).append(one)
    return {name: sorted(row, key=lambda one: one.n) for name, row in rows.items()}


def judge(measurements: list[Measurement]) -> list[str]:
    """The operations that cost more than FACTOR times as much at the end, or were measured once only."""
    problems = []
    for name, row in by_name(measurements).items():
        first, last = row[0], row[-1]
        if len(row) < 2:
            problems.append(f"{name} was measured beside {first.n:,} others only")
        elif last.ns > FACTOR * first.ns:
            problems.append(
                f"{name} costs {first.ns:,} beside {first.n:,} others and {last.ns:,} beside {last.n:,}"
            )
    return problems


def run(settings: Settings, request: Request, glob: str | None = None, logs: Path | None = None) -> Outcome:
    """Boot, measure, judge."""
    options = kernel_command_line({"growth": glob}, request.append)
    asked = replace(request, selftest=False, append=options)
    images = settings.images(asked.variant)
    symbolizer = Symbolizer(images.kernel, settings.symbolizer, settings.source)
    said: list[str] = []

    def listen(_session: KernelSession, entry: Entry, kind: str) -> None:
        if kind != EVENT and entry.text.startswith("# "):
            said.append(entry.text[2:])

    with Machine(machine_config(settings, asked), logs) as machine:
        session = KernelSession(machine, listen)
        session.run_to_exit(asked.timeout)
        found, problems = _measurements(session)
        problems += said + judge(found)
        machine.keep_logs = machine.keep_logs or bool(problems)
        report = Report("something grows that must not", session, symbolizer, None, problems)
        return Outcome(found, problems, report)


def _measurements(session: KernelSession) -> tuple[list[Measurement], list[str]]:
    found = []
    problems = list(session.output.problems)
    for event in session.output.events:
        if event.name == "growth":
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
    if not found:
        problems.append("nothing was measured")
    return found, problems


def table(measurements: list[Measurement]) -> str:
    """What was measured, a line for each operation."""
    lines = [f"{'instructions beside':26} {'n others: cost, …':60} last/first"]
    for name, row in by_name(measurements).items():
        costs = "   ".join(f"{one.n:>7,}: {one.ns:>7,}" for one in row)
        lines.append(f"{name:26} {costs:60} {row[-1].ns / row[0].ns:.2f}")
    return "\n".join(lines)
