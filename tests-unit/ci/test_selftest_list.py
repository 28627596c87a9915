# SPDX-License-Identifier: BSD-2-Clause
"""ci/list-selftests: what it writes, and what it refuses."""
from __future__ import annotations

import pathlib
import subprocess
from collections.abc import Callable

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]

BOTH = '''TEST(ke_dpc, second_insert_is_refused)
{
}

TEST_KERNEL(ke_dpc, runs_on_its_processor, "needs a second processor, "
                                           "\\"really\\"")
{
}
TEST_HOST(ke_dpc, can_be_explored, "the schedule is the test's")
{
}
TEST_PLANTED(planted, check_fails, "a failing CHECK")
{
}
'''


def listing(run: Run, folder: pathlib.Path, both: str, kernel: str = "") -> subprocess.CompletedProcess[str]:
    (folder / "a_test.c").write_text(both, encoding="utf-8")
    (folder / "k_test.c").write_text(kernel, encoding="utf-8")
    extra = ["--kernel", "k_test.c"] if kernel else []
    return run("list-selftests", "--srcdir", str(folder), "--list", str(folder / "list"),
               "--kernel-table", str(folder / "kernel.c"), "--host-table", str(folder / "host.c"),
               "--both", "a_test.c", *extra)


def test_list_and_tables(run_script: Run, tmp_path: pathlib.Path) -> None:
    assert listing(run_script, tmp_path, BOTH).returncode == 0
    assert (tmp_path / "list").read_text().splitlines() == [
        "ke_dpc.second_insert_is_refused\tboth\t",
        'ke_dpc.runs_on_its_processor\tkernel\tneeds a second processor, "really"',
        "ke_dpc.can_be_explored\thost\tthe schedule is the test's",
        "planted.check_fails\tplanted\ta failing CHECK",
    ]
    kernel = (tmp_path / "kernel.c").read_text()
    host = (tmp_path / "host.c").read_text()
    assert '"ke_dpc", "runs_on_its_processor"' in kernel and "can_be_explored" not in kernel
    assert '"ke_dpc", "can_be_explored"' in host and "runs_on_its_processor" not in host
    assert '{ "planted", "check_fails", selftest_planted_check_fails, true }' in kernel
    assert "selftest_table_count = 3;" in kernel and "selftest_table_count = 3;" in host


@pytest.mark.parametrize(("both", "kernel", "complaint"), [
    ("TEST(a, b)\nTEST(a, b)\n", "", "a_test.c:2: a.b is already at a_test.c:1"),
    ("TEST(a, b_c)\nTEST(a_b, c)\n", "", "a_test.c:2: a_b.c is already at a_test.c:1"),
    ("TEST(a, b)\n", "TEST_KERNEL(a, b, \"x\")\n", "k_test.c:1: a.b is already at a_test.c:1"),
    ("TEST_KERNEL(a, b)\n", "", "a_test.c:1: a.b does not run on both sides and gives no reason"),
    ("TEST(a, b)\n", "TEST(c, d)\n", "k_test.c:1: c.d is compiled for the kernel only"),
    ("TEST(a, b)\n", "TEST_HOST(c, d, \"x\")\n", "k_test.c:1: c.d can run nowhere"),
    ("int x;\n", "", "a_test.c:1: has no TEST"),
    ("TEST(a, b)\n  TEST(a, c)\n", "", "a_test.c:1: has a TEST line that this script cannot read"),
])
def test_refusals(run_script: Run, tmp_path: pathlib.Path, both: str, kernel: str, complaint: str) -> None:
    result = listing(run_script, tmp_path, both, kernel)
    assert result.returncode == 1
    assert complaint in result.stderr
    assert not (tmp_path / "list").exists()
