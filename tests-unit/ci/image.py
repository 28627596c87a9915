# SPDX-License-Identifier: BSD-2-Clause
"""A PE32+ image as small as ci/check-image lets pass, with knobs for what can be wrong."""
from __future__ import annotations

import struct
from dataclasses import dataclass, field

PAGE = 4096
READ, WRITE, EXECUTE = 0x40000000, 0x80000000, 0x20000000


def multiboot1() -> bytes:
    return struct.pack("<III", 0x1BADB002, 0x10000, -(0x1BADB002 + 0x10000) & 0xFFFFFFFF)


def multiboot2(tags: tuple[int, ...] = (2, 3, 0)) -> bytes:
    body = b"".join(struct.pack("<HHI", tag, 0, 8) for tag in tags)
    length = 16 + len(body)
    return struct.pack("<IIII", 0xE85250D6, 0, length, -(0xE85250D6 + length) & 0xFFFFFFFF) + body


@dataclass
class Section:
    name: str
    flags: int
    data: bytearray
    rva: int = 0
    raw_offset: int = 0
    virtual_size: int = PAGE


def export_directory(rva: int, name: str) -> bytes:
    """A directory with one exported name, and behind it the table of names and the name."""
    names = rva + 40
    head = struct.pack("<IIHHIIIIIII", 0, 0, 0, 0, 0, 1, 1, 1, 0, names, 0)
    return head + struct.pack("<I", names + 4) + name.encode() + b"\0"


@dataclass
class Image:
    machine: int = 0x8664
    magic: int = 0x20B
    subsystem: int = 1
    section_alignment: int = PAGE
    text: bytearray = field(default_factory=lambda: bytearray(multiboot1().ljust(16, b"\0") + multiboot2()))
    text_flags: int = READ | EXECUTE
    text_pages: int = 1
    exports: bool = True
    unwind: tuple[tuple[int, int, int], ...] = ((0x1000, 0x1010, 0x2100), (0x1010, 0x1020, 0x2100))
    relocations: tuple[int, ...] = (0xA010, 0x0000)  # type << 12 | offset
    shift_offset: int = 0  # added to the file offset of .rdata
    grow_memory: int = 0  # added to the size in memory of .rdata

    def build(self) -> bytes:
        rdata_rva = PAGE * (1 + self.text_pages)
        rdata = bytearray(PAGE)
        exported = export_directory(rdata_rva, "KeBugCheckEx")
        rdata[: len(exported)] = exported
        unwind = b"".join(struct.pack("<III", *row) for row in self.unwind)
        rdata[0x200 : 0x200 + len(unwind)] = unwind
        block = struct.pack(f"<II{len(self.relocations)}H", rdata_rva, 8 + 2 * len(self.relocations),
                            *self.relocations)
        reloc = bytearray(block.ljust(PAGE, b"\0"))
        text = bytearray(bytes(self.text).ljust(PAGE * self.text_pages, b"\0"))
        sections = [
            Section(".text", self.text_flags, text),
            Section(".rdata", READ, rdata),
            Section(".reloc", READ, reloc),
        ]
        at = PAGE
        for section in sections:
            section.rva = section.raw_offset = at
            section.virtual_size = len(section.data)
            at += len(section.data)
        sections[1].raw_offset += self.shift_offset
        sections[1].virtual_size += self.grow_memory
        directories = [(0, 0)] * 16
        if self.exports:
            directories[0] = (rdata_rva, len(exported))
        directories[3] = (rdata_rva + 0x200, len(unwind))
        directories[5] = (sections[2].rva, len(block) if self.relocations else 0)
        return self._headers(sections, directories, at) + b"".join(bytes(s.data) for s in sections)

    def _headers(self, sections: list[Section], directories: list[tuple[int, int]], size: int) -> bytes:
        dos = b"MZ".ljust(0x3C, b"\0") + struct.pack("<I", 0x40)
        optional = struct.pack("<H14xI4x", self.magic, 0x1000)
        optional += struct.pack("<QII", 0xFFFFF80000100000, self.section_alignment, PAGE)
        optional = optional.ljust(56, b"\0") + struct.pack("<IIIH", size, PAGE, 0, self.subsystem)
        optional = optional.ljust(108, b"\0") + struct.pack("<I", 16)
        optional += b"".join(struct.pack("<II", *row) for row in directories)
        file = struct.pack("<HHIIIHH", self.machine, len(sections), 0, 0, 0, len(optional), 0x22)
        table = b"".join(
            s.name.encode().ljust(8, b"\0")
            + struct.pack("<IIII12xI", s.virtual_size, s.rva, len(s.data), s.raw_offset, s.flags)
            for s in sections)
        return (dos + b"PE\0\0" + file + optional + table).ljust(PAGE, b"\0")
