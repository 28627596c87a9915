# SPDX-License-Identifier: BSD-2-Clause
"""tests-unit/explore/plants.tbl: rows `file | old => new | scenario | caught | missed`, and the explorer built with one."""
from __future__ import annotations

import json
import pathlib
import re
import shlex
import subprocess
from dataclasses import dataclass

from keelci import mutants

BOUND = re.compile(r"^(\d+|none)$")
COMPILE_SECONDS = 120
KERNEL = "tests-unit/explore/kernel/"  # where the kernel's objects are that are not automake's
SELF_TEST = "self-test"  # in place of a scenario: bugs of the explorer itself


class PlantError(Exception):
    """The build is not fit for it."""


@dataclass(frozen=True)
class Plant:
    file: str
    old: str
    new: str
    scenario: str
    caught: str  # the bound at which it must be found
    missed: str  # the bound at which it must not be; "-": none
    line: int

    def title(self) -> str:
        return f"{self.file}: {self.old} => {self.new}"


def parse(text: str, shown: str) -> list[Plant]:
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        file, _, rest = line.partition(" | ")
        words = rest.rsplit(" | ", 3)
        old, arrow, new = words[0].partition(" => ")
        if len(words) != 4 or not arrow or not BOUND.match(words[2].strip()):
            raise mutants.TableError(f"{shown}:{number}: wanted 'file | old => new | scenario | bound | bound or -'")
        found.append(Plant(file.strip(), old.strip(), new.strip(), words[1].strip(), words[2].strip(),
                           words[3].strip(), number))
    return found


class Workshop:
    """A scratch folder beside a finished build folder, which is only read: one file compiled anew, all linked."""

    def __init__(self, srcdir: pathlib.Path, builddir: pathlib.Path, scratch: pathlib.Path) -> None:
        self.srcdir = srcdir.resolve()
        self.builddir = builddir.resolve()
        self.scratch = scratch
        path = self.builddir / "ci" / "explore.json"
        if not path.is_file():
            raise PlantError(f"{path} does not exist; 'make check' makes it")
        stored = json.loads(path.read_text(encoding="utf-8"))
        self.compilers = {name: shlex.split(stored[name]) for name in ("kernel", "engine", "port")}
        self.link = stored["link"]
        self.objects = {name: stored[f"{name}_objects"].split() for name in self.compilers}

    @staticmethod
    def _stem(object_name: str) -> str:
        if object_name.startswith(KERNEL):
            return f"src/{object_name.removeprefix(KERNEL).removesuffix('.o')}"
        folder, _, name = object_name.rpartition("/")
        return f"{folder}/{name.partition('-')[2].removesuffix('.o')}"

    def _depends(self, object_name: str) -> pathlib.Path:
        """What make knows of the headers that it includes."""
        if object_name.startswith(KERNEL):
            return self.builddir / object_name.replace(".o", ".d")
        folder, _, base = object_name.rpartition("/")
        return self.builddir / folder / ".deps" / base.replace(".o", ".Po")

    def _dependents(self, file: str) -> list[tuple[str, str]]:
        """The objects that are compiled from the file or include it, each with its group."""
        wanted = re.compile(rf"(^|[\s/]){re.escape(file)}(?=[\s:\\]|$)", re.MULTILINE)
        found = []
        for group, objects in self.objects.items():
            for name in objects:
                depends = self._depends(name)
                text = depends.read_text(encoding="utf-8") if depends.is_file() else ""
                if self._stem(name) == file.rpartition(".")[0] or wanted.search(text):
                    found.append((group, name))
        return found

    def _overlay(self, plant: Plant) -> pathlib.Path:
        original = self.srcdir / plant.file
        changed = self.scratch / f"changed{original.suffix}"
        mutant = mutants.Mutant(plant.file, plant.old, plant.new, plant.scenario, plant.line)
        changed.write_text(mutants.apply(mutant, original.read_text(encoding="utf-8")), encoding="utf-8")
        overlay = self.scratch / "overlay.json"
        overlay.write_text(json.dumps({
            "version": 0, "use-external-names": False,
            "roots": [{"name": str(original.parent), "type": "directory", "contents": [
                {"name": original.name, "type": "file", "external-contents": str(changed)}]}],
        }), encoding="utf-8")
        return overlay

    def _run(self, command: list[str], what: str) -> None:
        result = subprocess.run(command, cwd=self.builddir, capture_output=True, text=True, errors="replace",
                                check=False, stdin=subprocess.DEVNULL, timeout=COMPILE_SECONDS)
        if result.returncode != 0:
            first = next((line for line in result.stderr.splitlines() if "error" in line), result.stderr[:200])
            raise ValueError(f"does not {what}: {first}")

    def build(self, plant: Plant) -> str:
        """The explorer with the bug; ValueError says why there is none."""
        overlay = self._overlay(plant)
        made: dict[str, str] = {}
        for number, (group, name) in enumerate(self._dependents(plant.file)):
            target = str(self.scratch / f"{number}.o")
            source = self.srcdir / f"{self._stem(name)}.c"
            self._run([*self.compilers[group], "-w", "-ivfsoverlay", str(overlay), "-c", str(source), "-o", target],
                      "compile")
            made[name] = target
        if not made:
            raise ValueError("no object is built from it")
        program = str(self.scratch / "keel-explore")
        objects = " ".join(shlex.quote(made.get(name, name)) for names in self.objects.values() for name in names)
        self._run(["sh", "-c", self.link.replace("@OUT@", shlex.quote(program)).replace("@OBJECTS@", objects)], "link")
        return program
