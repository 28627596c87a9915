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
from keelvm.selftests import read_list
from keelvm.settings import Settings
from support import Lab

NMI_HARDWARE_FAILURE = 0x80
HANG_TIMEOUT = 10
FAILED_CHECK = 0x1E
KASAN_ACCESS = 0x1F2
FOUND_LATE = {0x19, FAILED_CHECK}  # patterns of the pool, stack cookies: elsewhere it is found afterwards
BUGCHECK = re.compile(r"\bbugcheck (0x[0-9A-Fa-f]+)")
CODES = Path(__file__).resolve().parents[1] / "src" / "include" / "nt" / "bugcodes.h"
NAMED = {name: int(code, 16) for name, code in
         re.findall(r"\bX\((\w+), (0x[0-9A-Fa-f]+)\)", CODES.read_text(encoding="utf-8"))}


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


def expected_stops(reason: str, variant: str) -> list[int]:
    """The bugchecks of which one must come, by what the planted test says it shows; none: it is red otherwise.

    Who checks first differs: in the kasan variant many a defect is found at the access.
    """
    told = [int(code, 16) for code in BUGCHECK.findall(reason)]
    told += [NAMED[word] for word in re.findall(r"\w+", reason) if word in NAMED]
    if not told and re.search(r"\bstops? a checked build|\bchecked builds stop\b", reason):
        told = [FAILED_CHECK]
    return [*told, KASAN_ACCESS] if variant == "kasan" and FOUND_LATE.intersection(told) else told


def test_every_planted_defect_is_found(lab: Lab, planted_name: str) -> None:
    """By the fast path, and by the detector that it was planted for; those that hang take the time-out, then the NMI."""
    images = lab.settings.images()
    (reason,) = [row.reason for row in read_list(images.selftests) if row.name == planted_name]
    outcome = lab.selftest(Request(globs=planted_name, fast=True, timeout=HANG_TIMEOUT))
    text = outcome.report.text()
    if images.variant == "free" and "checked build" in reason:
        assert outcome.passed, text
        return
    assert not outcome.passed
    assert outcome.status == EXIT_FAILED, text
    assert planted_name in text
    expected = expected_stops(reason, images.variant)
    if expected:
        assert outcome.report.bugchecks(), text
        assert outcome.report.bugchecks()[0].code in expected, text


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
