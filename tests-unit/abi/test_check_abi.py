# SPDX-License-Identifier: BSD-2-Clause
"""ci/check-abi: passes on our tables, and goes red, saying why, for each thing that can be wrong.

A run takes seconds, so most defects are planted together and each must be named in one report.
"""
from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
from collections.abc import Callable

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
        self.more_layout = [folder / path.name for path in sorted(TABLES.glob("layout-*.tbl"))]
        shutil.copy(TABLES / "layout.tbl", self.layout)
        for path in self.more_layout:
            shutil.copy(TABLES / path.name, path)
        shutil.copy(TABLES / "exceptions.tbl", self.exceptions)
        shutil.copytree(ROOT / "src" / "include" / "nt", self.headers / "nt")

    def run(self, *options: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(ROOT / "ci" / "check-abi"), "--layout", str(self.layout),
             *map(str, self.more_layout), "--exceptions", str(self.exceptions), "--headers",
             str(self.headers), *options],
            capture_output=True, text=True, timeout=SECONDS, check=False)

    def replace(self, path: pathlib.Path, old: str, new: str) -> None:
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{path.name}: {old!r} stands there {text.count(old)} times"
        path.write_text(text.replace(old, new), encoding="utf-8")

    def row(self, structure: str, member: str) -> str:
        for line in self.layout.read_text(encoding="utf-8").splitlines():
            if line.split()[:2] == [structure, member]:
                return line
        raise AssertionError(f"no row {structure} {member}")

    def change_row(self, structure: str, member: str, value: int) -> None:
        self.replace(self.layout, self.row(structure, member), f"{structure} {member} {value}")

    def header(self, name: str) -> pathlib.Path:
        return self.headers / "nt" / name

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
    assert " 0 faults" in result.stdout


def wrong_size(bench: Bench) -> None:
    bench.change_row("KEVENT", "sizeof", 32)


def wrong_offset(bench: Bench) -> None:
    bench.change_row("KDPC", "DeferredRoutine", 16)


def unknown_structure(bench: Bench) -> None:
    bench.append(bench.layout, "NO_SUCH_STRUCTURE sizeof 8")


def header_and_table_wrong_together(bench: Bench) -> None:
    """They agree with each other, so only the second opinion can tell."""
    ke = bench.header("ke.h")
    bench.replace(ke, "    DISPATCHER_HEADER Header;\n    LONG Limit;\n",
                  "    DISPATCHER_HEADER Header;\n    LONG Fill[2];\n    LONG Limit;\n")
    bench.replace(ke, "NT_ASSERT_SIZE(KSEMAPHORE, 32);", "NT_ASSERT_SIZE(KSEMAPHORE, 40);")
    bench.replace(ke, "NT_ASSERT_OFFSET(KSEMAPHORE, Limit, 24);",
                  "NT_ASSERT_OFFSET(KSEMAPHORE, Limit, 32);")
    bench.change_row("KSEMAPHORE", "sizeof", 40)
    bench.change_row("KSEMAPHORE", "Limit", 32)


def assert_without_row(bench: Bench) -> None:
    bench.drop(bench.layout, bench.row("KTIMER", "Period"))


def exceptions_gone(bench: Bench) -> None:
    bench.drop(bench.exceptions, "KUSER_SHARED_DATA XState ")
    bench.drop(bench.exceptions, "KPRCB ")


def exception_with_another_value(bench: Bench) -> None:
    bench.replace(bench.exceptions, "KUSER_SHARED_DATA SystemCall wrong 768",
                  "KUSER_SHARED_DATA SystemCall wrong 1000")


def exceptions_without_need(bench: Bench) -> None:
    bench.append(bench.exceptions, "KQUEUE sizeof wrong 32 some page")
    bench.append(bench.exceptions, "KAPC * missing some page")
    bench.append(bench.exceptions, "STATUS_PENDING value wrong 0x104 some page")
    bench.append(bench.exceptions, "STATUS_NO_SUCH_THING value wrong 1 some page")
    bench.append(bench.exceptions, "KeCancelTimer prototype wrong 4(p) some page")


def wrong_constants(bench: Bench) -> None:
    bench.replace(bench.header("ntstatus.h"), "((NTSTATUS)0xC0000034)", "((NTSTATUS)0xC0000035)")
    bench.replace(bench.header("ke.h"), "    WrQueue,\n", "    WrOneTooMany,\n    WrQueue,\n")


def wrong_prototypes(bench: Bench) -> None:
    bench.replace(bench.header("ke_ddi.h"), "BOOLEAN KeSetTimerEx(KTIMER *timer, ",
                  "BOOLEAN KeSetTimerEx(KTIMER *timer, ULONG more, ")
    bench.replace(bench.header("ke_ddi.h"), "BOOLEAN KeInsertQueueDpc(",
                  "ULONG KeInsertQueueDpc(")


DEFECTS: list[tuple[Callable[[Bench], None], list[str]]] = [
    (wrong_size, ["KEVENT sizeof: the table says 32",
                  "but it is 24 there: our headers for the PE target",
                  "but it is 24 there: our headers for the host",
                  "KEVENT sizeof 32: mingw-w64 has 24"]),
    (wrong_offset, ["KDPC DeferredRoutine: the table says 16",
                    "ke.h: asserts KDPC DeferredRoutine 24, the table has 16"]),
    (unknown_structure, ["NO_SUCH_STRUCTURE sizeof: the table says 8",
                         "but it is not known there"]),
    (header_and_table_wrong_together, ["KSEMAPHORE sizeof 40: mingw-w64 has 32",
                                       "KSEMAPHORE Limit 32: mingw-w64 has 24"]),
    (assert_without_row, ["ke.h: asserts KTIMER Period 60, no table has such a row"]),
    (exceptions_gone, ["KUSER_SHARED_DATA XState 984: mingw-w64 has 992",
                       "KPRCB sizeof 48: mingw-w64 does not know it"]),
    (exception_with_another_value, ["KUSER_SHARED_DATA SystemCall 776: mingw-w64 has 768",
                                    "KUSER_SHARED_DATA SystemCall wrong: no longer needed"]),
    (exceptions_without_need, ["KQUEUE sizeof wrong: no longer needed",
                               "KAPC * missing: no longer needed",
                               "STATUS_PENDING value wrong: no longer needed",
                               "STATUS_NO_SUCH_THING value wrong: no longer needed",
                               "KeCancelTimer prototype wrong: no longer needed"]),
    (wrong_constants, ["constant STATUS_OBJECT_NAME_NOT_FOUND: -0x3fffffcb here",
                       "constant WrQueue: 0x10 here, 0xf in mingw-w64"]),
    (wrong_prototypes, ["prototype KeSetTimerEx: 1(p,4,8,4,p) here, 1(p,8,4,p) in mingw-w64",
                        "prototype KeInsertQueueDpc: 4(p,p,p) here, 1(p,p,p) in mingw-w64"]),
]


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> subprocess.CompletedProcess[str]:
    bench = Bench(tmp_path_factory.mktemp("broken"))
    for plant, _ in DEFECTS:
        plant(bench)
    return bench.run()


@pytest.mark.parametrize(("plant", "messages"), DEFECTS,
                         ids=[plant.__name__ for plant, _ in DEFECTS])
def test_a_defect_is_named(broken: subprocess.CompletedProcess[str],
                           plant: Callable[[Bench], None], messages: list[str]) -> None:
    red(broken, *messages)


def test_every_fault_reported_was_planted(broken: subprocess.CompletedProcess[str]) -> None:
    planted = ("KEVENT", "KDPC", "NO_SUCH_STRUCTURE", "KSEMAPHORE", "KTIMER Period", "XState",
               "KPRCB", "SystemCall", "KQUEUE sizeof", "KAPC", "STATUS_PENDING",
               "STATUS_NO_SUCH_THING", "KeCancelTimer", "STATUS_OBJECT_NAME_NOT_FOUND",
               "constant Wr", "constant MaximumWaitReason", "KeSetTimerEx", "KeInsertQueueDpc")
    strange = [line for line in broken.stderr.splitlines()
               if not any(name in line for name in planted)]
    assert strange == []


def test_a_wrong_prototype_in_mingw_can_be_excused(bench: Bench) -> None:
    bench.replace(bench.header("ke_ddi.h"), "LONG period_ms, KDPC *dpc);",
                  "LONGLONG period_ms, KDPC *dpc);")
    bench.append(bench.exceptions, "KeSetTimerEx prototype wrong 1(p,8,4,p) some page")
    result = bench.run()
    assert result.returncode == 0, result.stderr


def test_headers_that_do_not_compile_are_named(bench: Bench) -> None:
    bench.append(bench.headers / "nt" / "list.h", "no such declaration;")
    red(bench.run(), "our headers for the PE target does not compile", "list.h")


def test_absent_mingw_headers_are_red_and_say_so(bench: Bench, tmp_path: pathlib.Path) -> None:
    red(bench.run("--mingw", str(tmp_path)), "no mingw-w64 headers", "mingw-w64-common")


@pytest.mark.parametrize(("table", "line", "message"), [
    ("layout", "KEVENT Header", "expected 'structure member value'"),
    ("layout", "KEVENT Header zero", "'zero' is not a number"),
    ("layout", "KEVENT sizeof 24", "KEVENT sizeof was given in layout.tbl:"),
    ("exceptions", "KEVENT sizeof odd 24 some page",
     "expected 'structure member wrong VALUE source'"),
    ("exceptions", "KEVENT sizeof wrong 24", "no source is named"),
])
def test_a_malformed_row_is_named(bench: Bench, table: str, line: str, message: str) -> None:
    path: pathlib.Path = getattr(bench, table)
    bench.append(path, line)
    last = len(path.read_text(encoding="utf-8").splitlines())
    red(bench.run(), f"{table}.tbl:{last}: ", message)


def test_a_table_without_rows_is_red(bench: Bench) -> None:
    bench.layout.write_text("# nothing\n", encoding="utf-8")
    for path in bench.more_layout:
        path.write_text("# nothing\n", encoding="utf-8")
    red(bench.run(), "layout.tbl layout-io.tbl layout-rtl.tbl: no rows")


@pytest.mark.parametrize("target", [
    ["--target=x86_64-pc-windows-msvc"],
    ["--target=aarch64-pc-windows-msvc"],
    ["--target=x86_64-pc-linux-gnu", "-mms-bitfields", "-fshort-wchar", "-fms-extensions", "-mcx16"],
], ids=["pe", "pe-arm64", "host"])
def test_each_header_stands_alone(target: list[str], tmp_path: pathlib.Path) -> None:
    compiler = (os.environ.get("CC") or "clang-19").split()[0]
    sources = []
    for header in sorted((ROOT / "src" / "include" / "nt").glob("*.h")):
        sources.append(tmp_path / f"{header.stem}.c")
        sources[-1].write_text(f"#include <nt/{header.name}>\n", encoding="utf-8")
    result = subprocess.run(
        [compiler, *target, "-ffreestanding", "-nostdlibinc", "-std=c11", "-Wall", "-Wextra",
         "-Wundef", "-Wstrict-prototypes", "-Werror", f"-I{ROOT / 'src' / 'include'}",
         "-fsyntax-only", *map(str, sources)],
        capture_output=True, text=True, timeout=SECONDS, check=False)
    assert result.returncode == 0, result.stderr
