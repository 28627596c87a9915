/* SPDX-License-Identifier: BSD-2-Clause */
/* The functions of testcode.S. */
#pragma once

#include <nt/amd64.h>

struct x86_test_xmm {
    M128A xmm[16];
};

void x86_test_load_xmm(const struct x86_test_xmm *values);
void x86_test_store_xmm(struct x86_test_xmm *values);
void x86_test_load_control(uint32_t mxcsr, uint16_t x87);
uint64_t x86_test_store_control(void); /* MXCSR, the x87 control word above bit 32 */

extern const char x86_test_frame[], x86_test_frame_end[];
extern const char x86_test_frame_pointer[], x86_test_frame_pointer_end[];

void x86_test_call(void (*function)(void *argument), void *argument);
void x86_test_spin(const uint32_t *until); /* with 0x1234567 in rbx */
