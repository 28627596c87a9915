# SPDX-License-Identifier: BSD-2-Clause
"""NMI, reset and power button, from outside by QMP, on a kernel that is up and idle."""

from __future__ import annotations

import pytest

from keelvm.machine import EXIT_FAILED, MachineConfig
from support import Lab, console, qmp_events

NMI_HARDWARE_FAILURE = 0x80
END_TIMEOUT = 30.0
PROCESSORS = [1, 2, 8]


@pytest.mark.parametrize("smp", PROCESSORS)
def test_power_button_powers_off(lab: Lab, smp: int) -> None:
    with lab.kernel("idle", config=MachineConfig(smp=smp)) as session:
        lab.ready(session)
        session.machine.qmp.execute("system_powerdown")
        assert lab.end(session, END_TIMEOUT) == 0, lab.report(session)
        shutdown = [event for event in qmp_events(session) if event.startswith("SHUTDOWN")]
        assert shutdown == ["SHUTDOWN guest=True reason=guest-shutdown"]
        assert session.bugchecks() == []


@pytest.mark.parametrize("smp", PROCESSORS)
def test_nmi_reports_every_processor_and_thread(lab: Lab, smp: int) -> None:
    with lab.kernel("idle", config=MachineConfig(smp=smp)) as session:
        lab.ready(session)
        session.interrogate()
        assert lab.end(session, END_TIMEOUT) == EXIT_FAILED, lab.report(session)
        text = lab.report(session)
        (bugcheck,) = session.bugchecks()
        assert bugcheck.code == NMI_HARDWARE_FAILURE, text
        assert bugcheck.complete, text
        assert sorted(bugcheck.stacks) == list(range(smp)), text
        assert all(bugcheck.stacks.values()), text
        assert "ke_idle_loop" in text
        assert any(thread.wait for thread in bugcheck.threads), text


@pytest.mark.parametrize("fast", [False, True], ids=["grub", "fast"])
def test_reset_boots_again(lab: Lab, fast: bool) -> None:
    """Twice: what one boot leaves behind must not disturb the next."""
    with lab.kernel("idle", fast=fast, config=MachineConfig(reboot=True)) as session:
        lab.ready(session)
        for boot in (2, 3):
            session.machine.qmp.execute("system_reset")
            lab.ready(session, boot)
        assert sum(line.startswith("@boot ") for line in console(session)) == 3
        session.machine.qmp.execute("system_powerdown")
        assert lab.end(session, END_TIMEOUT) == 0


def test_idle_kernel_stays(lab: Lab) -> None:
    """Nothing ends it, and the clock's interrupts do not keep it busy."""
    with lab.kernel("idle") as session:
        lab.ready(session)
        assert not session.advance(lambda output: False, 3.0)
        assert session.status is None
        assert session.machine.qmp.execute("query-status")["status"] == "running"
        assert session.bugchecks() == []
