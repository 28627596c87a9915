# SPDX-License-Identifier: BSD-2-Clause
"""keelvm: runs the Keel kernel in QEMU and reads what it says."""

from keelvm.errors import KeelError, MachineError, MachineTimeout, QmpClosed, QmpError
from keelvm.errors import QmpTimeout, UsageError
from keelvm.machine import Machine, MachineConfig

__all__ = [
    "KeelError",
    "Machine",
    "MachineConfig",
    "MachineError",
    "MachineTimeout",
    "QmpClosed",
    "QmpError",
    "QmpTimeout",
    "UsageError",
]
