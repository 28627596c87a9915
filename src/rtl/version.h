/* SPDX-License-Identifier: BSD-2-Clause */
/* The version of NT that this kernel says it is, wherever it says one: Windows 10, version 22H2. */
#pragma once

#define RTL_VERSION_MAJOR 10
#define RTL_VERSION_MINOR 0
#define RTL_VERSION_BUILD 19045
/* NTDDI_WIN10_VB, of the builds from 19041 on. Source: "Update WINVER and _WIN32_WINNT", sdkddkver.h's page. */
#define RTL_VERSION_NTDDI 0x0a000008u
