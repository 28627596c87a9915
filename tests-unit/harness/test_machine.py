# SPDX-License-Identifier: BSD-2-Clause
"""Machines with a real QEMU: start, channels, waiting, and that QEMU always ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bootsector import HALT, SPIN, TRIPLE_FAULT, exit_with, write_iso
from keelvm.errors import MachineError, MachineTimeout, QmpError
from keelvm.machine import CONSOLE, Machine, MachineConfig, boot_by_grub, exists

PACKAGE = Path(__file__).resolve().parents[2] / "qmp"
CHILD = """
import os, sys, time
sys.path.insert(0, {package!r})
from keelvm.machine import Machine, MachineConfig
with Machine(MachineConfig(qemu={qemu!r}, smp=1, mem_mib=16, paused=True)) as machine:
    print(machine.pid, machine._folder, flush=True)
    {body}
"""


def idle(qemu: str) -> MachineConfig:
    return MachineConfig(qemu=qemu, smp=1, mem_mib=16, paused=True)


def booting(qemu: str, iso: Path) -> MachineConfig:
    return MachineConfig(qemu=qemu, smp=1, mem_mib=16, boot=boot_by_grub(iso, ""))


def gone(pid: int, seconds: float = 20.0) -> bool:
    deadline = time.monotonic() + seconds
    while exists(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not exists(pid)


def child(qemu: str, body: str, temporary: Path) -> tuple["subprocess.Popen[str]", int, Path]:
    """A Python process with a machine in it; returns it, QEMU's id and the machine's folder."""
    code = CHILD.format(package=str(PACKAGE), qemu=qemu, body=body)
    process = subprocess.Popen(
        [sys.executable, "-B", "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(temporary)},
    )
    assert process.stdout is not None
    words = process.stdout.readline().split()
    assert words, process.communicate(timeout=20)[1]
    pid = int(words[0])
    assert exists(pid)
    return process, pid, Path(words[1])


def test_qmp_answers(qemu: str) -> None:
    with Machine(idle(qemu)) as machine:
        assert machine.qmp.execute("query-status")["status"] == "prelaunch"
        assert "CPU#0" in machine.qmp.monitor("info registers -a")
        with pytest.raises(QmpError, match="CommandNotFound"):
            machine.qmp.execute("no-such-command")


def test_qemu_ends_with_the_context(qemu: str) -> None:
    with Machine(idle(qemu)) as machine:
        pid = machine.pid
        assert exists(pid)
    assert not exists(pid)


def test_qemu_ends_at_an_exception(qemu: str) -> None:
    with pytest.raises(RuntimeError, match="planted"):
        with Machine(idle(qemu)) as machine:
            pid = machine.pid
            raise RuntimeError("planted")
    assert not exists(pid)


def test_a_stopped_qemu_ends_too(qemu: str) -> None:
    with Machine(idle(qemu)) as machine:
        pid = machine.pid
        os.kill(pid, signal.SIGSTOP)
    assert not exists(pid)


@pytest.mark.parametrize(
    "number",
    [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGKILL],
    ids=["TERM", "HUP", "INT", "KILL"],
)
def test_qemu_ends_with_a_signal_to_us(
    qemu: str, number: signal.Signals, tmp_path: Path
) -> None:
    process, pid, folder = child(qemu, "time.sleep(60)", tmp_path)
    process.send_signal(number)
    process.communicate(timeout=20)
    assert gone(pid)
    assert process.returncode in (128 + number, -number, 1)
    if number != signal.SIGKILL:
        assert not folder.exists()


def test_qemu_ends_when_the_interpreter_exits_without_unwinding(
    qemu: str, tmp_path: Path
) -> None:
    process, pid, _ = child(qemu, "sys.stdin.readline(); os._exit(7)", tmp_path)
    process.communicate("go\n", timeout=20)
    assert process.returncode == 7
    assert gone(pid)


def test_signal_handlers_are_given_back(qemu: str) -> None:
    before = signal.getsignal(signal.SIGTERM)
    with Machine(idle(qemu)):
        assert signal.getsignal(signal.SIGTERM) != before
    assert signal.getsignal(signal.SIGTERM) == before


def test_console_goes_to_journal_and_log(qemu: str, tmp_path: Path) -> None:
    iso = write_iso(tmp_path / "cd", "one\r\n\x1b[1mtwo\x1b[0m\nrest", exit_with(33))
    logs = tmp_path / "logs"
    with Machine(booting(qemu, iso), logs) as machine:
        assert machine.wait_exit(60) == 33
        lines = [(entry.text, entry.complete) for entry in machine.journal.entries(CONSOLE)]
    assert lines == [("one", True), ("two", True), ("rest", False)]
    assert (logs / "com1.log").read_bytes() == b"one\r\n\x1b[1mtwo\x1b[0m\nrest"


def test_nothing_is_lost_at_the_end(qemu: str, tmp_path: Path) -> None:
    text = "".join(f"line {number:05}\n" for number in range(2000))
    iso = write_iso(tmp_path / "cd", text, exit_with(3))
    with Machine(booting(qemu, iso)) as machine:
        assert machine.wait_exit(60) == 3
        lines = [entry.text for entry in machine.journal.entries(CONSOLE)]
    assert lines == text.splitlines()


def test_wait_for_a_line(qemu: str, tmp_path: Path) -> None:
    iso = write_iso(tmp_path / "cd", "first\nsecond\n", HALT)
    with Machine(booting(qemu, iso)) as machine:
        entry = machine.wait_for(lambda e: e.text == "second", 60, "the second line")
        assert entry.kind == CONSOLE
        with pytest.raises(MachineTimeout, match="a third line did not come within 0.2 s"):
            machine.wait_for(lambda e: e.text == "third", 0.2, "a third line")


def test_wait_ends_when_qemu_ends(qemu: str, tmp_path: Path) -> None:
    iso = write_iso(tmp_path / "cd", "first\n", exit_with(5))
    with Machine(booting(qemu, iso)) as machine:
        with pytest.raises(MachineError, match="ended with status 5 before a second line"):
            machine.wait_for(lambda e: e.text == "second", 60, "a second line")


def test_waiting_for_an_end_that_was_seen_does_not_wait(qemu: str, tmp_path: Path) -> None:
    iso = write_iso(tmp_path / "cd", "first\n", exit_with(5))
    with Machine(booting(qemu, iso)) as machine:
        assert machine.wait_exit(60) == 5
        start = time.monotonic()
        assert machine.wait_exit(60) == 5
        assert machine.next_entry(start + 60) is None
        assert time.monotonic() - start < 5


def test_events_are_in_the_journal(qemu: str, tmp_path: Path) -> None:
    iso = write_iso(tmp_path / "cd", "", TRIPLE_FAULT)
    with Machine(booting(qemu, iso)) as machine:
        assert machine.wait_exit(60) == 0
        events = [entry.text for entry in machine.journal.entries("qmp")]
        assert events[0].startswith("RESUME")
        assert any("SHUTDOWN" in event and "guest-reset" in event for event in events)
        assert machine.journal.entries()[-1].kind == "exit"


def test_reset_starts_again(qemu: str, tmp_path: Path) -> None:
    iso = write_iso(tmp_path / "cd", "hello\n", SPIN)
    config = MachineConfig(
        qemu=qemu, smp=1, mem_mib=16, reboot=True, boot=boot_by_grub(iso, "")
    )
    with Machine(config) as machine:
        for _ in range(2):
            machine.wait_for(lambda e: e.text == "hello", 60, "a greeting")
            machine.qmp.execute("system_reset")
        machine.wait_for(lambda e: e.text == "hello", 60, "the third greeting")


def test_missing_program_is_named() -> None:
    with pytest.raises(MachineError, match="cannot start '/no/such/qemu': No such file"):
        with Machine(MachineConfig(qemu="/no/such/qemu")):
            pass


def test_refused_arguments_are_told(qemu: str) -> None:
    with pytest.raises(MachineError, match="(?s)did not start:.*no-such-cpu.*command: "):
        with Machine(MachineConfig(qemu=qemu, cpu="no-such-cpu")):
            pass


def test_a_program_that_is_not_qemu(tmp_path: Path) -> None:
    with pytest.raises(MachineError, match="did not start"):
        with Machine(MachineConfig(qemu="/bin/true")):
            pass


def test_killed_qemu_is_told(qemu: str) -> None:
    with Machine(idle(qemu)) as machine:
        os.kill(machine.pid, signal.SIGKILL)
        assert machine.wait_exit(20) == 128 + signal.SIGKILL
        assert machine.journal.entries()[-1].text == "QEMU ended with signal SIGKILL"


def test_files_are_removed_but_asked_for_logs_stay(qemu: str, tmp_path: Path) -> None:
    with Machine(idle(qemu)) as machine:
        logs = machine.logs
        assert logs.exists()
    assert not logs.exists()
    with Machine(idle(qemu), tmp_path / "kept") as machine:
        pass
    assert (tmp_path / "kept" / "com1.log").exists()


def test_input_reaches_the_guest_side(qemu: str) -> None:
    """The UART is there and takes what we send: its line status says that data is ready."""
    with Machine(idle(qemu)) as machine:
        machine.qmp.execute("cont")
        machine.send(b"x")
        deadline = time.monotonic() + 20
        status = ""
        while not status.endswith("0x61") and time.monotonic() < deadline:
            status = machine.qmp.monitor("i/b 0x3fd").strip()
            time.sleep(0.02)
    assert status.endswith("0x61"), status
