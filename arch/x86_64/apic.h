/* SPDX-License-Identifier: BSD-2-Clause */
/* The registers of the local APIC (Intel SDM vol. 3, table 11-1), for the files of the port that program it. */
#pragma once

#include <stdint.h>

#define APIC_ID              0x020
#define APIC_VERSION         0x030
#define APIC_TPR             0x080
#define APIC_EOI             0x0b0
#define APIC_SPURIOUS        0x0f0
#define APIC_ISR             0x100 /* eight registers, 16 bytes apart */
#define APIC_IRR             0x200
#define APIC_ESR             0x280
#define APIC_LVT_CMCI        0x2f0
#define APIC_ICR_LOW         0x300
#define APIC_ICR_HIGH        0x310
#define APIC_LVT_TIMER       0x320
#define APIC_LVT_THERMAL     0x330
#define APIC_LVT_COUNTERS    0x340
#define APIC_LVT_LINT0       0x350
#define APIC_LVT_LINT1       0x360
#define APIC_LVT_ERROR       0x370
#define APIC_TIMER_INITIAL   0x380
#define APIC_TIMER_CURRENT   0x390
#define APIC_TIMER_DIVIDE    0x3e0

#define APIC_SOFTWARE_ENABLE 0x100u
#define APIC_LVT_MASKED      0x10000u
#define APIC_LVT_NMI         0x400u
#define APIC_LVT_ACTIVE_LOW  0x2000u
#define APIC_LVT_PERIODIC    0x20000u
#define APIC_DIVIDE_BY_1     0xbu

/* Interrupt command register: Intel SDM vol. 3, 11.6.1 */
#define APIC_ICR_FIXED   0x000u
#define APIC_ICR_NMI     0x400u
#define APIC_ICR_INIT    0x500u
#define APIC_ICR_STARTUP 0x600u
#define APIC_ICR_PENDING 0x1000u
#define APIC_ICR_ASSERT  0x4000u
#define APIC_ICR_LEVEL   0x8000u
#define APIC_ICR_SELF    0x40000u
#define APIC_ICR_OTHERS  0xc0000u

/* Of this processor. Before x86_apic_init there is none: reads give 0, writes go nowhere. */
uint32_t x86_apic_read(uint32_t offset);
void x86_apic_write(uint32_t offset, uint32_t value);
