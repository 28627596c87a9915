# SPDX-License-Identifier: BSD-2-Clause
"""The source tree as the checks see it: what is distributed, and what was built of it."""
from __future__ import annotations

import argparse
import os
import pathlib
import re
import sys
from dataclasses import dataclass, field

GENERATED = re.compile(r"^(configure|aclocal\.m4|Makefile\.in|build-aux/.*)$")
C_TOKENS = re.compile(r"//[^\n]*|/\*.*?\*/|\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'", re.DOTALL)


@dataclass
class Report:
    """Problems, each with where it is; printed together at the end."""

    lines: list[str] = field(default_factory=list)

    def add(self, where: str, text: str) -> None:
        self.lines.append(f"{where}: {text}")

    def finish(self, good: str) -> int:
        for line in self.lines:
            print(line, file=sys.stderr)
        if not self.lines:
            print(good)
        return 1 if self.lines else 0


@dataclass
class Tree:
    srcdir: pathlib.Path
    builddir: pathlib.Path
    files: list[str]

    def text(self, name: str) -> str:
        return (self.srcdir / name).read_text(encoding="utf-8")

    def match(self, pattern: str) -> list[str]:
        return [name for name in self.files if re.search(pattern, name)]


def parser(description: str | None) -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(description=description)
    root = pathlib.Path(__file__).resolve().parents[2]
    made.add_argument("--srcdir", type=pathlib.Path, default=pathlib.Path(os.environ.get("srcdir", root)))
    made.add_argument("--builddir", type=pathlib.Path, default=pathlib.Path("."))
    made.add_argument("--list", type=pathlib.Path, metavar="FILE",
                      help="the distributed files, one a line (default: BUILDDIR/ci/sources.list, "
                           "or every file of SRCDIR)")
    return made


def open_tree(options: argparse.Namespace) -> Tree:
    listed = options.list or options.builddir / "ci" / "sources.list"
    srcdir = options.srcdir
    if listed.is_file():
        names = {relative(name, srcdir) for name in listed.read_text(encoding="utf-8").split()}
    else:
        names = {str(path.relative_to(srcdir)) for path in srcdir.rglob("*")
                 if path.is_file() and ".git" not in path.relative_to(srcdir).parts}
    files = sorted(name for name in names if not GENERATED.match(name) and (srcdir / name).is_file())
    return Tree(srcdir, options.builddir, files)


def relative(name: str, srcdir: pathlib.Path) -> str:
    """make lists some files with $(srcdir)/ before them, some without."""
    prefix = f"{srcdir}/"
    return os.path.normpath(name[len(prefix):] if name.startswith(prefix) else name)


def objects(builddir: pathlib.Path) -> list[pathlib.Path]:
    """The kernel's object files, in link order."""
    listed = builddir / "ci" / "objects.list"
    return [builddir / name for name in listed.read_text(encoding="utf-8").split()]


def blank_comments(text: str, strings: bool = True) -> str:
    """C text with comments (and strings) blanked, so that offsets and line numbers stay."""

    def blank(match: re.Match[str]) -> str:
        token = match.group()
        if token[0] in "\"'" and not strings:
            return token
        return re.sub(r"[^\n]", " ", token)

    return C_TOKENS.sub(blank, text)


def line_of(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1
