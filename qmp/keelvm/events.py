# SPDX-License-Identifier: BSD-2-Clause
"""The kernel's machine lines: `@name key=value key="a value"`."""

from __future__ import annotations

import re
from dataclasses import dataclass

NAME = re.compile(r"@([a-z][a-z0-9_-]*)(?=\s|$)")
FIELD = re.compile(r'\s+([A-Za-z][\w.-]*)=("(?:[^"\\]|\\.)*"|[^\s"]*)(?=\s|$)')
ESCAPE = re.compile(r'\\(["\\])')
# A processor that stops the others may cut their line in two; what follows is still wanted.
EMBEDDED = re.compile(r"@(?:bugcheck|register|frame|thread|end|exit|error)(?=\s|$)")


@dataclass(frozen=True)
class Event:
    """One machine line."""

    name: str
    fields: dict[str, str]
    raw: str

    def text(self, key: str, default: str = "") -> str:
        """A field as it stands."""
        return self.fields.get(key, default)

    def number(self, key: str) -> int | None:
        """A field as a number (0x… or decimal); None if it is not there or none."""
        try:
            return int(self.fields[key], 0)
        except (KeyError, ValueError):
            return None


def parse_event(line: str) -> Event | None:
    """The event in a line that starts with `@`; None if it is malformed."""
    name = NAME.match(line)
    if name is None:
        return None
    fields: dict[str, str] = {}
    place = name.end()
    while match := FIELD.match(line, place):
        if match[1] in fields:
            return None
        fields[match[1]] = _value(match[2])
        place = match.end()
    if line[place:].strip():
        return None
    return Event(name[1], fields, line)


def split_embedded(line: str) -> tuple[str, str]:
    """Cut a line before a machine event that broke into it: (what stood before, the event)."""
    if line.startswith(("@", "[")):
        return line, ""
    match = EMBEDDED.search(line)
    return (line, "") if match is None else (line[: match.start()], line[match.start() :])


def _value(text: str) -> str:
    if text.startswith('"'):
        return ESCAPE.sub(r"\1", text[1:-1])
    return text
