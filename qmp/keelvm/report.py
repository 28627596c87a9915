# SPDX-License-Identifier: BSD-2-Clause
"""The report on a run that went wrong: what one needs to understand it and to repeat it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from keelvm.crash import Bugcheck, Frame, Thread
from keelvm.events import Event
from keelvm.ktap import FAILED, KtapReport
from keelvm.machine import CONSOLE
from keelvm.session import KernelSession
from keelvm.symbols import Place, Symbolizer

LAST_LINES = 40
KERNEL = "ntoskrnl.exe"
TAKEN_APART = ("@register ", "@frame ", "@thread ", "@kasan ")
ADDRESS = re.compile(r"\b(?:0x)?([0-9a-fA-F]{8,16})\b")


class Report:
    """Text and JSON of one session; symbols are looked up once."""

    def __init__(
        self,
        title: str,
        session: KernelSession,
        symbolizer: Symbolizer | None = None,
        ktap: KtapReport | None = None,
        problems: Iterable[str] = (),
    ) -> None:
        self.title = title
        self._session = session
        self._symbolizer = symbolizer
        self._ktap = ktap
        self._problems = list(problems)
        self._places = self._lookup()
        self._objects = self._lookup_objects()

    def text(self) -> str:
        """The whole report."""
        parts = [[f"== {self.title}"], self._facts(), self._failures()]
        parts += [self._bugcheck(bugcheck) for bugcheck in self._session.bugchecks()]
        parts += [self._block(), self._processors(), self._events(), self._last_lines(), self._repeat()]
        return "\n".join(line for part in parts for line in part)

    def json(self) -> dict[str, Any]:
        """The crash and its surroundings, for machines."""
        return {
            "title": self.title,
            "status": self._session.status,
            "hang": self._session.hang,
            "refused": self._session.output.refusal,
            "problems": self._problems,
            "bugchecks": [self._bugcheck_json(b) for b in self._session.bugchecks()],
            "qmp_events": [entry.text for entry in self._session.machine.journal.entries("qmp")],
            "last_lines": self._tail(),
            "command": self._session.machine.command,
        }

    def event(self, name: str) -> Event | None:
        """The first machine event of this name."""
        return self._session.output.first(name)

    def bugchecks(self) -> list[Bugcheck]:
        """What the kernel's bugchecks said."""
        return self._session.bugchecks()

    def frame(self, frame: Frame) -> list[str]:
        """One frame, with a line for each function that was inlined there."""
        where = f"{frame.module}+{frame.rva:#x}" if frame.rva is not None else ""
        if not where:
            where = f"{frame.address:#x}" if frame.address is not None else "unknown address"
        note = f" [{frame.note}]" if frame.note else ""
        head = f"  #{frame.number:<3} {where}"
        places = self._places_of(frame)
        if not places:
            return [f"{head} ?{note}"]
        lines = [f"{head} {place} (inlined){note}" for place in places[:-1]]
        return [*lines, f"{head} {places[-1]}{note}"]

    def _lookup(self) -> dict[int, list[Place]]:
        frames = [f for b in self._session.bugchecks() for f in b.all_frames()]
        frames += self._session.stopped_at.values()
        wanted = [(f.rva, f.number == 0) for f in frames if f.rva is not None and _ours(f)]
        wanted += [(f.rva, False) for _, f in self._block_frames() if f.rva is not None]
        return self._symbolizer.lookup_frames(wanted) if self._symbolizer and wanted else {}

    def _block_frames(self) -> list[tuple[str, Frame]]:
        """Who allocated and who freed the block that a bad access has to do with."""
        events = [e for e in self._session.output.events if e.name == "kasan" and "stack" in e.fields]
        return [(e.text("stack"), Frame(e.number("frame") or 0, KERNEL, e.number("rva"))) for e in events]

    def _lookup_objects(self) -> dict[int, str]:
        """The names of the kernel's variables that threads wait for."""
        threads = [t for b in self._session.bugchecks() for t in b.threads]
        base = self._session.output.base
        if self._symbolizer is None or base is None:
            return {}
        addresses = {address for t in threads for address in _addresses(t.wait)}
        found = self._symbolizer.lookup_data(address - base for address in addresses)
        return {rva + base: name for rva, name in found.items()}

    def _thread_title(self, thread: Thread) -> str:
        name = f' "{thread.name}"' if thread.name else ""
        names = [self._objects[a] for a in _addresses(thread.wait) if a in self._objects]
        named = f" ({', '.join(names)})" if names else ""
        wait = f", waits for {thread.wait}{named}" if _is_something(thread.wait) else ""
        cpu = f", processor {thread.cpu}" if thread.cpu else ""
        return f"thread {thread.id}{name}: {thread.state}{wait}{cpu}"

    def _places_of(self, frame: Frame) -> list[Place]:
        if frame.rva is None or not _ours(frame):
            return []
        return self._places.get(frame.rva, [])

    def _facts(self) -> list[str]:
        session = self._session
        facts = [session.hang] if session.hang else []
        if session.output.refusal is not None:
            facts.append(f"the kernel refused to boot: {session.output.refusal}")
        if not session.hang:
            facts.append(f"QEMU's exit status: {session.status}")
        facts += self._problems
        if self._symbolizer is not None and self._symbolizer.error:
            facts.append(self._symbolizer.error)
        return list(dict.fromkeys(facts))

    def _failures(self) -> list[str]:
        if self._ktap is None:
            return []
        lines = []
        for result in self._ktap.results:
            if result.outcome == FAILED:
                lines.append(f"failed: {result.name} {result.reason}".rstrip())
                lines += [f"  {text}" for text in result.diagnostics]
        lines += [f"no result: {name}" for name in self._ktap.missing]
        lines += [f"not expected: {name}" for name in self._ktap.unexpected]
        return lines

    def _bugcheck(self, bugcheck: Bugcheck) -> list[str]:
        lines = ["", bugcheck.title()]
        if bugcheck.registers:
            pairs = [f"{name}={value}" for name, value in bugcheck.registers.items()]
            rows = [pairs[i : i + 4] for i in range(0, len(pairs), 4)]
            lines += ["registers:", *("  " + " ".join(row) for row in rows)]
        for cpu, frames in bugcheck.stacks.items():
            lines.append(f"back-trace of processor {cpu}:")
            lines += [line for frame in frames for line in self.frame(frame)]
        for thread in bugcheck.threads:
            lines.append(self._thread_title(thread))
            lines += [line for frame in thread.frames for line in self.frame(frame)]
        if not bugcheck.complete:
            lines.append("(the kernel's report is cut off: no @end)")
        return lines

    def _block(self) -> list[str]:
        lines = []
        for event in self._session.output.events:
            if event.name == "kasan" and "block" in event.fields:
                state = "freed" if event.number("freed") else "in use"
                lines.append(f"block of {event.text('bytes')} bytes at {event.text('block')}, {state}")
        for what, frame in self._block_frames():
            if frame.number == 0:
                lines.append(f"{what} by:")
            lines += self.frame(frame)
        return lines

    def _processors(self) -> list[str]:
        lines = []
        for cpu, frame in sorted(self._session.stopped_at.items()):
            lines += [f"processor {cpu} is at:", *self.frame(frame)]
        return lines

    def _events(self) -> list[str]:
        entries = self._session.machine.journal.entries()
        shown = [e for e in entries if e.kind in ("qmp", "note", "exit")]
        return ["", "events:", *(f"  {e.at:8.3f} {e.kind}: {e.text}" for e in shown)]

    def _tail(self) -> list[str]:
        """The console's last lines, without those that the report has taken apart above."""
        texts = [e.text for e in self._session.machine.journal.entries(CONSOLE)]
        return [text for text in texts if not text.startswith(TAKEN_APART)][-LAST_LINES:]

    def _last_lines(self) -> list[str]:
        tail = self._tail()
        head = f"last {len(tail)} lines of {CONSOLE}:" if tail else f"nothing came on {CONSOLE}"
        return ["", head, *(f"  {line}" for line in tail)]

    def _repeat(self) -> list[str]:
        machine = self._session.machine
        lines = ["", f"command: {machine.command_line()}"]
        if messages := machine.qemu_messages():
            lines.append(f"QEMU says: {messages}")
        if machine.keep_logs:
            lines.append(f"logs: {machine.logs}")
        return lines

    def _bugcheck_json(self, bugcheck: Bugcheck) -> dict[str, Any]:
        return {
            "code": bugcheck.code,
            "name": bugcheck.name,
            "parameters": bugcheck.parameters,
            "cpu": bugcheck.cpu,
            "registers": bugcheck.registers,
            "stacks": {
                str(cpu): [self._frame_json(frame) for frame in frames]
                for cpu, frames in bugcheck.stacks.items()
            },
            "threads": [self._thread_json(thread) for thread in bugcheck.threads],
            "complete": bugcheck.complete,
        }

    def _thread_json(self, thread: Thread) -> dict[str, Any]:
        return {
            "id": thread.id,
            "name": thread.name,
            "state": thread.state,
            "wait": thread.wait,
            "frames": [self._frame_json(frame) for frame in thread.frames],
        }

    def _frame_json(self, frame: Frame) -> dict[str, Any]:
        places = self._places_of(frame)
        place = places[-1] if places else Place("", "", 0)
        return {
            "module": frame.module,
            "rva": frame.rva,
            "function": place.function,
            "file": place.file,
            "line": place.line,
        }


def _ours(frame: Frame) -> bool:
    return frame.module.lower() == KERNEL


def _addresses(text: str) -> list[int]:
    return [int(word, 16) for word in ADDRESS.findall(text)]


def _is_something(wait: str) -> bool:
    """Whether a thread waits: a null pointer is no object."""
    addresses = _addresses(wait)
    return any(addresses) if addresses else bool(wait)
