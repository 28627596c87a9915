/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of smp.c: all processors run, interrupts and NMIs reach each of them, their counters agree. */
#include "ke/ke_test.h"
#include "x86_64/x86.h"

#define ANSWER_US 10000000 /* a busy host: only a hang takes as long */

TEST_KERNEL(x86_smp, every_processor_that_was_asked_for_runs,
            "needs processors that are not threads of one process")
{
    uint32_t limit = x86_options.max_cpus != 0 ? x86_options.max_cpus : ARCH_MAX_CPUS;
    uint32_t wanted = x86_boot.cpu_count < limit ? x86_boot.cpu_count : limit;
    EXPECT_EQ(ke.cpu_count, wanted);
    for (uint32_t i = 0; i < ke.cpu_count; i++) {
        REQUIRE(x86_cpus[i] != NULL);
        EXPECT(x86_cpus[i]->ke == ke.cpu[i]);
        EXPECT_EQ(x86_cpus[i]->index, i);
    }
}

TEST_KERNEL(x86_smp, start_code_is_gone_from_the_address_space,
            "needs processors that are not threads of one process")
{
    EXPECT(x86_low_page() != 0 && x86_low_page() < 0xa0000);
    EXPECT_EQ(x86_mmu_entry(x86_low_page()), 0);
}

static uint64_t control[ARCH_MAX_CPUS][3];

static void read_control(void *argument)
{
    uint64_t *own = control[arch_cpu()->index];
    (void)argument;
    own[0] = x86_read_cr0() & ~(uint64_t)8; /* TS is the running thread's */
    own[1] = x86_read_cr4();
    own[2] = x86_read_msr(X86_MSR_EFER);
}

TEST_KERNEL(x86_smp, all_processors_have_the_same_protection,
            "needs processors that are not threads of one process")
{
    ke_call_processors(UINT64_MAX, read_control, NULL);
    for (uint32_t i = 1; i < ke.cpu_count; i++) {
        for (size_t k = 0; k < ARRAY_COUNT(control[i]); k++)
            EXPECT_EQ(control[i][k], control[0][k]);
    }
}

/* --- Interrupts ------------------------------------------------------------------------------ */

static uint32_t answered; /* [a] bit n: processor n */

static void answer(void *argument)
{
    (void)argument;
    (void)atomic_or(&answered, 1u << arch_cpu()->index);
}

static void call_all(void *argument)
{
    (void)argument;
    for (int i = 0; i < 50; i++)
        ke_call_processors(UINT64_MAX, answer, NULL);
}

static uint32_t all_processors(void)
{
    return (uint32_t)(((uint64_t)1 << ke.cpu_count) - 1);
}

TEST_KERNEL(x86_smp, an_ipi_reaches_each_processor_alone,
            "needs processors that are not threads of one process")
{
    for (uint32_t i = 0; i < ke.cpu_count; i++) {
        atomic_store_release(&answered, 0);
        ke_call_processors((uint64_t)1 << i, answer, NULL);
        EXPECT_EQ(atomic_load_acquire(&answered), 1u << i);
    }
}

TEST_KERNEL(x86_smp, all_processors_can_call_all_others_at_once,
            "needs processors that are not threads of one process")
{
    uint32_t count = ke.cpu_count < TEST_MAX_THREADS ? ke.cpu_count : TEST_MAX_THREADS;
    atomic_store_release(&answered, 0);
    test_run_threads(run, count, call_all);
    EXPECT_EQ(atomic_load_acquire(&answered), all_processors());
}

static bool received(const struct ke_cpu *cpu, uint64_t than)
{
    uint64_t end = ke_tick_count() + TEST_HANG_MS;
    while (*(volatile const uint64_t *)&cpu->counters.ipis_received <= than &&
           ke_tick_count() < end)
        arch_cpu_pause();
    return *(volatile const uint64_t *)&cpu->counters.ipis_received > than;
}

TEST_KERNEL(x86_smp, a_reschedule_ipi_reaches_each_processor,
            "needs processors that are not threads of one process")
{
    for (uint32_t i = 0; i < ke.cpu_count; i++) {
        uint64_t before = ke.cpu[i]->counters.ipis_received;
        arch_ipi_send(i, ARCH_IPI_RESCHEDULE);
        EXPECT(received(ke.cpu[i], before));
    }
}

/* --- NMIs ------------------------------------------------------------------------------------ */

static void ping_others(void *argument)
{
    uint32_t *missed = argument;
    for (uint32_t i = 0; i < ke.cpu_count; i++) {
        if (i != arch_cpu()->index && !x86_nmi_ping(i, ANSWER_US))
            (void)atomic_add(missed, 1);
    }
}

TEST_KERNEL(x86_smp, an_nmi_reaches_each_processor,
            "needs processors that are not threads of one process")
{
    uint32_t missed = 0;
    for (int i = 0; i < 10; i++)
        test_join(run, test_thread(run, ping_others, &missed, 0, 1));
    EXPECT_EQ(missed, 0);
}

TEST_KERNEL(x86_smp, an_nmi_reaches_the_boot_processor,
            "needs processors that are not threads of one process")
{
    uint32_t missed = 0;
    uint64_t last = (uint64_t)1 << (ke.cpu_count - 1);
    test_join(run, test_thread(run, ping_others, &missed, 0, last));
    EXPECT_EQ(missed, 0);
}

struct deaf {
    struct selftest_run *run;
    uint32_t ready; /* [a] */
    uint32_t done;  /* [a] */
};

static void deaf_thread(void *argument)
{
    struct deaf *deaf = argument;
    bool interrupts = arch_interrupts_disable();
    atomic_store_release(&deaf->ready, 1);
    while (atomic_load_acquire(&deaf->done) == 0)
        arch_cpu_pause();
    arch_interrupts_restore(interrupts);
}

/*
 * The one that sends starts the deaf one: nobody else could be sure to run, for whoever waits meanwhile until the deaf
 * processor has flushed its TLB may hold the last processor that listens.
 */
static void ping_deaf(void *argument)
{
    struct deaf *deaf = argument;
    struct selftest_run *run = deaf->run;
    uint32_t last = ke.cpu_count - 1;
    struct ke_thread *target = test_thread(run, deaf_thread, deaf, 20, (uint64_t)1 << last);
    uint64_t end = ke_tick_count() + TEST_HANG_MS;
    while (atomic_load_acquire(&deaf->ready) == 0 && ke_tick_count() < end)
        arch_cpu_pause();
    bool heard = atomic_load_acquire(&deaf->ready) != 0 && x86_nmi_ping(last, ANSWER_US);
    atomic_store_release(&deaf->done, heard ? 2 : 1);
    test_join(run, target);
}

TEST_KERNEL(x86_smp, an_nmi_reaches_a_processor_that_has_interrupts_off,
            "needs processors that are not threads of one process")
{
    struct deaf deaf = { .run = run };
    if (ke.cpu_count == 1) { /* to itself, then */
        bool interrupts = arch_interrupts_disable();
        bool heard = x86_nmi_ping(0, ANSWER_US);
        arch_interrupts_restore(interrupts);
        EXPECT(heard);
        return;
    }
    test_join(run, test_thread(run, ping_deaf, &deaf, 20, 1));
    EXPECT_EQ(deaf.done, 2);
}

/* --- Counters -------------------------------------------------------------------------------- */

static void read_counter(void *argument)
{
    atomic_store_release((uint64_t *)argument, arch_counter());
}

TEST_KERNEL(x86_smp, counters_of_all_processors_agree,
            "needs processors that are not threads of one process")
{
    uint64_t slack = arch_boot()->counter_hz / 100000; /* 10 us */
    for (uint32_t i = 0; i < ke.cpu_count; i++) {
        uint64_t theirs = 0;
        uint64_t before = arch_counter();
        ke_call_processors((uint64_t)1 << i, read_counter, &theirs);
        uint64_t after = arch_counter();
        EXPECT(theirs + slack >= before);
        EXPECT(theirs <= after + slack);
    }
}
