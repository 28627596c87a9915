# SPDX-License-Identifier: BSD-2-Clause
"""Defects that were planted in the kernel: each ends in a red report that says where it is."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from keelvm.cli import main
from keelvm.machine import EXIT_FAILED
from keelvm.selftest import Outcome, Request
from keelvm.settings import Settings
from support import Lab

NMI_HARDWARE_FAILURE = 0x80
HANG_TIMEOUT = 10
PASSES_IN_FREE = {  # free builds carry no CHECK, and the pool no patterns
    "planted.broken_invariant",
    "planted.lock_taken_against_its_rank",
    "planted.lock_taken_against_the_rank_of_one_held_longer",
    "planted.pool_header_damage",
    "planted.pool_overrun",
    "planted.pool_page_overrun",
    "planted.pool_use_after_free",
    "planted.queued_spin_lock_taken_twice",
    "planted.reader_writer_lock_released_as_it_is_not_held",
    "planted.reader_writer_lock_taken_twice",
    "planted.spin_lock_held_by_the_other_interface_elsewhere",
    "planted.spin_lock_held_while_the_level_is_lowered",
    "planted.spin_lock_released_by_the_other_interface",
    "planted.spin_lock_released_by_who_has_not_got_it",
    "planted.spin_lock_taken_below_dispatch_level",
    "planted.spin_lock_taken_twice",
    "planted.spin_lock_taken_while_a_lock_of_ours_is_held",
    "planted.stack_cookie",
    "planted.two_objects_locked_without_wait_all",
}


def planted(lab: Lab, name: str, timeout: float = 60.0, smp: int = 2) -> Outcome:
    return lab.selftest(Request(globs=f"planted.{name}", timeout=timeout, smp=smp))


def test_failed_check_gives_status_3_and_a_red_report(lab: Lab) -> None:
    outcome = planted(lab, "check_fails")
    assert not outcome.passed
    assert outcome.status == EXIT_FAILED
    assert outcome.ktap.names("failed") == ["planted.check_fails"]
    text = outcome.report.text()
    assert "failed: planted.check_fails" in text
    assert re.search(r"^  src/\S+_test\.c:\d+: ", text, re.MULTILINE), text


@pytest.mark.parametrize("smp", [1, 4])
def test_bugcheck_report_names_the_function(lab: Lab, smp: int) -> None:
    outcome = planted(lab, "bugcheck", smp=smp)
    assert not outcome.passed
    text = outcome.report.text()
    assert outcome.status == EXIT_FAILED, text
    assert outcome.ktap.missing == ["planted.bugcheck"]
    frame = re.compile(r"#\d+ +ntoskrnl\.exe\+0x[0-9a-f]+ selftest_planted_bugcheck at src/\S+:\d+")
    assert frame.search(text), text
    assert "registers:" in text
    assert outcome.report.bugchecks()[0].complete, text
    assert len(outcome.report.bugchecks()[0].stacks) == smp, text


def test_hang_is_reported_with_threads(lab: Lab) -> None:
    outcome = planted(lab, "hang", timeout=HANG_TIMEOUT)
    assert not outcome.passed
    text = outcome.report.text()
    assert f"QEMU did not end within {HANG_TIMEOUT} s" in text
    (bugcheck,) = outcome.report.bugchecks()
    assert bugcheck.code == NMI_HARDWARE_FAILURE, text
    assert bugcheck.complete, text
    assert bugcheck.threads, text
    assert "selftest_planted_hang" in text


def test_every_planted_defect_is_found(lab: Lab, planted_name: str) -> None:
    """By the fast path; those that hang take the time-out and then the NMI."""
    outcome = lab.selftest(Request(globs=planted_name, fast=True, timeout=HANG_TIMEOUT))
    if lab.settings.variant == "free" and planted_name in PASSES_IN_FREE:
        assert outcome.passed, outcome.report.text()
        return
    assert not outcome.passed
    text = outcome.report.text()
    assert outcome.status == EXIT_FAILED, text
    assert planted_name in text


def test_planted_defects_do_not_run_by_themselves(lab: Lab) -> None:
    outcome = lab.selftest(Request(globs="*", fast=True))
    assert not [result for result in outcome.ktap.results if result.name.startswith("planted.")]


def test_missing_selftest_is_a_failure(
    lab: Lab, settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A test that the build knows and the kernel does not run."""
    images = settings.images()
    shutil.copy(images.stripped, tmp_path)
    suite = images.selftests.read_text().split(".", 1)[0]
    list_file = tmp_path / images.selftests.name
    list_file.write_text(images.selftests.read_text() + f"{suite}.was_forgotten\tboth\t\n")
    build = Settings(build=tmp_path, qemu=settings.qemu, symbolizer=settings.symbolizer)
    arguments = ["selftest", f"{suite}.*", "--fast", "--logs", str(lab.logs)]
    assert main(arguments, build) == 1
    assert f"no result: {suite}.was_forgotten" in capsys.readouterr().err
