# SPDX-License-Identifier: BSD-2-Clause
"""ci/check-abi: passes on our tables, and goes red, saying why, for each thing that can be wrong."""
from __future__ import annotations

import pathlib
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TABLES = ROOT / "tests-unit" / "abi"
SECONDS = 120


class Bench:
    """Copies of the tables and headers that a test may break."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.layout = folder / "layout.tbl"
        self.exceptions = folder / "exceptions.tbl"
        self.headers = folder / "include"
        shutil.copy(TABLES / "layout.tbl", self.layout)
        shutil.copy(TABLES / "exceptions.tbl", self.exceptions)
        shutil.copytree(ROOT / "src" / "include" / "nt", self.headers / "nt")

    def run(self, *options: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(ROOT / "ci" / "check-abi"), "--layout", str(self.layout), "--exceptions",
             str(self.exceptions), "--headers", str(self.headers), *options],
            capture_output=True, text=True, timeout=SECONDS, check=False)

    def replace(self, path: pathlib.Path, old: str, new: str) -> None:
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{path.name}: {old!r} stands there {text.count(old)} times"
        path.write_text(text.replace(old, new), encoding="utf-8")

    def append(self, path: pathlib.Path, line: str) -> None:
        path.write_text(path.read_text(encoding="utf-8") + line + "\n", encoding="utf-8")

    def drop(self, path: pathlib.Path, start: str) -> None:
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        kept = [line for line in lines if not line.startswith(start)]
        assert len(kept) < len(lines), f"{path.name} has no line that starts with {start!r}"
        path.write_text("".join(kept), encoding="utf-8")


@pytest.fixture
def bench(tmp_path: pathlib.Path) -> Bench:
    return Bench(tmp_path)


def red(result: subprocess.CompletedProcess[str], *messages: str) -> None:
    assert result.returncode == 1, result.stdout + result.stderr
    for message in messages:
        assert message in result.stderr


def test_our_tables_and_headers_pass(bench: Bench) -> None:
    result = bench.run()
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    assert "0 faults" in result.stdout


def row(bench: Bench, structure: str, member: str) -> str:
    for line in bench.layout.read_text(encoding="utf-8").splitlines():
        if line.split()[:2] == [structure, member]:
            return line
    raise AssertionError(f"no row {structure} {member}")


def test_a_wrong_size_is_red(bench: Bench) -> None:
    good = row(bench, "KEVENT", "sizeof")
    bench.replace(bench.layout, good, "KEVENT sizeof 32")
    red(bench.run(), "KEVENT sizeof: the table says 32", "but it is 24 there: our headers for the PE",
        "our headers for the host", "KEVENT sizeof 32: mingw-w64 has 24")


def test_a_wrong_offset_is_red(bench: Bench) -> None:
    bench.replace(bench.layout, row(bench, "KDPC", "DeferredRoutine"), "KDPC DeferredRoutine 16")
    red(bench.run(), "KDPC DeferredRoutine: the table says 16", "ke.h: asserts KDPC DeferredRoutine 24")


def test_a_row_of_a_structure_that_we_lack_is_red(bench: Bench) -> None:
    bench.append(bench.layout, "NO_SUCH_STRUCTURE sizeof 8")
    red(bench.run(), "NO_SUCH_STRUCTURE sizeof: the table says 8", "but it is not known there")


def test_a_header_that_differs_from_mingw_is_red(bench: Bench) -> None:
    """Header and table agree with each other and are both wrong: the second opinion says so."""
    ke = bench.headers / "nt" / "ke.h"
    bench.replace(ke, "    DISPATCHER_HEADER Header;\n    LONG Limit;\n",
                  "    DISPATCHER_HEADER Header;\n    LONG Fill[2];\n    LONG Limit;\n")
    bench.replace(ke, "NT_ASSERT_SIZE(KSEMAPHORE, 32);", "NT_ASSERT_SIZE(KSEMAPHORE, 40);")
    bench.replace(ke, "NT_ASSERT_OFFSET(KSEMAPHORE, Limit, 24);",
                  "NT_ASSERT_OFFSET(KSEMAPHORE, Limit, 32);")
    bench.replace(bench.layout, row(bench, "KSEMAPHORE", "sizeof"), "KSEMAPHORE sizeof 40")
    bench.replace(bench.layout, row(bench, "KSEMAPHORE", "Limit"), "KSEMAPHORE Limit 32")
    red(bench.run(), "KSEMAPHORE sizeof 40: mingw-w64 has 32",
        "KSEMAPHORE Limit 32: mingw-w64 has 24")


def test_an_assert_without_a_row_is_red(bench: Bench) -> None:
    bench.drop(bench.layout, row(bench, "KTIMER", "Period"))
    red(bench.run(), "ke.h: asserts KTIMER Period 60, layout.tbl has no such row")


def test_a_missing_exception_is_red(bench: Bench) -> None:
    bench.drop(bench.exceptions, "KUSER_SHARED_DATA XState ")
    bench.drop(bench.exceptions, "KPRCB ")
    red(bench.run(), "KUSER_SHARED_DATA XState 984: mingw-w64 has 992",
        "KPRCB sizeof 48: mingw-w64 does not know it")


def test_an_exception_with_another_value_is_red(bench: Bench) -> None:
    bench.replace(bench.exceptions, "KUSER_SHARED_DATA XState wrong 992",
                  "KUSER_SHARED_DATA XState wrong 1000")
    red(bench.run(), "mingw-w64 has 992, and exceptions.tbl does not say so",
        "KUSER_SHARED_DATA XState wrong: no longer needed")


@pytest.mark.parametrize("line", [
    "KEVENT sizeof wrong 32 some page",
    "KEVENT * missing some page",
])
def test_an_exception_that_is_not_needed_is_red(bench: Bench, line: str) -> None:
    bench.append(bench.exceptions, line)
    red(bench.run(), f"{' '.join(line.split()[:3])}: no longer needed")


def test_a_wrong_constant_is_red(bench: Bench) -> None:
    bench.replace(bench.headers / "nt" / "ntstatus.h", "((NTSTATUS)0xC0000034)",
                  "((NTSTATUS)0xC0000035)")
    red(bench.run(), "constant STATUS_OBJECT_NAME_NOT_FOUND: -0x3fffffcb here")


def test_an_exception_for_a_right_constant_is_red(bench: Bench) -> None:
    bench.append(bench.exceptions, "STATUS_PENDING value wrong 0x104 some page")
    bench.append(bench.exceptions, "STATUS_NO_SUCH_THING value wrong 1 some page")
    red(bench.run(), "STATUS_PENDING value wrong: no longer needed",
        "STATUS_NO_SUCH_THING value wrong: no longer needed")


def test_headers_that_do_not_compile_are_named(bench: Bench) -> None:
    bench.append(bench.headers / "nt" / "list.h", "no such declaration;")
    red(bench.run(), "our headers for the PE target does not compile", "list.h")


def test_absent_mingw_headers_are_red_and_say_so(bench: Bench, tmp_path: pathlib.Path) -> None:
    red(bench.run("--mingw", str(tmp_path)), "no mingw-w64 headers", "mingw-w64-common")


@pytest.mark.parametrize(("table", "line", "message"), [
    ("layout", "KEVENT Header", "expected 'structure member value'"),
    ("layout", "KEVENT Header zero", "'zero' is not a number"),
    ("layout", "KEVENT sizeof 24", "KEVENT sizeof was given in line"),
    ("exceptions", "KEVENT sizeof odd 24 some page", "expected 'structure member wrong VALUE source'"),
    ("exceptions", "KEVENT sizeof wrong 24", "no source is named"),
])
def test_a_malformed_row_is_named(bench: Bench, table: str, line: str, message: str) -> None:
    path: pathlib.Path = getattr(bench, table)
    bench.append(path, line)
    last = len(path.read_text(encoding="utf-8").splitlines())
    red(bench.run(), f"{table}.tbl:{last}: ", message)


def test_a_table_without_rows_is_red(bench: Bench) -> None:
    bench.layout.write_text("# nothing\n", encoding="utf-8")
    red(bench.run(), "layout.tbl has no rows")
