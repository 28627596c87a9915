# SPDX-License-Identifier: BSD-2-Clause
"""Every self-test of the kernel, in every configuration, each as a case of its own."""

from __future__ import annotations

import pytest

from keelvm.ktap import FAILED, SKIPPED
from keelvm.selftest import Outcome
from support import CONFIGURATIONS


def test_run_is_clean(outcome: Outcome) -> None:
    """Status 33, the plan holds, no bugcheck, no garbled line, no test missing or unexpected."""
    assert outcome.passed, "\n" + outcome.report.text()


def test_kernel_saw_the_machine(outcome: Outcome, configuration: str) -> None:
    """The kernel runs on as many processors as the machine has, in the higher half."""
    boot = outcome.report.event("boot")
    assert boot is not None, outcome.report.text()
    assert boot.number("cpus") == CONFIGURATIONS[configuration].processors()
    assert boot.text("variant") == outcome.images.variant
    base = boot.number("base")
    assert base is not None and base >= 0xFFFF800000000000 and base % 4096 == 0


def test_selftest(outcome: Outcome, selftest_name: str) -> None:
    """One self-test of the kernel."""
    results = [result for result in outcome.ktap.results if result.name == selftest_name]
    assert len(results) == 1, f"{len(results)} results\n{outcome.report.text()}"
    assert results[0].outcome != FAILED, "\n".join(results[0].diagnostics)
    if results[0].outcome == SKIPPED:
        pytest.skip(results[0].reason)
