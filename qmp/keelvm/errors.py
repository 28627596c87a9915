# SPDX-License-Identifier: BSD-2-Clause
"""The errors of the harness, each with the exit status that `keel` gives for it."""


class KeelError(Exception):
    """Something that the harness could not do: one clear line, exit status 125."""

    exit_status = 125


class UsageError(KeelError):
    """What the user asked for makes no sense: exit status 2."""

    exit_status = 2


class MachineError(KeelError):
    """QEMU did not start, or ended when it should not have."""


class MachineTimeout(KeelError):
    """Something that was waited for did not happen in its time."""


class QmpError(KeelError):
    """QEMU refused a QMP command; `kind` is QMP's error class."""

    def __init__(self, command: str, kind: str, description: str) -> None:
        super().__init__(f"QMP command '{command}' was refused: {kind}: {description}")
        self.command = command
        self.kind = kind
        self.description = description


class QmpClosed(KeelError):
    """The QMP connection ended, or carried something that is not QMP."""


class QmpTimeout(KeelError):
    """QEMU did not answer a QMP command in its time."""
