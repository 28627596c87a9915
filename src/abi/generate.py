#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Generate from the tables of this folder what a build needs.

exports.tbl: one export a line, blank-separated columns name, kind (function or data), file, IRQL, and the
public source, which is the rest of the line; `#` starts a comment line.
"""
from __future__ import annotations

import pathlib
import re
import sys
from dataclasses import dataclass

KINDS = ("function", "data")


class TableError(Exception):
    """A row that cannot be read; its text names file and line."""


@dataclass(frozen=True)
class Export:
    name: str
    kind: str
    file: str
    irql: str
    source: str
    line: int


def parse_row(where: str, number: int, line: str) -> Export:
    columns = line.split(None, 4)
    if len(columns) < 5:
        raise TableError(f"{where}: {len(columns)} columns, wanted name kind file irql source")
    name, kind, file, irql, source = columns
    if not re.fullmatch(r"[A-Za-z_]\w*", name):
        raise TableError(f"{where}: '{name}' is no C identifier")
    if kind not in KINDS:
        raise TableError(f"{where}: kind '{kind}' of {name}, wanted one of {', '.join(KINDS)}")
    return Export(name, kind, file, irql, source.strip(), number)


def read_exports(path: pathlib.Path) -> list[Export]:
    rows: dict[str, Export] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        where = f"{path}:{number}"
        row = parse_row(where, number, line)
        if row.name in rows:
            raise TableError(f"{where}: {row.name} is already at line {rows[row.name].line}")
        rows[row.name] = row
    return list(rows.values())


def exports_def(rows: list[Export]) -> str:
    """The module definition file that lld-link makes the export directory from."""
    lines = ["LIBRARY ntoskrnl.exe", "EXPORTS"]
    for row in sorted(rows, key=lambda row: row.name):
        lines.append(f"    {row.name}{' DATA' if row.kind == 'data' else ''}")
    return "\n".join(lines) + "\n"


def main(arguments: list[str]) -> int:
    if len(arguments) != 3 or arguments[0] != "exports-def":
        print("usage: generate.py exports-def EXPORTS.TBL OUTPUT", file=sys.stderr)
        return 2
    try:
        text = exports_def(read_exports(pathlib.Path(arguments[1])))
    except TableError as error:
        print(error, file=sys.stderr)
        return 1
    output = pathlib.Path(arguments[2])
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
