/* SPDX-License-Identifier: BSD-2-Clause */
/* The parts of the engine's test of itself; they are code under test, so they are instrumented. */
#pragma once

#include "../engine.h"

/* Each returns how many were wrong. self_detect prints TAP from number `first` on. */
unsigned self_litmus(unsigned *count);
unsigned self_random(uint64_t programs, enum explore_model model, int bound, bool prompt,
                     uint64_t *compared);
unsigned self_detect(unsigned first);
unsigned self_detect_count(void);
