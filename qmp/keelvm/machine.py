# SPDX-License-Identifier: BSD-2-Clause
"""One QEMU: its arguments, its QMP session, its serial channels, its journal, its certain end."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from keelvm import process
from keelvm.errors import KeelError, MachineError, MachineTimeout, UsageError
from keelvm.journal import EXIT, Entry, Journal
from keelvm.options import qemu_value
from keelvm.qmp import QmpClient
from keelvm.serial import SerialChannel

CONSOLE = "com1"
EXIT_PASSED = 33
EXIT_FAILED = 3
CLOCK_BASE = "2026-01-01T00:00:00"


@dataclass(frozen=True)
class MachineConfig:
    """What the machine is; `boot` are the arguments that give it something to boot."""

    qemu: str = "qemu-system-x86_64"
    machine: str = "pc"
    cpu: str = "max"
    smp: int = 2
    mem_mib: int = 256
    icount: bool = False
    reboot: bool = False
    paused: bool = False
    boot: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    accel: str = field(default="tcg")

    def check(self) -> None:
        """Refuse what makes no sense before QEMU is asked."""
        if self.smp < 1:
            raise UsageError(f"a machine needs at least one processor, not {self.smp}")
        if self.mem_mib < 1:
            raise UsageError(f"a machine needs at least 1 MiB of memory, not {self.mem_mib}")
        if self.icount and self.smp != 1:
            raise UsageError(f"--icount works with one processor only, not with {self.smp}")

    def arguments(self) -> list[str]:
        """QEMU's arguments, but for the channels."""
        thread = "single" if self.icount else "multi"
        result = ["-machine", self.machine, "-accel", f"{self.accel},thread={thread}"]
        result += ["-nodefaults", "-no-user-config", "-vga", "none", "-display", "none"]
        result += ["-device", "isa-debug-exit,iobase=0xf4,iosize=4"]
        result += ["-cpu", self.cpu, "-smp", str(self.smp), "-m", str(self.mem_mib)]
        if not self.reboot:
            result.append("-no-reboot")
        if self.icount:
            result += ["-icount", "shift=0,sleep=off", "-rtc", f"clock=vm,base={CLOCK_BASE}"]
        return [*result, *self.boot, *self.extra]


def boot_by_grub(iso: Path, command_line: str) -> tuple[str, ...]:
    """Boot the ISO; its grub.cfg takes the command line from the SMBIOS string."""
    drive = f"file={qemu_value(str(iso))},format=raw,if=ide,media=cdrom,readonly=on"
    arguments = ["-drive", drive, "-boot", "d"]
    if command_line:
        arguments += ["-smbios", f"type=11,value={qemu_value(command_line)}"]
    return tuple(arguments)


def boot_fast(kernel: Path, command_line: str) -> tuple[str, ...]:
    """Boot the image by QEMU's own multiboot loader."""
    return ("-kernel", str(kernel), "-append", command_line)


class Machine:
    """A context manager around one QEMU. Start it in a thread that lives as long as it does."""

    def __init__(self, config: MachineConfig, logs: Path | None = None) -> None:
        config.check()
        self.config = config
        self.journal = Journal()
        self.command: list[str] = []
        self.keep_logs = logs is not None
        self._logs = logs
        self._folder: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._watcher: threading.Thread | None = None
        self._qmp: QmpClient | None = None
        self._serial: dict[str, SerialChannel] = {}
        self._cursor = 0

    def __enter__(self) -> Machine:
        try:
            self._start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def pid(self) -> int:
        """QEMU's process id."""
        return self._running().pid

    @property
    def qmp(self) -> QmpClient:
        """The QMP session."""
        if self._qmp is None:
            raise MachineError("the machine was not started")
        return self._qmp

    @property
    def logs(self) -> Path:
        """The folder with a log file for each channel and QEMU's own messages."""
        if self._logs is None:
            raise MachineError("the machine was not started")
        return self._logs

    @property
    def status(self) -> int | None:
        """QEMU's exit status (128+n for signal n); None while it runs."""
        for entry in self.journal.entries(EXIT):
            return int(entry.data["status"])
        return None

    def command_line(self) -> str:
        """The command that runs QEMU, for a shell."""
        return shlex.join(self.command)

    def qemu_messages(self) -> str:
        """What QEMU itself wrote to its standard output and error."""
        path = self._logs / "qemu.log" if self._logs else None
        return path.read_text(errors="replace").strip() if path and path.exists() else ""

    def send(self, data: bytes, channel: str = CONSOLE) -> None:
        """Give the guest input on a serial channel."""
        self._serial[channel].send(data)

    def next_entry(self, deadline: float) -> Entry | None:
        """The next entry of the journal that was not taken yet.

        None at the deadline, and at once when QEMU has ended and everything was taken.
        """
        entry = self.journal.get(self._cursor, deadline)
        if entry is not None:
            self._cursor += 1
        return entry

    def wait_for(self, wanted: Callable[[Entry], bool], timeout: float, what: str) -> Entry:
        """Take entries until one is wanted. Raises MachineTimeout, or MachineError at the end."""
        deadline = time.monotonic() + timeout
        while (entry := self.next_entry(deadline)) is not None:
            if wanted(entry):
                return entry
        if self.status is not None:
            raise MachineError(f"QEMU ended with status {self.status} before {what}")
        raise MachineTimeout(f"{what} did not come within {timeout:g} s")

    def wait_exit(self, timeout: float) -> int:
        """Wait for QEMU's end, taking all entries; returns its status."""
        deadline = time.monotonic() + timeout
        while self.next_entry(deadline) is not None:
            pass
        if self.status is None:
            raise MachineTimeout(f"QEMU did not end within {timeout:g} s")
        return self.status

    def note(self, text: str) -> None:
        """Write a remark of the harness into the journal."""
        self.journal.add("note", text)

    def close(self) -> None:
        """End QEMU, whatever it does, and what belongs to it. Safe to repeat."""
        if self._process is not None:
            self._terminate(self._process)
            if self._watcher is not None:
                self._watcher.join()
            process.end(self._process)
        if self._qmp is not None:
            self._qmp.close()
        for channel in self._serial.values():
            channel.close()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None
        if not self.keep_logs and self._logs is not None:
            shutil.rmtree(self._logs, ignore_errors=True)
            self._logs = None

    def _start(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="keel-"))
        if self._logs is None:
            self._logs = Path(tempfile.mkdtemp(prefix="keel-logs-"))
        self._logs.mkdir(parents=True, exist_ok=True)
        ours, theirs = socket.socketpair()
        try:
            self._open_channels()
            self.command = self._compose(theirs.fileno())
            self._process = self._spawn(theirs.fileno())
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        self._qmp = QmpClient(ours, self._on_event)
        self._watcher = threading.Thread(target=self._watch, name="qemu", daemon=True)
        self._watcher.start()
        self._handshake()

    def _open_channels(self) -> None:
        assert self._folder is not None
        channel = SerialChannel(CONSOLE, self._folder, self.logs / f"{CONSOLE}.log", self.journal)
        self._serial[CONSOLE] = channel
        channel.open()

    def _compose(self, qmp_file: int) -> list[str]:
        # -S: nothing runs before the QMP session stands, so no event is missed.
        command = [self.config.qemu, *self.config.arguments(), "-S"]
        command += ["-chardev", f"socket,id=qmp,fd={qmp_file}", "-mon", "chardev=qmp,mode=control"]
        for channel in self._serial.values():
            command += channel.arguments()
        return command

    def _spawn(self, qmp_file: int) -> subprocess.Popen[bytes]:
        try:
            return process.start(self.command, self.logs / "qemu.log", [qmp_file])
        except OSError as error:
            raise MachineError(f"cannot start '{self.config.qemu}': {error.strerror}") from None

    def _handshake(self) -> None:
        try:
            self.qmp.connect()
            if not self.config.paused:
                self.qmp.execute("cont")
        except KeelError as error:
            if self._running().poll() is None and self._wait_status(1.0) is None:
                raise
            message = self.qemu_messages() or str(error)
            command = self.command_line()
            raise MachineError(f"QEMU did not start: {message}\ncommand: {command}") from None

    def _on_event(self, message: dict[str, Any]) -> None:
        data = message.get("data", {})
        details = " ".join(f"{key}={value}" for key, value in data.items())
        self.journal.add("qmp", f"{message['event']} {details}".rstrip(), data=message)

    def _watch(self) -> None:
        """Make QEMU's end the journal's last entry, after all that it said."""
        code = self._running().wait()
        self.qmp.join(5.0)
        for channel in self._serial.values():
            channel.close()
        status = code if code >= 0 else 128 - code
        how = f"status {code}" if code >= 0 else f"signal {signal.Signals(-code).name}"
        self.journal.add(EXIT, f"QEMU ended with {how}", data={"status": status})

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise MachineError("the machine was not started")
        return self._process

    def _wait_status(self, timeout: float) -> int | None:
        try:
            return self._running().wait(timeout)
        except subprocess.TimeoutExpired:
            return None

    @staticmethod
    def _terminate(running: subprocess.Popen[bytes]) -> None:
        if running.poll() is not None:
            return
        running.terminate()  # QEMU closes its drives at SIGTERM
        try:
            running.wait(3.0)
        except subprocess.TimeoutExpired:
            running.kill()


def exists(pid: int) -> bool:
    """Whether a process with this id runs (a zombie does not)."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False
    except OSError:
        return os.path.exists(f"/proc/{pid}")
