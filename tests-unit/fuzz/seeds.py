#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Write the first inputs of the fuzzers into FOLDER/TARGET/: what a machine and a user would give."""
from __future__ import annotations

import pathlib
import struct
import sys


def table(signature: bytes, body: bytes) -> bytes:
    return signature + struct.pack("<I", 36 + len(body)) + bytes(28) + body


def acpi() -> bytes:
    madt = table(b"APIC", struct.pack("<II", 0xFEE00000, 1) + bytes([0, 8, 0, 0, 1, 0, 0, 0])
                 + bytes([1, 12, 0, 0, 0, 0, 0xC0, 0xFE, 0, 0, 0, 0]) + bytes([2, 10, 0, 9, 9, 0, 0, 0, 13, 0])
                 + bytes([4, 6, 255, 0, 0, 1]))
    fadt = table(b"FACP", bytes(4) + struct.pack("<I", 512) + bytes(110))
    dsdt = table(b"DSDT", b"\x08_S5_\x12\x06\x04\x0a\x05\x0a\x05\0\0")
    places = [128, 256, 448]
    root = table(b"RSDT", struct.pack("<III", *places))
    rsdp = b"RSD PTR " + bytes(8) + struct.pack("<IIQ", 64, 36, 0) + bytes(4)
    memory = bytearray(640)
    for at, part in zip([0, 64, *places], [rsdp, root, madt, fadt, dsdt]):
        memory[at:at + len(part)] = part
    return bytes(memory)


def memmap() -> bytes:
    ranges = [(0, 0x9FC00, 0), (0x9FC00, 0x400, 3), (0xF0000, 0x10000, 3), (0x100000, 0xFEE0000, 0),
              (0x100000, 0x123456, 1), (0xFFE0000, 0x20000, 2), (0xFFFC0000, 0x40000, 3)]
    return b"".join(struct.pack("<QQB", *entry) for entry in ranges)


class Image:
    """A PE32+ file of one section that is executable, writable and has everything a directory may hold."""

    SECTION, OFFSET, BASE = 0x1000, 0x200, 0x140000000

    def __init__(self, flat: bool = False) -> None:
        self.flat = flat
        self.rva = self.OFFSET if flat else self.SECTION
        self.data = bytearray(0x1000)
        self.directories = [(0, 0)] * 16

    def put(self, offset: int, data: bytes) -> int:
        """Bytes at an offset of the section; returns their RVA."""
        self.data[offset:offset + len(data)] = data
        return self.rva + offset

    def file(self) -> bytes:
        alignment = (16, 16) if self.flat else (0x1000, 0x200)
        size = self.rva + len(self.data)
        dos = b"MZ" + bytes(58) + struct.pack("<I", 64)
        coff = struct.pack("<IHHIIIHH", 0x4550, 0x8664, 1, 0, 0, 0, 240, 0x22)
        optional = struct.pack("<HBBIIIIIQIIHHHHHHIIIIHHQQQQII", 0x20B, 14, 0, 0, 0, 0, self.rva, self.rva, self.BASE,
                               *alignment, 6, 0, 0, 0, 6, 0, 0, size, self.OFFSET, 0, 3, 0,
                               0x100000, 0x1000, 0x100000, 0x1000, 0, 16)
        optional += b"".join(struct.pack("<II", *entry) for entry in self.directories)
        section = b".all\0\0\0\0" + struct.pack("<IIIIIIHHI", len(self.data), self.rva, len(self.data),
                                                self.OFFSET, 0, 0, 0, 0, 0xE0000060)
        return (dos + coff + optional + section).ljust(self.OFFSET, b"\0") + bytes(self.data)


def fill_code(image: Image) -> None:
    image.put(0, bytes.fromhex("4c8bd1b815000000f604250803fe7f0175030f05c3cd2ec3"))
    names = [image.put(0x200, b"a\0"), image.put(0x208, b"b\0"), image.put(0x210, b"c\0")]
    functions = image.put(0x220, struct.pack("<III", image.rva, image.rva + 16, image.rva + 0x260))
    table = image.put(0x230, struct.pack("<III", *names))
    ordinals = image.put(0x240, struct.pack("<HHH", 0, 1, 2))
    image.put(0x260, b"HAL.x\0")
    directory = image.put(0x280, struct.pack("<IIHHIIIIIII", 0, 0, 0, 0, names[0], 1, 3, 3, functions, table, ordinals))
    image.directories[0] = (directory, 0x40)
    image.directories[3] = (image.put(0x2C0, struct.pack("<IIIIII", image.rva, image.rva + 8, 0, image.rva + 16,
                                                       image.rva + 32, 0)), 24)


def fill_imports(image: Image) -> None:
    dll = image.put(0x300, b"x.dll\0")
    hint = image.put(0x308, struct.pack("<H", 2) + b"Function\0")
    thunks = struct.pack("<QQQ", hint, 1 << 63 | 7, 0)
    lookup, slots = image.put(0x320, thunks), image.put(0x340, thunks)
    image.directories[1] = (image.put(0x360, struct.pack("<IIIII", lookup, 0xFFFFFFFF, 0, dll, slots)), 40)
    image.directories[13] = (image.put(0x3A0, struct.pack("<IIIIIIII", 1, dll, 0, slots, lookup, 0, 0, 0)), 64)
    image.directories[11] = (image.put(0x400, struct.pack("<IHH", 1, 16, 0) + bytes(8) + b"x.dll\0"), 32)


def fill_data(image: Image) -> None:
    image.put(0x500, struct.pack("<QQ", image.BASE + image.rva, image.BASE + image.rva + 8))
    entries = struct.pack("<HHHH", 0xA000 | image.rva + 0x500 & 0xFFF, 0x3000 | image.rva + 0x508 & 0xFFF, 0, 0)
    image.directories[5] = (image.put(0x520, struct.pack("<II", image.rva & ~0xFFF, 16) + entries), 16)
    callbacks = image.put(0x540, struct.pack("<QQ", image.BASE + image.rva, 0))
    image.directories[9] = (image.put(0x560, struct.pack("<QQQQII", image.BASE + image.rva + 0x600,
                            image.BASE + image.rva + 0x610, image.BASE + image.rva + 0x620, image.BASE + callbacks, 8, 0)), 40)
    config = struct.pack("<I", 148) + bytes(84) + struct.pack("<Q", image.BASE + image.rva + 0x620) + bytes(52)
    image.directories[10] = (image.put(0x640, config), 148)
    pdb = image.put(0x700, b"RSDS" + bytes(16) + struct.pack("<I", 1) + b"x.pdb\0")
    image.directories[6] = (image.put(0x740, struct.pack("<IIHHIIII", 0, 0, 0, 0, 2, 30, pdb, 0)), 28)


def fill_resources(image: Image) -> None:
    def level(named: int, numbered: int, *entries: tuple[int, int]) -> bytes:
        return (struct.pack("<IIHHHH", 0, 0, 0, 0, named, numbered)
                + b"".join(struct.pack("<II", *entry) for entry in entries))

    below = 1 << 31
    tree = (level(1, 1, (below | 0x98, below | 0x20), (16, below | 0x38))
            + level(0, 1, (1, below | 0x50)) + level(0, 1, (1, below | 0x68)) + level(0, 1, (0x409, 0x80))
            + level(0, 1, (0x409, 0x80)) + struct.pack("<IIII", image.rva, 16, 1252, 0) + bytes(8)
            + struct.pack("<HHH", 2, 65, 66))
    image.directories[2] = (image.put(0x800, tree), len(tree))


def pe() -> list[bytes]:
    images = []
    for flat in (False, True):
        image = Image(flat)
        for fill in (fill_code, fill_imports, fill_data, fill_resources):
            fill(image)
        images.append(image.file())
    other = b"MZ" + bytes(22) + struct.pack("<H", 64) + bytes(34) + struct.pack("<I", 64)
    return images + [other + b"NE" + bytes(52) + b"\2\0", other + b"LE", images[0][:0x300], b"MZ"]


SEEDS = {
    "acpi": [acpi()],
    "format": [b"\0\0\x40%-08.3x|%+5d|%ws%S%wZ%Z%hs%I64d%%%n%f", b"\0\0\x05%y%", bytes(range(1, 160)), bytes(range(255, 20, -1))],
    "memmap": [memmap()],
    "numbers": [b"\0 -0x7fFF", b"\0+0b1012", b"\0\t0o778", b"\n-9223372036854775808", b"\x1099999999999999999999", b"\3" b"1",
                b"\0{01234567-89ab-CDEF-fedc-BA9876543210}"],
    "pe": pe(),
    "options": [b"selftest=ke_*,mm_* seed=0x12 maxcpus=4", b'idle nokaslr loglevel="7"', b"selftest idle", b"seed=-1"],
    "utf8": [b"\4a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", b"\5\xed\xa0\x80\xc0\x80\xf4\x90\x80\x80\xe2\x82",
             b"\3" + "a\u20ac\U0001f600".encode("utf-16-le") + b"\0\xd8z\0\0\xdc"],
}


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print("usage: seeds.py FOLDER", file=sys.stderr)
        return 2
    for target, inputs in SEEDS.items():
        folder = pathlib.Path(arguments[0]) / target
        folder.mkdir(parents=True, exist_ok=True)
        for number, data in enumerate(inputs):
            (folder / f"seed{number}").write_bytes(data)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
