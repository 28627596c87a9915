# SPDX-License-Identifier: BSD-2-Clause
"""A bugcheck as the kernel tells it: code, registers, back-traces, threads."""

from __future__ import annotations

from dataclasses import dataclass, field

from keelvm.events import Event


@dataclass
class Frame:
    """One frame of a back-trace: an address relative to a module, or a bare one."""

    number: int
    module: str
    rva: int | None
    address: int | None = None
    note: str = ""


@dataclass
class Thread:
    """One thread and what it waits for."""

    id: int
    name: str
    state: str
    wait: str
    cpu: str
    frames: list[Frame] = field(default_factory=list)


@dataclass
class Bugcheck:
    """One bugcheck; `complete` once `@end` came."""

    code: int
    name: str
    parameters: list[int]
    cpu: int
    registers: dict[str, str] = field(default_factory=dict)
    stacks: dict[int, list[Frame]] = field(default_factory=dict)
    threads: list[Thread] = field(default_factory=list)
    complete: bool = False

    def title(self) -> str:
        """The bugcheck in one line."""
        parameters = ", ".join(f"{value:#x}" for value in self.parameters)
        name = f" {self.name}" if self.name else ""
        return f"bugcheck {self.code:#010x}{name} ({parameters}) on processor {self.cpu}"

    def all_frames(self) -> list[Frame]:
        """Every frame of every stack."""
        frames = [frame for stack in self.stacks.values() for frame in stack]
        return frames + [frame for thread in self.threads for frame in thread.frames]


class CrashReader:
    """Collects the bugchecks out of the stream of events."""

    def __init__(self) -> None:
        self.bugchecks: list[Bugcheck] = []

    def feed(self, event: Event) -> None:
        """Take an event; those that do not belong to a bugcheck are ignored."""
        if event.name == "bugcheck":
            self.bugchecks.append(_bugcheck(event))
        elif self.bugchecks and not self.bugchecks[-1].complete:
            self._feed_detail(self.bugchecks[-1], event)

    def _feed_detail(self, bugcheck: Bugcheck, event: Event) -> None:
        if event.name == "register":
            bugcheck.registers.update(event.fields)
        elif event.name == "frame":
            _add_frame(bugcheck, event)
        elif event.name == "thread":
            bugcheck.threads.append(_thread(event))
        elif event.name == "end":
            bugcheck.complete = True


def _bugcheck(event: Event) -> Bugcheck:
    parameters = [event.number(f"p{i}") or 0 for i in range(1, 5)]
    code, cpu = event.number("code"), event.number("cpu")
    return Bugcheck(code or 0, event.text("name"), parameters, cpu or 0)


def _thread(event: Event) -> Thread:
    number = event.number("id")
    name, state, wait = event.text("name"), event.text("state"), event.text("wait")
    return Thread(-1 if number is None else number, name, state, wait, event.text("cpu"))


def _add_frame(bugcheck: Bugcheck, event: Event) -> None:
    frame = Frame(
        event.number("n") or 0,
        event.text("module"),
        event.number("rva"),
        event.number("address"),
        event.text("note"),
    )
    owner = event.number("thread")
    if owner is None:
        bugcheck.stacks.setdefault(event.number("cpu") or 0, []).append(frame)
        return
    for thread in bugcheck.threads:
        if thread.id == owner:
            thread.frames.append(frame)
            return
    bugcheck.threads.append(Thread(owner, "", "unknown", "", "", [frame]))
