# SPDX-License-Identifier: BSD-2-Clause
"""A serial channel: a pair of FIFOs to QEMU, a thread that reads lines, a log file of the bytes.

FIFOs and not sockets: QEMU writes a byte at a time, and a byte in a socket costs a whole buffer,
so that a slow reader would stop the guest after some hundred bytes (and change its instruction
count). A FIFO holds up to 1 MiB.
"""

from __future__ import annotations

import fcntl
import os
import re
import select
import threading
from pathlib import Path

from keelvm.journal import Journal

LINE_LIMIT = 16384
PIPE_BYTES = 1 << 20
ESCAPES = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|[@-Z\\^_c])")


class LineSplitter:
    """Turns chunks of bytes into lines; a line that never ends is cut at LINE_LIMIT."""

    def __init__(self) -> None:
        self._pending = b""

    def feed(self, chunk: bytes) -> list[tuple[str, bool]]:
        """The lines that `chunk` completes, each with whether its end was seen."""
        *ended, self._pending = (self._pending + chunk).split(b"\n")
        lines: list[tuple[str, bool]] = []
        for raw in ended:
            lines.extend(self._cut(raw, True))
        while len(self._pending) > LINE_LIMIT:
            lines.append((self._clean(self._pending[:LINE_LIMIT]), False))
            self._pending = self._pending[LINE_LIMIT:]
        return lines

    def rest(self) -> list[tuple[str, bool]]:
        """What stands after the last line end, as an incomplete line."""
        raw, self._pending = self._pending, b""
        return [(self._clean(raw), False)] if raw else []

    def _cut(self, raw: bytes, complete: bool) -> list[tuple[str, bool]]:
        pieces = [raw[i : i + LINE_LIMIT] for i in range(0, len(raw), LINE_LIMIT)] or [b""]
        whole = complete and len(pieces) == 1
        return [(self._clean(piece), whole) for piece in pieces]

    @staticmethod
    def _clean(raw: bytes) -> str:
        text = ESCAPES.sub("", raw.decode("utf-8", "backslashreplace"))
        return "".join(c if c.isprintable() or c == "\t" else "" for c in text)


class SerialChannel:
    """One chardev of the machine; its lines go to the journal under the channel's name."""

    def __init__(self, name: str, folder: Path, log: Path, journal: Journal) -> None:
        self.name = name
        self.log = log
        self.path = folder / name
        self._journal = journal
        self._splitter = LineSplitter()
        self._files: list[int] = []
        self._thread: threading.Thread | None = None

    def open(self) -> None:
        """Make the FIFOs and start the reader; QEMU may be started afterwards."""
        for suffix in (".in", ".out"):
            os.mkfifo(f"{self.path}{suffix}", 0o600)
            # Read and write: no open blocks, and there is no end of file before the last byte.
            self._files.append(os.open(f"{self.path}{suffix}", os.O_RDWR | os.O_NONBLOCK))
        self._enlarge(self._files[1])
        self._wake_read, self._wake_write = os.pipe()
        self._files += [self._wake_read, self._wake_write]
        self._log_file = open(self.log, "wb", buffering=0)
        self._thread = threading.Thread(target=self._read, name=f"serial {self.name}", daemon=True)
        self._thread.start()

    def arguments(self) -> list[str]:
        """QEMU's arguments for this channel."""
        path = str(self.path).replace(",", ",,")
        return ["-chardev", f"pipe,id={self.name},path={path}", "-serial", f"chardev:{self.name}"]

    def send(self, data: bytes) -> None:
        """Give the guest input; it is lost if QEMU does not take it (the FIFO is full)."""
        os.write(self._files[0], data)

    def close(self) -> None:
        """QEMU has ended: read what is left, then stop the reader. Safe to repeat."""
        if self._thread is None:
            return
        os.write(self._wake_write, b"x")
        self._thread.join()
        self._thread = None
        for file in self._files:
            os.close(file)
        self._files = []
        self._log_file.close()

    @staticmethod
    def _enlarge(file: int) -> None:
        try:
            fcntl.fcntl(file, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        except (OSError, AttributeError):
            pass  # the default of 64 KiB only means more stops of the guest

    def _read(self) -> None:
        output = self._files[1]
        ended = False
        while not ended:
            ready, _, _ = select.select([output, self._wake_read], [], [])
            ended = self._wake_read in ready
            while chunk := self._take(output):
                self._log_file.write(chunk)
                self._publish(self._splitter.feed(chunk))
        self._publish(self._splitter.rest())

    @staticmethod
    def _take(file: int) -> bytes:
        try:
            return os.read(file, 65536)
        except BlockingIOError:
            return b""

    def _publish(self, lines: list[tuple[str, bool]]) -> None:
        for text, complete in lines:
            self._journal.add(self.name, text, complete)
