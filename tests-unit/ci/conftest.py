# SPDX-License-Identifier: BSD-2-Clause
"""Running the scripts of ci/ on trees made for the purpose."""
from __future__ import annotations

import os
import pathlib
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
CI = TOP / "ci"
CC = (os.environ.get("CC") or "clang-19").split()
TARGET = ["--target=x86_64-pc-windows-msvc", "-ffreestanding", "-O1"]


@dataclass
class Fixture:
    """A source tree and a build folder, made of texts."""

    srcdir: pathlib.Path
    builddir: pathlib.Path
    objects: list[str] = field(default_factory=list)

    def write(self, files: Mapping[str, str]) -> None:
        for name, text in files.items():
            path = self.srcdir / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    def build(self, name: str, text: str) -> None:
        """Compile a source file as the kernel's objects are: for the PE target, with automake's names."""
        self.write({name: text})
        folder, _, base = name.rpartition("/")
        target = f"{folder}/ntoskrnl_exe-{base.rpartition('.')[0]}.o"
        (self.builddir / folder).mkdir(parents=True, exist_ok=True)
        subprocess.run([*CC, *TARGET, "-c", str(self.srcdir / name), "-o", str(self.builddir / target)],
                       check=True, timeout=60)
        if target not in self.objects:
            self.objects.append(target)
        (self.builddir / "ci").mkdir(exist_ok=True)
        (self.builddir / "ci" / "objects.list").write_text("\n".join(self.objects), encoding="utf-8")

    def run(self, script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(CI / script), "--srcdir", str(self.srcdir),
                   "--builddir", str(self.builddir), *arguments]
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1",
                       "LLVM_NM": os.environ.get("LLVM_NM") or "llvm-nm-19",
                       "CLANG_FORMAT": os.environ.get("CLANG_FORMAT") or "clang-format-19"}
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60,
                              cwd=self.builddir, env=environment)

    def passes(self, script: str, *arguments: str) -> None:
        result = self.run(script, *arguments)
        assert result.returncode == 0, result.stdout + result.stderr

    def refuses(self, script: str, complaint: str, *arguments: str) -> None:
        result = self.run(script, *arguments)
        assert result.returncode == 1, result.stdout + result.stderr
        assert complaint in result.stderr


@pytest.fixture
def tree(tmp_path: pathlib.Path) -> Fixture:
    made = Fixture(tmp_path / "source", tmp_path / "build")
    made.srcdir.mkdir()
    made.builddir.mkdir()
    return made


@pytest.fixture
def run_script() -> Callable[..., subprocess.CompletedProcess[str]]:
    def run(script: str, *arguments: str, cwd: pathlib.Path | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, str(CI / script), *arguments], capture_output=True, text=True,
                              check=False, timeout=60, cwd=cwd,
                              env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"})

    return run
