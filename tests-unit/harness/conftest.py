# SPDX-License-Identifier: BSD-2-Clause
"""Makes the package importable and gives the tests their data."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "qmp"))
sys.path.insert(0, str(HERE))


@pytest.fixture
def qemu() -> str:
    """The QEMU that configure found."""
    return os.environ.get("KEEL_QEMU") or "qemu-system-x86_64"


@pytest.fixture
def captured() -> Callable[[str], list[str]]:
    """The lines of a captured log."""

    def read(name: str) -> list[str]:
        return (HERE / "data" / name).read_text(encoding="utf-8").splitlines()

    return read
