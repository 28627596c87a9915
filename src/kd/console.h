/* SPDX-License-Identifier: BSD-2-Clause */
/* The debug console: where the kernel's log goes. */
#pragma once

/* From here on log lines come out. Interrupts may be on or off; once, on the boot processor, after ke_init. */
void kd_console_init(void);
