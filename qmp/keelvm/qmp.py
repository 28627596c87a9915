# SPDX-License-Identifier: BSD-2-Clause
"""A QMP client over a connected socket: commands with time-outs, events as they come.

One thread reads. An answer is matched to its command by id; an event goes to the callback on
the reader's thread. Whatever is not QMP closes the connection with a reason.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

from keelvm.errors import QmpClosed, QmpError, QmpTimeout

EventCallback = Callable[[dict[str, Any]], None]
MESSAGE_LIMIT = 64 << 20


class QmpClient:
    """One QMP session; `connect` first, `close` last."""

    def __init__(self, sock: socket.socket, on_event: EventCallback | None = None) -> None:
        self._socket = sock
        self._on_event = on_event
        self._changed = threading.Condition()
        self._answers: dict[int, dict[str, Any]] = {}
        self._waiting: set[int] = set()
        self._next_id = 1
        self._greeting: dict[str, Any] | None = None
        self._closed: str | None = None
        self._thread = threading.Thread(target=self._read, name="qmp", daemon=True)
        self._thread.start()

    def connect(self, timeout: float = 20.0) -> dict[str, Any]:
        """Wait for the greeting, enter command mode; returns the greeting."""
        self._wait(lambda: self._greeting is not None, timeout, "its greeting")
        self.execute("qmp_capabilities", timeout=timeout)
        assert self._greeting is not None
        return self._greeting

    def execute(
        self, command: str, arguments: dict[str, Any] | None = None, timeout: float = 20.0
    ) -> Any:
        """Run a command and return its answer.

        Raises QmpError if QEMU refuses it, QmpClosed if the connection ends, QmpTimeout.
        """
        with self._changed:
            number = self._next_id
            self._next_id += 1
            self._waiting.add(number)
        try:
            self._send({"execute": command, "arguments": arguments or {}, "id": number}, command)
            self._wait(lambda: number in self._answers, timeout, f"an answer to '{command}'")
        finally:
            with self._changed:
                self._waiting.discard(number)
                answer = self._answers.pop(number, None)
        assert answer is not None
        if "error" in answer:
            error = answer["error"]
            raise QmpError(command, str(error.get("class")), str(error.get("desc")))
        return answer["return"]

    def monitor(self, line: str, timeout: float = 20.0) -> str:
        """Run a command of the human monitor; returns its text."""
        arguments = {"command-line": line}
        return str(self.execute("human-monitor-command", arguments, timeout))

    def close(self) -> None:
        """End the connection and its thread. Safe to repeat."""
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # the other side was faster
        self._thread.join()
        self._socket.close()

    def join(self, timeout: float) -> None:
        """Wait until the other side has closed and every event was delivered."""
        self._thread.join(timeout)

    def _send(self, message: dict[str, Any], command: str) -> None:
        try:
            self._socket.sendall(json.dumps(message).encode() + b"\n")
        except OSError as error:
            reason = self._closed or str(error)
            raise QmpClosed(f"QMP command '{command}' could not be sent: {reason}") from None

    def _wait(self, done: Callable[[], bool], timeout: float, what: str) -> None:
        deadline = time.monotonic() + timeout
        with self._changed:
            while not done():
                if self._closed is not None:
                    raise QmpClosed(f"QMP connection ended before {what}: {self._closed}")
                left = deadline - time.monotonic()
                if left <= 0:
                    raise QmpTimeout(f"QEMU did not give {what} within {timeout:g} s")
                self._changed.wait(left)

    def _read(self) -> None:
        buffer = b""
        reason = "closed by QEMU"
        try:
            while chunk := self._socket.recv(65536):
                *lines, buffer = (buffer + chunk).split(b"\n")
                for line in lines:
                    self._take(line)
                if len(buffer) > MESSAGE_LIMIT:
                    raise ValueError("a message without an end")
        except OSError as error:
            reason = str(error)
        except ValueError as error:
            reason = f"not QMP: {error}"
        with self._changed:
            self._closed = reason
            self._changed.notify_all()

    def _take(self, line: bytes) -> None:
        if not line.strip():
            return
        message = json.loads(line)
        if not isinstance(message, dict):
            raise ValueError(f"unexpected message {line[:80]!r}")
        if "event" in message:
            if self._on_event is not None:
                self._on_event(message)
            return
        with self._changed:
            if "QMP" in message:
                self._greeting = message["QMP"]
            elif "return" in message or "error" in message:
                self._take_answer(message)
            else:
                raise ValueError(f"unexpected message {line[:80]!r}")
            self._changed.notify_all()

    def _take_answer(self, message: dict[str, Any]) -> None:
        number = message.get("id")
        if number in self._waiting:  # else: the answer to a command that timed out
            self._answers[number] = message
