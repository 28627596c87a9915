# SPDX-License-Identifier: BSD-2-Clause
"""One boot that runs the kernel's stress loads, followed round by round; `ci/stress` makes many of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

from keelvm.events import Event
from keelvm.journal import Entry
from keelvm.machine import EXIT_PASSED, Machine
from keelvm.options import kernel_command_line
from keelvm.output import EVENT, KernelOutput
from keelvm.report import Report
from keelvm.selftest import Request, machine_config
from keelvm.session import KernelSession
from keelvm.settings import Settings
from keelvm.symbols import Symbolizer

PROCESSORS = (1, 2, 4, 8)
HANG_SECONDS = 90.0
MASK = (1 << 64) - 1
GOLDEN = 0x9E3779B97F4A7C15


def mix(state: int) -> int:
    """A number that looks random, of another one (SplitMix64, as in the kernel)."""
    z = (state + GOLDEN) & MASK
    z = ((z ^ z >> 30) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ z >> 27) * 0x94D049BB133111EB) & MASK
    return z ^ z >> 31


def seeds(first: int) -> Iterator[int]:
    """The seeds of the runs; the first one is the seed itself, so that any run can be repeated alone."""
    for number in count():
        yield first & MASK if number == 0 else mix(first + number)


def processors(seed: int) -> int:
    """On how many processors the run with this seed happens."""
    return PROCESSORS[mix(seed ^ GOLDEN) % len(PROCESSORS)]


@dataclass
class Outcome:
    """The end of one run; `seed` is that of the round that failed, or did not end."""

    request: Request
    rounds: int
    steps: int
    seed: int
    problems: list[str]
    report: Report

    @property
    def passed(self) -> bool:
        """Whether every round kept what it must."""
        return not self.problems


class _Rounds:
    """What the kernel said about its rounds."""

    def __init__(self) -> None:
        self.lines = 0
        self.rounds = 0
        self.steps = 0
        self.seed: int | None = None
        self.said: list[str] = []

    def listen(self, session: KernelSession, entry: Entry, kind: str) -> None:
        """A line of the console."""
        if kind == EVENT:
            self._feed(session.output.events[-1] if session.output.events else None)
        elif entry.text.startswith("# "):
            self.said.append(entry.text[2:])

    def _feed(self, event: Event | None) -> None:
        if event is None or event.name not in ("ready", "stress_begin", "stress_end"):
            return
        self.lines += 1
        if event.name == "stress_begin":
            self.seed = event.number("seed")
        if event.name == "stress_end":
            self.rounds += 1
            self.steps += event.number("steps") or 0


def run(
    settings: Settings,
    request: Request,
    cases: str | None = None,
    seconds: int = 10,
    logs: Path | None = None,
) -> Outcome:
    """Boot, let rounds run for so many seconds, judge. `request.timeout` is for one round."""
    options = kernel_command_line({"stress": cases, "stress_seconds": seconds}, request.append)
    asked = replace(request, selftest=False, append=options)
    images = settings.images(asked.variant)
    symbolizer = Symbolizer(images.kernel, settings.symbolizer, settings.source)
    rounds = _Rounds()
    with Machine(machine_config(settings, asked), logs) as machine:
        session = KernelSession(machine, rounds.listen)
        _follow(session, rounds, asked.timeout)
        problems = _judge(session, rounds)
        machine.keep_logs = machine.keep_logs or bool(problems)
        report = Report("a stress run failed", session, symbolizer, None, problems)
        seed = rounds.seed if rounds.seed is not None else request.seed or 0
        return Outcome(asked, rounds.rounds, rounds.steps, seed, problems, report)


def _follow(session: KernelSession, rounds: _Rounds, timeout: float) -> None:
    """To QEMU's end; a round that does not end in its time is a hang, and its threads are asked where they are."""
    while session.status is None:
        before = rounds.lines

        def changed(_output: KernelOutput, before: int = before) -> bool:
            return rounds.lines > before

        if not session.advance(changed, timeout) and session.status is None:
            session.hang = f"a round did not end within {timeout:g} s"
            session.machine.note(f"{session.hang}: sending an NMI")
            session.interrogate()
            return


def _judge(session: KernelSession, rounds: _Rounds) -> list[str]:
    problems = [*session.output.problems, *rounds.said]
    if session.hang:
        problems.append(session.hang)
    elif session.status != EXIT_PASSED:
        problems.append(f"QEMU's exit status is {session.status}, not {EXIT_PASSED}")
    if session.output.refusal:
        problems.append(session.output.refusal)
    problems += [bugcheck.title() for bugcheck in session.bugchecks()]
    if rounds.rounds == 0:
        problems.append("no round came to its end")
    return problems
