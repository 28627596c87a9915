# SPDX-License-Identifier: BSD-2-Clause
"""The lock order that a run of all self-tests shows is the one on the page src/ke/LOCK-ORDER.md."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from keelvm.selftest import Request
from support import Lab

TOP = Path(__file__).resolve().parents[1]


def test_every_edge_of_a_run_is_on_the_page(lab: Lab) -> None:
    if lab.settings.variant == "free":
        pytest.skip("a free build does not look at the order of locks")
    request = Request(fast=True, smp=4, append="lockorder", timeout=240)
    outcome = lab.selftest(request)
    assert outcome.passed, outcome.report.text()
    logs = [str(path) for path in lab.logs.rglob("*") if path.is_file()]
    command = [sys.executable, str(TOP / "ci" / "check-lock-order"), "--srcdir", str(TOP), "--run", *logs]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
