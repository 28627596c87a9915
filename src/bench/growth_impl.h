/* SPDX-License-Identifier: BSD-2-Clause */
/* For the files of growths: the prototypes of the table's functions. False: no memory for so many. */
#pragma once

#include "bench/growth.h"

#define TAG_GROWTH                   0x6f724742u /* "BGro" */

#define GROWTH(function, name, most) MUST_CHECK bool function(uint32_t n);
#include "bench/growths.tbl"
#undef GROWTH
