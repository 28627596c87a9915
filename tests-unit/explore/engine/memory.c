/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Atomic accesses under the three memory models.
 *
 * Values live in the memory of the code under test. TSO: a store that is not sequentially consistent goes into its
 * actor's buffer and is a step of its own when it leaves it; loads of the same word by the actor see the newest buffered
 * value. C11: each word has the list of its stores, and a load may return any that is not older than one that the actor
 * must know of; read-modify-writes take the last one.
 *
 * What an access synchronises follows its memory_order in every model.
 */
#include <string.h>

#include "engine.h"

#define INDEX_SLOTS 4096 /* a power of two */

struct slot {
    uint32_t generation;
    uint32_t index;
    uintptr_t key;
};

static struct location locations[MAX_LOCATIONS];
static struct block blocks[MAX_LOCATIONS];
static struct slot location_slots[INDEX_SLOTS], block_slots[INDEX_SLOTS];
static uint16_t floors[MAX_LOCATIONS][ACTORS]; /* C11: the oldest store that the actor may see */
static struct store stores[MAX_LOCATIONS][MAX_STORES];
static uint32_t generation, location_count, block_count;

void memory_reset(void)
{
    generation++;
    location_count = 0;
    block_count = 0;
}

static struct slot *find(struct slot *slots, uintptr_t key)
{
    size_t i = (key * 0x9e3779b97f4a7c15u >> 40) & (INDEX_SLOTS - 1);

    while (slots[i].generation == generation && slots[i].key != key)
        i = (i + 1) & (INDEX_SLOTS - 1);
    return &slots[i];
}

struct block *memory_block(uintptr_t address)
{
    uintptr_t key = address >> 4;
    struct slot *slot = find(block_slots, key);

    if (slot->generation == generation)
        return &blocks[slot->index];
    if (block_count == MAX_LOCATIONS)
        engine_stop("more than %d words are accessed atomically", MAX_LOCATIONS);
    *slot = (struct slot){ generation, block_count, key };
    blocks[block_count] = (struct block){ .key = key, .last = -1 };
    return &blocks[block_count++];
}

value_t memory_read(uintptr_t address, size_t bytes)
{
    value_t value = 0;

    memcpy(&value, (const void *)address, bytes);
    return value;
}

static void add_location(struct location *location, uintptr_t address, size_t bytes)
{
    memset(location, 0, sizeof(*location));
    location->address = address;
    location->bytes = (uint8_t)bytes;
    location->block = memory_block(address);
    location->next = location->block->locations;
    location->block->locations = location;
    if (options.model != EXPLORE_C11)
        return;
    location->stores = stores[location - locations];
    location->store_count = 1;
    location->stores[0] =
        (struct store){ .value = memory_read(address, bytes), .component = COMPONENTS };
    memset(floors[location - locations], 0, sizeof(floors[0]));
}

struct location *memory_location(uintptr_t address, size_t bytes)
{
    struct slot *slot = find(location_slots, address);
    struct location *location;

    if (slot->generation == generation)
        return &locations[slot->index];
    if (location_count == MAX_LOCATIONS)
        engine_stop("more than %d words are accessed atomically", MAX_LOCATIONS);
    *slot = (struct slot){ generation, location_count, address };
    location = &locations[location_count++];
    add_location(location, address, bytes);
    return location;
}

static bool overlap(uintptr_t a, size_t a_bytes, uintptr_t b, size_t b_bytes)
{
    return a < b + b_bytes && b < a + a_bytes;
}

static bool acquires(int order)
{
    return order == __ATOMIC_CONSUME || order == __ATOMIC_ACQUIRE || order >= __ATOMIC_ACQ_REL;
}

static bool releases(int order)
{
    return order >= __ATOMIC_RELEASE;
}

static void acquire(const struct clock *release, int order)
{
    clock_join(&lane_now()->acquired, release);
    if (acquires(order))
        clock_join(&lane_now()->now, release);
}

static struct clock released(int order)
{
    struct clock release = releases(order) ? lane_now()->now : lane_now()->fence;

    if (releases(order))
        lane_tick();
    return release;
}

/* The actor has seen this version: a pause waits for another one. */
static void watch(struct location *location, uint32_t version)
{
    struct actor *self = world.current;

    for (unsigned i = 0; i < self->watch_count; i++) {
        if (self->watches[i].location == location) {
            self->watches[i].version = version;
            return;
        }
    }
    if (self->watch_count == MAX_WATCHES) {
        memmove(self->watches, self->watches + 1, (MAX_WATCHES - 1) * sizeof(struct watch));
        self->watch_count--;
    }
    self->watches[self->watch_count++] = (struct watch){ location, version };
}

/* --- Into memory ------------------------------------------------------------------------------------------------- */

static bool put(struct location *location, size_t bytes, value_t value)
{
    uintptr_t address = location->address;
    bool changes = memory_read(address, bytes) != value;

    memcpy((void *)address, &value, bytes);
    if (changes)
        for (struct location *l = location->block->locations; l != NULL; l = l->next)
            if (overlap(l->address, l->bytes, address, bytes))
                l->version++;
    return changes;
}

static void append_store(struct location *location, value_t value, const struct clock *release,
                         uint16_t time, int order)
{
    unsigned component = lane_component();

    if (location->stores == NULL)
        return;
    if (location->store_count == MAX_STORES)
        engine_stop("more than %d stores to one word", MAX_STORES);
    location->stores[location->store_count++] =
        (struct store){ .value = value,
                        .release = *release,
                        .version = location->version,
                        .component = (uint16_t)component,
                        .time = time,
                        .sequential = order == __ATOMIC_SEQ_CST };
}

static void set_floor(struct location *location, uint32_t store)
{
    floors[location - locations][world.current->index] = (uint16_t)store;
}

static void set_floor_last(struct location *location)
{
    if (location->store_count != 0)
        set_floor(location, location->store_count - 1);
}

/* --- Loads --------------------------------------------------------------------------------------------------------- */

static const struct buffered *own_store(uintptr_t address, size_t bytes)
{
    const struct actor *self = world.current;

    for (unsigned i = self->buffer_count; i-- > 0;)
        if (self->buffer[i].address == address && self->buffer[i].bytes == bytes)
            return &self->buffer[i];
    return NULL;
}

/* A buffered store that covers the word in part only is waited for, as processors do. */
static void drain_overlap(uintptr_t address, size_t bytes, uintptr_t pc)
{
    const struct actor *self = world.current;

    for (unsigned i = 0; i < self->buffer_count; i++) {
        if (overlap(address, bytes, self->buffer[i].address, self->buffer[i].bytes)) {
            step((struct op){ .kind = OP_FENCE, .pc = pc });
            search_done(false);
            return;
        }
    }
}

/* The oldest store that the actor may still see. */
static uint32_t oldest_visible(const struct location *location, int order)
{
    uint32_t oldest = floors[location - locations][world.current->index];
    const struct clock *now = &lane_now()->now;

    for (uint32_t i = location->store_count - 1; i > oldest; i--) {
        const struct store *store = &location->stores[i];

        if (now->at[store->component] >= store->time ||
            (order == __ATOMIC_SEQ_CST && store->sequential))
            return i;
    }
    return oldest;
}

static value_t load_any(struct location *location, int order, uint32_t *version)
{
    uint32_t oldest = oldest_visible(location, order);
    uint32_t last = location->store_count - 1;
    uint32_t chosen = last - search_choice(last - oldest + 1);
    const struct store *store = &location->stores[chosen];

    set_floor(location, chosen);
    acquire(&store->release, order);
    *version = store->version;
    return store->value;
}

/* C11: having waited for another version than this, the actor sees the next one at least. */
static void see_change(struct location *location, uint32_t version)
{
    if (location->stores == NULL)
        return;
    uint32_t i = floors[location - locations][world.current->index];

    while (i < location->store_count && location->stores[i].version <= version)
        i++;
    if (i < location->store_count)
        set_floor(location, i);
}

/* The same load again, in a loop that does nothing else: it goes on when the word has changed. */
static bool is_spin(struct location *location, uintptr_t pc)
{
    struct actor *self = world.current;

    if (self->last_load != location || self->last_load_pc != pc)
        return false;
    if (self->last_load_version == location->version || self->last_load_version == OWN_STORE)
        return true;
    see_change(location, self->last_load_version);
    return false;
}

static value_t load(uintptr_t address, size_t bytes, int order, bool stale, uintptr_t pc)
{
    struct op op = { .kind = OP_LOAD, .bytes = (uint8_t)bytes, .address = address, .pc = pc };
    struct location *location;
    const struct buffered *own;
    uint32_t version;
    value_t value;

    if (!stepping())
        return memory_read(address, bytes);
    if (own_store(address, bytes) == NULL)
        drain_overlap(address, bytes, pc);
    location = memory_location(address, bytes);
    op.awaits = is_spin(location, pc);
    op.version = world.current->last_load_version;
    op.location = location;
    step(op);
    if (!stale) {
        heap_check(address, bytes, pc);
        race_access(address, bytes, ACCESS_ATOMIC_READ, pc);
    }
    own = own_store(address, bytes);
    version = location->version;
    if (own != NULL) {
        version = OWN_STORE;
        value = own->value;
    } else if (options.model == EXPLORE_C11) {
        value = load_any(location, order, &version);
    } else {
        value = memory_read(address, bytes);
        acquire(&location->release, order);
    }
    watch(location, version);
    world.current->last_load = location;
    world.current->last_load_pc = pc;
    world.current->last_load_version = version;
    report_step(search_node(), value, true);
    search_done(false);
    return value;
}

value_t memory_load(uintptr_t address, size_t bytes, int order, uintptr_t pc)
{
    return load(address, bytes, order, false, pc);
}

uint64_t explore_load_stale(const void *address)
{
    return (uint64_t)load((uintptr_t)address, sizeof(uint64_t), __ATOMIC_RELAXED, true,
                          (uintptr_t)__builtin_return_address(0));
}

/* --- Stores -------------------------------------------------------------------------------------------------------- */

static void store_now(uintptr_t address, size_t bytes, value_t value, int order, uintptr_t pc)
{
    struct location *location;
    struct clock release;
    uint16_t time;

    step((struct op){ .kind = OP_STORE, .bytes = (uint8_t)bytes, .address = address, .pc = pc });
    heap_check(address, bytes, pc);
    race_access(address, bytes, ACCESS_ATOMIC_WRITE, pc);
    location = memory_location(address, bytes);
    time = lane_now()->now.at[lane_component()];
    release = released(order);
    location->release = release;
    (void)put(location, bytes, value);
    append_store(location, value, &release, time, order);
    set_floor_last(location);
    report_step(search_node(), value, true);
    search_done(true);
}

static void store_later(uintptr_t address, size_t bytes, value_t value, int order, uintptr_t pc)
{
    while (world.current->buffer_count == MAX_BUFFERED) {
        step((struct op){ .kind = OP_FENCE, .pc = pc });
        search_done(false);
    }
    if (world.current->lines != 0) { /* an interrupt may come before it */
        step((struct op){ .kind = OP_BUFFER, .bytes = (uint8_t)bytes, .pc = pc });
        report_step(search_node(), value, true);
        search_done(false);
    }
    heap_check(address, bytes, pc);
    race_access(address, bytes, ACCESS_ATOMIC_WRITE, pc);
    struct actor *self = world.current;
    self->buffer[self->buffer_count++] = (struct buffered){ .address = address,
                                                            .pc = pc,
                                                            .bytes = (uint8_t)bytes,
                                                            .value = value,
                                                            .release = released(order),
                                                            .order = order_of[self->index] };
    self->last_load = NULL;
}

void memory_store(uintptr_t address, size_t bytes, value_t value, int order, uintptr_t pc)
{
    if (!stepping())
        memcpy((void *)address, &value, bytes);
    else if (options.model == EXPLORE_TSO && order != __ATOMIC_SEQ_CST)
        store_later(address, bytes, value, order, pc);
    else
        store_now(address, bytes, value, order, pc);
}

/* Whether an actor sees its own store before or after its flush makes no difference to what it waits for. */
static void own_store_is_flushed(struct actor *actor, const struct location *location)
{
    for (unsigned i = 0; i < actor->buffer_count; i++)
        if (actor->buffer[i].address == location->address)
            return; /* there is a newer one */
    for (unsigned i = 0; i < actor->watch_count; i++)
        if (actor->watches[i].location == location && actor->watches[i].version == OWN_STORE)
            actor->watches[i].version = location->version;
    if (actor->op.awaits && actor->op.location == location && actor->op.version == OWN_STORE)
        actor->op.version = location->version;
    if (actor->last_load == location && actor->last_load_version == OWN_STORE)
        actor->last_load_version = location->version;
}

void memory_flush(struct actor *actor)
{
    struct buffered store = actor->buffer[0];
    struct location *location;
    struct actor *running = world.current;

    actor->flushing = store.order;
    memmove(&actor->buffer[0], &actor->buffer[1], --actor->buffer_count * sizeof(struct buffered));
    world.current = actor; /* whose fault it would be */
    heap_check(store.address, store.bytes, store.pc);
    world.current = running;
    location = memory_location(store.address, store.bytes);
    location->release = store.release;
    (void)put(location, store.bytes, store.value);
    own_store_is_flushed(actor, location);
    report_step(search_node(), store.value, true);
    search_done(true);
}

/* --- Read-modify-write ------------------------------------------------------------------------------------------------ */

static value_t cut(value_t value, size_t bytes)
{
    return bytes >= 16 ? value : value & (((value_t)1 << 8 * bytes) - 1);
}

static void publish(struct location *location, size_t bytes, value_t value, int order)
{
    uint16_t time = lane_now()->now.at[lane_component()];
    struct clock release = released(order);

    clock_join(&release, &location->release); /* it continues the release sequence */
    location->release = release;
    (void)put(location, bytes, value);
    append_store(location, value, &release, time, order);
}

/*
 * Every read-modify-write is a locked operation on x86, whether it changes anything or not. One that puts back what it
 * found and releases nothing commutes with loads and with others of its kind.
 */
value_t memory_update(uintptr_t address, size_t bytes, combine *combine, value_t operand, int order,
                      uintptr_t pc)
{
    struct location *location;
    value_t old, value;
    bool writes;

    if (!stepping()) {
        old = memory_read(address, bytes);
        value = cut(combine != NULL ? combine(old, operand) : operand, bytes);
        memcpy((void *)address, &value, bytes);
        return old;
    }
    step((struct op){ .kind = OP_RMW, .bytes = (uint8_t)bytes, .address = address, .pc = pc });
    heap_check(address, bytes, pc);
    location = memory_location(address, bytes);
    old = memory_read(address, bytes);
    value = cut(combine != NULL ? combine(old, operand) : operand, bytes);
    race_access(address, bytes, ACCESS_ATOMIC_WRITE, pc);
    acquire(&location->release, order);
    writes = value != old || releases(order);
    if (writes || location->stores != NULL)
        publish(location, bytes, value, order);
    set_floor_last(location);
    watch(location, location->version);
    report_step(search_node(), value, true);
    search_done(writes || location->stores != NULL);
    return old;
}

bool memory_compare_swap(uintptr_t address, size_t bytes, value_t *expected, value_t desired,
                         int order, int failure_order, uintptr_t pc)
{
    struct location *location;
    value_t old;
    bool equal;

    if (!stepping()) {
        old = memory_read(address, bytes);
        equal = old == *expected;
        if (equal)
            memcpy((void *)address, &desired, bytes);
        *expected = old;
        return equal;
    }
    step((struct op){ .kind = OP_RMW, .bytes = (uint8_t)bytes, .address = address, .pc = pc });
    heap_check(address, bytes, pc);
    location = memory_location(address, bytes);
    old = memory_read(address, bytes);
    equal = old == *expected;
    race_access(address, bytes, equal ? ACCESS_ATOMIC_WRITE : ACCESS_ATOMIC_READ, pc);
    acquire(&location->release, equal ? order : failure_order);
    if (equal)
        publish(location, bytes, desired, order);
    set_floor_last(location);
    watch(location, location->version);
    report_step(search_node(), memory_read(address, bytes), true);
    search_done(equal);
    *expected = old;
    return equal;
}

void explore_lock(volatile void *word, size_t bytes, uint64_t mask)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);
    uintptr_t address = (uintptr_t)word;
    struct location *location;
    value_t value;

    if (stepping()) {
        step((struct op){
            .kind = OP_LOCK, .bytes = (uint8_t)bytes, .address = address, .pc = pc, .mask = mask });
        heap_check(address, bytes, pc);
    }
    value = memory_read(address, bytes) | mask;
    if (!stepping()) {
        memcpy((void *)address, &value, bytes);
        return;
    }
    location = memory_location(address, bytes);
    acquire(&location->release, __ATOMIC_ACQUIRE); /* what the last holder did comes before this */
    race_access(address, bytes, ACCESS_ATOMIC_WRITE, pc);
    publish(location, bytes, value, __ATOMIC_ACQUIRE);
    set_floor_last(location);
    report_step(search_node(), value, true);
    search_done(true);
}

/* --- The rest ------------------------------------------------------------------------------------------------------- */

/* C11 29.3: after a sequentially consistent fence nobody sees what is older than what was before another such fence. */
static void fence_stores(void)
{
    const struct clock *now = &lane_now()->now;

    for (uint32_t l = 0; l < location_count; l++) {
        struct location *location = &locations[l];
        uint32_t i = location->store_count;

        while (i-- > 0) {
            const struct store *store = &location->stores[i];

            if (store->component == COMPONENTS || now->at[store->component] >= store->time)
                break;
        }
        if (i < location->store_count && i > location->seen_by_all)
            location->seen_by_all = i;
        if (location->seen_by_all > floors[l][world.current->index])
            set_floor(location, location->seen_by_all);
    }
}

void memory_fence(int order, uintptr_t pc)
{
    struct lane *lane;

    if (!stepping())
        return;
    if (order == __ATOMIC_SEQ_CST && options.model != EXPLORE_SC) {
        step((struct op){ .kind = OP_FENCE,
                          .pc = pc,
                          .bytes = sizeof(generation),
                          .address = options.model == EXPLORE_C11 ? (uintptr_t)&generation : 0 });
        if (options.model == EXPLORE_C11)
            fence_stores();
        report_step(search_node(), 0, false);
        search_done(options.model == EXPLORE_C11);
    }
    lane = lane_now();
    if (acquires(order))
        clock_join(&lane->now, &lane->acquired);
    if (releases(order)) {
        lane->fence = lane->now;
        lane_tick();
    }
}

void explore_fence(void)
{
    memory_fence(__ATOMIC_SEQ_CST, (uintptr_t)__builtin_return_address(0));
}

/* Plain accesses are no steps: code without data races cannot tell. */
void memory_plain(uintptr_t address, size_t bytes, bool write, uintptr_t pc)
{
    if (!stepping() || bytes == 0)
        return;
    if (world.current->buffer_count != 0)
        drain_overlap(address, bytes, pc);
    heap_check(address, bytes, pc);
    race_access(address, bytes, write ? ACCESS_WRITE : ACCESS_READ, pc);
}

/* The access itself is the compiler's, right after this: only where it stands among others is decided here. */
void memory_volatile(uintptr_t address, size_t bytes, bool write, uintptr_t pc)
{
    const struct explore_stack *stack = world.current != NULL ? world.current->stack : NULL;
    struct location *location;

    if (!stepping())
        return;
    /* it is made on its own stack; but who reads it there may share it */
    if (write && address >= stack->low && address < stack->high) {
        memory_plain(address, bytes, write, pc);
        return;
    }
    drain_overlap(address, bytes, pc);
    step((struct op){ .kind = write ? OP_STORE : OP_LOAD,
                      .bytes = (uint8_t)bytes,
                      .address = address,
                      .pc = pc });
    heap_check(address, bytes, pc);
    race_access(address, bytes, write ? ACCESS_ATOMIC_WRITE : ACCESS_ATOMIC_READ, pc);
    location = memory_location(address, bytes);
    if (write) /* to what is not known */
        for (struct location *l = location->block->locations; l != NULL; l = l->next)
            l->version += overlap(l->address, l->bytes, address, bytes);
    else
        watch(location, location->version);
    report_step(search_node(), memory_read(address, bytes), !write);
    search_done(write);
}

void explore_pause(void)
{
    struct actor *self = world.current;

    if (!stepping())
        return;
    step((struct op){ .kind = OP_PAUSE, .pc = (uintptr_t)__builtin_return_address(0) });
    self = world.current;
    for (unsigned i = 0; i < self->watch_count; i++)
        see_change(self->watches[i].location, self->watches[i].version);
    report_step(search_node(), 0, false);
    search_done(false);
    self->watch_count = 0;
}
