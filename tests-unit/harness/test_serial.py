# SPDX-License-Identifier: BSD-2-Clause
"""Lines out of a stream of bytes, and the channel's reader without a QEMU."""

from __future__ import annotations

import os
from pathlib import Path

from keelvm.journal import Journal
from keelvm.serial import LINE_LIMIT, LineSplitter, SerialChannel


def test_lines_in_pieces() -> None:
    splitter = LineSplitter()
    assert splitter.feed(b"on") == []
    assert splitter.feed(b"e\ntwo\r\nth") == [("one", True), ("two", True)]
    assert splitter.rest() == [("th", False)]
    assert splitter.rest() == []


def test_escapes_and_control_characters_go() -> None:
    assert LineSplitter().feed(b"\x1b[2J\x1b[01;01Ha\x00b\x07\tc\n") == [("ab\tc", True)]


def test_bytes_that_are_no_text_are_shown() -> None:
    assert LineSplitter().feed(b"a\xffb\n") == [("a\\xffb", True)]


def test_line_without_an_end_is_cut() -> None:
    splitter = LineSplitter()
    lines = splitter.feed(b"x" * (2 * LINE_LIMIT + 5))
    assert [(len(text), complete) for text, complete in lines] == [(LINE_LIMIT, False)] * 2
    assert splitter.feed(b"\n") == [("x" * 5, True)]


def test_overlong_line_is_not_called_complete() -> None:
    lines = LineSplitter().feed(b"x" * (LINE_LIMIT + 1) + b"\n")
    assert [complete for _, complete in lines] == [False, False]


def test_channel_reads_all_before_it_closes(tmp_path: Path) -> None:
    journal = Journal()
    channel = SerialChannel("com1", tmp_path, tmp_path / "log", journal)
    channel.open()
    file = os.open(tmp_path / "com1.out", os.O_WRONLY)  # more at once than one read takes
    text = b"".join(b"line %d\n" % number for number in range(30000))
    os.write(file, text)
    os.close(file)
    channel.close()
    channel.close()
    assert [entry.text.encode() for entry in journal.entries("com1")] == text.splitlines()
    assert (tmp_path / "log").read_bytes() == text


def test_channel_sends(tmp_path: Path) -> None:
    channel = SerialChannel("com1", tmp_path, tmp_path / "log", Journal())
    channel.open()
    file = os.open(tmp_path / "com1.in", os.O_RDONLY)
    channel.send(b"hello")
    assert os.read(file, 100) == b"hello"
    os.close(file)
    channel.close()
