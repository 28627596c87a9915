# SPDX-License-Identifier: BSD-2-Clause
"""Stress runs on a stand-in for the kernel: what is a failure, what is a hang, and which seed it had."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from itertools import islice
from pathlib import Path

import pytest

from bootsector import HALT, exit_with, write_iso
from keelvm import stress
from keelvm.selftest import Request
from keelvm.settings import Settings

BOOT = "@boot version=0.1.0 variant=checked base=0xfffff80000000000 size=0x200000 cpus=1\n"
READY = "@ready boot_ns=1 free_pages=2 pool_bytes=3\n"
BEGIN = "@stress_begin round=0 seed=7\n"
END = "@stress_end round=0 seed=7 failures=0 steps=100 ms=5\n"
SECOND = "@stress_begin round=1 seed=8\n"
EXIT = "@exit status=33\n"
SCRIPT = Path(__file__).resolve().parents[2] / "ci" / "stress"


@pytest.fixture
def settings(tmp_path: Path, qemu: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / "selftests.list").write_text("")
    return Settings(build=tmp_path, qemu=qemu, symbolizer="llvm-symbolizer")


def follow(settings: Settings, text: str, end: bytes, timeout: float = 60.0) -> stress.Outcome:
    write_iso(settings.build / "keel.iso", text, end)
    return stress.run(settings, Request(smp=1, mem_mib=64, timeout=timeout, seed=1))


def test_rounds_and_steps_are_counted(settings: Settings) -> None:
    outcome = follow(settings, BOOT + READY + BEGIN + END + EXIT, exit_with(33))
    assert outcome.passed, outcome.problems
    assert (outcome.rounds, outcome.steps, outcome.seed) == (1, 100, 7)


@pytest.mark.parametrize(
    ("text", "status", "problem"),
    [
        (BOOT + READY + EXIT, 33, "no round came to its end"),
        (BOOT + READY + BEGIN + END + "@exit status=3\n", 3, "QEMU's exit status is 3, not 33"),
        (BOOT + READY + BEGIN + "# stress: dpcs: a == b: 1 and 2\n" + END + EXIT, 33, "stress: dpcs: a == b"),
        (BOOT + '@error reason="unknown option \'stress\'"\n@exit status=3\n', 3, "unknown option"),
    ],
)
def test_what_is_no_success_fails(settings: Settings, text: str, status: int, problem: str) -> None:
    outcome = follow(settings, text, exit_with(status))
    assert not outcome.passed
    assert any(problem in one for one in outcome.problems), outcome.problems


def test_a_round_that_does_not_end_is_a_hang_with_its_own_seed(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("keelvm.session.NMI_TIMEOUT", 1.0)
    outcome = follow(settings, BOOT + READY + BEGIN + END + SECOND, HALT, timeout=8.0)
    assert any("a round did not end within 8 s" in one for one in outcome.problems), outcome.problems
    assert outcome.seed == 8
    assert "processor 0 is at" in outcome.report.text()


def test_the_first_seed_is_the_one_that_was_given() -> None:
    first = list(islice(stress.seeds(5), 40))
    assert first[0] == 5 and len(set(first)) == 40
    assert list(islice(stress.seeds(first[0]), 40)) == first


def test_all_numbers_of_processors_come_up() -> None:
    assert {stress.processors(seed) for seed in islice(stress.seeds(1), 60)} == set(stress.PROCESSORS)


def test_a_command_line_that_makes_no_sense_is_refused() -> None:
    for words in (["--minutes", "0"], ["--profile", "no-such"], ["--seed", "x"]):
        done = subprocess.run(
            [sys.executable, str(SCRIPT), *words], capture_output=True, text=True, check=False
        )
        assert done.returncode == 2 and "usage:" in done.stderr
