# SPDX-License-Identifier: BSD-2-Clause
"""What llvm-nm says of object files: which symbols each defines for others and which it wants."""
from __future__ import annotations

import os
import pathlib
import re
import subprocess
from dataclasses import dataclass, field

# From src/ke/ntoskrnl_exe-dpc.o to src/ke/dpc: automake puts the program's name before the file's.
OBJECT_NAME = re.compile(r"[^/]*?-([^/]+)\.o$")


class NmError(Exception):
    """llvm-nm refused."""


@dataclass
class Symbols:
    object: str
    source: str
    defined: dict[str, str] = field(default_factory=dict)  # name: nm's letter
    undefined: set[str] = field(default_factory=set)


def source_of(name: str) -> str:
    """The source file's path without its ending."""
    return OBJECT_NAME.sub(r"\1", name)


def read(builddir: pathlib.Path, objects: list[pathlib.Path]) -> list[Symbols]:
    return [_read_one(builddir, path) for path in objects]


def _read_one(builddir: pathlib.Path, path: pathlib.Path) -> Symbols:
    tool = os.environ.get("LLVM_NM") or "llvm-nm"
    result = subprocess.run([tool, "--extern-only", "--format=posix", str(path)],
                            capture_output=True, text=True, check=False, timeout=60)
    if result.returncode != 0:
        raise NmError(f"{path}: {result.stderr.strip()}")
    shown = os.path.relpath(path, builddir)
    symbols = Symbols(shown, source_of(shown))
    for line in result.stdout.splitlines():
        name, kind, *_ = line.split()
        if kind in "Uw":
            symbols.undefined.add(name)
        else:
            symbols.defined[name] = kind
    return symbols
