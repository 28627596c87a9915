# SPDX-License-Identifier: BSD-2-Clause
"""ci/check-*: a good tree passes, each breach is named with its place."""
from __future__ import annotations

import os
import shutil
import subprocess

import pytest
from conftest import Fixture

SPDX_C = "/* SPDX-License-Identifier: BSD-2-Clause */\n"
SPDX = "# SPDX-License-Identifier: BSD-2-Clause\n"


# ---- layers

LAYERS = {
    "src/LAYERS": "layer base\nlayer include/nt\nlayer arch.h\nlayer rtl\nlayer ke\nlayer kd hal\n"
                  "layer mm/pool\nlayer ex\nlayer mm\n"
                  "upward base/check.h check_stop the one who stops the machine\n",
    "src/base/check.h": "void (*check_stop)(void);\n",
    "src/ke/ke.h": '#include <stdint.h>\n#include <nt/ntdef.h>\n#include "arch.h"\n#include "base/check.h"\n',
    "src/include/nt/ntdef.h": "#include <stddef.h>\n",
    "src/kd/kd.h": "",
    "src/mm/pool.c": '#include "ke/ke.h"\n',
    "src/ex/ex.c": '#include "ex_impl.h"\n',
    "src/ex/ex_impl.h": "",
    "src/mm/mm.h": '#include "ex/ex_impl.h"\n',
}


def test_layers_good(tree: Fixture) -> None:
    tree.write(LAYERS)
    tree.passes("check-layers")


@pytest.mark.parametrize(("file", "text", "complaint"), [
    ("src/base/log.c", '\n#include "ke/ke.h"\n', "src/base/log.c:2: includes ke/ke.h of ke, a layer above base"),
    ("src/base/log.c", '#include "arch.h"\n', "src/base/log.c:1: includes arch.h of arch.h"),
    ("src/hal/hal.c", '#include "kd/kd.h"\n', "src/hal/hal.c:1: includes kd/kd.h of kd, a neighbour of hal"),
    ("src/mm/pool.c", '#include "mm/mm.h"\n', "src/mm/pool.c:1: includes mm/mm.h of mm, a layer above mm/pool"),
    ("src/ke/a.c", '#include "x86_64/x86.h"\n', "src/ke/a.c:1: includes x86_64/x86.h, which is in no layer"),
    ("src/ke/a.c", "#include <stdio.h>\n", "src/ke/a.c:1: includes stdio.h, which is in no layer"),
    ("src/new/a.c", "", "src/new/a.c:1: is in no layer"),
    ("src/LAYERS", "layer base\nlayer base\n", "src/LAYERS:2: layer base stands twice"),
    ("src/LAYERS", "layers base\n", "src/LAYERS:1: cannot read"),
    ("src/LAYERS", "upward base/check.h nothing why\n", "src/LAYERS:1: src/base/check.h has no nothing"),
    ("src/LAYERS", "upward base/none.h a why\n", "src/LAYERS:1: src/base/none.h does not exist"),
])
def test_layers_bad(tree: Fixture, file: str, text: str, complaint: str) -> None:
    tree.write({**LAYERS, file: text})
    tree.refuses("check-layers", complaint)


def test_layers_ignores_comments(tree: Fixture) -> None:
    tree.write({**LAYERS, "src/base/log.c": '/*\n#include "ke/ke.h"\n*/\n'})
    tree.passes("check-layers")


# ---- walks

WALKS = {
    "src/WALKS": "walk system call\n  arch/entry.S:x86_entry  # the door\n  src/a.c:trap_service\n",
    "arch/entry.S": "    .text\nx86_entry:\n    ret\n",
    "src/a.c": "int x;\nvoid trap_service(int a,\n                  int b)\n{\n}\nvoid declared(void);\n",
}


def test_walks_good(tree: Fixture) -> None:
    tree.write(WALKS)
    tree.passes("check-walks")


@pytest.mark.parametrize(("text", "complaint"), [
    ("walk a\nsrc/b.c:trap_service\n", "src/WALKS:2: src/b.c does not exist"),
    ("walk a\nsrc/a.c:trap\n", "src/WALKS:2: src/a.c does not define trap"),
    ("walk a\nsrc/a.c:declared\n", "src/WALKS:2: src/a.c does not define declared"),
    ("walk a\narch/entry.S:x86_exit\n", "src/WALKS:2: arch/entry.S does not define x86_exit"),
    ("walk a\nsrc/a.c trap_service\n", "is not file:function"),
    ("src/a.c:trap_service\n", "src/WALKS:1: a step before"),
    ("walk a\nsrc/a.c:trap_service\n", "walk a has 1 steps"),
    ("", "has no walk"),
])
def test_walks_bad(tree: Fixture, text: str, complaint: str) -> None:
    tree.write({**WALKS, "src/WALKS": text})
    tree.refuses("check-walks", complaint)


# ---- style

STYLE = {"src/a.c": SPDX_C + "unsigned long long x; /* so long */\n", "src/README.md": "# src\n", "LICENSE": "BSD\n"}


def test_style_good(tree: Fixture) -> None:
    tree.write(STYLE)
    tree.passes("check-style")


@pytest.mark.parametrize(("file", "text", "complaint"), [
    ("src/b.c", "int x;\n", "src/b.c:1: no SPDX licence line"),
    ("src/b.c", SPDX_C + "\nunsigned long x;\n", "src/b.c:3: `long` has"),
    ("src/b.c", SPDX_C + "/* TO" "DO: x */\n", "src/b.c:2: 'TO" "DO' marks"),
    ("src/b.py", SPDX + "x = 1  # FIX" "ME\n", "src/b.py:2: 'FIX" "ME' marks"),
    ("src/b.c", SPDX_C + "\n" * 1001, "1000 is the limit"),
    ("src/README.md", "x\n" * 61, "src/README.md:61: a folder's README is one screen"),
    ("tools/a.sh", SPDX, "tools/README.md:1: does not exist"),
])
def test_style_bad(tree: Fixture, file: str, text: str, complaint: str) -> None:
    tree.write({**STYLE, file: text})
    tree.refuses("check-style", complaint)


def test_style_lets_abi_headers_say_long(tree: Fixture) -> None:
    tree.write({**STYLE, "src/include/nt/a.h": SPDX_C + "long x;\n", "src/include/nt/README.md": ""})
    tree.passes("check-style")


def test_style_only_looks_at_what_is_distributed(tree: Fixture) -> None:
    tree.write({**STYLE, "src/stray.c": "\n"})
    listed = tree.builddir / "list"
    listed.write_text(f"{tree.srcdir}/src/a.c\nsrc/README.md\n", encoding="utf-8")
    tree.passes("check-style", "--list", str(listed))


# ---- format

def test_format(tree: Fixture) -> None:
    tree.write({".clang-format": "BasedOnStyle: LLVM\n", "a.c": "int x;\n"})
    tree.passes("check-format")
    tree.write({"b.h": "int x;\nint   y;\n"})
    tree.refuses("check-format", "b.h:2:4: error:")


# ---- self-tests

def selftests(tree: Fixture, listed: str) -> None:
    tree.write({"src/ke/a_test.c": "TEST(ke_a, works)\n{\n}\n"})
    (tree.builddir / "selftests.list").write_text(listed, encoding="utf-8")


def test_selftests_good(tree: Fixture) -> None:
    selftests(tree, "ke_a.works\tboth\t\n")
    tree.passes("check-selftests", "--minimum", "1")


@pytest.mark.parametrize(("listed", "complaint"), [
    ("ke_b.works\tboth\t\n", "src/ke/a_test.c:1: is in no sources.mk: ke_a.works"),
    ("ke_a.works\tkernel\t\n", "ke_a.works runs on one side only, without a reason"),
    ("ke_a.works\tplanted\tshows red\n", "0 self-tests; 1 is the least"),
])
def test_selftests_bad(tree: Fixture, listed: str, complaint: str) -> None:
    selftests(tree, listed)
    tree.refuses("check-selftests", complaint, "--minimum", "1")


# ---- mutants

def mutants(tree: Fixture, rows: str) -> None:
    selftests(tree, "ke_a.works\tboth\t\nplanted.hang\tplanted\tx\n")
    tree.write({"src/ke/a.c": "int a = 1;\nint b = 1;\n", "tests-unit/mutants.tbl": rows})


def test_mutants_good(tree: Fixture) -> None:
    mutants(tree, "src/ke/a.c | a = 1 => a = 2 | ke_a.works\n")
    tree.passes("check-mutants")


@pytest.mark.parametrize(("rows", "complaint"), [
    ("src/ke/a.c | = 1 => = 2 | ke_a.works\n", "mutants.tbl:1: src/ke/a.c: 2 lines have '= 1'"),
    ("src/ke/a.c | c = 1 => c = 2 | ke_a.works\n", "mutants.tbl:1: src/ke/a.c: 0 lines have 'c = 1'"),
    ("src/ke/a.c | a = 1 => a = 2 | ke_a.fails\n", "mutants.tbl:1: no self-test ke_a.fails"),
    ("src/ke/a.c | a = 1 => a = 2 | planted.hang\n", "mutants.tbl:1: no self-test planted.hang"),
    ("src/ke/b.c | a = 1 => a = 2 | ke_a.works\n", "mutants.tbl:1: src/ke/b.c does not exist"),
    ("src/ke/b.c | a = 1 => a = 2 | ke_a.works\n", "src/ke/a.c:1: has tests and no row"),
    ("src/ke/a.c | a = 1\n", "mutants.tbl:1: wanted"),
])
def test_mutants_bad(tree: Fixture, rows: str, complaint: str) -> None:
    mutants(tree, rows)
    tree.refuses("check-mutants", complaint)


# ---- dist

@pytest.mark.skipif(shutil.which("git") is None, reason="no git here")
def test_dist(tree: Fixture) -> None:
    tree.write({"a.c": "", "b.c": ""})
    git = ["git", "-C", str(tree.srcdir)]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "a.c", "b.c"], check=True)
    listed = tree.builddir / "list"
    listed.write_text("a.c b.c\n", encoding="utf-8")
    tree.passes("check-dist", "--list", str(listed))
    listed.write_text("a.c\n", encoding="utf-8")
    tree.refuses("check-dist", "b.c:1: is in no fragment", "--list", str(listed))


# ---- names

TABLE = "# name kind file irql source\nKeGo function ke/go.c any WDK reference\n"


def names(tree: Fixture) -> None:
    here = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(here, "..", "..", "src", "abi", "generate.py"), encoding="utf-8") as generator:
        tree.write({"src/abi/generate.py": generator.read(), "src/abi/exports.tbl": TABLE})
    tree.build("src/ke/go.c", "int ke_count; void KeGo(void); void KeGo(void) { ke_count++; }\n")


def test_names_good(tree: Fixture) -> None:
    names(tree)
    tree.build("src/base/log.c", "void log_line(void); void log_line(void) {}\n"
                                 "void *memcpy(void *a, const void *b, unsigned long long n);\n"
                                 "void *memcpy(void *a, const void *b, unsigned long long n)"
                                 "{ (void)b; (void)n; return a; }\n")
    tree.build("arch/x86_64/cpu.c", "void x86_start(void); void x86_start(void) {}\n")
    tree.build("src/ke/go_test.c", "void selftest_ke_go_works(void); void selftest_ke_go_works(void) {}\n")
    tree.passes("check-names")


@pytest.mark.parametrize(("file", "text", "complaint"), [
    ("src/ke/new.c", "int KeNew;\n", "src/ke/new: KeNew is in no row"),
    ("src/ke/new.c", "int mm_new;\n", "src/ke/new: mm_new does not begin with ke_"),
    ("src/ke/new.c", "int ke_newThing;\n", "src/ke/new: ke_newThing is neither"),
    ("src/base/log.c", "int check_it;\n", "src/base/log: check_it does not begin with log_"),
    ("arch/x86_64/cpu.c", "int cpu_count;\n", "cpu_count begins with neither arch_ nor x86_"),
    ("src/ke/go.c", "int ke_count;\n", "src/abi/exports.tbl:2: no object of the kernel defines KeGo"),
    ("src/ke/go.c", "int KeGo = 1;\n", "src/abi/exports.tbl:2: KeGo is data, not function"),
])
def test_names_bad(tree: Fixture, file: str, text: str, complaint: str) -> None:
    names(tree)
    tree.build(file, text)
    tree.refuses("check-names", complaint)


@pytest.mark.parametrize(("row", "complaint"), [
    ("KeGo function ke/stop.c any WDK reference\n", "KeGo is in src/ke/go, not in ke/stop.c"),
    ("KeGo procedure ke/go.c any WDK reference\n", "exports.tbl:1: kind 'procedure' of KeGo"),
    ("KeGo function ke/go.c any\n", "exports.tbl:1: 4 columns"),
    ("Ke-Go function ke/go.c any WDK\n", "exports.tbl:1: 'Ke-Go' is no C identifier"),
    (TABLE + "KeGo function ke/go.c any WDK\n", "exports.tbl:3: KeGo is already at line 2"),
])
def test_export_table_bad(tree: Fixture, row: str, complaint: str) -> None:
    names(tree)
    tree.write({"src/abi/exports.tbl": row})
    tree.refuses("check-names", complaint)


def test_a_published_name_may_be_lower_case(tree: Fixture) -> None:
    """The C run-time's names are published too, and as good as their row is."""
    names(tree)
    tree.build("src/ke/print.c", "int _printed; void sprintf_s(void); void sprintf_s(void) { _printed++; }\n")
    tree.refuses("check-names", "src/ke/print: sprintf_s does not begin with ke_")
    tree.write({"src/abi/exports.tbl": TABLE + "_printed data ke/print.c any C\nsprintf_s function ke/print.c any C\n"})
    tree.passes("check-names")
    tree.write({"src/abi/exports.tbl": TABLE + "_printed data ke/go.c any C\nsprintf_s function ke/print.c any C\n"})
    tree.refuses("check-names", "exports.tbl:3: _printed is in src/ke/print, not in ke/go.c")


# ---- seam

CONTRACT = ('void arch_halt(void); /* a */\nstruct arch_frame { void (*hook)(void); };\n#include "arch_port.h"\n'
            "uint64_t arch_counter(void); /* inline */\n/* --- Up: what a port calls --- */\n_Noreturn void init_start(void);\n")


def seam(tree: Fixture, contract: str = CONTRACT) -> None:
    tree.write({"arch/arch.h": contract})
    tree.build("arch/x86_64/cpu.c", "void arch_halt(void); void init_start(void); int x86_private;\n"
                                    "void arch_halt(void) {} void x86_go(void); void x86_go(void) { init_start(); }\n")
    tree.build("src/init/main.c", "void arch_halt(void); void init_start(void); void init_more(void);\n"
                                  "void init_more(void) {} void init_start(void) { arch_halt(); }\n")


def test_seam_good(tree: Fixture) -> None:
    seam(tree)
    tree.passes("check-seam")


def test_seam_counts_down(tree: Fixture) -> None:
    seam(tree, "".join(f"void arch_f{i}(void);\n" for i in range(40)) + CONTRACT)
    tree.refuses("check-seam", "arch/arch.h:1: 42 functions go down; 40 is the limit")


def test_seam_counts_up(tree: Fixture) -> None:
    seam(tree, CONTRACT + "".join(f"void ke_f{i}(void);\n" for i in range(8)))
    tree.refuses("check-seam", "arch/arch.h:1: 9 functions go up; 8 is the limit")


def test_seam_wants_its_heading(tree: Fixture) -> None:
    seam(tree, CONTRACT.replace("/* --- Up:", "/* Up:"))
    tree.refuses("check-seam", "has no heading")


@pytest.mark.parametrize(("file", "text", "complaint"), [
    ("src/ke/a.c", "void arch_secret(void); void ke_a(void); void ke_a(void)\n{ arch_secret(); }\n",
     "src/ke/a.c:2: arch_secret is not declared in arch/arch.h"),
    ("src/ke/a.c", "extern int x86_private; int ke_a(void); int ke_a(void) { return x86_private; }\n",
     "src/ke/a: uses x86_private of arch/x86_64/cpu, which is not in arch/arch.h"),
    ("arch/x86_64/b.c", "void init_more(void); void x86_b(void); void x86_b(void) { init_more(); }\n",
     "arch/x86_64/b: uses init_more of src/init/main, which is not in arch/arch.h"),
])
def test_seam_bad(tree: Fixture, file: str, text: str, complaint: str) -> None:
    seam(tree)
    tree.build(file, text)
    tree.refuses("check-seam", complaint)


# ---- options

OPTIONS = {
    "src/rtl/options.c": 'static const struct option table[] = {\n    { "idle", OPTION_FLAG, set_idle, 0, 0 },\n'
                         '    { "maxcpus", OPTION_NUMBER, set_max_cpus, 1, 64 },\n};\n',
    "src/init/OPTIONS.md": "| option | value | does |\n| `idle` | – | waits |\n| `maxcpus` | 1 to 64 | limits |\n",
}


def test_options_good(tree: Fixture) -> None:
    tree.write(OPTIONS)
    tree.passes("check-options")


@pytest.mark.parametrize(("page", "complaint"), [
    ("| `idle` | – | waits |\n", "src/rtl/options.c:3: 'maxcpus' is not on the page"),
    ("| `idle` | – | waits |\n| `maxcpus` | 1 to 64 | limits |\n| `quiet` | – | no |\n", "'quiet' is no option"),
    ("| `idle` | – | waits |\n| `maxcpus` | 1 to 8 | limits |\n", "is 1 to 64 in the table"),
    ("| `idle` | yes | waits |\n| `maxcpus` | 1 to 64 | limits |\n", "in one of the table and the page only"),
])
def test_options_bad(tree: Fixture, page: str, complaint: str) -> None:
    tree.write({**OPTIONS, "src/init/OPTIONS.md": page})
    tree.refuses("check-options", complaint)
