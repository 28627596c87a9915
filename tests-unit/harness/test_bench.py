# SPDX-License-Identifier: BSD-2-Clause
"""`keel bench` on a stand-in for the kernel: its table, and what must not pass for a figure."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest

from bootsector import exit_with, write_iso
from keelvm import bench
from keelvm.cli import main
from keelvm.events import parse_event
from keelvm.selftest import Request
from keelvm.settings import Settings

BOOT = "@boot version=0.1.0 variant=checked base=0xfffff80000000000 size=0x200000 cpus=1\n"
READY = "@ready boot_ns=1234567 free_pages=16000 pool_bytes=1\n"
ONE = "@bench name=a.b threads=1 rounds=10 ns=1000 switches=20 ipis=0 cr3=0 cr8=40 tlb=5 self=10\n"
FOUR = "@bench name=a.b threads=4 rounds=10 ns=1500 switches=20 ipis=0 cr3=0 cr8=40 tlb=5 self=10\n"
END = "@exit status=33\n"


@pytest.fixture
def settings(tmp_path: Path, qemu: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / "selftests.list").write_text("")
    return Settings(build=tmp_path, qemu=qemu, symbolizer="llvm-symbolizer")


def measure(settings: Settings, text: str, status: int = 33) -> bench.Outcome:
    write_iso(settings.build / "keel.iso", text, exit_with(status))
    return bench.run(settings, Request(smp=1, mem_mib=64), None)


def test_the_table_shows_a_round_and_the_ratio(settings: Settings) -> None:
    outcome = measure(settings, BOOT + READY + ONE + FOUR + END)
    assert outcome.passed, outcome.problems
    lines = bench.table(outcome).splitlines()
    assert lines[0] == (
        "boot: 1,234,567 ns from the first instruction to the end of phase 1, "
        "1,536 of 65,536 KiB in use"
    )
    assert lines[2].split() == ["a.b", "1", "100", "2.0", "0.0", "1.0", "0.0", "4.0", "0.5"]
    assert lines[3].split() == ["a.b", "4", "150", "2.0", "0.0", "1.0", "0.0", "4.0", "0.5", "1.50"]
    assert json.loads(json.dumps(outcome.json()))["benchmarks"][0]["ns"] == 1000


@pytest.mark.parametrize(
    ("text", "status", "problem"),
    [
        (BOOT + READY + END, 33, "no benchmark ran"),
        (BOOT + "@ready\n" + ONE + END, 33, "the kernel did not say @ready with its figures"),
        (BOOT + READY + ONE + "@exit status=3\n", 3, "QEMU's exit status is 3, not 33"),
        (BOOT + READY + ONE + "# a.c: no memory for it\n" + END, 33, "a.c: no memory for it"),
        (BOOT + READY + ONE + "@bench name=a.c threads=1\n" + END, 33, "this makes no sense"),
        (BOOT + '@error reason="unknown option \'bench\'"\n@exit status=3\n', 3, "unknown option"),
    ],
)
def test_what_is_no_figure_fails(settings: Settings, text: str, status: int, problem: str) -> None:
    outcome = measure(settings, text, status)
    assert not outcome.passed
    assert any(problem in one for one in outcome.problems), outcome.problems


def test_rounds_and_threads_are_at_least_one() -> None:
    for field in ("threads=0 rounds=1", "threads=1 rounds=0"):
        event = parse_event(f"@bench name=a {field} ns=1 switches=0 ipis=0 cr3=0 cr8=0 tlb=0 self=0")
        assert event is not None
        assert bench.measurement(event) is None


def test_a_build_without_an_image_is_named(tmp_path: Path, qemu: str, capsys: pytest.CaptureFixture[str]) -> None:
    empty = Settings(build=tmp_path, qemu=qemu, symbolizer="llvm-symbolizer")
    assert main(["bench"], empty) == 125
    assert "ntoskrnl" in capsys.readouterr().err
