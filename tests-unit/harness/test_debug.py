# SPDX-License-Identifier: BSD-2-Clause
"""`keel debug` without a kernel: the command for gdb, and that a gdb reaches the stub."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from bootsector import HALT, write_iso
from keelvm.cli import main
from keelvm.debug import gdb_command
from keelvm.settings import Settings

BASE = 0xFFFFF80000100000


@pytest.fixture
def build(tmp_path: Path, qemu: str) -> Settings:
    """A build folder with a bare PE header and a CD that halts."""
    head = b"MZ".ljust(0x3C, b"\0") + struct.pack("<I", 0x80)
    head = head.ljust(0x80, b"\0") + b"PE\0\0" + bytes(20) + struct.pack("<H", 0x20B)
    head = head.ljust(0x80 + 48, b"\0") + struct.pack("<Q", BASE)
    (tmp_path / "ntoskrnl.exe").write_bytes(head.ljust(4096, b"\0"))
    write_iso(tmp_path / "keel.iso", f"@boot base={BASE + 0x5000:#x}\n", HALT)
    return Settings(build=tmp_path, source=Path("/src"), qemu=qemu, gdb="/bin/true")


def test_symbols_are_moved_by_the_difference(build: Settings) -> None:
    kernel = build.build / "ntoskrnl.exe"
    command = gdb_command(build, kernel, Path("/sock"), BASE + 0x5000, ["-batch"])
    assert f"symbol-file {kernel} -o 0x5000" in command
    assert "target remote /sock" in command
    assert "directory /src" in command
    assert command[-1] == "-batch"


def test_base_is_the_preferred_one_with_nokaslr(
    build: Settings, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["debug", "--", "x"], build) == 0
    assert f"kernel at {BASE:#x}" in capfd.readouterr().out


def test_base_is_waited_for_with_kaslr(
    build: Settings, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["debug", "--kaslr", "--smp", "1"], build) == 0
    assert f"kernel at {BASE + 0x5000:#x}" in capfd.readouterr().out


def test_status_of_gdb_is_ours(build: Settings) -> None:
    assert main(["debug"], Settings(build.build, qemu=build.qemu, gdb="/bin/false")) == 1


def test_missing_gdb_is_named(build: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["debug"], Settings(build.build, qemu=build.qemu, gdb="/no/gdb")) == 125
    assert "cannot start '/no/gdb'" in capsys.readouterr().err


def test_image_that_is_none_is_named(build: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    (build.build / "ntoskrnl.exe").write_bytes(b"ELF")
    assert main(["debug"], build) == 125
    assert "is not a PE32+ image" in capsys.readouterr().err
