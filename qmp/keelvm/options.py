# SPDX-License-Identifier: BSD-2-Clause
"""Quoting: the kernel's command line, and values inside QEMU's comma-separated options."""

from __future__ import annotations

from collections.abc import Mapping

from keelvm.errors import UsageError


def kernel_option(name: str, value: str | int | None = None) -> str:
    """One option of the kernel's command line: `name`, `name=value` or `name="a value"`."""
    if value is None:
        return name
    text = str(value)
    if '"' in text:
        raise UsageError(f"a double quote cannot stand in the value of the option '{name}'")
    if text == "" or any(c.isspace() for c in text):
        return f'{name}="{text}"'
    return f"{name}={text}"


def kernel_command_line(options: Mapping[str, str | int | None], append: str = "") -> str:
    """All options in one line, then `append` as it is."""
    parts = [kernel_option(name, value) for name, value in options.items()]
    if append.strip():
        parts.append(append.strip())
    line = " ".join(parts)
    if bad := sorted({c for c in line if not " " <= c <= "~"}):
        raise UsageError(f"the kernel's command line must be printable ASCII, not {bad[0]!r}")
    return line


def qemu_value(text: str) -> str:
    """A value inside one of QEMU's comma-separated options: commas are doubled."""
    return text.replace(",", ",,")
