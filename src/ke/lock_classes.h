/* SPDX-License-Identifier: BSD-2-Clause */
/* The lock classes as an enumeration; lock_classes.tbl is the list. */
#pragma once

enum ke_lock_class {
#define LOCK_CLASS(name, rank, protects) KE_LOCK_##name,
#include "ke/lock_classes.tbl"
#undef LOCK_CLASS
    KE_LOCK_CLASS_COUNT
};
