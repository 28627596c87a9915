# SPDX-License-Identifier: BSD-2-Clause
"""The list of self-tests that the build makes, and which of them a glob selects."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from keelvm.errors import KeelError, UsageError

SIDES = ("both", "kernel", "host", "planted")
WILDCARDS = "*?"


@dataclass(frozen=True)
class Selftest:
    """One line of selftests.list."""

    name: str
    side: str
    reason: str


def read_list(path: Path) -> list[Selftest]:
    """Read `name<TAB>side<TAB>reason` lines; a malformed or repeated one is an error."""
    tests: dict[str, Selftest] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        name, side, reason = (line.split("\t", 2) + ["", ""])[:3]
        if name.count(".") != 1 or side not in SIDES or name in tests:
            raise KeelError(f"{path}:{number}: not a self-test, or one twice: {line!r}")
        tests[name] = Selftest(name, side, reason)
    if not tests:
        raise KeelError(f"{path} names no self-test")
    return list(tests.values())


def expected_names(tests: list[Selftest], globs: str | None) -> list[str]:
    """The tests that the kernel must report for `selftest[=glob[,glob]]`.

    A glob has `*` and `?`, which match dots too. Planted defects run only where a glob spells
    their suite out. Raises UsageError for a glob that selects nothing.
    """
    names = [test.name for test in tests if test.side in ("both", "kernel")]
    if globs is None:
        return names
    planted = [test.name for test in tests if test.side == "planted"]
    chosen: set[str] = set()
    for glob in globs.split(","):
        pool = names + planted if _spells_suite_out(glob) else names
        found = {name for name in pool if fnmatchcase(name, glob.replace("[", "[[]"))}
        if not found:
            raise UsageError(f"no self-test of the kernel matches '{glob}'")
        chosen |= found
    return [name for name in names + planted if name in chosen]


def _spells_suite_out(glob: str) -> bool:
    suite, dot, _ = glob.partition(".")
    return bool(dot) and not any(c in WILDCARDS for c in suite)
