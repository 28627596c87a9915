# SPDX-License-Identifier: BSD-2-Clause
"""A streaming KTAP parser that trusts nothing.

Lines that are not KTAP are left alone. What is KTAP but wrong (a second plan, a number out of
turn, a name twice, a result cut off) becomes a problem; a report with a problem is not a pass.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

PASSED = "passed"
FAILED = "failed"
SKIPPED = "skipped"

VERSION = re.compile(r"KTAP version (\S+)$")
PLAN = re.compile(r"1\.\.(\d+)$")
RESULT = re.compile(r"(not )?ok (\d+) (?:- )?([A-Za-z0-9_]+\.[A-Za-z0-9_]+)(?: +# *(\S.*))?$")
LOOKS_LIKE_RESULT = re.compile(r"(not )?ok\b")
SKIP = re.compile(r"SKIP\b:? *(.*)$", re.IGNORECASE)


@dataclass
class Result:
    """One test's result, with the diagnostics that stood before it."""

    number: int
    name: str
    outcome: str
    reason: str = ""
    diagnostics: list[str] = field(default_factory=list)
    at: float = 0.0


@dataclass
class KtapReport:
    """What a whole run said, held against what was expected."""

    plan: int | None
    results: list[Result]
    problems: list[str]
    missing: list[str]
    unexpected: list[str]

    def names(self, outcome: str) -> list[str]:
        """The names of the tests that ended so."""
        return [result.name for result in self.results if result.outcome == outcome]

    @property
    def passed(self) -> bool:
        """Whether every expected test passed or was skipped for a reason, and nothing is odd."""
        odd = self.problems or self.missing or self.unexpected or self.names(FAILED)
        return not odd and bool(self.names(PASSED))


class KtapParser:
    """Feed it every line; `report` at the end."""

    def __init__(self) -> None:
        self.plan: int | None = None
        self.results: list[Result] = []
        self.problems: list[str] = []
        self._version_seen = False
        self._diagnostics: list[str] = []
        self._names: set[str] = set()

    def feed(self, line: str, complete: bool = True, at: float = 0.0) -> bool:
        """Take a line; returns whether it is KTAP."""
        if match := VERSION.match(line):
            self._take_version(match[1])
        elif match := PLAN.match(line):
            self._take_plan(int(match[1]), complete)
        elif LOOKS_LIKE_RESULT.match(line):
            self._take_result(line, complete, at)
        elif line.startswith("Bail out!"):
            self._problem(f"the tests were given up: {line[9:].strip() or 'no reason given'}")
        elif line.startswith("#") and self._version_seen:
            self._diagnostics.append(line[1:].strip())
        else:
            return False
        return True

    def report(self, expected: Iterable[str] | None = None) -> KtapReport:
        """The end of the output: what is missing is a problem."""
        problems = list(self.problems)
        count = len(self.results)
        if not self._version_seen:
            problems.append("no 'KTAP version' line: the tests did not start")
        elif self.plan is None:
            problems.append("no plan: the output is truncated")
        elif count != self.plan:
            problems.append(f"the plan says {self.plan} tests, the output has {count} results")
        wanted = dict.fromkeys(expected) if expected is not None else dict.fromkeys(self._names)
        missing = [name for name in wanted if name not in self._names]
        unexpected = [r.name for r in self.results if r.name not in wanted]
        return KtapReport(self.plan, self.results, problems, missing, unexpected)

    def pending(self) -> list[str]:
        """Diagnostics that no result has claimed: those of the test that did not end."""
        return list(self._diagnostics)

    def _problem(self, text: str) -> None:
        self.problems.append(text)

    def _take_version(self, version: str) -> None:
        if self._version_seen:
            self._problem("a second 'KTAP version' line: the tests started again")
        if version != "1":
            self._problem(f"unknown KTAP version '{version}'")
        self._version_seen = True

    def _take_plan(self, plan: int, complete: bool) -> None:
        if not complete:
            self._problem("the plan line is cut off")
        elif self.plan is not None:
            self._problem(f"a second plan: 1..{plan} after 1..{self.plan}")
        elif not self._version_seen:
            self._problem("a plan before the 'KTAP version' line")
        if self.plan is None and complete:
            self.plan = plan

    def _take_result(self, line: str, complete: bool, at: float) -> None:
        match = RESULT.match(line)
        if not complete or match is None:
            self._problem(f"a result line is {'garbled' if complete else 'cut off'}: {line!r}")
            return
        failed, number, name, directive = match[1], int(match[2]), match[3], match[4] or ""
        if not self._version_seen:
            self._problem(f"a result before the 'KTAP version' line: {name}")
        if number != len(self.results) + 1:
            self._problem(f"result {len(self.results) + 1} has the number {number}: {name}")
        if name in self._names:
            self._problem(f"a second result of the same test: {name}")
        outcome, reason = self._judge(name, bool(failed), directive)
        self._names.add(name)
        self.results.append(Result(number, name, outcome, reason, self._diagnostics, at))
        self._diagnostics = []

    def _judge(self, name: str, failed: bool, directive: str) -> tuple[str, str]:
        if failed:
            return FAILED, directive
        skip = SKIP.match(directive)
        if skip is None:
            if directive:
                self._problem(f"unknown directive '{directive}': {name}")
            return PASSED, ""
        if not skip[1]:
            self._problem(f"skipped without a reason: {name}")
        return SKIPPED, skip[1]
