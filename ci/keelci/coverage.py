# SPDX-License-Identifier: BSD-2-Clause
"""Branch coverage: raw profiles of the kernel, branches as llvm-cov exports them, their sum, and what it lacks.

A branch is a place in a source file with two sides, taken and not taken; each side counts as one. The same place may be
compiled several times (host and kernel, a header in several files): its counts are added up.

What stands inside CHECK(), IRQL_MAX(), IRQL_IS() or LOCK_HELD() does not count at all, neither as covered nor as lacking:
one side of it stops the machine. The text of the source says where these are, so conditions within their
arguments (`CHECK(a || b)`) are left out with them. Sides that the compiler knows to be impossible do not count either.
"""
from __future__ import annotations

import pathlib
import re
import struct
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from keelci import pe, tree

INVARIANT = re.compile(r"\b(?:CHECK|IRQL_MAX|IRQL_IS|LOCK_HELD)\s*\(")
COUNTERS, DESCRIPTIONS, NAMES = ".lprfc", ".lprfd", ".lprfn"
MAGIC = 0xFF6C70726F667281
DESCRIPTION_BYTES = {8: 48, 9: 64, 10: 64}
LAST_VALUE_KIND = {8: 1, 9: 1, 10: 2}
BRANCH_REGION = 4


class CoverageError(Exception):
    """A profile or an image is not what it should be."""


@dataclass(frozen=True, order=True)
class Place:
    file: str
    line: int
    column: int
    end_line: int
    end_column: int


Sides = tuple[int, int]  # how often it was taken, how often it was not
Branches = dict[Place, Sides]


def raw_version(profile: bytes) -> int:
    """The version of clang's raw format, as a program of the same clang wrote it."""
    if len(profile) < 16 or struct.unpack_from("<Q", profile)[0] != MAGIC:
        raise CoverageError("the host's profile is no raw profile")
    version: int = struct.unpack_from("<Q", profile, 8)[0] & 0xFFFFFFFF
    if version not in DESCRIPTION_BYTES:
        raise CoverageError(f"raw profiles of version {version} are not known here")
    return version


def raw_profile(image: pe.Image, counters: bytes, version: int) -> bytes:
    """What clang's runtime would have written: header, descriptions, counters, names."""
    sections = {section.name: section for section in image.sections}
    for name in (COUNTERS, DESCRIPTIONS, NAMES):
        if name not in sections:
            raise CoverageError(f"the image has no section {name}")
    texts = {name: image.data[sections[name].raw_offset:][:sections[name].virtual_size]
             for name in (DESCRIPTIONS, NAMES)}
    count = len(texts[DESCRIPTIONS]) // DESCRIPTION_BYTES[version]
    room = sections[COUNTERS].virtual_size
    if not counters or len(counters) % 8 or not room - 8 <= len(counters) <= room:
        raise CoverageError(f"{len(counters)} bytes of counters came from the kernel, not {room}")
    descriptions = _whole_distances(texts[DESCRIPTIONS], count, DESCRIPTION_BYTES[version])
    delta = (sections[COUNTERS].rva - sections[DESCRIPTIONS].rva) & (2**64 - 1)
    names = texts[NAMES][1:]  # tests-unit/coverage/dump.c says why
    bitmaps = (0, 0) if version >= 9 else ()
    header = [MAGIC, version, 0, count, 0, len(counters) // 8, 0, *bitmaps, len(names), delta,
              *bitmaps[:1], 0, *((0, 0) if version >= 10 else ()), LAST_VALUE_KIND[version]]
    body = descriptions + counters + names + bytes(-len(names) % 8)
    return struct.pack(f"<{len(header)}Q", *header) + body


def _whole_distances(text: bytes, count: int, size: int) -> bytes:
    """A COFF object can hold 32 bits of the distance to the counters only; the upper half is its sign."""
    made = bytearray(text[:count * size])
    for at in range(16, len(made), size):
        struct.pack_into("<q", made, at, *struct.unpack_from("<i", made, at))
    return bytes(made)


def branches_of(export: Mapping[str, Any], srcdir: pathlib.Path, wanted: re.Pattern[str]) -> Branches:
    """The branches of the wanted files in what `llvm-cov export` printed."""
    found: dict[Place, Sides] = {}
    for unit in export["data"]:
        for function in unit["functions"]:
            names = [tree.relative(name, srcdir) for name in function["filenames"]]
            for row in function["branches"]:
                _add(found, names, row, wanted)
    return found


def _add(found: Branches, names: list[str], row: list[int], wanted: re.Pattern[str]) -> None:
    line, column, end_line, end_column, taken, other, file, _, kind = row[:9]
    name = names[file]
    if kind == BRANCH_REGION and wanted.match(name):
        place = Place(name, line, column, end_line, end_column)
        before = found.get(place, (0, 0))
        found[place] = (before[0] + taken, before[1] + other)


def merge(all_of_them: Iterable[Branches]) -> Branches:
    merged: dict[Place, Sides] = {}
    for branches in all_of_them:
        for place, (taken, other) in branches.items():
            before = merged.get(place, (0, 0))
            merged[place] = (before[0] + taken, before[1] + other)
    return merged


def invariants(text: str) -> list[tuple[int, int]]:
    """From where to where each CHECK() and its like reach: offsets in the text, comments aside."""
    plain = tree.blank_comments(text)
    found = []
    for match in INVARIANT.finditer(plain):
        depth, at = 1, match.end()
        while depth and at < len(plain):
            depth += {"(": 1, ")": -1}.get(plain[at], 0)
            at += 1
        found.append((match.start(), at))
    return found


def without_invariants(branches: Branches, texts: Mapping[str, str]) -> Branches:
    kept = {}
    places: dict[str, list[Place]] = defaultdict(list)
    for place in branches:
        places[place.file].append(place)
    for file, inside in places.items():
        text = texts[file]
        starts = [0] + [match.end() for match in re.finditer("\n", text)]
        ranges = invariants(text)
        for place in inside:
            offset = starts[place.line - 1] + place.column - 1
            if not any(begin <= offset < end for begin, end in ranges):
                kept[place] = branches[place]
    return kept


@dataclass
class Count:
    sides: int = 0
    covered: int = 0

    def add(self, sides: Sides) -> None:
        self.sides += 2
        self.covered += (sides[0] > 0) + (sides[1] > 0)

    def percent(self) -> float:
        return 100.0 * self.covered / self.sides if self.sides else 100.0

    def row(self, name: str) -> str:
        return f"{name:32} {self.sides:6} {self.covered:6} {self.percent():6.1f} %"


def tabulate(branches: Branches) -> tuple[dict[str, Count], dict[str, Count]]:
    """Per file and per folder."""
    files: dict[str, Count] = defaultdict(Count)
    folders: dict[str, Count] = defaultdict(Count)
    for place, sides in sorted(branches.items()):
        files[place.file].add(sides)
        folders[place.file.rpartition("/")[0]].add(sides)
    return files, folders


def lacking(branches: Branches, texts: Mapping[str, str]) -> list[str]:
    rows = []
    for place, (taken, other) in sorted(branches.items()):
        line = texts[place.file].splitlines()[place.line - 1]
        end = place.end_column - 1 if place.end_line == place.line else len(line)
        for side, count in (("true", taken), ("false", other)):
            if not count:
                rows.append(f"{place.file}:{place.line}:{place.column}: never {side}: "
                            f"{line[place.column - 1:end].strip()}")
    return rows
