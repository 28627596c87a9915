# SPDX-License-Identifier: BSD-2-Clause
"""ci/suite, ci/tap-pytest, ci/run-checks: nothing that goes wrong comes out green."""
from __future__ import annotations

import pathlib
import subprocess
import time
from collections.abc import Callable

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]


def suite(run: Run, folder: pathlib.Path, command: str, *, limit: str = "20", more: str = "") -> tuple[int, list[str]]:
    path = folder / "a.tap"
    path.write_text(f"budget 10\nlimit {limit}\n{more}run {command}\n", encoding="utf-8")
    result = run("suite", str(path), cwd=folder)
    return result.returncode, result.stdout.splitlines()


def test_results_pass_through(run_script: Run, tmp_path: pathlib.Path) -> None:
    status, lines = suite(run_script, tmp_path, "printf '1..2\\nok 1 a.b\\nnot ok 2 a.c\\n'; exit 1")
    assert lines[:3] == ["1..2", "ok 1 a.b", "not ok 2 a.c"]
    assert lines[3].startswith("# suite a: 1 passed, 1 failed, 0 skipped in ")
    assert status == 0 and not any(line.startswith("Bail out!") for line in lines)


def test_skip_becomes_failure(run_script: Run, tmp_path: pathlib.Path) -> None:
    _, lines = suite(run_script, tmp_path, "printf '1..1\\nok 1 a.b # SKIP no machine\\n'")
    assert lines[1] == "# skipped: no machine; ci/allowed-skips does not name it"
    assert lines[2] == "not ok 1 a.b"


@pytest.mark.parametrize(("command", "complaint"), [
    ("printf '1..1\\nok 1 a.b\\n'; exit 3", "its command ended with status 3"),
    ("kill -9 $$", "its command ended with status -9"),
    ("true", "reported no test"),
])
def test_bad_end_bails_out(run_script: Run, tmp_path: pathlib.Path, command: str, complaint: str) -> None:
    status, lines = suite(run_script, tmp_path, command)
    assert status == 1
    assert lines[-1] == f"Bail out! a: {complaint}"


def test_hang_is_ended_with_its_children(run_script: Run, tmp_path: pathlib.Path) -> None:
    began = time.monotonic()
    status, lines = suite(run_script, tmp_path, "echo 'ok 1 a.b'; sleep 600 & sleep 600", limit="0.5")
    assert status == 1 and time.monotonic() - began < 20
    assert lines[-1] == "Bail out! a: ended after its limit of 0.5 s"


def test_names_are_those_of_the_list(run_script: Run, tmp_path: pathlib.Path) -> None:
    (tmp_path / "selftests.list").write_text("a.b\tboth\t\na.k\tkernel\tx\na.p\tplanted\tx\n", encoding="utf-8")
    good = suite(run_script, tmp_path, "echo 'ok 1 a.b'", more="expect host\n")
    assert good[0] == 0
    missing = suite(run_script, tmp_path, "echo 'ok 1 a.b'", more="expect kernel\n")
    assert missing[1][-1] == "Bail out! a: a.k: did not report"
    extra = suite(run_script, tmp_path, "printf 'ok 1 a.b\\nok 2 a.c\\n'", more="expect host\n")
    assert extra[1][-1] == "Bail out! a: a.c: reported, but is not in selftests.list"


@pytest.mark.parametrize("text", ["run true\n", "budget 1\nlimit 2\n", "budget x\n", "expect both\n", "walk\n"])
def test_bad_suite_file_is_refused(run_script: Run, tmp_path: pathlib.Path, text: str) -> None:
    path = tmp_path / "a.tap"
    path.write_text(text, encoding="utf-8")
    result = run_script("suite", str(path), cwd=tmp_path)
    assert result.returncode == 1
    assert result.stdout.startswith(f"Bail out! {path}")


PYTEST = '''import pytest

def test_good():
    print("unseen")

def test_bad():
    print("seen")
    assert [1] == [2]

@pytest.mark.skip(reason="no machine")
def test_skipped():
    pass

@pytest.fixture
def broken():
    yield 1
    raise RuntimeError("teardown")

def test_teardown(broken):
    pass
'''


def test_pytest_as_tap(run_script: Run, tmp_path: pathlib.Path) -> None:
    (tmp_path / "test_a.py").write_text(PYTEST, encoding="utf-8")
    result = run_script("tap-pytest", str(tmp_path), cwd=tmp_path)
    lines = [line for line in result.stdout.splitlines() if not line.startswith("#")]
    assert lines[0] == "1..4"
    assert [line.partition("::")[2] for line in lines[1:]] == [
        "test_good", "test_bad", "test_skipped # SKIP no machine", "test_teardown"]
    assert [line.startswith("ok") for line in lines[1:]] == [True, False, True, False]
    assert "# E         At index 0 diff: 1 != 2" in result.stdout
    assert "# seen" in result.stdout and "unseen" not in result.stdout
    assert result.returncode == 1


def test_pytest_that_cannot_collect(run_script: Run, tmp_path: pathlib.Path) -> None:
    (tmp_path / "test_a.py").write_text("import nothing_of_this_name\n", encoding="utf-8")
    result = run_script("tap-pytest", str(tmp_path), cwd=tmp_path)
    assert result.returncode != 0
    assert "Bail out!" in result.stdout and "nothing_of_this_name" in result.stdout


def test_pytest_without_tests_bails_out(run_script: Run, tmp_path: pathlib.Path) -> None:
    result = run_script("tap-pytest", str(tmp_path), cwd=tmp_path)
    assert result.returncode != 0 and "Bail out!" in result.stdout


def test_unknown_check_bails_out(run_script: Run) -> None:
    result = run_script("run-checks", "nothing")
    assert result.returncode == 2 and "Bail out! no check nothing" in result.stdout
