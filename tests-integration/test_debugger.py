# SPDX-License-Identifier: BSD-2-Clause
"""`keel debug`: gdb finds functions and lines, with the kernel at its own base and at any."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from keelvm.settings import Settings

TIMEOUT = 120.0
PACKAGE = Path(__file__).resolve().parents[1] / "qmp"


def keel_debug(settings: Settings, *arguments: str) -> str:
    """Run the command in a process of its own; returns what it said."""
    code = (
        "import sys; from pathlib import Path\n"
        f"sys.path.insert(0, {str(PACKAGE)!r})\n"
        "from keelvm.cli import main\nfrom keelvm.settings import Settings\n"
        f"s = Settings(Path({str(settings.build)!r}), Path({str(settings.source)!r}),\n"
        f"    variant={settings.variant!r}, qemu={settings.qemu!r}, gdb={settings.gdb!r})\n"
        "sys.exit(main(['debug', *sys.argv[1:]], s))"
    )
    done = subprocess.run(
        [sys.executable, "-B", "-c", code, *arguments],
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.parametrize("path", [[], ["--fast"]], ids=["grub", "fast"])
def test_breakpoint_with_source_line(settings: Settings, path: list[str]) -> None:
    commands = ["-batch", "-ex", "hbreak init_start", "-ex", "continue", "-ex", "backtrace 1"]
    text = keel_debug(settings, *path, "--append", "idle", "--", *commands)
    assert re.search(r"#0 .*init_start .*at .*src/init/main\.c:\d+", text), text


def test_random_base_is_followed(settings: Settings) -> None:
    commands = ["-batch", "-ex", "info symbol $pc", "-ex", "info line init_start"]
    arguments = ["--kaslr", "--fast", "--smp", "1", "--append", "idle seed=3"]
    text = keel_debug(settings, *arguments, "--", *commands)
    base = re.search(r"kernel at (0x[0-9a-f]+)", text)
    line = re.search(r"Line \d+ of \"?.*main\.c\"? starts at address (0x[0-9a-f]+)", text)
    assert base and line, text
    assert 0 < int(line[1], 16) - int(base[1], 16) < 1 << 24, text
