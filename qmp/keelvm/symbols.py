# SPDX-License-Identifier: BSD-2-Clause
"""From module+RVA to function, file and line, by llvm-symbolizer."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keelvm.errors import KeelError
from keelvm.pe import read_pe

TIMEOUT = 60.0


@dataclass(frozen=True)
class Place:
    """A place in the source."""

    function: str
    file: str
    line: int

    def __str__(self) -> str:
        where = f" at {self.file}:{self.line}" if self.file else ""
        return f"{self.function}{where}"


class Symbolizer:
    """Looks addresses up in one image; `error` says why when it cannot."""

    def __init__(self, image: Path, program: str, source: Path | None = None) -> None:
        self.image = image
        self.error: str | None = None
        self._program = program
        self._source = source

    def lookup(self, addresses: Iterable[int]) -> dict[int, list[Place]]:
        """The places of each RVA, the innermost inlined one first; unknown ones are left out."""
        places: dict[int, list[Place]] = {}
        for answer in self._ask("CODE", addresses):
            self._take(answer, places)
        return places

    def lookup_data(self, addresses: Iterable[int]) -> dict[int, str]:
        """What lies at these RVAs, as `variable` or `variable+0x18`; unknown ones are left out."""
        names: dict[int, str] = {}
        for answer in self._ask("DATA", addresses):
            data = answer.get("Data") or {}
            name, start = data.get("Name"), int(data.get("Start") or "0", 0)
            if name and start:
                rva = int(answer["Address"], 0)
                offset = rva + read_pe(self.image).base - start
                names[rva] = f"{name}+{offset:#x}" if offset else name
        return names

    def lookup_frames(self, addresses: Iterable[tuple[int, bool]]) -> dict[int, list[Place]]:
        """The places of frames (RVA, whether it is the innermost).

        A return address belongs to the call before it, which may be the last instruction of its
        function. The innermost address is exact, unless it is the first byte of a function:
        then it is the return address of a call that never returns.
        """
        frames = list(addresses)
        found = self.lookup([rva for rva, _ in frames] + [rva - 1 for rva, _ in frames])
        result: dict[int, list[Place]] = {}
        for rva, innermost in frames:
            exact, before = found.get(rva), found.get(rva - 1)
            same = exact and before and exact[-1].function == before[-1].function
            chosen = exact if innermost and (same or not before) else before or exact
            if chosen:
                result.setdefault(rva, chosen)
        return result

    def _ask(self, kind: str, addresses: Iterable[int]) -> list[dict[str, Any]]:
        try:
            size = read_pe(self.image).size
        except (OSError, KeelError) as error:
            self.error = f"no symbols: {error}"
            return []
        wanted = sorted({address for address in addresses if 0 <= address < size})
        return self._parse(self._run(kind, wanted)) if wanted else []

    def _run(self, kind: str, addresses: list[int]) -> str:
        command = [self._program, "--relative-address", f"--obj={self.image}"]
        command += ["--output-style=JSON", "--functions=linkage", "--inlines"]
        command += [f"{kind} {address:#x}" for address in addresses]
        try:
            done = subprocess.run(command, capture_output=True, timeout=TIMEOUT, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            self.error = f"no symbols: {self._program}: {error}"
            return ""
        if done.returncode != 0:
            self.error = f"no symbols: {self._program}: {done.stderr.decode(errors='replace')}"
        return done.stdout.decode(errors="replace")

    def _parse(self, text: str) -> list[dict[str, Any]]:
        result: list[dict[str, Any]] = []
        for line in text.splitlines():
            try:
                answers = json.loads(line)
            except ValueError:
                self.error = f"no symbols: {self._program}: unexpected answer {line[:80]!r}"
                continue
            result += answers if isinstance(answers, list) else [answers]
        return result

    def _take(self, answer: dict[str, Any], places: dict[int, list[Place]]) -> None:
        found = [
            Place(symbol["FunctionName"], self._short(symbol.get("FileName", "")), symbol["Line"])
            for symbol in answer.get("Symbol", [])
            if symbol.get("FunctionName")
        ]
        if found:
            places[int(answer["Address"], 0)] = found

    def _short(self, file: str) -> str:
        file = os.path.normpath(file) if file else ""
        if self._source is None or not os.path.isabs(file):
            return file
        relative = os.path.relpath(file, self._source)
        return file if relative.startswith("..") else relative
