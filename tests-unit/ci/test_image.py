# SPDX-License-Identifier: BSD-2-Clause
"""ci/check-image: a good image passes, each thing wrong is named."""
from __future__ import annotations

import pathlib
import subprocess
from collections.abc import Callable

import pytest
from image import EXECUTE, READ, WRITE, Image, multiboot1, multiboot2

Run = Callable[..., subprocess.CompletedProcess[str]]


def check(run_script: Run, tmp_path: pathlib.Path, data: bytes) -> subprocess.CompletedProcess[str]:
    path = tmp_path / "ntoskrnl.exe"
    path.write_bytes(data)
    return run_script("check-image", str(path))


def test_good_image_passes(run_script: Run, tmp_path: pathlib.Path) -> None:
    result = check(run_script, tmp_path, Image().build())
    assert (result.returncode, result.stderr) == (0, "")


BAD = {
    "no multiboot1 header": Image(text=bytearray(multiboot2())),
    "no multiboot2 header": Image(text=bytearray(multiboot1())),
    "right checksum in the first 8192": Image(
        text=bytearray(multiboot2().ljust(8192, b"\0") + multiboot1()), text_pages=3),
    "right checksum in the first 32768": Image(
        text=bytearray(multiboot1().ljust(32768, b"\0") + multiboot2()), text_pages=9),
    "has no end tag": Image(text=bytearray(multiboot1().ljust(16, b"\0") + multiboot2((2, 3)))),
    "has no address tag": Image(text=bytearray(multiboot1().ljust(16, b"\0") + multiboot2((3, 0)))),
    "has no entry address tag": Image(text=bytearray(multiboot1().ljust(16, b"\0") + multiboot2((2, 0)))),
    ".rdata: file offset 0x2200 is not RVA 0x2000": Image(shift_offset=0x200),
    ".rdata: 0x1010 bytes in memory": Image(grow_memory=0x10),
    ".text is writable and executable": Image(text_flags=READ | WRITE | EXECUTE),
    "relocation of type 3 at RVA 0x2010": Image(relocations=(0xA010, 0x3010)),
    "no relocations": Image(relocations=()),
    "no export directory": Image(exports=False),
    "no exception directory": Image(unwind=()),
    "out of order": Image(unwind=((0x1010, 0x1020, 0), (0x1000, 0x1010, 0))),
    "machine 0x14c": Image(machine=0x14C),
    "subsystem 3": Image(subsystem=3),
    "section alignment 8192": Image(section_alignment=8192),
    "is not PE32+": Image(magic=0x10B),
}


@pytest.mark.parametrize("complaint", BAD)
def test_fault_is_named(run_script: Run, tmp_path: pathlib.Path, complaint: str) -> None:
    result = check(run_script, tmp_path, BAD[complaint].build())
    assert result.returncode == 1
    assert complaint in result.stderr


def test_wrong_checksum_is_no_header(run_script: Run, tmp_path: pathlib.Path) -> None:
    image = Image()
    image.text[8] ^= 1
    assert "no multiboot1 header" in check(run_script, tmp_path, image.build()).stderr


@pytest.mark.parametrize("length", [0, 2, 0x3F, 0x60, 0x120, 0x1004])
def test_truncated_image_is_refused(run_script: Run, tmp_path: pathlib.Path, length: int) -> None:
    result = check(run_script, tmp_path, Image().build()[:length])
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    assert "ntoskrnl.exe: " in result.stderr


def test_missing_image_is_refused(run_script: Run, tmp_path: pathlib.Path) -> None:
    result = run_script("check-image", str(tmp_path / "nothing"))
    assert result.returncode == 1
    assert "No such file" in result.stderr
