# SPDX-License-Identifier: BSD-2-Clause
"""Quoting of the kernel's command line and of QEMU's options; the machine's arguments."""

from __future__ import annotations

from pathlib import Path

import pytest

from keelvm.errors import UsageError
from keelvm.machine import MachineConfig, boot_by_grub, boot_fast
from keelvm.options import kernel_command_line, kernel_option, qemu_value
from keelvm.selftest import Request


def test_plain_options() -> None:
    options = {"selftest": None, "seed": 7, "nokaslr": None}
    assert kernel_command_line(options) == "selftest seed=7 nokaslr"


def test_blanks_are_quoted() -> None:
    assert kernel_option("run", r"C:\my prog.exe") == r'run="C:\my prog.exe"'
    assert kernel_option("run", "") == 'run=""'


def test_double_quote_is_refused() -> None:
    with pytest.raises(UsageError, match="option 'run'"):
        kernel_option("run", 'a"b')


@pytest.mark.parametrize("bad", ["a\nb", "é", "\x7f"])
def test_only_printable_ascii(bad: str) -> None:
    with pytest.raises(UsageError, match="printable ASCII"):
        kernel_command_line({}, bad)


def test_append_stays_as_it_is() -> None:
    line = kernel_command_line({"selftest": "a.b,c.*"}, ' foo  bar="x y" ')
    assert line == 'selftest=a.b,c.* foo  bar="x y"'


def test_commas_are_doubled_for_qemu() -> None:
    assert qemu_value("a,b") == "a,,b"
    arguments = boot_by_grub(Path("/x,y/keel.iso"), "selftest=a.b,c.d")
    assert "type=11,value=selftest=a.b,,c.d" in arguments
    assert any("file=/x,,y/keel.iso," in argument for argument in arguments)


def test_empty_command_line_leaves_the_default_of_grub() -> None:
    assert "-smbios" not in boot_by_grub(Path("keel.iso"), "")


def test_fast_path() -> None:
    assert boot_fast(Path("k.exe"), "selftest") == ("-kernel", "k.exe", "-append", "selftest")


def test_machine_arguments() -> None:
    text = " ".join(MachineConfig(cpu="qemu64", smp=4, mem_mib=64).arguments())
    assert "-accel tcg,thread=multi" in text
    assert "-cpu qemu64 -smp 4 -m 64" in text
    assert "isa-debug-exit,iobase=0xf4,iosize=4" in text
    assert "-no-reboot" in text
    assert "icount" not in text
    assert "-no-reboot" not in MachineConfig(reboot=True).arguments()


def test_icount_is_for_one_processor() -> None:
    text = " ".join(MachineConfig(smp=1, icount=True).arguments())
    assert "-accel tcg,thread=single" in text
    assert "-icount shift=0,sleep=off" in text
    assert "-rtc clock=vm,base=" in text
    with pytest.raises(UsageError, match="one processor only, not with 4"):
        MachineConfig(smp=4, icount=True).check()


@pytest.mark.parametrize("config", [MachineConfig(smp=0), MachineConfig(mem_mib=0)])
def test_impossible_machines_are_refused(config: MachineConfig) -> None:
    with pytest.raises(UsageError, match="at least"):
        config.check()


def test_request() -> None:
    request = Request(globs="ke_*", seed=5, append="loglevel=7")
    assert request.kernel_options() == "selftest=ke_* seed=5 loglevel=7"
    assert request.processors() == 2
    assert Request(icount=True).processors() == 1
    assert Request(icount=True, smp=2).processors() == 2
    assert Request().kernel_options() == "selftest"
    assert Request(selftest=False, append="idle").kernel_options() == "idle"
