# SPDX-License-Identifier: BSD-2-Clause
"""The QMP client against a server of our own, which can be as rude as it likes."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from keelvm.errors import QmpClosed, QmpError, QmpTimeout
from keelvm.qmp import QmpClient

GREETING: dict[str, Any] = {"QMP": {"version": {"qemu": {"major": 7}}, "capabilities": []}}
Handler = Callable[[dict[str, Any]], list[dict[str, Any]]]


class Server:
    """The other end of the socket pair, in a thread."""

    def __init__(self, sock: socket.socket, handler: Handler | None) -> None:
        self.sock = sock
        self.seen: list[dict[str, Any]] = []
        self._handler = handler or (lambda message: [{"return": {}, "id": message["id"]}])
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def start(self) -> None:
        self.say(GREETING)
        self._thread.start()

    def say(self, message: dict[str, Any]) -> None:
        self.sock.sendall(json.dumps(message).encode() + b"\r\n")

    def _serve(self) -> None:
        with self.sock.makefile("rb") as lines:
            for line in lines:
                message = json.loads(line)
                self.seen.append(message)
                if message["execute"] == "qmp_capabilities":
                    self.say({"return": {}, "id": message["id"]})
                    continue
                for answer in self._handler(message):
                    self.say(answer)


Connect = Callable[..., tuple[QmpClient, Server]]


@pytest.fixture
def connect() -> Iterator[Connect]:
    made: list[tuple[QmpClient, Server]] = []

    def make(
        handler: Handler | None = None, on_event: Callable[[dict[str, Any]], None] | None = None
    ) -> tuple[QmpClient, Server]:
        ours, theirs = socket.socketpair()
        server = Server(theirs, handler)
        client = QmpClient(ours, on_event)
        made.append((client, server))
        server.start()
        client.connect(timeout=5)
        return client, server

    yield make
    for client, server in made:
        client.close()
        server.sock.close()


def test_command_and_answer(connect: Connect) -> None:
    client, server = connect(lambda m: [{"return": {"status": "running"}, "id": m["id"]}])
    assert client.execute("query-status") == {"status": "running"}
    assert [message["execute"] for message in server.seen] == ["qmp_capabilities", "query-status"]


def test_refused_command_says_why(connect: Connect) -> None:
    error = {"class": "CommandNotFound", "desc": "no such thing"}
    client, _ = connect(lambda m: [{"error": error, "id": m["id"]}])
    with pytest.raises(QmpError, match="'nonsense' was refused: CommandNotFound: no such thing"):
        client.execute("nonsense")


def test_event_before_the_answer(connect: Connect) -> None:
    events: list[dict[str, Any]] = []
    client, _ = connect(
        lambda m: [{"event": "STOP", "data": {}}, {"return": 1, "id": m["id"]}], events.append
    )
    assert client.execute("stop") == 1
    assert [event["event"] for event in events] == ["STOP"]


def test_time_out_names_the_command(connect: Connect) -> None:
    client, _ = connect(lambda m: [])
    start = time.monotonic()
    with pytest.raises(QmpTimeout, match="an answer to 'query-status' within 0.2 s"):
        client.execute("query-status", timeout=0.2)
    assert time.monotonic() - start < 5


def test_late_answer_is_not_taken_for_the_next(connect: Connect) -> None:
    late: list[int] = []

    def handler(message: dict[str, Any]) -> list[dict[str, Any]]:
        if message["execute"] == "slow":
            late.append(message["id"])
            return []
        return [{"return": "late", "id": late[0]}, {"return": "mine", "id": message["id"]}]

    client, _ = connect(handler)
    with pytest.raises(QmpTimeout):
        client.execute("slow", timeout=0.1)
    assert client.execute("quick") == "mine"


def test_answers_out_of_order(connect: Connect) -> None:
    held: list[int] = []

    def handler(message: dict[str, Any]) -> list[dict[str, Any]]:
        if message["execute"] == "first":
            held.append(message["id"])
            return []
        return [{"return": "b", "id": message["id"]}, {"return": "a", "id": held[0]}]

    client, server = connect(handler)
    answers: list[str] = []
    thread = threading.Thread(target=lambda: answers.append(client.execute("first", timeout=5)))
    thread.start()
    deadline = time.monotonic() + 5
    while not held and time.monotonic() < deadline:
        time.sleep(0.005)
    assert client.execute("second", timeout=5) == "b"
    thread.join(5)
    assert answers == ["a"]


def test_end_of_connection_is_told(connect: Connect) -> None:
    client, server = connect()
    server.sock.shutdown(socket.SHUT_RDWR)
    with pytest.raises(QmpClosed):
        client.execute("query-status", timeout=5)


def test_end_while_waiting_does_not_wait_for_the_time_out(connect: Connect) -> None:
    closing: list[Server] = []

    def handler(message: dict[str, Any]) -> list[dict[str, Any]]:
        closing[0].sock.shutdown(socket.SHUT_RDWR)
        return []

    client, server = connect(handler)
    closing.append(server)
    start = time.monotonic()
    with pytest.raises(QmpClosed, match="ended before an answer to 'quit'"):
        client.execute("quit", timeout=30)
    assert time.monotonic() - start < 10


@pytest.mark.parametrize("garbage", [b"this is not JSON\n", b"[1]\n", b'{"what": 1}\n', b"\xff\n"])
def test_garbage_closes_with_a_reason(garbage: bytes) -> None:
    ours, theirs = socket.socketpair()
    client = QmpClient(ours)
    theirs.sendall(garbage)
    try:
        with pytest.raises(QmpClosed, match="not QMP"):
            client.connect(timeout=5)
    finally:
        client.close()
        theirs.close()


def test_no_greeting_is_a_time_out() -> None:
    ours, theirs = socket.socketpair()
    client = QmpClient(ours)
    try:
        with pytest.raises(QmpTimeout, match="its greeting within 0.1 s"):
            client.connect(timeout=0.1)
    finally:
        client.close()
        theirs.close()


def test_message_in_pieces(connect: Connect) -> None:
    pieces: list[Server] = []

    def handler(message: dict[str, Any]) -> list[dict[str, Any]]:
        text = json.dumps({"return": "x" * 200000, "id": message["id"]}).encode() + b"\n"
        for place in range(0, len(text), 7001):
            pieces[0].sock.sendall(text[place : place + 7001])
        return []

    client, server = connect(handler)
    pieces.append(server)
    assert len(client.execute("big", timeout=10)) == 200000
