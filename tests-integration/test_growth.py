# SPDX-License-Identifier: BSD-2-Clause
"""`keel growth`: operations on indexed structures cost the same beside 10 and 100,000 others, in instructions."""

from __future__ import annotations

import pytest

from keelvm import growth
from keelvm.selftest import Request
from support import Lab

OPERATIONS = {
    "timer": ("timer.set", "timer.cancel", "timer.expire"),
    "waiter": ("waiter.set", "waiter.unlink_middle", "waiter.wait_and_unlink"),
    "ready": ("ready.create", "ready.move", "ready.switch"),
    "pool": ("pool.allocate", "pool.free", "pool.free_all"),
    "owner": ("owner.acquire_release",),
}


@pytest.mark.parametrize("group", OPERATIONS)
def test_costs_do_not_grow(lab: Lab, group: str) -> None:
    request = Request(
        smp=1, cpu="qemu64", fast=True, icount=True, mem_mib=growth.MEMORY_MIB, timeout=growth.TIMEOUT
    )
    outcome = growth.run(lab.settings, request, group, lab.logs)
    print(growth.table(outcome.measurements))
    assert outcome.passed, outcome.report.text()
    rows = growth.by_name(outcome.measurements)
    assert set(rows) == set(OPERATIONS[group])
    most = 20000 if group == "ready" else 100000
    assert all([one.n for one in row] == [10, 1000, most] for row in rows.values())
