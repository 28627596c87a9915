# SPDX-License-Identifier: BSD-2-Clause
"""Symbols of an image that is built here, and what is said when there are none."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from keelvm.settings import from_environment
from keelvm.symbols import Place, Symbolizer

SOURCE = """\
static int unused[7]; int lonely[3] = {1, 2, 3};
int *data(void) { return lonely[0] ? &lonely[1] : unused; }
__attribute__((noreturn, noinline)) void stops(void) { for (;;) __asm__ volatile(""); }
__attribute__((noinline)) int second(int x) { return x * 3; }
static inline __attribute__((always_inline)) int within(int x) {
    return second(x) + 1;
}
__attribute__((noinline)) int first(int x) {
    return within(x) + 2;
}
__attribute__((noinline)) void caller(void) { stops(); }
__attribute__((noinline)) void after(void) { second(1); }
int start(void) { caller(); after(); return first(1); }
"""


@pytest.fixture(scope="module")
def symbolizer(tmp_path_factory: pytest.TempPathFactory) -> Symbolizer:
    """An image with DWARF from the tools that build the kernel."""
    folder = tmp_path_factory.mktemp("image")
    clang = next((n for n in ("clang-19", "clang") if shutil.which(n)), "clang")
    linker = next((n for n in ("lld-link-19", "lld-link") if shutil.which(n)), "lld-link")
    (folder / "a.c").write_text(SOURCE)
    command = [clang, "--target=x86_64-pc-windows-msvc", "-ffreestanding", "-O1", "-g", "-gdwarf-4"]
    subprocess.run([*command, "-c", "a.c", "-o", "a.obj"], cwd=folder, check=True)
    link = [linker, "/nologo", "/subsystem:native", "/driver", "/entry:start", "/nodefaultlib"]
    link += ["/debug:full,dwarf", "/out:a.exe", "/export:first", "/export:caller", "/export:after"]
    link += ["/export:data"]
    subprocess.run([*link, "/opt:noref", "a.obj"], cwd=folder, check=True)
    return Symbolizer(folder / "a.exe", from_environment(os.environ).symbolizer, folder)


def text_of(symbolizer: Symbolizer) -> dict[str, list[int]]:
    """The RVAs of each function of the image."""
    found = symbolizer.lookup(range(0x1000, 0x1080))
    result: dict[str, list[int]] = {}
    for rva, places in found.items():
        result.setdefault(places[-1].function, []).append(rva)
    return result


def test_function_file_and_line(symbolizer: Symbolizer) -> None:
    rva = text_of(symbolizer)["second"][0]
    assert symbolizer.lookup([rva]) == {rva: [Place("second", "a.c", 4)]}
    assert symbolizer.error is None


def test_inlined_functions_come_first(symbolizer: Symbolizer) -> None:
    inside = text_of(symbolizer)["first"]
    chains = [[p.function for p in symbolizer.lookup([rva])[rva]] for rva in inside]
    assert ["within", "first"] in chains


def test_return_address_after_a_call_that_never_returns(symbolizer: Symbolizer) -> None:
    """The address behind `caller`'s call of `stops` may be the next function's first byte."""
    end = text_of(symbolizer)["caller"][-1] + 1
    for innermost in (False, True):
        places = symbolizer.lookup_frames([(end, innermost)])[end]
        assert places[-1].function == "caller"


def test_innermost_address_is_exact(symbolizer: Symbolizer) -> None:
    """Where a new line begins, the frame is at the new one, a return address at the old one."""
    inside = text_of(symbolizer)["first"]
    places = symbolizer.lookup(inside)
    rva = next(r for r in inside[1:] if places[r] != places[r - 1])
    assert symbolizer.lookup_frames([(rva, True)])[rva] == places[rva]
    assert symbolizer.lookup_frames([(rva, False)])[rva] == places[rva - 1]


def test_variable_is_named(symbolizer: Symbolizer) -> None:
    found = symbolizer.lookup_data(range(0x1000, 0x8000, 4))
    (start,) = [rva for rva, name in found.items() if name == "lonely"]
    assert found[start + 4] == "lonely+0x4"


def test_unknown_address_is_left_out(symbolizer: Symbolizer) -> None:
    assert symbolizer.lookup([0x7FFFFF]) == {}


def test_missing_image_is_told(tmp_path: Path) -> None:
    symbolizer = Symbolizer(tmp_path / "none.exe", "llvm-symbolizer")
    assert symbolizer.lookup([0x1000]) == {}
    assert symbolizer.error is not None and "No such file" in symbolizer.error
    assert "none.exe" in symbolizer.error


def test_file_that_is_no_image_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.exe").write_bytes(b"MZ and then nothing")
    symbolizer = Symbolizer(tmp_path / "a.exe", "llvm-symbolizer")
    assert symbolizer.lookup([0x1000]) == {}
    assert symbolizer.error is not None and "is not a PE32+ image" in symbolizer.error


@pytest.mark.parametrize("program", ["/no/such/tool", "/bin/echo", "/bin/false"])
def test_broken_symbolizer_is_told(symbolizer: Symbolizer, program: str) -> None:
    broken = Symbolizer(symbolizer.image, program)
    assert broken.lookup([0x1000]) == {}
    assert broken.error is not None and broken.error.startswith(f"no symbols: {program}: ")
