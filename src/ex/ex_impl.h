/* SPDX-License-Identifier: BSD-2-Clause */
/* Private to ex/. */
#pragma once

#include "ex/ex.h"

#include <nt/ke_ddi.h>
