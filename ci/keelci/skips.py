# SPDX-License-Identifier: BSD-2-Clause
"""ci/allowed-skips: which tests may be skipped, and why. Rows: a glob of test names, blanks, the reason."""
from __future__ import annotations

import fnmatch
import pathlib
from dataclasses import dataclass


class SkipsError(Exception):
    """A row without a reason."""


@dataclass(frozen=True)
class AllowedSkips:
    rows: tuple[tuple[str, str], ...]

    def reason_for(self, name: str) -> str | None:
        for glob, reason in self.rows:
            if fnmatch.fnmatchcase(name, glob):
                return reason
        return None


def read(path: pathlib.Path) -> AllowedSkips:
    rows = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        glob, *reason = line.split(None, 1)
        if not reason:
            raise SkipsError(f"{path}:{number}: {glob} gives no reason")
        rows.append((glob, reason[0].strip()))
    return AllowedSkips(tuple(rows))
