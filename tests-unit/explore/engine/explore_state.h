/* SPDX-License-Identifier: BSD-2-Clause */
/* Included before everything in the code under test: its globals stand together, so that they can be put back. */
#pragma clang section bss = "explore_bss" data = "explore_data"
