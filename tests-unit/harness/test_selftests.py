# SPDX-License-Identifier: BSD-2-Clause
"""The list of self-tests and what a glob selects of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from keelvm.errors import KeelError, UsageError
from keelvm.selftests import expected_names, read_list

LIST = (
    "base_list.a\tboth\t\n"
    "ke_dpc.b\tkernel\tneeds interrupts\n"
    "ke_dpc.c\tboth\t\n"
    "host_only.d\thost\tneeds a file\n"
    "planted.check_fails\tplanted\ta red report\n"
    "planted.hang\tplanted\ta hang\n"
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "selftests.list"
    file.write_text(LIST)
    return file


def test_all_are_those_that_run_in_the_kernel(path: Path) -> None:
    assert expected_names(read_list(path), None) == ["base_list.a", "ke_dpc.b", "ke_dpc.c"]


@pytest.mark.parametrize(
    ("glob", "names"),
    [
        ("ke_dpc.*", ["ke_dpc.b", "ke_dpc.c"]),
        ("ke_dpc.c,base_*", ["base_list.a", "ke_dpc.c"]),
        ("ke?dpc*b", ["ke_dpc.b"]),
        ("*", ["base_list.a", "ke_dpc.b", "ke_dpc.c"]),
        ("planted.hang", ["planted.hang"]),
        ("planted.*", ["planted.check_fails", "planted.hang"]),
    ],
)
def test_globs(path: Path, glob: str, names: list[str]) -> None:
    assert expected_names(read_list(path), glob) == names


@pytest.mark.parametrize(
    "glob",
    ["nothing.*", "host_only.d", "plant*.hang", "planted*", "[b]*", "ke_dpc.b,zz.*", ""],
)
def test_glob_that_selects_nothing_is_refused(path: Path, glob: str) -> None:
    with pytest.raises(UsageError, match="no self-test of the kernel matches"):
        expected_names(read_list(path), glob)


@pytest.mark.parametrize(
    "line", ["a.b\tsomewhere\t", "nodot\tboth\t", "base_list.a\tboth\t", "a.b"]
)
def test_malformed_list_is_refused(path: Path, line: str) -> None:
    path.write_text(LIST + line + "\n")
    with pytest.raises(KeelError, match=":7: not a self-test"):
        read_list(path)


def test_empty_list_is_refused(path: Path) -> None:
    path.write_text("")
    with pytest.raises(KeelError, match="names no self-test"):
        read_list(path)
