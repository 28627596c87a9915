# SPDX-License-Identifier: BSD-2-Clause
"""The `keel` command."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from keelvm import bench, debug, growth, selftest
from keelvm.errors import KeelError, UsageError
from keelvm.progress import progress_for
from keelvm.settings import Settings, from_environment

STATUS_HELP = """\
exit status:
  0    all selected self-tests passed (selftest); gdb's own status (debug)
  1    a test failed, is missing or was not expected, or the kernel did not end well
  2    the command line makes no sense
  125  the harness could not do its work (QEMU does not start, a file is missing, ...)
  130  interrupted
"""


def main(arguments: Sequence[str] | None = None, settings: Settings | None = None) -> int:
    """Run the command; returns its exit status."""
    parser = _parser(settings.version if settings else "")
    words, rest = _split(sys.argv[1:] if arguments is None else list(arguments))
    options = parser.parse_args(words)
    try:
        if rest and options.command != "debug":
            raise UsageError(f"'{options.command}' takes nothing after '--'")
        known = settings or from_environment()
        if options.command == "selftest":
            return _selftest(known, options)
        if options.command == "bench":
            return _bench(known, options)
        if options.command == "growth":
            return _growth(known, options)
        return _debug(known, options, rest)
    except KeelError as error:
        print(f"keel: {error}", file=sys.stderr)
        return error.exit_status
    except KeyboardInterrupt:
        print("keel: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 125


def _split(arguments: list[str]) -> tuple[list[str], list[str]]:
    """What stands after `--` is gdb's."""
    if "--" not in arguments:
        return arguments, []
    place = arguments.index("--")
    return arguments[:place], arguments[place + 1 :]


def _parser(version: str) -> argparse.ArgumentParser:
    shape = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        prog="keel",
        description="Run the Keel kernel in QEMU.",
        epilog=STATUS_HELP,
        formatter_class=shape,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"keel {version or 'unknown'}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_selftest(commands)
    _add_bench(commands)
    _add_growth(commands)
    _add_debug(commands)
    return parser


def _add_selftest(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    help_text = "boot the kernel and run its self-tests"
    command = commands.add_parser(
        "selftest", help=help_text, description=help_text + ".", allow_abbrev=False
    )
    command.add_argument(
        "glob", nargs="?", metavar="GLOB", help="which: 'ke_*' or 'a.b,c.*'; all if left out"
    )
    _add_machine(command)
    command.add_argument(
        "--json", metavar="FILE", type=Path, help="write the outcome there ('-': stdout)"
    )
    command.add_argument(
        "--timeout",
        metavar="S",
        type=float,
        default=selftest.TIMEOUT,
        help="seconds after which the kernel counts as hung (default: %(default)g)",
    )


def _add_bench(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    help_text = "boot the kernel and measure what its operations cost"
    command = commands.add_parser(
        "bench",
        help=help_text,
        description=help_text + ": in instructions on one processor, else in wall time, of which "
        "only the ratios of one run mean something.",
        allow_abbrev=False,
    )
    command.add_argument("glob", nargs="?", metavar="GLOB", help="which: 'event.*'; all if left out")
    _add_machine(command)
    command.set_defaults(smp=1, cpu="qemu64", fast=True)
    command.add_argument("--wall", action="store_true", help="wall time on one processor too")
    command.add_argument("--json", metavar="FILE", type=Path, help="write the figures there ('-': stdout)")
    command.add_argument(
        "--timeout",
        metavar="S",
        type=float,
        default=selftest.TIMEOUT,
        help="seconds after which the kernel counts as hung (default: %(default)g)",
    )


def _add_growth(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    help_text = "boot the kernel and measure how the cost of operations grows with their number"
    command = commands.add_parser(
        "growth", help=help_text, description=help_text + ", in instructions.", allow_abbrev=False
    )
    command.add_argument("glob", nargs="?", metavar="GLOB", help="which: 'timer'; all if left out")
    _add_machine(command)
    command.set_defaults(smp=1, cpu="qemu64", fast=True, mem=growth.MEMORY_MIB)
    command.add_argument(
        "--timeout",
        metavar="S",
        type=float,
        default=growth.TIMEOUT,
        help="seconds after which the kernel counts as hung (default: %(default)g)",
    )


def _add_debug(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    help_text = "boot the kernel under gdb, with symbols at its base address"
    command = commands.add_parser(
        "debug",
        help=help_text,
        description=help_text + ". What stands after '--' are gdb's arguments.",
        allow_abbrev=False,
    )
    command.add_argument(
        "glob", nargs="?", metavar="GLOB", help="which self-tests the kernel runs (default: none)"
    )
    _add_machine(command)
    command.add_argument("--no-gdb", action="store_true", help="print gdb's command and wait")
    command.add_argument(
        "--kaslr",
        action="store_true",
        help="let the kernel choose its base and stop it once it told; else it waits at the "
        "first instruction and runs with 'nokaslr'",
    )


def _add_machine(command: argparse.ArgumentParser) -> None:
    add = command.add_argument
    add("--smp", metavar="N", type=int, help="processors (default: 2; 1 with --icount)")
    add("--mem", metavar="MIB", type=int, default=256, help="memory (default: %(default)s)")
    add("--cpu", metavar="MODEL", default="max", help="QEMU's -cpu (default: %(default)s)")
    add("--variant", metavar="V", help="the build to boot (default: the one this command is of)")
    add("--fast", action="store_true", help="by QEMU's own loader instead of firmware and GRUB")
    add("--icount", action="store_true", help="count instructions: one processor, 1 ns each")
    add("--seed", metavar="S", type=_number, help="the kernel's random seed")
    add("--append", metavar="OPTS", default="", help="more options for the kernel's command line")
    add("--logs", metavar="DIR", type=Path, help="keep the channels' logs there")


def _number(text: str) -> int:
    return int(text, 0)


def _request(options: argparse.Namespace, timeout: float) -> selftest.Request:
    return selftest.Request(
        globs=options.glob,
        variant=options.variant,
        smp=options.smp,
        mem_mib=options.mem,
        cpu=options.cpu,
        fast=options.fast,
        icount=options.icount,
        seed=options.seed,
        append=options.append,
        timeout=timeout,
    )


def _selftest(settings: Settings, options: argparse.Namespace) -> int:
    to_stdout = options.json is not None and str(options.json) == "-"
    progress = progress_for(sys.stderr if to_stdout else sys.stdout)
    request = _request(options, options.timeout)
    outcome = selftest.run(settings, request, progress, options.logs)
    progress.finish(outcome.passed, selftest.summary(outcome.ktap))
    if options.json is not None:
        _write_json(options.json, outcome)
    if outcome.passed:
        return 0
    print(outcome.report.text(), file=sys.stderr)
    return 1


def _bench(settings: Settings, options: argparse.Namespace) -> int:
    request = _request(options, options.timeout)
    counts = request.processors() == 1 and not options.wall
    outcome = bench.run(settings, replace(request, icount=counts), options.glob, options.logs)
    if options.json is None or str(options.json) != "-":
        print(bench.table(outcome))
    if options.json is not None:
        _write_json(options.json, outcome)
    if outcome.passed:
        return 0
    print(outcome.report.text(), file=sys.stderr)
    return 1


def _write_json(path: Path, outcome: selftest.Outcome | bench.Outcome) -> None:
    text = json.dumps(outcome.json(), indent=1) + "\n"
    if str(path) == "-":
        sys.stdout.write(text)
        return
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise KeelError(f"cannot write {path}: {error.strerror}") from None


def _growth(settings: Settings, options: argparse.Namespace) -> int:
    request = replace(_request(options, options.timeout), icount=True)
    outcome = growth.run(settings, request, options.glob, options.logs)
    print(growth.table(outcome.measurements))
    if outcome.passed:
        return 0
    print(outcome.report.text(), file=sys.stderr)
    return 1


def _debug(settings: Settings, options: argparse.Namespace, rest: list[str]) -> int:
    request = _request(options, selftest.TIMEOUT)
    request = replace(request, selftest=options.glob is not None)
    wanted = debug.DebugRequest(request, options.kaslr, not options.no_gdb, tuple(rest))
    return debug.run(settings, wanted, options.logs)
