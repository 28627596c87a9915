# SPDX-License-Identifier: BSD-2-Clause
"""ci/check-lock-order: a page that fits passes; a contradiction, an edge too many and a cut run are named."""
from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "ci" / "check-lock-order"
TABLE = 'LOCK_CLASS(SPIN, 2, "drivers")\nLOCK_CLASS(LOW, 5, "a")\nLOCK_CLASS(HIGH, 9, "b")\n'
RUN = "@lock_edge held=SPIN wanted=SPIN\n@lock_edge held=LOW wanted=HIGH\n@lock_edges count=2\n"


def run(top: Path, *arguments: str) -> tuple[int, str]:
    command = [sys.executable, str(SCRIPT), "--srcdir", str(top), "--builddir", str(top), *arguments]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    return result.returncode, result.stdout + result.stderr


@pytest.fixture()
def top(tmp_path: Path) -> Path:
    """A tree whose page was made of RUN."""
    (tmp_path / "src" / "ke").mkdir(parents=True)
    (tmp_path / "src" / "ke" / "lock_classes.tbl").write_text(TABLE)
    (tmp_path / "run").write_text(RUN)
    status, text = run(tmp_path, "--write", "--run", str(tmp_path / "run"))
    assert status == 0, text
    return tmp_path


def test_the_page_fits_what_it_was_made_of(top: Path) -> None:
    assert run(top) == (0, "3 classes, 2 edges\n")
    assert run(top, "--run", str(top / "run"))[0] == 0


@pytest.mark.parametrize(("text", "complaint"), [
    ("@lock_edge held=SPIN wanted=HIGH\n@lock_edges count=1\n", "HIGH was wanted while SPIN was held, which is not"),
    ("@lock_edge held=HIGH wanted=LOW\n@lock_edges count=1\n", "HIGH (rank 9) was held when LOW (rank 5) was wanted"),
    ("@lock_edge held=LOW wanted=LOW\n@lock_edges count=1\n", "LOW (rank 5) was held when LOW (rank 5) was wanted"),
    ("@lock_edge held=LOW wanted=GONE\n@lock_edges count=1\n", "there is no class GONE"),
    ("@lock_edge held=LOW wanted=HIGH\n", "1 edges, and the run counts 0"),
    ("ok 1 nothing\n", "shows no edges"),
])
def test_a_run_that_does_not_fit_is_refused(top: Path, text: str, complaint: str) -> None:
    (top / "run").write_text(text)
    status, output = run(top, "--run", str(top / "run"))
    assert status == 1
    assert complaint in output


def test_a_page_that_ranks_contradict_is_refused(top: Path) -> None:
    (top / "src" / "ke" / "lock_classes.tbl").write_text(TABLE.replace("LOW, 5", "LOW, 10"))
    status, output = run(top)
    assert status == 1
    assert "LOW (rank 10) was held when HIGH (rank 9) was wanted" in output


def test_a_page_changed_by_hand_is_refused(top: Path) -> None:
    page = top / "src" / "ke" / "LOCK-ORDER.md"
    page.write_text(page.read_text().replace("`LOW` | 5", "`LOW` | 4"))
    status, output = run(top)
    assert status == 1
    assert "is not what its edges and the table make" in output
