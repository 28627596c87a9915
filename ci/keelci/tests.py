# SPDX-License-Identifier: BSD-2-Clause
"""selftests.list: lines of suite.name, side (both, kernel, host, planted), reason, separated by tabs."""
from __future__ import annotations

import pathlib
from dataclasses import dataclass


@dataclass(frozen=True)
class Listed:
    name: str
    side: str
    reason: str


def read_list(path: pathlib.Path) -> list[Listed]:
    rows = []
    for line in path.read_text(encoding="utf-8").splitlines():
        name, side, reason = line.split("\t")
        rows.append(Listed(name, side, reason))
    return rows


def expected_on(side: str, rows: list[Listed]) -> list[str]:
    """What a run of everything reports there; planted defects run only when they are named."""
    return [row.name for row in rows if row.side in ("both", side)]
