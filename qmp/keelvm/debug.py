# SPDX-License-Identifier: BSD-2-Clause
"""`keel debug`: a kernel that waits for gdb, and gdb with the symbols at the right address."""

from __future__ import annotations

import contextlib
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from keelvm.errors import KeelError, MachineError
from keelvm.journal import EXIT
from keelvm.machine import CONSOLE, Machine, MachineConfig
from keelvm.options import qemu_value
from keelvm.pe import read_pe
from keelvm.selftest import Request, machine_config
from keelvm.session import KernelSession
from keelvm.settings import Settings

BOOT_TIMEOUT = 60.0


@dataclass(frozen=True)
class DebugRequest:
    """What to debug; `random_base` lets the kernel run to the line that tells its base."""

    request: Request
    random_base: bool = False
    start_gdb: bool = True
    gdb_arguments: tuple[str, ...] = ()


def gdb_command(
    settings: Settings, kernel: Path, sock: Path, base: int, more: Sequence[str]
) -> list[str]:
    """The gdb command for a kernel that runs at `base`."""
    command = [settings.gdb, "-q", "-iex", "set auto-load safe-path /"]
    if settings.source is not None:
        command += ["-ex", f"directory {settings.source}"]
    command += ["-ex", "set confirm off", "-ex", "set architecture i386:x86-64"]
    command += ["-ex", f"symbol-file {kernel} -o {base - read_pe(kernel).base:#x}"]
    return [*command, "-ex", f"target remote {sock}", *more]


def run(settings: Settings, wanted: DebugRequest, logs: Path | None = None) -> int:
    """Debug until gdb ends; returns gdb's status."""
    images = settings.images(wanted.request.variant)
    settings.need(images.kernel)
    with socket_folder() as folder:
        sock = folder / "gdb"
        config = _config(settings, wanted, sock)
        with Machine(config, logs) as machine:
            base = _base(machine, wanted, images.kernel)
            command = gdb_command(settings, images.kernel, sock, base, wanted.gdb_arguments)
            print(f"kernel at {base:#x}; {CONSOLE} in {machine.logs / (CONSOLE + '.log')}")
            print(shlex.join(command), flush=True)
            if wanted.start_gdb:
                return _gdb(command)
            return _follow(machine)


@contextlib.contextmanager
def socket_folder() -> Iterator[Path]:
    """A folder for gdb's socket, with a short name: a socket's path is at most 107 bytes."""
    with tempfile.TemporaryDirectory(prefix="keel-gdb-") as folder:
        yield Path(folder)


def _config(settings: Settings, wanted: DebugRequest, sock: Path) -> MachineConfig:
    request = wanted.request
    if not wanted.random_base:
        request = replace(request, append=f"{request.append} nokaslr".strip())
    config = machine_config(settings, request)
    stub = f"socket,id=gdb,path={qemu_value(str(sock))},server=on,wait=off"
    extra = ("-chardev", stub, "-gdb", "chardev:gdb")
    return replace(config, extra=extra, paused=not wanted.random_base)


def _base(machine: Machine, wanted: DebugRequest, kernel: Path) -> int:
    if not wanted.random_base:
        return read_pe(kernel).base
    session = KernelSession(machine)
    if not session.advance(lambda output: output.base is not None, BOOT_TIMEOUT):
        raise MachineError("the kernel did not tell its base; without --kaslr it is known")
    machine.qmp.execute("stop")
    base = session.output.base
    assert base is not None
    return base


def _gdb(command: Sequence[str]) -> int:
    """Run gdb in the terminal; Ctrl-C is gdb's, not ours."""
    previous = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        return subprocess.run(command, preexec_fn=_default_interrupt, check=False).returncode
    except OSError as error:
        raise KeelError(f"cannot start '{command[0]}': {error.strerror}") from None
    finally:
        signal.signal(signal.SIGINT, previous)


def _default_interrupt() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _follow(machine: Machine) -> int:
    """Show the console until QEMU ends."""
    while True:
        entry = machine.next_entry(time.monotonic() + 3600)
        if entry is None:
            continue
        if entry.kind == CONSOLE:
            print(entry.text, flush=True)
        if entry.kind == EXIT:
            print(entry.text, file=sys.stderr)
            return machine.status or 0
