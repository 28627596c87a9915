# SPDX-License-Identifier: BSD-2-Clause
"""The machine lines: parsing, and the bugcheck that they make up."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from keelvm.events import parse_event, split_embedded
from keelvm.journal import Entry
from keelvm.output import EVENT, LOG, KernelOutput
from keelvm.serial import LineSplitter

Captured = Callable[[str], list[str]]


def feed(lines: list[str]) -> KernelOutput:
    output = KernelOutput()
    for line in lines:
        output.feed(Entry("com1", line, 0.0))
    return output


def test_fields_are_read() -> None:
    line = '@thread id=8 name="self test" state=waiting wait="event 0xff" empty= cpu=0'
    event = parse_event(line)
    assert event is not None
    assert event.name == "thread"
    assert event.fields == {
        "id": "8",
        "name": "self test",
        "state": "waiting",
        "wait": "event 0xff",
        "empty": "",
        "cpu": "0",
    }


def test_numbers_are_read() -> None:
    event = parse_event("@boot base=0xfffff80123500000 cpus=2 variant=checked")
    assert event is not None
    assert event.number("base") == 0xFFFFF80123500000
    assert event.number("cpus") == 2
    assert event.number("variant") is None
    assert event.number("absent") is None


def test_quotes_and_backslashes() -> None:
    event = parse_event(r'@error reason="option \"x\" in C:\dir\\ is unknown"')
    assert event is not None
    assert event.text("reason") == r'option "x" in C:\dir\ is unknown'


@pytest.mark.parametrize(
    "line",
    [
        "@",
        "@ boot",
        "@Boot x=1",
        "@boot x",
        '@boot x="open',
        '@boot x="a"b',
        '@boot x=a"b"',
        "@boot x=1 x=2",
        "@boot =1",
        "@boot,x=1",
    ],
)
def test_malformed_lines_are_refused(line: str) -> None:
    assert parse_event(line) is None
    output = feed([line])
    assert output.problems == [f"a machine line is garbled: {line!r}"]


def test_cut_line_is_not_believed() -> None:
    output = KernelOutput()
    assert output.feed(Entry("com1", "@exit status=3", 0.0, complete=False)) == EVENT
    assert output.first("exit") is None
    assert output.problems == ["a machine line is cut off: '@exit status=3'"]


def test_event_inside_a_broken_line_is_found() -> None:
    assert split_embedded("ok 2 ke_d@bugcheck code=0x1") == ("ok 2 ke_d", "@bugcheck code=0x1")
    assert split_embedded("[ 0.1 c0] io: said @bugcheck")[1] == ""
    assert split_embedded("mail me @home")[1] == ""


def test_log_line_with_an_at_sign_is_a_log_line() -> None:
    output = KernelOutput()
    assert output.feed(Entry("com1", "[ 0.1 c0] io: @exit status=33", 0.0)) == LOG
    assert output.first("exit") is None


def test_crash_is_taken_apart(captured: Captured) -> None:
    output = feed(captured("crashed.log"))
    bugcheck = output.bugcheck
    assert bugcheck is not None
    assert (bugcheck.code, bugcheck.name, bugcheck.cpu) == (0xA, "IRQL_NOT_LESS_OR_EQUAL", 1)
    assert bugcheck.parameters == [0xDEADBEEF, 2, 0, 0xFFFFF80123501234]
    assert bugcheck.registers["cr2"] == "0xdeadbeef"
    assert bugcheck.registers["rbx"] == "0x3"
    assert [frame.rva for frame in bugcheck.stacks[1]] == [0x1234, 0x5678, None]
    assert bugcheck.stacks[1][2].address == 0xFFFF800000001000
    assert [frame.rva for frame in bugcheck.stacks[0]] == [0x9ABC]
    assert bugcheck.complete
    assert output.problems == []
    assert output.base == 0xFFFFF80123500000


def test_threads_carry_their_stacks(captured: Captured) -> None:
    bugcheck = feed(captured("crashed.log")).bugcheck
    assert bugcheck is not None
    idle, waiting = bugcheck.threads
    assert (idle.id, idle.frames) == (0, [])
    assert (waiting.name, waiting.wait) == ("self-test", "event 0xffffa00000011000")
    assert [frame.rva for frame in waiting.frames] == [0x2000, 0x2100]


def test_truncated_crash_is_not_complete(captured: Captured) -> None:
    bugcheck = feed(captured("glued.log")).bugcheck
    assert bugcheck is not None
    assert not bugcheck.complete
    assert len(bugcheck.stacks[0]) == 1


def test_second_bugcheck_is_kept_apart(captured: Captured) -> None:
    output = feed(captured("crashed.log") + captured("glued.log"))
    assert [b.code for b in output.crash.bugchecks] == [0xA, 0x80]


def test_refusal_is_told() -> None:
    assert feed(["""@error reason="unknown option 'foo'\""""]).refusal == "unknown option 'foo'"
    assert feed(["@ready"]).refusal is None


@pytest.mark.parametrize("seed", range(20))
def test_garbage_is_survived(captured: Captured, seed: int) -> None:
    """Any cut, swap or damaged byte gives some answer and never an exception."""
    source = random.Random(seed)
    lines = captured("crashed.log") + captured("good.log") + captured("interleaved.log")
    raw = bytearray("\n".join(lines).encode())
    for _ in range(60):
        place = source.randrange(len(raw))
        if source.random() < 0.5:
            raw[place] = source.randrange(256)
        else:
            del raw[place : place + source.randrange(40)]
    splitter, output = LineSplitter(), KernelOutput()
    while raw:
        size = source.randrange(1, 50)
        for text, complete in splitter.feed(bytes(raw[:size])):
            output.feed(Entry("com1", text, 0.0, complete))
        del raw[:size]
    output.ktap.report(["base_list.insert_head_is_first"])
