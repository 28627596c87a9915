# SPDX-License-Identifier: BSD-2-Clause
"""Where the built images and the tools are.

The `keel` wrapper knows from configure. Without it (`python -m keelvm`, pytest) the environment
says: KEEL_BUILD (else the folder here or above that has a keel.iso), KEEL_QEMU,
KEEL_LLVM_SYMBOLIZER, KEEL_GDB (else the usual names on PATH).
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from keelvm.errors import KeelError, UsageError

SYMBOLIZERS = ("llvm-symbolizer-19", "llvm-symbolizer")


@dataclass(frozen=True)
class Images:
    """The files of one variant."""

    variant: str
    folder: Path

    @property
    def iso(self) -> Path:
        """What GRUB boots."""
        return self.folder / "keel.iso"

    @property
    def kernel(self) -> Path:
        """The image with its debug information."""
        return self.folder / "ntoskrnl.exe"

    @property
    def stripped(self) -> Path:
        """The image that boots."""
        return self.folder / "ntoskrnl.stripped.exe"

    @property
    def selftests(self) -> Path:
        """The list of the self-tests."""
        return self.folder / "selftests.list"


@dataclass(frozen=True)
class Settings:
    """What configure found."""

    build: Path
    source: Path | None = None
    variant: str = "checked"
    qemu: str = "qemu-system-x86_64"
    symbolizer: str = "llvm-symbolizer"
    gdb: str = "gdb"
    version: str = ""

    def images(self, variant: str | None = None) -> Images:
        """The images of a variant: this build's own, or those of a subfolder."""
        if variant is None or variant == self.variant:
            return Images(self.variant, self.build)
        folder = self.build / f"variant-{variant}"
        if not folder.is_dir():
            have = ", ".join(self.variants())
            raise UsageError(
                f"variant '{variant}' is not built (there is: {have}); 'make variants' builds it"
            )
        return Images(variant, folder)

    def variants(self) -> list[str]:
        """The names of the variants that are built."""
        others = sorted(path.name[8:] for path in self.build.glob("variant-*") if path.is_dir())
        return [self.variant, *(name for name in others if name != "source")]

    def need(self, *files: Path) -> None:
        """Complain about a file of the build that is not there."""
        for file in files:
            if not file.is_file():
                raise KeelError(f"{file} does not exist; 'make' builds it")


def from_environment(environment: Mapping[str, str] | None = None) -> Settings:
    """The settings of a run without the wrapper."""
    known = os.environ if environment is None else environment
    build = Path(known["KEEL_BUILD"]) if known.get("KEEL_BUILD") else _search(Path.cwd())
    return Settings(
        build=build.absolute(),
        source=_source(),
        variant=known.get("KEEL_VARIANT") or "checked",
        qemu=known.get("KEEL_QEMU") or "qemu-system-x86_64",
        symbolizer=known.get("KEEL_LLVM_SYMBOLIZER") or _first_program(SYMBOLIZERS),
        gdb=known.get("KEEL_GDB") or "gdb",
    )


def _search(start: Path) -> Path:
    for folder in (start, *start.parents):
        if (folder / "keel.iso").is_file():
            return folder
    return start


def _source() -> Path | None:
    top = Path(__file__).resolve().parents[2]
    return top if (top / "configure.ac").is_file() else None


def _first_program(names: tuple[str, ...]) -> str:
    return next((name for name in names if shutil.which(name)), names[-1])
