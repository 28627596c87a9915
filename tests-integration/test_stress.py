# SPDX-License-Identifier: BSD-2-Clause
"""A short stress run; `ci/stress` does the long ones."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from keelvm import stress
from keelvm.selftest import Request
from support import Lab

SCRIPT = Path(__file__).resolve().parents[1] / "ci" / "stress"


def test_loads_keep_their_invariants_on_four_processors(lab: Lab) -> None:
    request = Request(smp=4, fast=True, timeout=stress.HANG_SECONDS)
    outcome = stress.run(lab.settings, request, None, 5, lab.logs)
    assert outcome.passed, outcome.report.text()
    assert outcome.rounds >= 1 and outcome.steps > 1000


def test_a_round_comes_again_with_its_seed(lab: Lab) -> None:
    words = ["--profile", "smp", "--runs", "1", "--minutes", "0.02", "--smp", "2", "--seed", "7"]
    words += ["--cases", "t*", "--logs", str(lab.logs)]
    environment = {**os.environ, "KEEL_BUILD": str(lab.settings.build)}
    done = subprocess.run(
        [sys.executable, str(SCRIPT), *words], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "passed: 1 runs (processors:runs 2:1)" in done.stdout
    log = (lab.logs / "com1.log").read_text()
    assert re.search(r"@stress_begin round=0 seed=7\b", log)


def test_cases_that_do_not_exist_are_named(lab: Lab) -> None:
    request = Request(smp=1, fast=True, timeout=stress.HANG_SECONDS)
    outcome = stress.run(lab.settings, request, "no-such", 1, lab.logs)
    assert "no case of stress matches 'no-such'" in outcome.problems
