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


SEEDS = {
    "acpi": [acpi()],
    "format": [b"\0\0\x40%-08.3x|%+5d|%ws%S%wZ%Z%hs%I64d%%%n%f", b"\0\0\x05%y%", bytes(range(1, 160)), bytes(range(255, 20, -1))],
    "memmap": [memmap()],
    "numbers": [b"\0 -0x7fFF", b"\0+0b1012", b"\0\t0o778", b"\n-9223372036854775808", b"\x1099999999999999999999", b"\3" b"1",
                b"\0{01234567-89ab-CDEF-fedc-BA9876543210}"],
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
