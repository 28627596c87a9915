# SPDX-License-Identifier: BSD-2-Clause
"""`keel selftest`: one boot that runs the kernel's self-tests, and the verdict on it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keelvm.errors import UsageError
from keelvm.ktap import FAILED, PASSED, SKIPPED, KtapReport
from keelvm.machine import EXIT_PASSED, Machine, MachineConfig, boot_by_grub, boot_fast
from keelvm.options import kernel_command_line
from keelvm.report import Report
from keelvm.selftests import expected_names, read_list
from keelvm.session import KernelSession, Listener
from keelvm.settings import Images, Settings
from keelvm.symbols import Symbolizer

TIMEOUT = 120.0


@dataclass(frozen=True)
class Request:
    """What is to be run and on what machine."""

    globs: str | None = None
    selftest: bool = True
    variant: str | None = None
    smp: int | None = None
    mem_mib: int = 256
    cpu: str = "max"
    fast: bool = False
    icount: bool = False
    seed: int | None = None
    append: str = ""
    timeout: float = TIMEOUT

    def processors(self) -> int:
        """Two where nothing else is said; instruction counting wants one."""
        if self.smp is not None:
            return self.smp
        return 1 if self.icount else 2

    def kernel_options(self) -> str:
        """The kernel's command line."""
        options: dict[str, str | int | None] = {"selftest": self.globs} if self.selftest else {}
        if self.seed is not None:
            options["seed"] = self.seed
        return kernel_command_line(options, self.append)


@dataclass
class Outcome:
    """The end of a run."""

    request: Request
    images: Images
    status: int | None
    ktap: KtapReport
    problems: list[str]
    report: Report

    @property
    def passed(self) -> bool:
        """Whether everything is as it must be."""
        return self.ktap.passed and not self.problems

    def json(self) -> dict[str, Any]:
        """Everything, for machines."""
        request = self.request
        return {
            "passed": self.passed,
            "variant": self.images.variant,
            "smp": request.processors(),
            "mem_mib": request.mem_mib,
            "cpu": request.cpu,
            "fast": request.fast,
            "icount": request.icount,
            "options": request.kernel_options(),
            "summary": summary(self.ktap),
            "missing": self.ktap.missing,
            "unexpected": self.ktap.unexpected,
            "tests": [vars(result) for result in self.ktap.results],
            "report": self.report.json(),
        }


def machine_config(settings: Settings, request: Request) -> MachineConfig:
    """The machine for a request. Raises UsageError, or KeelError if the build lacks a file."""
    images = settings.images(request.variant)
    options = request.kernel_options()
    if request.fast:
        settings.need(images.stripped)
        boot = boot_fast(images.stripped, options)
    else:
        settings.need(images.iso)
        boot = boot_by_grub(images.iso, options)
    config = MachineConfig(
        qemu=settings.qemu,
        cpu=request.cpu,
        smp=request.processors(),
        mem_mib=request.mem_mib,
        icount=request.icount,
        boot=boot,
    )
    config.check()
    return config


def run(
    settings: Settings,
    request: Request,
    listener: Listener | None = None,
    logs: Path | None = None,
) -> Outcome:
    """Boot, follow, judge."""
    if request.timeout <= 0:
        raise UsageError(f"--timeout must be more than 0 s, not {request.timeout:g}")
    images = settings.images(request.variant)
    config = machine_config(settings, request)
    settings.need(images.selftests)
    expected = expected_names(read_list(images.selftests), request.globs)
    symbolizer = Symbolizer(images.kernel, settings.symbolizer, settings.source)
    with Machine(config, logs) as machine:
        session = KernelSession(machine, listener)
        session.run_to_exit(request.timeout)
        return judge(request, images, session, expected, symbolizer)


def judge(
    request: Request,
    images: Images,
    session: KernelSession,
    expected: list[str],
    symbolizer: Symbolizer,
) -> Outcome:
    """Hold what the kernel said against what it should have said; a failure keeps its logs."""
    ktap = session.output.ktap.report(expected)
    problems = list(session.output.problems)
    if session.hang:
        problems.append(session.hang)
    elif session.status != EXIT_PASSED:
        problems.append(f"QEMU's exit status is {session.status}, not {EXIT_PASSED}")
    problems += [bugcheck.title() for bugcheck in session.bugchecks()]
    problems += _exit_problems(session)
    problems += [f"last words: {text}" for text in session.output.ktap.pending() if ktap.missing]
    passed = ktap.passed and not problems
    if not passed:
        session.machine.keep_logs = True
    title = f"self-tests {'passed' if passed else 'failed'}: {summary(ktap)}"
    report = Report(title, session, symbolizer, ktap, ktap.problems + problems)
    return Outcome(request, images, session.status, ktap, problems, report)


def summary(ktap: KtapReport) -> str:
    """The results counted, in one line."""
    counts = [(len(ktap.names(kind)), kind) for kind in (PASSED, FAILED, SKIPPED)]
    counts.append((len(ktap.missing), "missing"))
    return ", ".join(f"{count} {kind}" for count, kind in counts if count or kind == PASSED)


def _exit_problems(session: KernelSession) -> list[str]:
    """The status that the kernel announced must be the one that QEMU gives."""
    announced = session.output.first("exit")
    if announced is None:
        return [] if session.hang else ["no '@exit' line: the kernel did not end its run itself"]
    number = announced.number("status")
    if session.status is not None and number != session.status:
        return [f"the kernel announced status {number}, QEMU ended with {session.status}"]
    return []
