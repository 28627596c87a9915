# SPDX-License-Identifier: BSD-2-Clause
"""The KTAP parser on captured logs, and on each way in which KTAP can be wrong."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from keelvm.journal import Entry
from keelvm.ktap import FAILED, PASSED, SKIPPED, KtapParser, KtapReport
from keelvm.output import KernelOutput

A = "base_list.insert_head_is_first"
B = "ke_dpc.second_insert_is_refused"
C = "rtl_pe.image_size_is_read"
CLOCK = "ke_clock.ticks_every_millisecond"
Captured = Callable[[str], list[str]]


def parse(lines: list[str], expected: list[str] | None = None) -> KtapReport:
    parser = KtapParser()
    for line in lines:
        parser.feed(line)
    return parser.report(expected)


def run(*results: str, plan: str = "1..2", version: str = "KTAP version 1") -> KtapReport:
    return parse([version, plan, *results])


def test_good_log_passes(captured: Captured) -> None:
    report = parse(captured("good.log"), [A, B, CLOCK, C])
    assert report.passed
    assert report.plan == 4
    assert report.names(PASSED) == [A, B, C]
    assert report.names(SKIPPED) == [CLOCK]
    assert report.results[2].reason == "needs two processors"
    assert report.results[1].diagnostics == ["src/ke/dpc_test.c:20: the second processor joined"]


def test_failed_log_names_test_and_diagnostics(captured: Captured) -> None:
    report = parse(captured("failed.log"), [A, B, C])
    assert not report.passed
    assert report.names(FAILED) == [B]
    assert report.results[1].diagnostics[1] == "src/ke/dpc_test.c:32: expected 1, got 0"
    assert report.problems == []


def test_truncated_log_is_no_pass(captured: Captured) -> None:
    output = KernelOutput()
    lines = captured("truncated.log")
    for number, line in enumerate(lines, 1):
        output.feed(Entry("com1", line, 0.0, complete=number < len(lines)))
    report = output.ktap.report([A, B, C, CLOCK])
    assert not report.passed
    assert report.missing == [B, C, CLOCK]
    assert "a result line is cut off: 'ok 2 ke_dpc.second_in'" in report.problems
    assert "the plan says 4 tests, the output has 1 results" in report.problems


def test_cut_result_is_not_believed_even_if_it_looks_whole() -> None:
    parser = KtapParser()
    for line in ("KTAP version 1", "1..1"):
        parser.feed(line)
    parser.feed(f"ok 1 {A}", complete=False)
    assert not parser.report([A]).passed


def test_crashed_log_keeps_last_words(captured: Captured) -> None:
    output = KernelOutput()
    for line in captured("crashed.log"):
        output.feed(Entry("com1", line, 0.0))
    report = output.ktap.report([A, B, C])
    assert report.missing == [B, C]
    assert output.ktap.pending() == ["src/ke/wait_test.c:77: about to wait"]
    assert not report.passed


def test_interleaved_log_passes(captured: Captured) -> None:
    report = parse(captured("interleaved.log"), [A, B, C])
    assert report.passed, report
    assert report.results[1].diagnostics == ["src/a_test.c:9: a note of the second test"]


def test_event_glued_to_a_result_spoils_the_result(captured: Captured) -> None:
    output = KernelOutput()
    for line in captured("glued.log"):
        output.feed(Entry("com1", line, 0.0))
    report = output.ktap.report([A, B])
    assert report.missing == [B]
    assert output.bugcheck is not None and output.bugcheck.code == 0x80


def test_restarted_log_is_no_pass(captured: Captured) -> None:
    report = parse(captured("restarted.log"), [A, B])
    assert not report.passed
    assert any("started again" in problem for problem in report.problems)


def test_two_good_results_pass() -> None:
    assert run(f"ok 1 {A}", f"ok 2 - {B}").passed


@pytest.mark.parametrize(
    ("results", "problem"),
    [
        ([f"ok 1 {A}"], "the plan says 2 tests, the output has 1 results"),
        ([f"ok 1 {A}", f"ok 2 {B}", f"ok 3 {C}"], "the plan says 2 tests, the output has 3"),
        ([f"ok 1 {A}", f"ok 2 {A}"], "a second result of the same test"),
        ([f"ok 2 {A}", f"ok 1 {B}"], "result 1 has the number 2"),
        ([f"ok 1 {A}", "ok 2"], "a result line is garbled"),
        ([f"ok 1 {A}", "ok 2 nodot"], "a result line is garbled"),
        ([f"ok 1 {A}", f"ok 2 {B}[ 0.1 c0] ke: x"], "a result line is garbled"),
        ([f"ok 1 {A}", f"ok 2 {B} # PENDING x"], "unknown directive"),
        ([f"ok 1 {A}", f"ok 2 {B} # SKIP"], "skipped without a reason"),
        ([f"ok 1 {A}", "1..2", f"ok 2 {B}"], "a second plan"),
        ([f"ok 1 {A}", f"ok 2 {B}", "Bail out! no memory"], "given up: no memory"),
    ],
)
def test_wrong_output_is_a_problem(results: list[str], problem: str) -> None:
    report = run(*results)
    assert any(problem in text for text in report.problems), report.problems
    assert not report.passed


def test_missing_plan_is_a_problem() -> None:
    report = parse(["KTAP version 1", f"ok 1 {A}"])
    assert report.problems == ["no plan: the output is truncated"]


def test_missing_version_is_a_problem() -> None:
    report = parse(["1..1", f"ok 1 {A}"])
    assert "no 'KTAP version' line: the tests did not start" in report.problems
    assert not report.passed


def test_unknown_version_is_a_problem() -> None:
    assert not run(f"ok 1 {A}", plan="1..1", version="KTAP version 2").passed


def test_no_output_at_all_is_no_pass() -> None:
    assert not parse([]).passed
    assert not parse([], []).passed


def test_nothing_but_skips_is_no_pass() -> None:
    assert not run(f"ok 1 {A} # SKIP why not", plan="1..1").passed


def test_a_test_that_is_not_expected_is_no_pass() -> None:
    report = parse(["KTAP version 1", "1..1", f"ok 1 {A}"], [B])
    assert report.unexpected == [A]
    assert report.missing == [B]
    assert not report.passed


def test_a_failed_skip_is_a_failure() -> None:
    assert run(f"not ok 1 {A} # SKIP x", plan="1..1").names(FAILED) == [A]


def test_log_lines_are_left_alone() -> None:
    parser = KtapParser()
    assert not parser.feed("[   0.1 c0] ke: ok 1 a.b")
    assert not parser.feed("# before the version line")
    assert not parser.feed("okay")
    assert parser.feed("KTAP version 1")
    assert parser.feed("# after it")
