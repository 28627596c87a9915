/* SPDX-License-Identifier: BSD-2-Clause */
/* The interrupt request levels of x64, lowest first; CR8 holds the current one. */
#ifndef NT_IRQL_H
#define NT_IRQL_H

/*
 * Device levels 3..12 lie between DISPATCH_LEVEL and CLOCK_LEVEL. The level of an interrupt
 * vector is its upper four bits (Intel SDM volume 3, "Task priority").
 *
 * Source: WDK "Managing Hardware Priorities"
 */
#define PASSIVE_LEVEL  0
#define LOW_LEVEL      0
#define APC_LEVEL      1
#define DISPATCH_LEVEL 2
#define CMCI_LEVEL     5
#define CLOCK_LEVEL    13
#define IPI_LEVEL      14
#define DRS_LEVEL      14
#define POWER_LEVEL    14
#define PROFILE_LEVEL  15
#define HIGH_LEVEL     15

#endif
