/* SPDX-License-Identifier: GPL-2.0-or-later
 * smp_arm_body: the program smp of both widths of Arm. PSCI turns harts on and off; software interrupts between
 * all of them: a token goes round, then everybody interrupts everybody; counters by exclusives of several harts.
 * What is printed is the same for 1 to 8 harts. Include the guest library's header before it.
 */
#ifndef SMP_ARM_BODY_H
#define SMP_ARM_BODY_H

typedef unsigned long word; /* a register */

enum { LAPS = 50, VOLLEYS = 20, ADDS = 500, SGI = 3 };

static volatile word token[GUEST_MAX_HARTS]; /* laps seen by each hart */
static volatile word taken[GUEST_MAX_HARTS]; /* software interrupts taken */
static volatile word acknowledged[GUEST_MAX_HARTS][GUEST_MAX_HARTS];
static volatile word requested[GUEST_MAX_HARTS][GUEST_MAX_HARTS]; /* [to][from] */
static volatile word finished;
static volatile uint64_t counter; /* by exclusives of double words */
static volatile bool is_volley;

HOOK static void on_software(struct trap *t)
{
    unsigned me = hart_id();
    if (!TRAP_IS_IRQ(t)) {
        trap_default(t);
        return;
    }
    unsigned irq = gic_acknowledge();
    if (irq >= 1020) {
        return;
    }
    CHECK_EQ(irq, SGI);
    gic_end(irq);
    memory_barrier();
    taken[me]++;
    if (!is_volley) {
        token[me]++;
        unsigned next = (me + 1) % hart_count();
        if (next != 0 || token[0] < LAPS) {
            gic_send(next, SGI);
        }
        return;
    }
    // Several requests may have become one interrupt: acknowledge whatever was asked by now.
    for (unsigned from = 0; from < hart_count(); from++) {
        acknowledged[me][from] = requested[me][from];
    }
}

static void listen(void)
{
    if (hart_id() != 0) {
        gic_init();
    }
    this_hart()->hook = on_software;
    gic_enable(SGI);
    irq_on();
}

static void lap_runner(uint64_t arg)
{
    (void)arg;
    listen();
    __atomic_fetch_add(&finished, 1, __ATOMIC_SEQ_CST);
    WAIT_UNTIL(token[hart_id()] >= LAPS);
    irq_off();
}

static void volley(uint64_t arg)
{
    unsigned me = hart_id();
    unsigned n = hart_count();
    (void)arg;
    listen();
    for (word round = 1; round <= VOLLEYS; round++) {
        for (unsigned to = 0; to < n; to++) {
            requested[to][me] = round;
            memory_barrier();
            gic_send(to, SGI);
        }
        for (unsigned to = 0; to < n; to++) {
            while (acknowledged[to][me] < round) {
            }
        }
    }
    // Others may still want an answer of this hart.
    __atomic_fetch_add(&finished, 1, __ATOMIC_SEQ_CST);
    while (finished < n) {
    }
    irq_off();
}

static void add(uint64_t arg)
{
    for (unsigned i = 0; i < ADDS; i++) {
        __atomic_fetch_add(&counter, arg, __ATOMIC_SEQ_CST);
    }
}

static void on_all(void (*fn)(uint64_t), bool wait_for_ready)
{
    unsigned n = hart_count();
    finished = 0;
    for (unsigned h = 1; h < n; h++) {
        hart_start(h, fn, h + 1);
    }
    if (wait_for_ready) {
        while (finished < n - 1) {
        }
        gic_send(0, SGI);
    }
    fn(1);
    for (unsigned h = 1; h < n; h++) {
        hart_wait(h);
    }
}

static void asking_psci(void)
{
    unsigned n = hart_count();
    word entry = (word)asking_psci & ~(word)3;
    CHECK(psci(PSCI_VERSION, 0, 0, 0) >= 0x10000);
    CHECK_EQ(psci(PSCI_AFFINITY_INFO, 0, 0, 0), 0);
    CHECK_EQ(psci(PSCI_CPU_ON, 0, entry, 0), -4);   // it is on already
    CHECK_EQ(psci(PSCI_CPU_ON, 200, entry, 0), -2); // there is none
    CHECK_EQ(psci(PSCI_FEATURES, PSCI_CPU_ON, 0, 0), 0);
    CHECK_EQ(psci(PSCI_FEATURES, 0x8400ffff, 0, 0), -1);
    if (n > 1) {
        CHECK_EQ(psci(PSCI_AFFINITY_INFO, 1, 0, 0), 1);
    }
}

void guest_main(void)
{
    unsigned n = hart_count();
    asking_psci();
    on_all(lap_runner, true);
    for (unsigned h = 0; h < n; h++) {
        CHECK_EQ(token[h], LAPS);
        CHECK_EQ(taken[h], LAPS);
    }
    say("token %u laps\n", LAPS);
    is_volley = true;
    on_all(volley, false);
    for (unsigned to = 0; to < n; to++) {
        for (unsigned from = 0; from < n; from++) {
            CHECK_EQ(acknowledged[to][from], VOLLEYS);
        }
        CHECK(taken[to] > LAPS);
    }
    say("volleys %u\n", VOLLEYS);
    on_all(add, false);
    CHECK_EQ(counter, ADDS * n * (n + 1) / 2);
    say("added\n");
}

#endif
