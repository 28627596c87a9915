# SPDX-License-Identifier: BSD-2-Clause
"""src/rtl/make-tables: the tables in the tree are what it writes."""
from __future__ import annotations

import pathlib
import subprocess
import sys
import unicodedata

import pytest

RTL = pathlib.Path(__file__).resolve().parents[2] / "src" / "rtl"


@pytest.fixture(name="written", scope="module")
def fixture_written(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    folder = tmp_path_factory.mktemp("tables")
    subprocess.run([sys.executable, str(RTL / "make-tables"), str(folder)], check=True, timeout=60)
    return folder


def test_code_pages_are_what_the_script_writes(written: pathlib.Path) -> None:
    assert (written / "codepage_table.h").read_text() == (RTL / "codepage_table.h").read_text()


def test_casing_is_what_the_script_writes(written: pathlib.Path) -> None:
    kept = (RTL / "casing_table.h").read_text()
    if f"Unicode {unicodedata.unidata_version}." not in kept:
        pytest.skip(f"this Python knows Unicode {unicodedata.unidata_version}, the table is of another")
    assert (written / "casing_table.h").read_text() == kept
