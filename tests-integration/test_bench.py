# SPDX-License-Identifier: BSD-2-Clause
"""`keel bench`: the kernel measures itself."""

from __future__ import annotations

from keelvm import bench
from keelvm.selftest import Request
from support import Lab

COUNTED = Request(smp=1, cpu="qemu64", mem_mib=64, fast=True, icount=True, seed=1)


def test_figures_repeat_when_instructions_are_counted(lab: Lab) -> None:
    """The clock's interrupts fall where they fall: the figures differ by less than a tick's cost."""
    first, second = (bench.run(lab.settings, COUNTED, "lock.*", lab.logs) for _ in range(2))
    assert first.passed, first.report.text()
    assert second.passed, second.report.text()
    assert first.boot is not None and first.boot.ns > 0 and first.boot.used_kib > 0
    names = [one.name for one in first.measurements]
    assert "lock.spin" in names and len(names) >= 4
    for one, other in zip(first.measurements, second.measurements, strict=True):
        assert one.name == other.name
        assert abs(one.ns - other.ns) < 20000, (one, other)


def test_a_cheap_thing_costs_less_than_a_dear_one(lab: Lab) -> None:
    outcome = bench.run(lab.settings, COUNTED, "thread.*", lab.logs)
    assert outcome.passed, outcome.report.text()
    cost = {one.name: one.per_round(one.ns) for one in outcome.measurements}
    assert cost["thread.yield_alone"] < cost["thread.switch"] < cost["thread.create_exit_join"]
    (switch,) = [one for one in outcome.measurements if one.name == "thread.switch"]
    assert switch.switches >= switch.rounds  # it did switch


def test_all_processors_at_once(lab: Lab) -> None:
    outcome = bench.run(lab.settings, Request(smp=4, fast=True), "event.*", lab.logs)
    assert outcome.passed, outcome.report.text()
    threads = {(one.name, one.threads) for one in outcome.measurements}
    assert ("event.set_reset", 1) in threads and ("event.set_reset", 4) in threads
    assert ("event.ping_pong_two_processors", 1) in threads


def test_a_glob_that_matches_nothing_is_named(lab: Lab) -> None:
    outcome = bench.run(lab.settings, COUNTED, "no.such", lab.logs)
    assert not outcome.passed
    assert "no benchmark matches 'no.such'" in outcome.problems
