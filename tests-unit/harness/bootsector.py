# SPDX-License-Identifier: BSD-2-Clause
"""A stand-in for keel.iso: a CD whose boot code says a text on COM1 and then ends.

It makes the harness meet a real QEMU with any output one likes, apart from the real kernel.
The image is an El Torito "no emulation" one: the firmware loads all of it at 0x7c00.
"""

from __future__ import annotations

from pathlib import Path

BLOCK = 2048
LOAD_ADDRESS = 0x7C00
TEXT_OFFSET = 512
HALT = b"\xfb\xf4\xeb\xfd"  # sti; hlt; jmp to the hlt
SPIN = b"\xfa\xeb\xfe"  # cli; jmp to itself
TRIPLE_FAULT = b"\x0f\x01\x1e\x00\x05\x66\x0f\x0b"  # lidt [0x500], no gates there; ud2


def exit_with(status: int) -> bytes:
    """Code that makes QEMU end with an odd status, by isa-debug-exit."""
    assert status % 2 == 1
    return b"\x66\xb8" + (status >> 1).to_bytes(4, "little") + b"\xba\xf4\x00\x66\xef" + HALT


def _say(address: int) -> bytes:
    """Code that writes the zero-terminated text at `address` to COM1."""
    load = b"\xbe" + address.to_bytes(2, "little") + b"\xba\xf8\x03"
    return load + b"\xac\x84\xc0\x74\x03\xee\xeb\xf8"


def _program(text: str, end: bytes, nmi: tuple[str, bytes] | None) -> bytes:
    first = text.encode() + b"\0"
    second = nmi[0].encode() + b"\0" if nmi else b""
    text_address = LOAD_ADDRESS + TEXT_OFFSET
    code = b"\xfa\x31\xc0\x8e\xd8\x8e\xd0\xbc\x00\x7c"  # cli; ds = ss = 0; stack below us
    body = _say(text_address) + end
    if nmi:
        place = LOAD_ADDRESS + len(code) + 12 + len(body)
        code += b"\xc7\x06\x08\x00" + place.to_bytes(2, "little") + b"\xc7\x06\x0a\x00\x00\x00"
        body += _say(text_address + len(first)) + nmi[1]
    assert len(code + body) <= TEXT_OFFSET
    return (code + body).ljust(TEXT_OFFSET, b"\0") + first + second


def write_iso(path: Path, text: str, end: bytes, nmi: tuple[str, bytes] | None = None) -> Path:
    """A CD that says `text` and runs `end`; `nmi` is what it says and does at an NMI."""
    program = _program(text, end, nmi)
    sectors = -(-len(program) // 512)
    assert sectors < 60
    primary = b"\x01CD001\x01".ljust(BLOCK, b"\0")
    boot = b"\0CD001\x01EL TORITO SPECIFICATION".ljust(0x47, b"\0") + (18).to_bytes(4, "little")
    check = b"\x01\0\0\0" + bytes(24) + b"\xaa\x55\x55\xaa"
    entry = b"\x88\0\0\0\0\0" + sectors.to_bytes(2, "little") + (19).to_bytes(4, "little")
    image = bytes(16 * BLOCK) + primary + boot.ljust(BLOCK, b"\0")
    image += (check + entry).ljust(BLOCK, b"\0") + program
    path.write_bytes(image.ljust(256 * BLOCK, b"\0"))
    return path
