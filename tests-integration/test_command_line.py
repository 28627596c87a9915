# SPDX-License-Identifier: BSD-2-Clause
"""The kernel's command line, by both boot paths: what is refused, what must get through."""

from __future__ import annotations

import pytest

from keelvm.machine import EXIT_FAILED, EXIT_PASSED, MachineConfig
from keelvm.pe import read_pe
from keelvm.selftest import Request
from support import Lab, console

BAD = [
    ("frobnicate", "frobnicate"),
    ("idle frobnicate=3", "frobnicate"),
    ("idle seed", "seed"),
    ("idle seed=", "seed"),
    ("idle seed=12x", "seed"),
    ("idle seed=-1", "seed"),
    ("idle seed=99999999999999999999999", "seed"),
    ("idle seed=1 seed=2", "seed"),
    ("idle idle", "idle"),
    ("idle nokaslr=1", "nokaslr"),
    ("idle loglevel=8", "loglevel"),
    ("idle loglevel=high", "loglevel"),
    ("idle maxcpus=0", "maxcpus"),
    ("idle maxcpus=1,5", "maxcpus"),
    ("idle =5", "option"),
    ('idle seed="5', "seed"),
]
PATHS = pytest.mark.parametrize("fast", [False, True], ids=["grub", "fast"])
ONE = MachineConfig(smp=1)


@PATHS
@pytest.mark.parametrize(
    ("options", "culprit"), BAD, ids=[options.replace(" ", "_") for options, _ in BAD]
)
def test_bad_option_is_named_and_refused(lab: Lab, fast: bool, options: str, culprit: str) -> None:
    with lab.kernel(options, fast=fast, config=ONE) as session:
        status = lab.end(session)
        text = lab.report(session)
        assert status == EXIT_FAILED, text
        errors = [event for event in session.output.events if event.name == "error"]
        assert len(errors) == 1, text
        assert culprit in errors[0].text("reason"), text
        assert session.output.first("ready") is None
        assert session.output.first("exit") is not None, text
        assert session.output.problems == []
        assert session.bugchecks() == []


@PATHS
def test_several_options_get_through(lab: Lab, fast: bool) -> None:
    with lab.kernel("idle seed=4711 loglevel=7 maxcpus=1 nokaslr", fast=fast) as session:
        lab.ready(session)
        boot = session.output.first("boot")
        assert boot is not None
        assert boot.number("seed") == 4711


@PATHS
def test_quoted_value_gets_through(lab: Lab, fast: bool) -> None:
    with lab.kernel('idle seed="4711"', fast=fast, config=ONE) as session:
        lab.ready(session)
        boot = session.output.first("boot")
        assert boot is not None
        assert boot.number("seed") == 4711


def test_default_entry_of_the_iso_runs_the_selftests(lab: Lab) -> None:
    """No command line from the machine: all self-tests and status 33."""
    with lab.kernel("") as session:
        status = lab.end(session, 120)
        assert status == EXIT_PASSED, lab.report(session)
        assert session.output.ktap.results


def test_seed_is_told_and_taken(lab: Lab) -> None:
    outcome = lab.selftest(Request(globs="base_*", seed=0x123, fast=True))
    boot = outcome.report.event("boot")
    assert boot is not None
    assert boot.number("seed") == 0x123


def base_of(lab: Lab, options: str) -> int:
    with lab.kernel(options, fast=True, config=ONE) as session:
        lab.ready(session)
        base = session.output.base
    assert base is not None
    return base


def test_base_follows_the_seed(lab: Lab) -> None:
    bases = {base_of(lab, f"idle seed={seed}") for seed in (1, 2, 3, 4)}
    assert len(bases) > 1
    assert base_of(lab, "idle seed=1") in bases
    assert base_of(lab, "idle seed=1") == base_of(lab, "idle seed=1")


def test_base_is_random_without_a_seed(lab: Lab) -> None:
    assert len({base_of(lab, "idle") for _ in range(4)}) > 1


def test_nokaslr_keeps_the_preferred_base(lab: Lab) -> None:
    image = read_pe(lab.settings.images().stripped)
    assert base_of(lab, "idle nokaslr seed=1") == image.base
    assert base_of(lab, "idle nokaslr seed=2") == image.base


def test_maxcpus_limits_the_processors(lab: Lab) -> None:
    with lab.kernel("idle maxcpus=2", fast=True, config=MachineConfig(smp=4)) as session:
        lab.ready(session)
        session.interrogate()
        lab.end(session)
        assert sorted(session.bugchecks()[0].stacks) == [0, 1], "\n".join(console(session))
