# SPDX-License-Identifier: BSD-2-Clause
"""ci/mutate: what turns red is caught, what stays green survived, and nothing is written into the tree."""
from __future__ import annotations

import json
import pathlib
import shlex
import subprocess

import pytest
from conftest import CC, Fixture

SOURCE = '''#include "a.h"
#include "b/b.h"

int add(int x)
{
    int unused = 0;

    (void)unused;
    while (x > LIMIT)
        x--;
    return x + 1;
}
'''
RUNNER = '''#include <stdio.h>
#include <string.h>
#include "src/a/a.h"

int main(int argc, char **argv)
{
    int good = add(4) == 5 && add(20) == 11 && TWO == 2;

    if (argc == 2 && strcmp(argv[1], "selftest=a.red") == 0)
        good = 0;
    printf("KTAP version 1\\n1..1\\n%sok 1 %s\\n", good ? "" : "not ", argc == 2 ? argv[1] + 9 : "");
    return !good;
}
'''
FILES = {
    "src/a/a.c": SOURCE,
    "src/a/a.h": "#define LIMIT 10\n#define TWO 2\nint add(int x);\n",
    "src/b/b.h": "\n",
    "arch/host/main.c": RUNNER,
}


@pytest.fixture
def workshop(tree: Fixture) -> Fixture:
    """A build folder with a host runner in it, and what the Makefile says of how it is built."""
    tree.write(FILES)
    flags = [*CC, "-I", str(tree.srcdir), "-I", str(tree.srcdir / "src"), "-O1"]
    objects = []
    for source in ("src/a/a.c", "arch/host/main.c"):
        folder, _, base = source.rpartition("/")
        (tree.builddir / folder / ".deps").mkdir(parents=True, exist_ok=True)
        name = f"{folder}/keel_unit-{base.removesuffix('.c')}.o"
        depends = f"{folder}/.deps/keel_unit-{base.removesuffix('.c')}.Po"
        subprocess.run([*flags, "-MD", "-MF", depends, "-c", str(tree.srcdir / source), "-o", name],
                       cwd=tree.builddir, check=True)
        objects.append(name)
    side = {"compile": shlex.join(flags), "assemble": shlex.join(flags),
            "link": f"{shlex.join(CC)} -o @OUT@ @OBJECTS@", "objects": " ".join(objects)}
    (tree.builddir / "ci").mkdir()
    (tree.builddir / "ci" / "mutate.json").write_text(json.dumps({"objcopy": "x", "host": side, "kernel": side}))
    subprocess.run([*CC, "-o", "keel-unit", *objects], cwd=tree.builddir, check=True)
    (tree.builddir / "selftests.list").write_text("a.adds\tboth\t\na.red\tboth\t\n")
    return tree


def mutate(workshop: Fixture, rows: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    workshop.write({"tests-unit/mutants.tbl": rows})
    return workshop.run("mutate", "--seed", "1", "--host-seconds", "2", *arguments)


@pytest.mark.parametrize(("row", "verdict"), [
    ("src/a/a.c | x + 1 => x + 2 | a.adds", "caught"),
    ("src/a/a.c | x > LIMIT => x >= LIMIT | a.adds", "caught"),
    ("src/a/a.c | x--; => ; | a.adds", "caught"),
    ("src/a/a.h | LIMIT 10 => LIMIT 11 | a.adds", "caught"),
    ("src/a/a.h | TWO 2 => TWO 3 | a.adds", "caught"),
    ("src/a/a.c | int unused = 0; => int unused = 1; | a.adds", "survived"),
    ("src/a/a.c | nowhere => else | a.adds", "does-not-apply (0 lines have"),
    ("src/a/a.c | (void)unused; => ; | a.adds", "survived"),
    ("src/a/a.c | x => y | a.adds", "does-not-apply (4 lines have"),
    ("src/a/a.c | #include \"a.h\" => | a.adds", "does-not-apply (does not compile"),
    ("src/a/none.c | a => b | a.adds", "does-not-apply (no such file"),
])
def test_verdict(workshop: Fixture, row: str, verdict: str) -> None:
    result = mutate(workshop, row + "\n")
    assert verdict.partition(" ")[0] in result.stdout.splitlines()[1].split()[0]
    assert verdict.partition(" ")[2] in result.stdout
    assert result.returncode == (0 if verdict == "caught" else 1)


def test_hang_is_caught(workshop: Fixture) -> None:
    result = mutate(workshop, "src/a/a.c | x--; => __asm__ volatile(\"\" : \"+r\"(x)); | a.adds\n")
    assert result.stdout.splitlines()[1].startswith("caught") and "(hung)" in result.stdout


def test_tree_stays_as_it_was(workshop: Fixture) -> None:
    before = {path: path.read_bytes() for path in sorted(workshop.srcdir.rglob("*")) if path.is_file()}
    built = {path: path.read_bytes() for path in sorted(workshop.builddir.rglob("*")) if path.is_file()}
    workshop.run("mutate", "--table", str(table(workshop)))
    assert before == {path: path.read_bytes() for path in sorted(workshop.srcdir.rglob("*")) if path.is_file()}
    assert built == {path: path.read_bytes() for path in sorted(workshop.builddir.rglob("*")) if path.is_file()}


def table(workshop: Fixture) -> pathlib.Path:
    path = workshop.srcdir.parent / "mutants.tbl"
    path.write_text("src/a/a.c | x + 1 => x + 2 | a.adds\nsrc/a/a.h | TWO 2 => TWO 3 | a.adds\n")
    return path


def test_sample_and_tap(workshop: Fixture) -> None:
    result = workshop.run("mutate", "--table", str(table(workshop)), "--sample", "1", "--seed", "7", "--tap")
    lines = result.stdout.splitlines()
    assert lines[:2] == ["# seed 7: 1 of the rows", "1..1"]
    assert lines[2].startswith("ok 1 mutant.") and lines[2].endswith("a.adds")
    again = workshop.run("mutate", "--table", str(table(workshop)), "--sample", "1", "--seed", "7", "--tap")
    assert again.stdout == result.stdout


@pytest.mark.parametrize(("rows", "complaint"), [
    ("src/a/a.c | x + 1 | a.adds\n", "mutants.tbl:1: wanted 'file | old => new | suite.test'"),
    ("src/a/a.c | x + 1 => x | nothing\n", "mutants.tbl:1: wanted"),
    ("src/a/a.c | x + 1 => x | a.none\n", "mutants.tbl:1: no self-test a.none"),
    ("src/a/a.c | x + 1 => x | a.red\n", "a.red is red on the host without any break"),
    ("# nothing\n", "no row's file or test matches '*'"),
])
def test_refusals(workshop: Fixture, rows: str, complaint: str) -> None:
    result = mutate(workshop, rows)
    assert result.returncode == 2
    assert complaint in result.stdout


def test_glob_that_matches_nothing_is_refused(workshop: Fixture) -> None:
    result = mutate(workshop, "src/a/a.c | x + 1 => x | a.adds\n", "src/z/*")
    assert result.returncode == 2 and "no row's file or test matches 'src/z/*'" in result.stdout
