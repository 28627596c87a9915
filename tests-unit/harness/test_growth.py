# SPDX-License-Identifier: BSD-2-Clause
"""`keel growth`: what grows too much, and what was not measured, is no success."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from bootsector import exit_with, write_iso
from keelvm import growth
from keelvm.selftest import Request
from keelvm.settings import Settings

BOOT = "@boot version=0.1.0 variant=checked base=0xfffff80000000000 size=0x200000 cpus=1\n"
FEW = "@growth name=timer.set n=10 ns=100\n"
MANY = "@growth name=timer.set n=1000 ns=%d\n"
END = "@exit status=33\n"


@pytest.fixture
def settings(tmp_path: Path, qemu: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / "selftests.list").write_text("")
    return Settings(build=tmp_path, qemu=qemu, symbolizer="llvm-symbolizer")


def measure(settings: Settings, text: str, status: int = 33) -> growth.Outcome:
    write_iso(settings.build / "keel.iso", text, exit_with(status))
    return growth.run(settings, Request(smp=1, mem_mib=64))


def test_twice_as_much_is_not_too_much(settings: Settings) -> None:
    outcome = measure(settings, BOOT + MANY % 200 + FEW + END)
    assert outcome.passed, outcome.problems
    line = growth.table(outcome.measurements).splitlines()[1]
    assert line.split() == ["timer.set", "10:", "100", "1,000:", "200", "2.00"]


@pytest.mark.parametrize(
    ("text", "status", "problem"),
    [
        (BOOT + FEW + MANY % 201 + END, 33, "timer.set costs 100 beside 10 others and 201 beside 1,000"),
        (BOOT + FEW + END, 33, "timer.set was measured beside 10 others only"),
        (BOOT + END, 33, "nothing was measured"),
        (BOOT + FEW + MANY % 100 + "@growth name=a n=1\n" + END, 33, "this makes no sense"),
        (BOOT + FEW + MANY % 100 + "# ready: no memory for 20000\n" + END, 33, "ready: no memory for 20000"),
        (BOOT + FEW + MANY % 100 + "@exit status=3\n", 3, "QEMU's exit status is 3, not 33"),
    ],
)
def test_what_is_no_success_fails(settings: Settings, text: str, status: int, problem: str) -> None:
    outcome = measure(settings, text, status)
    assert any(problem in one for one in outcome.problems), outcome.problems
