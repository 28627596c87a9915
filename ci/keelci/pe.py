# SPDX-License-Identifier: BSD-2-Clause
"""A reader of PE32+ images: headers, sections, data directories, relocations, names of exports.

Every read is checked; a malformed image raises PeError with what is wrong.
"""
from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

EXPORT_DIRECTORY = 0
EXCEPTION_DIRECTORY = 3
RELOCATION_DIRECTORY = 5

SECTION_EXECUTE = 0x20000000
SECTION_WRITE = 0x80000000


class PeError(Exception):
    """The image is malformed."""


@dataclass(frozen=True)
class Section:
    name: str
    virtual_size: int
    rva: int
    raw_size: int
    raw_offset: int
    flags: int


@dataclass(frozen=True)
class Relocation:
    rva: int
    kind: int


class Image:
    def __init__(self, data: bytes) -> None:
        self.data = data
        if data[:2] != b"MZ":
            raise PeError("no MZ signature")
        (header,) = self.unpack("<I", 0x3C)
        if data[header : header + 4] != b"PE\0\0":
            raise PeError("no PE signature")
        self.machine, count, _, _, _, optional_size, _ = self.unpack("<HHIIIHH", header + 4)
        optional = header + 24
        (magic,) = self.unpack("<H", optional)
        if magic != 0x20B:
            raise PeError(f"optional header magic {magic:#x} is not PE32+")
        (self.entry,) = self.unpack("<I", optional + 16)
        self.base, self.section_alignment, self.file_alignment = self.unpack("<QII", optional + 24)
        self.image_size, self.headers_size, self.checksum, self.subsystem = self.unpack(
            "<IIIH", optional + 56)
        (directories,) = self.unpack("<I", optional + 108)
        self.directories = [self.unpack("<II", optional + 112 + 8 * i) for i in range(directories)]
        self.sections = [self._section(optional + optional_size + 40 * i) for i in range(count)]

    def unpack(self, form: str, offset: int) -> tuple[int, ...]:
        try:
            return struct.unpack_from(form, self.data, offset)
        except struct.error as error:
            raise PeError(f"file ends before offset {offset:#x}") from error

    def _section(self, offset: int) -> Section:
        name = self.data[offset : offset + 8].rstrip(b"\0").decode("ascii", "replace")
        virtual_size, rva, raw_size, raw_offset = self.unpack("<IIII", offset + 8)
        (flags,) = self.unpack("<I", offset + 36)
        return Section(name, virtual_size, rva, raw_size, raw_offset, flags)

    def directory(self, index: int) -> tuple[int, int]:
        if index >= len(self.directories):
            return 0, 0
        rva, size = self.directories[index]
        return rva, size

    def offset_of(self, rva: int) -> int:
        for section in self.sections:
            if section.rva <= rva < section.rva + section.raw_size:
                return rva - section.rva + section.raw_offset
        raise PeError(f"RVA {rva:#x} is in no section")

    def relocations(self) -> Iterator[Relocation]:
        rva, size = self.directory(RELOCATION_DIRECTORY)
        if size == 0:
            return
        offset = self.offset_of(rva)
        end = offset + size
        while offset < end:
            page, length = self.unpack("<II", offset)
            if length < 8 or offset + length > end:
                raise PeError(f"relocation block at {offset:#x} has length {length}")
            for entry in self.unpack(f"<{(length - 8) // 2}H", offset + 8):
                yield Relocation(page + (entry & 0xFFF), entry >> 12)
            offset += length

    def _name(self, rva: int) -> str:
        start = self.offset_of(rva)
        end = self.data.find(b"\0", start)
        return self.data[start:end].decode("ascii", "replace")

    def export_names(self) -> list[str]:
        rva, size = self.directory(EXPORT_DIRECTORY)
        if size == 0:
            return []
        (count,) = self.unpack("<I", self.offset_of(rva) + 24)
        (names,) = self.unpack("<I", self.offset_of(rva) + 32)
        if count == 0:
            return []
        return [self._name(name) for name in self.unpack(f"<{count}I", self.offset_of(names))]
