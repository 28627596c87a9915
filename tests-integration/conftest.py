# SPDX-License-Identifier: BSD-2-Clause
"""Finds the build (KEEL_BUILD, else a folder with keel.iso here or above) and boots each
configuration once for all tests that look at it."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "qmp"))
sys.path.insert(0, str(HERE))

from keelvm.selftest import Outcome  # noqa: E402
from keelvm.settings import Settings, from_environment  # noqa: E402
from support import CONFIGURATIONS, Lab, kernel_tests, planted_tests  # noqa: E402

_outcomes: dict[str, Outcome] = {}


def _settings() -> Settings:
    found = from_environment()
    images = found.images()
    for file in (images.iso, images.stripped, images.kernel, images.selftests):
        if not file.is_file():
            raise pytest.UsageError(
                f"{file} does not exist: set KEEL_BUILD to a folder where 'make' ran"
            )
    return found


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each self-test of the kernel is a case of its own in each configuration."""
    names = metafunc.fixturenames
    if "selftest_name" in names:
        cases = [(c, name) for c in CONFIGURATIONS for name in kernel_tests(_settings())]
        ids = [f"{configuration}-{name}" for configuration, name in cases]
        metafunc.parametrize(("configuration", "selftest_name"), cases, ids=ids)
    elif "configuration" in names:
        metafunc.parametrize("configuration", list(CONFIGURATIONS))
    if "planted_name" in names:
        metafunc.parametrize("planted_name", planted_tests(_settings()))


@pytest.fixture(scope="session")
def settings() -> Settings:
    """The build under test."""
    return _settings()


def _logs(settings: Settings, name: str) -> Path:
    return settings.build / "tests-integration" / "logs" / re.sub(r"[^\w.-]+", "_", name)


@pytest.fixture
def lab(settings: Settings, request: pytest.FixtureRequest) -> Lab:
    """The build and this test's folder for logs."""
    module = Path(request.node.fspath).stem
    return Lab(settings, _logs(settings, f"{module}-{request.node.name}"))


@pytest.fixture
def outcome(settings: Settings, configuration: str) -> Outcome:
    """The one run of all self-tests in this configuration."""
    if configuration not in _outcomes:
        lab = Lab(settings, _logs(settings, f"selftests-{configuration}"))
        _outcomes[configuration] = lab.selftest(CONFIGURATIONS[configuration])
    return _outcomes[configuration]
