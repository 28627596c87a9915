/* SPDX-License-Identifier: BSD-2-Clause */
/* Raising and lowering the interrupt request level. */
#include <nt/ke_ddi.h>

#include "ke/bugcheck.h"
#include "ke/ke.h"

KIRQL KeGetCurrentIrql(void)
{
    return arch_irql();
}

KIRQL KfRaiseIrql(KIRQL new_irql)
{
    KIRQL old = arch_irql();
    if (new_irql < old || new_irql > HIGH_LEVEL)
        ke_bugcheck(IRQL_NOT_GREATER_OR_EQUAL, old, new_irql, 0, 0);
    arch_irql_set(new_irql);
    return old;
}

KIRQL KeRaiseIrqlToDpcLevel(void)
{
    return KfRaiseIrql(DISPATCH_LEVEL);
}

void KeLowerIrql(KIRQL new_irql)
{
    KIRQL old = arch_irql();
    if (new_irql > old)
        ke_bugcheck(IRQL_NOT_LESS_OR_EQUAL, new_irql, old, 0, 0);
    ke_held_check_level(new_irql);
    arch_irql_set(new_irql);
}
