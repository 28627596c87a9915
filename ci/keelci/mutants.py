# SPDX-License-Identifier: BSD-2-Clause
"""tests-unit/mutants.tbl: rows of `file | old => new | suite.test`, and what they make of a file's text."""
from __future__ import annotations

from dataclasses import dataclass


class TableError(Exception):
    """A row that cannot be read."""


@dataclass(frozen=True)
class Mutant:
    file: str
    old: str
    new: str
    test: str
    line: int

    def title(self) -> str:
        return f"{self.file}: {self.old} => {self.new}"


def parse(text: str, shown: str) -> list[Mutant]:
    mutants = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        file, first, rest = line.partition(" | ")
        change, last, test = rest.rpartition(" | ")
        old, arrow, new = change.partition(" => ")
        if not arrow and change.endswith(" =>"):
            old, arrow = change[:-3], " =>"
        if not (first and last and arrow) or "." not in test:
            raise TableError(f"{shown}:{number}: wanted 'file | old => new | suite.test'")
        mutants.append(Mutant(file.strip(), old.strip(), new.strip(), test.strip(), number))
    return mutants


def apply(mutant: Mutant, text: str) -> str:
    """The broken text; ValueError says why there is none."""
    lines = text.split("\n")
    hits = [i for i, line in enumerate(lines) if mutant.old in line]
    if len(hits) != 1:
        raise ValueError(f"{len(hits)} lines have '{mutant.old}'")
    line = lines[hits[0]]
    if line.count(mutant.old) != 1:
        raise ValueError(f"line {hits[0] + 1} has '{mutant.old}' {line.count(mutant.old)} times")
    lines[hits[0]] = line.replace(mutant.old, mutant.new)
    return "\n".join(lines)
