# SPDX-License-Identifier: BSD-2-Clause
"""What the detectors of the checked and kasan variants say about a defect: its kind, its place, who had the memory."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from keelvm.selftest import Request
from keelvm.settings import Settings, from_environment
from support import Lab, planted_tests

HERE = Path(__file__).resolve().parent
HANDLER = re.compile(r'^HANDLER\((\w+), "([^"]+)"\)', re.MULTILINE)
UBSAN = dict(HANDLER.findall((HERE.parent / "src" / "kd" / "ubsan.c").read_text(encoding="utf-8")))
# Planted defect: what its report must say, in any build, in one with CHECKs, in one with kasan.
ALWAYS = {
    "pool_double_free": [r"bugcheck 0x000000c2 BAD_POOL_CALLER \(0x7, ", r"selftest_planted_pool_double_free"],
    "pool_wrong_tag": [r"bugcheck 0x000000c2 BAD_POOL_CALLER \(0xa, .*, 0x21212121\)"],
    "irql_raised_downwards": [r"bugcheck 0x00000009 IRQL_NOT_GREATER_OR_EQUAL \(0x2, 0x1, "],
    "irql_lowered_upwards": [r"bugcheck 0x0000000a IRQL_NOT_LESS_OR_EQUAL \(0x2, 0x0, "],
}
CHECKED = {
    **{f"ubsan_{name}": [rf'undefined_behaviour kind="{text}" file=src/kd/ubsan_test\.c line=\d+',
                         rf"selftest_planted_ubsan_{name}"] for name, text in UBSAN.items()},
    "irql_limit": [r'check_failed file=src/ke/irql_test\.c line=\d+ expression="arch_irql\(\) <= \(1\)"'],
    "lock_taken_against_its_rank": [r"lock_order held=\w+ wanted=\w+", r"lock ranks rise"],
    "lock_released_by_another": [r'check_failed .*expression="ke_lock_is_held\(lock\)"'],
    "lock_taken_with_interrupts_on": [r'check_failed .*expression="!arch_interrupts_enabled\(\)"'],
}
# Where no shadow memory is looked up, these are what finds it.
PATTERNS = {
    "stack_cookie": [r'check_failed .*expression="stack cookie"', r"\bsmash at src/init/planted_test\.c:\d+"],
    "pool_overrun": [r"bugcheck 0x00000019 BAD_POOL_HEADER \(0x21, "],
    "pool_page_overrun": [r"bugcheck 0x00000019 BAD_POOL_HEADER \(0x21, "],
    "pool_underrun": [r"bugcheck 0x00000019 BAD_POOL_HEADER \(0x20, "],
    "pool_use_after_free": [r"bugcheck 0x00000019 BAD_POOL_HEADER \(0xd, "],
}
KASAN = {
    "kasan_pool_bounds": (1, "read", "beside a pool block"),
    "kasan_pool_write": (1, "write", "beside a pool block"),
    "kasan_pool_underrun": (1, "read", "beside a pool block"),
    "kasan_pool_straddle": (4, "read", "beside a pool block"),
    "kasan_pool_pages": (1, "read", "beside a pool block"),
    "kasan_pool_use_after_free": (1, "read", "in a freed pool block"),
    "kasan_pool_write_after_free": (1, "write", "in a freed pool block"),
    "kasan_stack": (1, "write", "beside a variable of the stack"),
    "kasan_stack_underrun": (1, "read", "beside a variable of the stack"),
    "kasan_stack_scope": (1, "read", "in a variable that has left its scope"),
    "kasan_global": (1, "read", "beside a global"),
    "kasan_frame": (1, "write", "in a free page"),
    "kasan_frame_read": (1, "read", "in a free page"),
    "kasan_memcpy": (1, "read", "beside a pool block"),
    "kasan_memcpy_to": (1, "write", "beside a pool block"),
    "kasan_memmove": (1, "read", "beside a pool block"),
    "kasan_memset": (1, "write", "beside a pool block"),
    "kasan_memcmp": (1, "read", "beside a pool block"),
    "kasan_struct_copy": (200, "read", "beside a pool block"),
    "kasan_struct_clear": (200, "write", "beside a pool block"),
}
DOUBLE_FREE = "kasan_pool_double_free"


def shadow(name: str) -> list[str]:
    size, access, kind = KASAN[name]
    wanted = [rf'bad_access address=\S+ bytes={size} write={int(access == "write")} kind="{kind}"',
              r"bugcheck 0x000001f2 KASAN_ILLEGAL_ACCESS ", rf"selftest_planted_{name}"]
    return wanted + (had_it(name, "freed" in kind) if "pool block" in kind else [])


def had_it(name: str, freed: bool) -> list[str]:
    """The stacks of who allocated and who freed, down to the function of the test or one that it calls."""
    stack = r" by:\n(?:  #\d+ .*\n)*?  #\d+ .*\b(?:selftest_planted_\w+|block_of_ten|freed_block) at src/mm/"
    freed_by = ["block of 10 bytes at 0x[0-9a-f]+, freed", rf"^freed{stack}"] if freed else [", in use$"]
    return [rf"^allocated{stack}", *freed_by]


def cases(variant: str) -> dict[str, list[str]]:
    if variant == "free":
        return ALWAYS
    if variant == "checked":
        return {**ALWAYS, **CHECKED, **PATTERNS}
    double_free = [r"bugcheck 0x000000c2 BAD_POOL_CALLER \(0x7, ", *had_it(DOUBLE_FREE, True)]
    return {**ALWAYS, **CHECKED, DOUBLE_FREE: double_free, **{name: shadow(name) for name in KASAN}}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "defect" in metafunc.fixturenames:
        metafunc.parametrize("defect", list(cases(from_environment().variant)))


def test_every_planted_defect_of_kasan_and_ubsan_is_looked_at(settings: Settings) -> None:
    planted = {name.removeprefix("planted.") for name in planted_tests(settings)}
    kasan = {*KASAN, DOUBLE_FREE} if settings.variant == "kasan" else set()
    assert {name for name in planted if name.startswith("kasan_")} == kasan
    assert {name for name in planted if name.startswith("ubsan_")} == {f"ubsan_{name}" for name in UBSAN}


def test_the_report_says_what_is_wrong_and_where(lab: Lab, defect: str) -> None:
    outcome = lab.selftest(Request(globs=f"planted.{defect}", fast=True))
    text = outcome.report.text()
    assert not outcome.passed
    for wanted in cases(lab.settings.variant)[defect]:
        assert re.search(wanted, text, re.MULTILINE), f"no {wanted!r} in:\n{text}"
