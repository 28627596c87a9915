# SPDX-License-Identifier: BSD-2-Clause
"""ci/coverage: counters that come from the kernel end up at their lines, sums and limits are what they say."""
from __future__ import annotations

import importlib.machinery
import importlib.util
import json
import os
import pathlib
import re
import struct
import subprocess
import sys
import types

import pytest
from conftest import CC, CI, TARGET

sys.path.insert(0, str(CI))
from keelci import coverage, pe  # noqa: E402  (the path comes first)

ALL = re.compile("src/")
SOURCE = """int pick(int x)
{
    if (x > 3)
        return 1;
    return x == 2 ? 5 : 6;
}
"""
HOOK = """int __llvm_profile_runtime;
__attribute__((section(".lprfc$A"), used)) static unsigned long long first = 0;
__attribute__((section(".lprfn$A"), used)) static const char before_names = 0;
"""
INVARIANTS = """void f(int a, int b)
{
    CHECK(a > 0 || (b > 0 && /* ) */ b < 5));
    if (a)
        IRQL_MAX(b);
}
"""


def tool(name: str, default: str) -> str:
    return os.environ.get(name) or default


@pytest.fixture
def image(tmp_path: pathlib.Path) -> pathlib.Path:
    """SOURCE, instrumented and linked as the kernel is."""
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "pick.c").write_text(SOURCE)
    (tmp_path / "hook.c").write_text(HOOK)
    flags = [*CC, *TARGET, "-O0"]
    subprocess.run([*flags, "-fprofile-instr-generate", "-fcoverage-mapping", "-c", "src/pick.c", "-o", "pick.o"],
                   cwd=tmp_path, check=True)
    subprocess.run([*flags, "-c", "hook.c", "-o", "hook.o"], cwd=tmp_path, check=True)
    subprocess.run([tool("LLD_LINK", "lld-link-19"), "/nologo", "/subsystem:native", "/driver", "/entry:pick",
                    "/nodefaultlib", "/align:4096", "/filealign:4096", "/opt:noref", "/out:pick.exe", "pick.o",
                    "hook.o"], cwd=tmp_path, check=True)
    return tmp_path / "pick.exe"


def host_version(folder: pathlib.Path) -> int:
    """What raw profiles this clang writes."""
    (folder / "host.c").write_text("int main(void) { return 0; }\n")
    subprocess.run([*CC, "-fprofile-instr-generate", "host.c", "-o", "host"], cwd=folder, check=True)
    subprocess.run(["./host"], cwd=folder, check=True, env={**os.environ, "LLVM_PROFILE_FILE": "host.profraw"})
    return coverage.raw_version((folder / "host.profraw").read_bytes())


def exported(image: pathlib.Path, counters: bytes) -> coverage.Branches:
    folder = image.parent
    profile = coverage.raw_profile(pe.Image(image.read_bytes()), counters, host_version(folder))
    (folder / "pick.profraw").write_bytes(profile)
    subprocess.run([tool("LLVM_PROFDATA", "llvm-profdata-19"), "merge", "-o", "pick.profdata", "pick.profraw"],
                   cwd=folder, check=True)
    text = subprocess.run([tool("LLVM_COV", "llvm-cov-19"), "export", "--instr-profile=pick.profdata", "pick.exe"],
                          cwd=folder, check=True, capture_output=True, text=True).stdout
    return coverage.branches_of(json.loads(text), folder, ALL)


def test_counters_of_the_image_end_up_at_their_lines(image: pathlib.Path) -> None:
    # The hook's word, then: calls, the first condition true, the second one true.
    branches = exported(image, struct.pack("<4Q", 0, 10, 3, 2))
    found = {(place.file, place.line): sides for place, sides in branches.items()}
    assert found == {("src/pick.c", 3): (3, 7), ("src/pick.c", 5): (2, 5)}


def test_a_dump_that_was_cut_short_is_refused(image: pathlib.Path) -> None:
    read = pe.Image(image.read_bytes())
    with pytest.raises(coverage.CoverageError, match="bytes of counters came from the kernel"):
        coverage.raw_profile(read, struct.pack("<2Q", 0, 10), 10)
    with pytest.raises(coverage.CoverageError, match="0 bytes of counters"):
        coverage.raw_profile(read, b"", 10)


def test_an_unknown_raw_format_is_refused() -> None:
    with pytest.raises(coverage.CoverageError, match="version 99"):
        coverage.raw_version(struct.pack("<QQ", coverage.MAGIC, 99))
    with pytest.raises(coverage.CoverageError, match="no raw profile"):
        coverage.raw_version(b"something else altogether")


def test_invariants_reach_to_their_closing_parenthesis() -> None:
    (first, second) = coverage.invariants(INVARIANTS)
    assert INVARIANTS[slice(*first)].endswith("b < 5))")
    assert INVARIANTS[slice(*second)] == "IRQL_MAX(b)"


def place(line: int, column: int, file: str = "src/ke/a.c") -> coverage.Place:
    return coverage.Place(file, line, column, line, column + 1)


def test_what_stands_in_an_invariant_does_not_count() -> None:
    branches = {place(3, 11): (0, 0), place(3, 21): (1, 0), place(4, 9): (1, 0)}
    kept = coverage.without_invariants(branches, {"src/ke/a.c": INVARIANTS})
    assert kept == {place(4, 9): (1, 0)}
    assert coverage.lacking(kept, {"src/ke/a.c": INVARIANTS}) == ["src/ke/a.c:4:9: never false: a"]


def test_both_sides_of_the_build_are_added_up() -> None:
    merged = coverage.merge([{place(4, 9): (1, 0)}, {place(4, 9): (0, 2), place(5, 9): (0, 1)}])
    assert merged == {place(4, 9): (1, 2), place(5, 9): (0, 1)}
    files, folders = coverage.tabulate(merged)
    assert (files["src/ke/a.c"].sides, files["src/ke/a.c"].covered) == (4, 3)
    assert folders["src/ke"].percent() == 75.0


@pytest.fixture
def script() -> types.ModuleType:
    loader = importlib.machinery.SourceFileLoader("keel_coverage", str(CI / "coverage"))
    spec = importlib.util.spec_from_loader("keel_coverage", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


@pytest.mark.parametrize(("limit", "status"), [("75", 0), ("75.1", 1)])
def test_the_status_says_whether_the_limit_is_kept(
        script: types.ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path,
        capsys: pytest.CaptureFixture[str], limit: str, status: int) -> None:
    """Only ke, ex and rtl are judged; mm is shown."""
    for name in ("ke", "mm"):
        (tmp_path / "src" / name).mkdir(parents=True)
        (tmp_path / "src" / name / "a.c").write_text(INVARIANTS)
    (tmp_path / "ci").mkdir()
    (tmp_path / "ci" / "mutate.json").write_text("{}")
    host = {place(4, 9): (1, 0), place(4, 9, "src/mm/a.c"): (0, 0)}
    kernel = {place(4, 9): (5, 0), place(4, 10): (1, 1)}
    profile = struct.pack("<QQ", coverage.MAGIC, 10)
    monkeypatch.setattr(script, "measure_host", lambda build: (host, profile))
    monkeypatch.setattr(script, "measure_kernel", lambda build, version: kernel)
    assert script.main(["--srcdir", str(tmp_path), "--builddir", str(tmp_path), "--limit", limit]) == status
    text = capsys.readouterr().out
    assert "src/ke/a.c:4:9: never false: a" in text
    assert re.search(r"^src/mm +2 +0 +0\.0 %$", text, re.MULTILINE)
    assert re.search(r"^ke, ex and rtl together +4 +3 +75\.0 %$", text, re.MULTILINE)


def test_a_folder_without_a_build_is_its_own_status(script: types.ModuleType, tmp_path: pathlib.Path) -> None:
    assert script.main(["--builddir", str(tmp_path)]) == 2
