# SPDX-License-Identifier: BSD-2-Clause
"""Two fields of a PE32+ image (PE/COFF specification, "Optional Header (Image Only)")."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from keelvm.errors import KeelError

HEADER_BYTES = 4096
OPTIONAL_HEADER = 24
MAGIC_PE32_PLUS = 0x20B


@dataclass(frozen=True)
class PeImage:
    """Where an image wants to be and how large it is there."""

    base: int
    size: int


def read_pe(path: Path) -> PeImage:
    """Read the headers. Raises KeelError if the file is no PE32+ image."""
    with open(path, "rb") as file:
        head = file.read(HEADER_BYTES)
    place = int.from_bytes(head[0x3C:0x40], "little")
    optional = place + OPTIONAL_HEADER
    magic = int.from_bytes(head[optional : optional + 2], "little")
    if head[:2] != b"MZ" or head[place : place + 4] != b"PE\0\0" or magic != MAGIC_PE32_PLUS:
        raise KeelError(f"{path} is not a PE32+ image")
    base = int.from_bytes(head[optional + 24 : optional + 32], "little")
    return PeImage(base, int.from_bytes(head[optional + 56 : optional + 60], "little"))
