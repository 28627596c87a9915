/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Private to the host port: the world that it plays, and what its tests may do to that world.
 *
 * One thread of the process plays all virtual processors in turn. It changes from one to
 * another only at points: calls of the seam, and, where the code is built with -fsanitize-
 * coverage=trace-pc, any edge of its control flow. Which points and which processor comes next
 * follows from the seed alone, as does the time, so that a run can be repeated.
 */
#pragma once

#include "arch.h"

#define HOST_MAX_CPUS          8
#define HOST_LINES             24
#define HOST_POWER_BUTTON_LINE 9
#define HOST_COUNTER_HZ        1000000000u /* a count is a nanosecond */
#define HOST_TICK              1000000u    /* counts */
#define HOST_HANG_COUNTS       (60ull * HOST_COUNTER_HZ)
#define HOST_MAX_RANGES        8
#define HOST_KEYS              64

/* A virtual processor. Only the thread that is on it and whoever sends it something touch this. */
struct host_cpu {
    struct ke_cpu *ke;
    struct arch_context *running;
    KIRQL irql;
    bool interrupts; /* enabled */
    bool started;
    bool halted;  /* in arch_cpu_halt */
    bool stopped; /* for good, by a bugcheck */
    bool clock_on;
    uint32_t index;

    /* What waits for delivery. */
    uint32_t pending_ipis;    /* bit n: enum arch_ipi n */
    uint32_t pending_lines;   /* bit n: the line with gsi n */
    uint8_t pending_software; /* bit n: level n */
    bool pending_clock;
    uint64_t last_tick; /* the millisecond that trap_clock was told last */
};
extern struct host_cpu *host_this; /* the one that the process's thread plays now */

/* The saved state of a trap or an interrupt. */
struct arch_frame {
    KIRQL irql;
    bool interrupts;
    uint32_t cpu;
    uintptr_t pc;
    uintptr_t frame_pointer;
    uintptr_t stack_pointer;
    uintptr_t fault_address;
};

struct host_options {
    const char *command_line;
    uint32_t cpus;
    uint32_t memory_mib;
    uint64_t seed;
};

struct host_result {
    enum arch_end how;
    uint32_t status;
};

/* Sees an interrupt before trap_interrupt does; true: it is dealt with. */
typedef bool host_interrupt_hook(struct arch_frame *frame, enum arch_interrupt kind,
                                 uint32_t detail);

/* Sees a fault before trap_fault does; true: the faulting code may go on. */
typedef bool host_fault_hook(struct arch_frame *frame, const struct arch_fault *fault);

struct host_line {
    bool connected;
    bool asserted;   /* level: comes in again until it is not any more */
    bool in_service; /* its handlers run */
    uint32_t cpu;
    KIRQL irql;
};

struct host_world {
    struct host_options options;
    struct host_result result;
    struct arch_boot boot;
    struct arch_memory_range ranges[HOST_MAX_RANGES];
    struct host_cpu cpus[HOST_MAX_CPUS];
    struct arch_frame stopped_frames[HOST_MAX_CPUS]; /* of those that a bugcheck stopped */
    struct arch_context process;                     /* where host_world_run was called */
    struct arch_context boot_stack;                  /* until arch_cpu_bind */
    bool frozen; /* a bugcheck is reported: no more turns, no more time */

    uint64_t random;
    uint64_t counter;
    uint64_t next_tick;  /* the next counter value at which some processor's clock ticks */
    uint64_t hang_limit; /* the counter value at which the world is taken for dead */
    uint32_t edges_left; /* control-flow edges until the next point */

    struct host_line lines[HOST_LINES];
    host_interrupt_hook *interrupt_hook;
    host_fault_hook *fault_hook;
    void (*power_button_pressed)(void);
    char keys[HOST_KEYS];
    uint32_t keys_read, keys_written;

    int ram_file;
    uint8_t *ram;
    size_t ram_bytes;
    uint8_t *kernel_space;
    uint64_t *tables[1024]; /* one for every 2 MiB of kernel space; pages from mm_table_page */
    uint8_t *
        stale; /* a byte for each page of kernel space: processors that remember what was unmapped */
    uint64_t *spare_tables; /* empty, linked by their first entries */
};
extern struct host_world host;

/* Make a world, boot it, and return how it ended. One at a time. */
struct host_result host_world_run(const struct host_options *options);
/* Read KEEL_HOST_CPUS, KEEL_HOST_SEED, KEEL_HOST_MEMORY; false and a line on stderr: malformed. */
bool host_options_from_environment(struct host_options *options);

/* fiber.c */
void host_swap(struct arch_context *from, struct arch_context *to);
void host_context_of_process(struct arch_context *context);

/* cpu.c */
uint64_t host_random(void);
void host_point(void);
void host_pause(void);
bool host_cpu_wakes(const struct host_cpu *cpu);
void host_cpu_wait(void);

/* interrupt.c */
KIRQL host_pending_level(const struct host_cpu *cpu);
bool host_deliver(void); /* everything that may come in now; whether something did */
void host_line_raise(uint32_t gsi);
void host_line_assert(uint32_t gsi, bool asserted);
void host_power_button_press(void);

/* time.c */
void host_time_advance(uint64_t counts);
bool host_time_jump(void); /* to the next tick; false: there is none */
void host_time_progress(void);
uint64_t host_ticks_due(struct host_cpu *cpu);

/* mmu.c */
void host_memory_create(void);
void host_memory_destroy(void);
uintptr_t host_stack_bottom(uintptr_t stack_top);
bool host_is_kernel_address(uintptr_t address);

/* fault.c */
void host_faults_catch(void);
_Noreturn void host_give_up(const char *reason);

/* machine.c */
void host_console_type(const char *text);
