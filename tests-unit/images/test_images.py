# SPDX-License-Identifier: BSD-2-Clause
"""rtl/pe.c on images that others made: what it sees is what llvm-readobj sees.

`make check-images` fetches them; see README.md.
"""
from __future__ import annotations

import os
import pathlib
import re
import struct
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest

BUILD = pathlib.Path(os.environ["KEEL_BUILD"])
READOBJ = os.environ.get("LLVM_READOBJ") or "llvm-readobj-19"
FOLDER = BUILD / "tests-unit" / "images"
PACKAGES = [line.split()[0] for line in pathlib.Path(__file__).with_name("packages.tbl").read_text(
    encoding="utf-8").splitlines() if line.strip() and not line.startswith("#")]
FILES = sorted(path for package in PACKAGES for path in (FOLDER / package).glob("*"))
OWN = [BUILD / "ntoskrnl.exe", BUILD / "ntoskrnl.stripped.exe"]
TYPES = {"HIGHLOW": 3, "DIR64": 10}
BATCH = 40


@dataclass
class View:
    """What a reader of PE files says of one."""

    exports: dict[int, str] = field(default_factory=dict)
    names: dict[int, list[str]] = field(default_factory=dict)
    imports: list[tuple[str, list[str]]] = field(default_factory=list)
    relocations: dict[int, list[int]] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    exports_unreadable: bool = False

    def line(self, word: str) -> str | None:
        return next((line[len(word) + 1:] for line in self.lines if line.split(" ")[0] == word), None)


def run(command: list[str], files: list[pathlib.Path]) -> str:
    # A name is bytes in no code page that is known.
    return subprocess.run([*command, *files], capture_output=True, encoding="latin-1", check=False,
                          timeout=60).stdout


def parse_dump(text: str) -> View:
    view = View()
    for line in text.splitlines():
        word, _, rest = line.partition(" ")
        if word == "export":
            ordinal, _, what = rest.partition(" ")
            view.exports[int(ordinal)] = what
        elif word == "name":
            ordinal, _, name = rest.partition(" ")
            view.names.setdefault(int(ordinal), []).append(name)
        elif word in ("import", "delay"):
            view.imports.append((rest, []))
        elif word == "symbol":
            view.imports[-1][1].append(rest)
        elif word == "relocations":
            kind, count, total = map(int, rest.split())
            view.relocations[kind] = [count, total]
        else:
            view.lines.append(line)
    return view


EXPORT = re.compile(r"^Export \{\n  Ordinal: (\d+)\n  Name: ?(.*)\n(?:  ForwardedTo: (.*)|  RVA: (\w+))\n", re.MULTILINE)
IMPORT = re.compile(r"^(?:Delay)?Import \{\n  Name: (.*)\n((?:  .*\n)*)", re.MULTILINE)
SYMBOL = re.compile(r"^ +Symbol: (.*\(\d+\))$", re.MULTILINE)
RELOCATION = re.compile(r"^    Type: (\w+)\n    Address: (0x[0-9A-F]+)\n", re.MULTILINE)


def parse_readobj(text: str) -> View:
    view = View()
    for ordinal, name, forward, rva in EXPORT.findall(text):
        if forward or int(rva, 16):
            view.exports[int(ordinal)] = forward or f"0x{int(rva, 16):x}"
            if name:
                view.names[int(ordinal)] = [name]
    view.imports = [(name, SYMBOL.findall(rest)) for name, rest in IMPORT.findall(text)]
    for kind, address in RELOCATION.findall(text):
        if kind != "ABSOLUTE":
            entry = view.relocations.setdefault(TYPES[kind], [0, 0])
            entry[0] += 1
            entry[1] += int(address, 16)
    return view


def readobj(files: list[pathlib.Path]) -> dict[str, View]:
    base = [READOBJ, "--coff-imports", "--coff-basereloc"]
    views = {}
    for path in files:
        text = run([*base, "--coff-exports"], [path])
        unreadable = "BaseReloc" not in text  # it stops at an export directory without names
        view = parse_readobj(run(base, [path]) if unreadable else text)
        view.exports_unreadable = unreadable
        views[str(path)] = view
    return views


def batches(files: list[pathlib.Path]) -> list[list[pathlib.Path]]:
    return [files[at:at + BATCH] for at in range(0, len(files), BATCH)]


def dump(files: list[pathlib.Path]) -> dict[str, View]:
    parts = re.split(r"^file (.*)\n", run([str(BUILD / "pe-dump")], files), flags=re.MULTILINE)
    return {name: parse_dump(text) for name, text in zip(parts[1::2], parts[2::2])}


@pytest.fixture(scope="session")
def ours() -> dict[str, View]:
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return {name: view for part in pool.map(dump, batches(FILES + OWN)) for name, view in part.items()}


@pytest.fixture(scope="session")
def theirs() -> dict[str, View]:
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return {name: view for part in pool.map(readobj, batches(FILES + OWN)) for name, view in part.items()}


def test_the_packages_are_there() -> None:
    assert len(FILES) > 700, "run `make check-images`, which fetches them"


@pytest.mark.parametrize("path", FILES + OWN, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_it_sees_what_readobj_sees(path: pathlib.Path, ours: dict[str, View], theirs: dict[str, View]) -> None:
    mine, other = ours[str(path)], theirs[str(path)]
    if mine.line("status") == "c0000359 is a 32-bit image (PE32)":
        assert path.name.startswith("other-") or machine_of(path) == 0x14C
        return
    assert mine.line("status") == "00000000 is an image"
    assert not [line for line in mine.lines if line.startswith("broken")]
    assert "same" in mine.lines or mine.line("stripped") is not None
    assert mine.imports == other.imports
    assert mine.relocations == other.relocations
    if other.exports_unreadable:
        assert not mine.names
    else:
        assert mine.exports == other.exports
        assert {ordinal: names[0] for ordinal, names in mine.names.items()} == {
            ordinal: names[0] for ordinal, names in other.names.items()}


def machine_of(path: pathlib.Path) -> int:
    data = path.read_bytes()
    return struct.unpack_from("<H", data, struct.unpack_from("<I", data, 60)[0] + 4)[0]


def services(view: View) -> dict[int, set[str]]:
    found: dict[int, set[str]] = {}
    for line in view.lines:
        if line.startswith("service "):
            _, number, name = line.split(" ")
            found.setdefault(int(number), set()).add(name)
    return found


@pytest.mark.parametrize("name, first, count", [("ntdll.dll", 0, 235), ("win32u.dll", 0x1000, 276)])
def test_the_service_numbers_have_no_gaps(ours: dict[str, View], name: str, first: int, count: int) -> None:
    found = services(ours[str(FOLDER / "libwine" / name)])
    assert sorted(found) == list(range(first, first + count))
    known = [min(found[number]) for number in sorted(found) if min(found[number]).startswith("Nt")]
    assert known == sorted(known), "they are numbered by name"


def test_check_sums_of_linkers_are_good(ours: dict[str, View]) -> None:
    # Wine's own images were changed after they were linked.
    good = [name for name, view in ours.items() if "/libwine/" not in name and view.line("checksum") == "good"]
    bad = [name for name, view in ours.items() if "/libwine/" not in name and view.line("checksum") == "bad"]
    assert len(good) > 8 and not bad


def test_version_resources_begin_with_their_mark(ours: dict[str, View]) -> None:
    versions = [line for view in ours.values() if (line := view.line("version")) is not None]
    assert len(versions) > 200
    assert all(line.endswith(" 0xfeef04bd") for line in versions)


def test_the_kernel_names_its_pdb(ours: dict[str, View]) -> None:
    assert (ours[str(BUILD / "ntoskrnl.exe")].line("pdb") or "").endswith(" ntoskrnl.pdb")
