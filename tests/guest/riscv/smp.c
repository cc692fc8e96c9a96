// SPDX-License-Identifier: GPL-2.0-or-later
// smp: software interrupts between all harts, taken in machine mode: a token goes round, then
// everybody interrupts everybody. What is printed is the same for 1 to 8 harts.
#include "riscv.h"

enum { LAPS = 50, VOLLEYS = 20 };

static volatile xword token[GUEST_MAX_HARTS]; /* laps seen by each hart */
static volatile xword taken[GUEST_MAX_HARTS]; /* software interrupts taken */
static volatile xword acknowledged[GUEST_MAX_HARTS][GUEST_MAX_HARTS];
static volatile xword requested[GUEST_MAX_HARTS][GUEST_MAX_HARTS]; /* [to][from] */
static volatile xword finished;
static volatile bool is_volley;

static void on_software(struct trap *t)
{
    unsigned me = hart_id();
    if (t->cause != (CAUSE_INTERRUPT | IRQ_MSI)) {
        trap_default(t);
        return;
    }
    CLINT_MSIP(me) = 0;
    memory_barrier();
    taken[me]++;
    if (!is_volley) {
        token[me]++;
        unsigned next = (me + 1) % hart_count();
        if (next != 0 || token[0] < LAPS) {
            CLINT_MSIP(next) = 1;
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
    this_hart()->m_hook = on_software;
    csr_set(mie, 1u << IRQ_MSI);
    csr_set(mstatus, MSTATUS_MIE);
}

static void lap_runner(uint64_t arg)
{
    (void)arg;
    listen();
    __atomic_fetch_add(&finished, 1, __ATOMIC_SEQ_CST);
    WAIT_UNTIL(token[hart_id()] >= LAPS);
    csr_clear(mstatus, MSTATUS_MIE);
}

static void volley(uint64_t arg)
{
    unsigned me = hart_id();
    unsigned n = hart_count();
    (void)arg;
    listen();
    for (uint64_t round = 1; round <= VOLLEYS; round++) {
        for (unsigned to = 0; to < n; to++) {
            requested[to][me] = round;
            memory_barrier();
            CLINT_MSIP(to) = 1;
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
    csr_clear(mstatus, MSTATUS_MIE);
}

static void on_all(void (*fn)(uint64_t), bool wait_for_ready)
{
    unsigned n = hart_count();
    finished = 0;
    for (unsigned h = 1; h < n; h++) {
        hart_start(h, fn, 0);
    }
    if (wait_for_ready) {
        while (finished < n - 1) {
        }
        CLINT_MSIP(0) = 1;
    }
    fn(0);
    for (unsigned h = 1; h < n; h++) {
        hart_wait(h);
    }
}

void guest_main(void)
{
    unsigned n = hart_count();
    on_all(lap_runner, true);
    uint64_t laps = UINT64_MAX;
    for (unsigned h = 0; h < n; h++) {
        laps = token[h] < laps ? token[h] : laps;
        CHECK_EQ(token[h], LAPS);
    }
    say("laps %lu\n", laps);

    is_volley = true;
    on_all(volley, false);
    for (unsigned to = 0; to < n; to++) {
        CHECK(taken[to] >= LAPS + VOLLEYS);
        CHECK(taken[to] <= LAPS + (uint64_t)VOLLEYS * n);
        for (unsigned from = 0; from < n; from++) {
            CHECK_EQ(acknowledged[to][from], VOLLEYS);
        }
    }
    say("volleys %lu\n", (uint64_t)acknowledged[0][0]);
}
