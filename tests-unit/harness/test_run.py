# SPDX-License-Identifier: BSD-2-Clause
"""`keel selftest` as a whole, on a stand-in for the kernel: each way to fail must be seen."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from bootsector import HALT, SPIN, TRIPLE_FAULT, exit_with, write_iso
from keelvm.cli import main
from keelvm.selftest import Request, run
from keelvm.settings import Settings

HERE = Path(__file__).resolve().parent
BOOT = "@boot version=0.1.0 variant=checked base=0xfffff80000000000 size=0x200000 cpus=1\n"
GOOD = BOOT + "KTAP version 1\n1..2\nok 1 a.one\nok 2 b.two\n@exit status=33\n"
BUGCHECK = (
    "@bugcheck code=0x80 p1=0x0 p2=0x0 p3=0x0 p4=0x0 cpu=0 name=NMI_HARDWARE_FAILURE\n"
    "@frame cpu=0 n=0 module=ntoskrnl.exe rva=0x1234\n"
    '@thread id=8 name="self-test" state=waiting wait="event 0xffff0000" cpu=0\n'
    "@frame thread=8 n=0 module=ntoskrnl.exe rva=0x2345\n"
    '@thread id=9 name="idle" state=ready wait="0000000000000000" cpu=0\n'
    "@end\n@exit status=3\n"
)
Build = Callable[..., Settings]


@pytest.fixture
def build(tmp_path: Path, qemu: str, monkeypatch: pytest.MonkeyPatch) -> Build:
    """A build folder whose ISO says what the test wants; kept logs stay in the test's folder."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def make(
        text: str, end: bytes, nmi: tuple[str, bytes] | None = None, tests: str = "a.one b.two"
    ) -> Settings:
        write_iso(tmp_path / "keel.iso", text, end, nmi)
        lines = "".join(f"{name}\tboth\t\n" for name in tests.split())
        (tmp_path / "selftests.list").write_text(lines)
        return Settings(build=tmp_path, qemu=qemu, symbolizer="llvm-symbolizer")

    return make


def keel(settings: Settings, *arguments: str) -> int:
    return main(["selftest", *arguments], settings)


def test_good_run(build: Build, capsys: pytest.CaptureFixture[str]) -> None:
    assert keel(build(GOOD, exit_with(33))) == 0
    out = capsys.readouterr().out.splitlines()
    assert out == [*GOOD.splitlines()[1:-1], "# passed: 2 passed"]


def test_failed_test(build: Build, capsys: pytest.CaptureFixture[str]) -> None:
    text = GOOD.replace("ok 2", "# src/b.c:5: CHECK(x)\nnot ok 2").replace("=33", "=3")
    assert keel(build(text, exit_with(3))) == 1
    captured = capsys.readouterr()
    assert "# FAILED: 1 passed, 1 failed" in captured.out
    assert "failed: b.two\n  src/b.c:5: CHECK(x)" in captured.err


def test_missing_test(build: Build, capsys: pytest.CaptureFixture[str]) -> None:
    assert keel(build(GOOD, exit_with(33), tests="a.one b.two c.three")) == 1
    assert "no result: c.three" in capsys.readouterr().err


def test_unexpected_test(build: Build, capsys: pytest.CaptureFixture[str]) -> None:
    assert keel(build(GOOD, exit_with(33), tests="a.one")) == 1
    assert "not expected: b.two" in capsys.readouterr().err


def test_wrong_status(build: Build, capsys: pytest.CaptureFixture[str]) -> None:
    assert keel(build(GOOD, exit_with(35))) == 1
    error = capsys.readouterr().err
    assert "QEMU's exit status is 35, not 33" in error
    assert "the kernel announced status 33, QEMU ended with 35" in error


def test_no_exit_line(build: Build, capsys: pytest.CaptureFixture[str]) -> None:
    assert keel(build(GOOD.replace("@exit status=33\n", ""), exit_with(33))) == 1
    assert "no '@exit' line" in capsys.readouterr().err


def test_garbled_machine_line(build: Build, capsys: pytest.CaptureFixture[str]) -> None:
    text = GOOD.replace("1..2", '@thread name="x\n1..2')
    assert keel(build(text, exit_with(33))) == 1
    assert "a machine line is garbled" in capsys.readouterr().err


def test_truncated_output(build: Build, capsys: pytest.CaptureFixture[str]) -> None:
    assert keel(build(GOOD[: GOOD.index("ok 2") + 6], exit_with(33))) == 1
    error = capsys.readouterr().err
    assert "a result line is cut off" in error
    assert "no result: b.two" in error


def test_triple_fault(build: Build, capsys: pytest.CaptureFixture[str]) -> None:
    assert keel(build(BOOT, TRIPLE_FAULT)) == 1
    error = capsys.readouterr().err
    assert "SHUTDOWN" in error and "guest-reset" in error
    assert "QEMU's exit status is 0, not 33" in error


def test_bugcheck(build: Build, capsys: pytest.CaptureFixture[str]) -> None:
    text = GOOD[: GOOD.index("ok 2")] + BUGCHECK
    assert keel(build(text, exit_with(3))) == 1
    error = capsys.readouterr().err
    assert "bugcheck 0x00000080 NMI_HARDWARE_FAILURE" in error
    assert "ntoskrnl.exe+0x1234" in error
    assert "no symbols: " in error


def test_bugcheck_after_all_tests_is_no_pass(build: Build) -> None:
    text = GOOD.replace("@exit status=33\n", BUGCHECK.replace("status=3", "status=33"))
    assert keel(build(text, exit_with(33))) == 1


def test_hang_is_asked_for_its_threads(build: Build, capsys: pytest.CaptureFixture[str]) -> None:
    settings = build(GOOD[: GOOD.index("ok 2")], HALT, nmi=(BUGCHECK, exit_with(3)))
    assert keel(settings, "--timeout", "4", "--smp", "1") == 1
    error = capsys.readouterr().err
    assert "QEMU did not end within 4 s" in error
    assert 'thread 9 "idle": ready, processor 0\n' in error
    assert 'thread 8 "self-test": waiting, waits for event 0xffff0000' in error
    assert "ntoskrnl.exe+0x2345" in error


def test_hang_that_does_not_answer(
    build: Build, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("keelvm.session.NMI_TIMEOUT", 0.5)
    settings = build(BOOT + "half a li", SPIN, nmi=("", SPIN))
    assert keel(settings, "--timeout", "4", "--smp", "1") == 1
    error = capsys.readouterr().err
    assert "the kernel did not answer the NMI" in error
    assert "processor 0 is at:\n  #0   0x" in error


def test_json(build: Build, tmp_path: Path) -> None:
    file = tmp_path / "out.json"
    assert keel(build(GOOD, exit_with(33)), "--json", str(file), "--seed", "0x10") == 0
    data = json.loads(file.read_text())
    assert data["passed"] is True
    assert data["options"] == "selftest seed=16"
    assert [test["name"] for test in data["tests"]] == ["a.one", "b.two"]
    text = GOOD.replace("ok 2", "not ok 2")
    assert keel(build(text, exit_with(3)), "--json", str(file)) == 1
    data = json.loads(file.read_text())
    assert data["passed"] is False
    assert data["report"]["status"] == 3


def test_command_line_reaches_qemu(build: Build) -> None:
    settings = build(GOOD, exit_with(33))
    outcome = run(settings, Request(globs="a.*,b.*", append="loglevel=7"))
    assert outcome.passed
    command = outcome.report.json()["command"]
    assert "type=11,value=selftest=a.*,,b.* loglevel=7" in command


def test_logs_of_a_failure_stay(build: Build, capsys: pytest.CaptureFixture[str]) -> None:
    assert keel(build("half", exit_with(3))) == 1
    line = next(t for t in capsys.readouterr().err.splitlines() if t.startswith("logs: "))
    assert (Path(line[6:]) / "com1.log").read_text() == "half"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--icount", "--smp", "2"], "--icount works with one processor only, not with 2"),
        (["zzz.*"], "no self-test of the kernel matches 'zzz.*'"),
        (["--variant", "none"], "variant 'none' is not built (there is: checked)"),
        (["--smp", "0"], "at least one processor, not 0"),
        (["--mem", "0"], "at least 1 MiB of memory, not 0"),
        (["--timeout", "0"], "--timeout must be more than 0 s"),
        (["--append", "a\tb"], "printable ASCII"),
        (["--", "x"], "'selftest' takes nothing after '--'"),
    ],
)
def test_usage_errors(
    build: Build, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert keel(build(GOOD, exit_with(33)), *arguments) == 2
    error = capsys.readouterr().err
    assert message in error
    assert len(error.splitlines()) == 1


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["selftest", "--smp", "two"]])
def test_argparse_errors(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments, Settings(build=Path("/nowhere")))
    assert ended.value.code == 2
    assert "usage: keel" in capsys.readouterr().err


def test_harness_errors(
    build: Build, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    build(GOOD, exit_with(33))
    assert keel(Settings(build=tmp_path, qemu="/no/qemu")) == 125
    assert "cannot start '/no/qemu'" in capsys.readouterr().err
    assert keel(Settings(build=tmp_path / "empty")) == 125
    assert "keel.iso does not exist" in capsys.readouterr().err
    assert keel(Settings(build=tmp_path), "--json", "/no/such/folder/x") == 125
    assert "cannot write /no/such/folder/x" in capsys.readouterr().err


def test_terminal_shows_progress(build: Build, tmp_path: Path) -> None:
    """On a terminal: a counting line and no KTAP."""
    settings = build(GOOD.replace("ok 2", "not ok 2"), exit_with(3))
    code = (
        f"import sys; sys.path.insert(0, {str(HERE.parents[1] / 'qmp')!r})\n"
        "from pathlib import Path\nfrom keelvm.cli import main\n"
        "from keelvm.settings import Settings\n"
        f"sys.exit(main(['selftest'], Settings(Path({str(tmp_path)!r}), qemu={settings.qemu!r})))"
    )
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-B", "-c", code],
        stdout=theirs,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    os.close(theirs)
    shown = b""
    try:
        while chunk := os.read(ours, 4096):
            shown += chunk
    except OSError:
        pass  # the terminal's other side was closed
    os.close(ours)
    assert process.wait(60) == 1
    assert b"[1/2] a.one" in shown
    assert b"failed\x1b[0m b.two" in shown
    assert b"KTAP version" not in shown
