/* SPDX-License-Identifier: BSD-2-Clause */
/* What conversions into a counted string have in common. */
#pragma once

#include "rtl/text.h"

/*
 * Room for `bytes` in a UNICODE_STRING or STRING: in its buffer, or in one from the pool, which it then describes.
 *
 * Returns: STATUS_BUFFER_OVERFLOW, STATUS_INVALID_PARAMETER_2 (no string can be so long), STATUS_NO_MEMORY
 */
NTSTATUS rtl_convert_prepare(void *string, size_t bytes, bool allocate);
