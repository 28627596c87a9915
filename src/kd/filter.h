/* SPDX-License-Identifier: BSD-2-Clause */
/* Which debug output is shown. */
#pragma once

#include <stdint.h>

/* The mask of levels that are shown whatever component prints them: bit n is level n. IRQL: any */
void kd_filter_set_mask(uint32_t mask);
