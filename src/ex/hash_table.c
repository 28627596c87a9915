/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Dynamic hash tables, by linear hashing: the table grows and shrinks by one bucket at a time, when its owner asks for it.
 * DivisorMask + 1 is a power of two, the buckets that a round began with; those below Pivot have been split already, so
 * their entries are told apart by one more bit of the signature. Source: Litwin, "Linear hashing" (1980).
 *
 * The directory holds blocks of buckets: the first two have FIRST_BUCKETS each, every further one as many as all
 * before it, so that a bucket never moves. A bucket is the head of a list that is sorted by signature: equal ones are
 * neighbours, the newest last.
 *
 * An enumerator stands in the list itself, with the reserved signature, so that entries may come and go around it; the
 * buckets must stay meanwhile. A weak one only looks.
 *
 * IRQL of all: <= DISPATCH_LEVEL. The caller holds the table's lock; lookups and weak enumerations may share it.
 */
#include <nt/ex_ddi.h>
#include <nt/rtl_ddi.h>

#include "base/check.h"
#include "ex/ex_impl.h"

#define TAG_OF_HASH_TABLES 0x68736148u /* "Hash" */
#define FIRST_BUCKETS      128u
#define BLOCKS             16u
#define MOST_BUCKETS       (FIRST_BUCKETS << (BLOCKS - 1))

struct directory {
    LIST_ENTRY *blocks[BLOCKS];
};

static RTL_DYNAMIC_HASH_TABLE_ENTRY *entry_of(LIST_ENTRY *link)
{
    return CONTAINING_RECORD(link, RTL_DYNAMIC_HASH_TABLE_ENTRY, Linkage);
}

/* --- Buckets ---------------------------------------------------------------------------------------------- */

static uint32_t block_of(ULONG bucket)
{
    return bucket < FIRST_BUCKETS ? 0 : 32u - (uint32_t)__builtin_clz(bucket / FIRST_BUCKETS);
}

static ULONG first_of_block(uint32_t block)
{
    return block == 0 ? 0 : FIRST_BUCKETS << (block - 1);
}

static LIST_ENTRY *bucket_at(const RTL_DYNAMIC_HASH_TABLE *table, ULONG bucket)
{
    const struct directory *directory = table->Directory;
    uint32_t block = block_of(bucket);
    return &directory->blocks[block][bucket - first_of_block(block)];
}

static ULONG bucket_of(const RTL_DYNAMIC_HASH_TABLE *table, ULONG_PTR signature)
{
    ULONG_PTR hash = signature >> table->Shift;
    ULONG bucket = (ULONG)(hash & table->DivisorMask);
    if (bucket < table->Pivot)
        bucket = (ULONG)(hash & (2 * (ULONG_PTR)table->DivisorMask + 1));
    return bucket;
}

/* The block that begins with `bucket`, if one does and it is not there. False: no memory */
static bool provide(RTL_DYNAMIC_HASH_TABLE *table, ULONG bucket)
{
    struct directory *directory = table->Directory;
    uint32_t block = block_of(bucket);
    if (directory->blocks[block] == NULL) {
        ULONG count = block == 0 ? FIRST_BUCKETS : first_of_block(block);
        directory->blocks[block] = ExAllocatePool2(
            POOL_FLAG_NON_PAGED, (SIZE_T)count * sizeof(LIST_ENTRY), TAG_OF_HASH_TABLES);
    }
    return directory->blocks[block] != NULL;
}

/* --- Life ------------------------------------------------------------------------------------------------- */

static bool make_buckets(RTL_DYNAMIC_HASH_TABLE *table)
{
    table->Directory =
        ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(struct directory), TAG_OF_HASH_TABLES);
    if (table->Directory == NULL)
        return false;
    if (!provide(table, 0)) {
        ExFreePoolWithTag(table->Directory, TAG_OF_HASH_TABLES);
        return false;
    }
    for (ULONG i = 0; i < FIRST_BUCKETS; i++)
        InitializeListHead(bucket_at(table, i));
    return true;
}

/*
 * Make *table an empty table of 128 buckets; if it is NULL, allocate it. Of a signature the `shift` low bits do not
 * choose the bucket. `flags` is 0.
 *
 * Returns: FALSE if there is no memory
 * Source:  WDK "RtlCreateHashTable function (ntddk.h)"
 */
BOOLEAN RtlCreateHashTable(RTL_DYNAMIC_HASH_TABLE **table, ULONG shift, ULONG flags)
{
    RTL_DYNAMIC_HASH_TABLE *made = *table;
    IRQL_MAX(DISPATCH_LEVEL);
    if (flags != 0 || shift >= 64)
        return FALSE;
    if (made == NULL)
        made = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*made), TAG_OF_HASH_TABLES);
    if (made == NULL)
        return FALSE;
    bool allocated = *table == NULL;
    *made = (RTL_DYNAMIC_HASH_TABLE){ .Flags = allocated ? RTL_HASH_ALLOCATED_HEADER : 0,
                                      .Shift = shift,
                                      .TableSize = FIRST_BUCKETS,
                                      .DivisorMask = FIRST_BUCKETS - 1 };
    if (!make_buckets(made)) {
        if (allocated)
            ExFreePoolWithTag(made, TAG_OF_HASH_TABLES);
        return FALSE;
    }
    *table = made;
    return TRUE;
}

/* The table is empty and nobody enumerates it. Source: WDK "RtlDeleteHashTable function (ntddk.h)" */
void RtlDeleteHashTable(RTL_DYNAMIC_HASH_TABLE *table)
{
    struct directory *directory = table->Directory;
    IRQL_MAX(DISPATCH_LEVEL);
    for (uint32_t i = 0; i < BLOCKS; i++) {
        if (directory->blocks[i] != NULL)
            ExFreePoolWithTag(directory->blocks[i], TAG_OF_HASH_TABLES);
    }
    ExFreePoolWithTag(directory, TAG_OF_HASH_TABLES);
    table->Directory = NULL;
    if (table->Flags & RTL_HASH_ALLOCATED_HEADER)
        ExFreePoolWithTag(table, TAG_OF_HASH_TABLES);
}

/* --- Lists ------------------------------------------------------------------------------------------------ */

static void link_behind(RTL_DYNAMIC_HASH_TABLE *table, LIST_ENTRY *head, LIST_ENTRY *before,
                        LIST_ENTRY *link)
{
    table->NonEmptyBuckets += IsListEmpty(head) ? 1 : 0;
    InsertHeadList(before, link);
}

static void unlink_from(RTL_DYNAMIC_HASH_TABLE *table, LIST_ENTRY *link)
{
    if (RemoveEntryList(link)) /* the bucket is empty now */
        table->NonEmptyBuckets--;
}

/* An enumerator has no signature of its own: it lies where it lies. */
static bool is_enumerator(LIST_ENTRY *link)
{
    return entry_of(link)->Signature == RTL_HASH_RESERVED_SIGNATURE;
}

/* What is reserved for enumerators is taken for its neighbour. */
static ULONG_PTR usable(ULONG_PTR signature)
{
    return signature == RTL_HASH_RESERVED_SIGNATURE ? signature + 1 : signature;
}

/* The first entry from `link` on whose signature is not smaller, or the head. */
static LIST_ENTRY *seek(LIST_ENTRY *head, LIST_ENTRY *link, ULONG_PTR signature)
{
    while (link != head && (is_enumerator(link) || entry_of(link)->Signature < signature))
        link = link->Flink;
    return link;
}

/* Fill the context: the list of `signature`, and what stands before the first entry that has it or follows it. */
static LIST_ENTRY *position(const RTL_DYNAMIC_HASH_TABLE *table, ULONG_PTR signature,
                            RTL_DYNAMIC_HASH_TABLE_CONTEXT *context)
{
    LIST_ENTRY *head = bucket_at(table, bucket_of(table, signature));
    LIST_ENTRY *found = seek(head, head->Flink, signature);
    *context = (RTL_DYNAMIC_HASH_TABLE_CONTEXT){ head, found->Blink, signature };
    return found;
}

static RTL_DYNAMIC_HASH_TABLE_ENTRY *if_has(LIST_ENTRY *head, LIST_ENTRY *link, ULONG_PTR signature)
{
    return link != head && entry_of(link)->Signature == signature ? entry_of(link) : NULL;
}

/* --- Entries ---------------------------------------------------------------------------------------------- */

/*
 * Insert an entry. A context that a lookup of the same signature has filled saves the search, if nothing has changed
 * since; one with ChainHead NULL is filled. Signature 0 is reserved; it is taken for 1.
 *
 * Returns: TRUE
 * Source:  WDK "RtlInsertEntryHashTable function (ntddk.h)"
 */
BOOLEAN RtlInsertEntryHashTable(RTL_DYNAMIC_HASH_TABLE *table, RTL_DYNAMIC_HASH_TABLE_ENTRY *entry,
                                ULONG_PTR signature, RTL_DYNAMIC_HASH_TABLE_CONTEXT *context)
{
    RTL_DYNAMIC_HASH_TABLE_CONTEXT own = { .ChainHead = NULL };
    IRQL_MAX(DISPATCH_LEVEL);
    entry->Signature = usable(signature);
    if (context == NULL)
        context = &own;
    if (context->ChainHead == NULL)
        (void)position(table, entry->Signature, context); /* the context is what is wanted */
    LIST_ENTRY *before = context->PrevLinkage, *head = context->ChainHead;
    while (if_has(head, before->Flink, entry->Signature) != NULL)
        before = before->Flink;
    link_behind(table, head, before, &entry->Linkage);
    table->NumEntries++;
    return TRUE;
}

/*
 * Remove an entry. The context, if there is one, is that of its signature afterwards.
 *
 * Returns: TRUE
 * Source:  WDK "RtlRemoveEntryHashTable function (ntddk.h)"
 */
BOOLEAN RtlRemoveEntryHashTable(RTL_DYNAMIC_HASH_TABLE *table, RTL_DYNAMIC_HASH_TABLE_ENTRY *entry,
                                RTL_DYNAMIC_HASH_TABLE_CONTEXT *context)
{
    IRQL_MAX(DISPATCH_LEVEL);
    unlink_from(table, &entry->Linkage);
    table->NumEntries--;
    if (context != NULL)
        (void)position(table, entry->Signature, context); /* the context is what is wanted */
    return TRUE;
}

/* Returns: the oldest entry of the signature, or NULL. Source: WDK "RtlLookupEntryHashTable function (ntddk.h)" */
RTL_DYNAMIC_HASH_TABLE_ENTRY *RtlLookupEntryHashTable(RTL_DYNAMIC_HASH_TABLE *table,
                                                      ULONG_PTR signature,
                                                      RTL_DYNAMIC_HASH_TABLE_CONTEXT *context)
{
    RTL_DYNAMIC_HASH_TABLE_CONTEXT own;
    IRQL_MAX(DISPATCH_LEVEL);
    if (context == NULL)
        context = &own;
    LIST_ENTRY *found = position(table, usable(signature), context);
    return if_has(context->ChainHead, found, context->Signature);
}

/*
 * The next entry of the signature that the context stands at.
 *
 * Returns: NULL if there is no more
 * Source:  WDK "RtlGetNextEntryHashTable function (ntddk.h)"
 */
RTL_DYNAMIC_HASH_TABLE_ENTRY *RtlGetNextEntryHashTable(RTL_DYNAMIC_HASH_TABLE *table,
                                                       RTL_DYNAMIC_HASH_TABLE_CONTEXT *context)
{
    UNREFERENCED_PARAMETER(table);
    IRQL_MAX(DISPATCH_LEVEL);
    LIST_ENTRY *head = context->ChainHead, *current = context->PrevLinkage->Flink;
    if (current == head)
        return NULL;
    LIST_ENTRY *next = seek(head, current->Flink, context->Signature);
    if (if_has(head, next, context->Signature) != NULL)
        context->PrevLinkage = next->Blink;
    return if_has(head, next, context->Signature);
}

/* --- Size ------------------------------------------------------------------------------------------------- */

/* Entries of `from` whose bucket is another now go there; both lists stay sorted. */
static void redistribute(RTL_DYNAMIC_HASH_TABLE *table, LIST_ENTRY *from)
{
    LIST_ENTRY *next;
    for (LIST_ENTRY *link = from->Flink; link != from; link = next) {
        ULONG_PTR signature = entry_of(link)->Signature;
        next = link->Flink;
        if (bucket_at(table, bucket_of(table, signature)) == from)
            continue;
        unlink_from(table, link);
        LIST_ENTRY *head = bucket_at(table, bucket_of(table, signature));
        LIST_ENTRY *behind = seek(head, head->Flink, signature);
        while (if_has(head, behind, signature) != NULL)
            behind = behind->Flink;
        link_behind(table, head, behind->Blink, link);
    }
}

/*
 * One bucket more: the one at Pivot is split.
 *
 * Returns: FALSE if somebody enumerates, there are as many as there may be, or there is no memory
 * Source:  WDK "RtlExpandHashTable function (ntddk.h)"
 */
BOOLEAN RtlExpandHashTable(RTL_DYNAMIC_HASH_TABLE *table)
{
    IRQL_MAX(DISPATCH_LEVEL);
    if (table->NumEnumerators != 0 || table->TableSize == MOST_BUCKETS ||
        !provide(table, table->TableSize))
        return FALSE;
    LIST_ENTRY *split = bucket_at(table, table->Pivot);
    InitializeListHead(bucket_at(table, table->TableSize));
    table->TableSize++;
    table->Pivot++;
    redistribute(table, split);
    if (table->Pivot == table->DivisorMask + 1) {
        table->DivisorMask = 2 * table->DivisorMask + 1;
        table->Pivot = 0;
    }
    return TRUE;
}

/*
 * One bucket less: the last one goes into the one that it was split from. A block without buckets stays.
 *
 * Returns: FALSE if somebody enumerates, or there are only the first 128
 * Source:  WDK "RtlContractHashTable function (ntddk.h)"
 */
BOOLEAN RtlContractHashTable(RTL_DYNAMIC_HASH_TABLE *table)
{
    IRQL_MAX(DISPATCH_LEVEL);
    if (table->NumEnumerators != 0 || table->TableSize == FIRST_BUCKETS)
        return FALSE;
    if (table->Pivot == 0) {
        table->DivisorMask /= 2;
        table->Pivot = table->DivisorMask + 1;
    }
    table->Pivot--;
    table->TableSize--;
    redistribute(table, bucket_at(table, table->TableSize));
    CHECK(IsListEmpty(bucket_at(table, table->TableSize)));
    return TRUE;
}

/* --- Enumeration ------------------------------------------------------------------------------------------ */

/* The first entry behind `link` in the enumerator's bucket or a later one; the enumerator's bucket becomes its. */
static LIST_ENTRY *entry_behind(RTL_DYNAMIC_HASH_TABLE *table, LIST_ENTRY *link,
                                RTL_DYNAMIC_HASH_TABLE_ENUMERATOR *enumerator)
{
    for (;;) {
        link = link->Flink;
        if (link == enumerator->ChainHead) {
            if (enumerator->BucketIndex + 1 == table->TableSize)
                return NULL;
            enumerator->BucketIndex++;
            enumerator->ChainHead = link = bucket_at(table, enumerator->BucketIndex);
        } else if (!is_enumerator(link)) {
            return link;
        }
    }
}

/*
 * Begin an enumeration, during which entries may come and go, but no bucket. Each entry that is there all the time comes
 * once.
 *
 * Returns: TRUE
 * Source:  WDK "RtlInitEnumerationHashTable function (ntddk.h)"
 */
BOOLEAN RtlInitEnumerationHashTable(RTL_DYNAMIC_HASH_TABLE *table,
                                    RTL_DYNAMIC_HASH_TABLE_ENUMERATOR *enumerator)
{
    LIST_ENTRY *head = bucket_at(table, 0);
    IRQL_MAX(DISPATCH_LEVEL);
    *enumerator = (RTL_DYNAMIC_HASH_TABLE_ENUMERATOR){ .ChainHead = head };
    link_behind(table, head, head, &enumerator->HashEntry.Linkage);
    table->NumEnumerators++;
    return TRUE;
}

/* Returns: the next entry, NULL behind the last one. Source: WDK "RtlEnumerateEntryHashTable function (ntddk.h)" */
RTL_DYNAMIC_HASH_TABLE_ENTRY *
RtlEnumerateEntryHashTable(RTL_DYNAMIC_HASH_TABLE *table,
                           RTL_DYNAMIC_HASH_TABLE_ENUMERATOR *enumerator)
{
    LIST_ENTRY *self = &enumerator->HashEntry.Linkage;
    IRQL_MAX(DISPATCH_LEVEL);
    LIST_ENTRY *next = entry_behind(table, self, enumerator);
    LIST_ENTRY *stand = next != NULL ? next : enumerator->ChainHead->Blink;
    if (stand == self)
        return NULL;
    unlink_from(table, self);
    link_behind(table, enumerator->ChainHead, stand, self);
    return next != NULL ? entry_of(next) : NULL;
}

/* Source: WDK "RtlEndEnumerationHashTable function (ntddk.h)" */
void RtlEndEnumerationHashTable(RTL_DYNAMIC_HASH_TABLE *table,
                                RTL_DYNAMIC_HASH_TABLE_ENUMERATOR *enumerator)
{
    IRQL_MAX(DISPATCH_LEVEL);
    unlink_from(table, &enumerator->HashEntry.Linkage);
    table->NumEnumerators--;
    enumerator->ChainHead = NULL;
}

/*
 * Begin an enumeration that writes nothing into the table: nothing may change until it ends, but several may run.
 *
 * Returns: TRUE
 * Source:  WDK "RtlInitWeakEnumerationHashTable function (ntddk.h)"
 */
BOOLEAN RtlInitWeakEnumerationHashTable(RTL_DYNAMIC_HASH_TABLE *table,
                                        RTL_DYNAMIC_HASH_TABLE_ENUMERATOR *enumerator)
{
    LIST_ENTRY *head = bucket_at(table, 0);
    IRQL_MAX(DISPATCH_LEVEL);
    *enumerator =
        (RTL_DYNAMIC_HASH_TABLE_ENUMERATOR){ .HashEntry.Linkage.Blink = head, .ChainHead = head };
    return TRUE;
}

/* Returns: the next entry, NULL behind the last one. Source: WDK "RtlWeaklyEnumerateEntryHashTable function (ntddk.h)" */
RTL_DYNAMIC_HASH_TABLE_ENTRY *
RtlWeaklyEnumerateEntryHashTable(RTL_DYNAMIC_HASH_TABLE *table,
                                 RTL_DYNAMIC_HASH_TABLE_ENUMERATOR *enumerator)
{
    IRQL_MAX(DISPATCH_LEVEL);
    LIST_ENTRY *next = entry_behind(table, enumerator->HashEntry.Linkage.Blink, enumerator);
    enumerator->HashEntry.Linkage.Blink = next != NULL ? next : enumerator->ChainHead->Blink;
    return next != NULL ? entry_of(next) : NULL;
}

/* Source: WDK "RtlEndWeakEnumerationHashTable function (ntddk.h)" */
void RtlEndWeakEnumerationHashTable(RTL_DYNAMIC_HASH_TABLE *table,
                                    RTL_DYNAMIC_HASH_TABLE_ENUMERATOR *enumerator)
{
    UNREFERENCED_PARAMETER(table);
    enumerator->ChainHead = NULL;
}
