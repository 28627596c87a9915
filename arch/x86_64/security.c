/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What clang's stack protector uses on this target. boot/relocate.c seeds the cookie before
 * anything protected runs.
 */
#include <stdint.h>

#include "base/check.h"
#include "x86_64/x86.h"

uintptr_t __security_cookie = 0x00002b992ddfa232; /* the linker and debuggers know this default */
void __security_check_cookie(uintptr_t cookie);

/*
 * Called at the end of every function with an array, so it must keep all registers but flags: it
 * calls nothing that comes back.
 */
void __security_check_cookie(uintptr_t cookie)
{
    if (cookie != __security_cookie)
        check_failed("stack cookie", __FILE__, __LINE__);
}
