# SPDX-License-Identifier: BSD-2-Clause
"""Machines that lack what the kernel needs, and images that GRUB cannot load: one clear line and
status 3, and never a hang."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from keelvm.machine import EXIT_FAILED, Machine, MachineConfig, boot_by_grub
from keelvm.session import KernelSession
from support import BOOT_TIMEOUT, Lab, console

PATHS = pytest.mark.parametrize("fast", [False, True], ids=["grub", "fast"])
SMALLEST_THAT_MUST_BOOT = 64


def assert_refused(lab: Lab, session: KernelSession, word: str) -> None:
    text = lab.report(session)
    assert session.status == EXIT_FAILED, text
    errors = [event for event in session.output.events if event.name == "error"]
    assert len(errors) == 1, text
    assert word in errors[0].text("reason").lower(), text
    assert session.bugchecks() == [], text


def boots(lab: Lab, session: KernelSession) -> bool:
    """Whether the kernel comes up; if so it is switched off again."""
    if session.advance(lambda output: output.first("ready") is not None, BOOT_TIMEOUT):
        session.machine.qmp.execute("system_powerdown")
        assert lab.end(session) == 0, lab.report(session)
        return True
    lab.end(session)
    return False


@PATHS
@pytest.mark.parametrize("mem_mib", [8, 9, 10, 12, 16, 24, 32, 48])
def test_little_memory_boots_or_is_refused(lab: Lab, fast: bool, mem_mib: int) -> None:
    config = MachineConfig(smp=1, mem_mib=mem_mib)
    with lab.kernel("idle", fast=fast, config=config) as session:
        if boots(lab, session):
            assert session.bugchecks() == [], lab.report(session)
        else:
            assert_refused(lab, session, "memory")


def test_too_little_memory_is_refused(lab: Lab) -> None:
    with lab.kernel("idle", fast=True, config=MachineConfig(smp=1, mem_mib=8)) as session:
        lab.end(session)
        assert_refused(lab, session, "memory")


def test_64_mib_are_enough(lab: Lab) -> None:
    config = MachineConfig(smp=8, mem_mib=SMALLEST_THAT_MUST_BOOT)
    with lab.kernel("idle", config=config) as session:
        lab.ready(session)


@PATHS
@pytest.mark.parametrize("smp", [1, 2])
def test_no_acpi_is_refused(lab: Lab, fast: bool, smp: int) -> None:
    config = MachineConfig(machine="pc,acpi=off", smp=smp)
    with lab.kernel("idle", fast=fast, config=config) as session:
        lab.end(session)
        assert_refused(lab, session, "acpi")


@pytest.mark.parametrize("cpu", ["qemu64", "max", "Nehalem", "max,-nx", "max,-apic"])
def test_processor_models_boot_or_are_refused(lab: Lab, cpu: str) -> None:
    with lab.kernel("idle", fast=True, config=MachineConfig(smp=1, cpu=cpu)) as session:
        if not boots(lab, session):
            assert session.output.refusal, lab.report(session)
            assert session.status == EXIT_FAILED


def make_iso(lab: Lab, folder: Path, kernel: bytes) -> Path:
    """An ISO like the build's, with another file in the kernel's place."""
    assert lab.settings.source is not None
    tree = folder / "tree"
    (tree / "boot" / "grub").mkdir(parents=True)
    grub_cfg = lab.settings.source / "arch" / "x86_64" / "boot" / "grub.cfg"
    (tree / "boot" / "grub" / "grub.cfg").write_bytes(grub_cfg.read_bytes())
    (tree / "boot" / "ntoskrnl.exe").write_bytes(kernel)
    command = [os.environ.get("KEEL_GRUB_MKRESCUE") or "grub-mkrescue"]
    if modules := os.environ.get("KEEL_GRUB_PC_DIR"):
        command += ["-d", modules]
    iso = folder / "damaged.iso"
    command += ["--locales=", "--fonts=", "--themes=", "-o", str(iso), str(tree)]
    done = subprocess.run(command, capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return iso


def boot_iso(lab: Lab, iso: Path) -> KernelSession:
    config = MachineConfig(qemu=lab.settings.qemu, smp=1, boot=boot_by_grub(iso, "idle"))
    with Machine(config, lab.logs) as machine:
        session = KernelSession(machine)
        session.run_to_exit(90)
        assert session.hang is None, lab.report(session)
        return session


@pytest.mark.parametrize(("damage", "word"), [("half", "not loaded whole"), ("nearly_all", "not loaded whole"),
                                              ("one_page", "grub"), ("empty", "grub"), ("no_header", "grub")])
def test_damaged_kernel_is_refused(lab: Lab, tmp_path: Path, damage: str, word: str) -> None:
    """By GRUB, which ends with status 3 too, or by the kernel's first instructions."""
    kernel = lab.settings.images().stripped.read_bytes()
    damaged = {
        "half": kernel[: len(kernel) // 2],
        "nearly_all": kernel[:-8192],
        "one_page": kernel[:4096],
        "empty": b"",
        "no_header": kernel.replace((0xE85250D6).to_bytes(4, "little"), bytes(4)),
    }
    session = boot_iso(lab, make_iso(lab, tmp_path, damaged[damage]))
    assert_refused(lab, session, word)


def test_the_same_iso_with_a_whole_kernel_boots(lab: Lab, tmp_path: Path) -> None:
    """Else the test above would prove nothing."""
    iso = make_iso(lab, tmp_path, lab.settings.images().stripped.read_bytes())
    config = MachineConfig(qemu=lab.settings.qemu, smp=1, boot=boot_by_grub(iso, "idle"))
    with Machine(config, lab.logs) as machine:
        session = KernelSession(machine)
        lab.ready(session)
        assert any(line.startswith("@boot ") for line in console(session))
