/* SPDX-License-Identifier: BSD-2-Clause */
/* Drivers' debug output, for those who end the machine. */
#pragma once

/* Lines that were begun and not ended come out as they are. IRQL: any */
void kd_print_flush(void);
