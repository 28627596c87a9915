# SPDX-License-Identifier: BSD-2-Clause
"""Drivers' debug output as it stands on the serial line."""

from __future__ import annotations

import re

import pytest

from keelvm.machine import EXIT_FAILED, EXIT_PASSED, MachineConfig
from support import Lab, console

DBG = re.compile(r"\[ *\d+\.\d{3} c\d+\] dbg: (.*)")
PIECES = "selftest=kd_print.pieces_from_all_processors_come_out_whole"


def printed(lines: list[str]) -> list[str]:
    return [match[1] for line in lines if (match := DBG.fullmatch(line))]


def print_pieces(lab: Lab, options: str) -> list[str]:
    with lab.kernel(f"{PIECES} {options}", fast=True, config=MachineConfig(smp=4)) as session:
        assert lab.end(session) == EXIT_PASSED, lab.report(session)
        return printed(console(session))


def test_pieces_come_out_as_whole_lines(lab: Lab) -> None:
    wanted = [f"piece {printer} and {number} end" for printer in range(4) for number in range(20)]
    wanted += ["whole at level 2"] * 80
    assert sorted(print_pieces(lab, "dbgmask=8")) == sorted(wanted)


def test_what_dbgprint_prints_is_hidden_by_default(lab: Lab) -> None:
    assert print_pieces(lab, "") == []


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("debug_break", "an unended line"),
        (
            "driver_assertion",
            'assertion_failed file=driver.c line=17 condition="count > 0" message="no device"',
        ),
    ],
)
def test_a_break_stops_the_machine_after_what_was_printed(lab: Lab, name: str, line: str) -> None:
    with lab.kernel(f"selftest=planted.{name}", fast=True) as session:
        assert lab.end(session) == EXIT_FAILED, lab.report(session)
        lines = console(session)
        (bugcheck,) = session.bugchecks()
        assert bugcheck.complete, lab.report(session)
        assert printed(lines) == [line]
        (stop,) = [at for at, text in enumerate(lines) if text.startswith("@bugcheck")]
        assert "p1=0xffffffff80000003" in lines[stop]  # STATUS_BREAKPOINT
        assert any(text.endswith(f"dbg: {line}") for text in lines[:stop])
