// SPDX-License-Identifier: GPL-2.0-or-later
// extint: external interrupts through the PLIC (RISC-V PLIC specification 1.0): a text sent by the
// UART's transmitter interrupts, claim and complete, enables, priorities, thresholds, two sources
// at once, and the same in supervisor mode. The reference (7.2) looks at its enables only at the
// next event and does not make a level interrupt pending again on completion
// (expected/extint.reference.txt).
#include "riscv.h"

enum { CTX = PLIC_CONTEXT_M(0), CTX_S = PLIC_CONTEXT_S(0) };

static const char *text;
static volatile unsigned interrupts;
static unsigned context;
static volatile uint32_t order[8];
static uint8_t stack[4096] __attribute__((aligned(16)));

static void rtc_pend(bool is_pending)
{
    RTC(RTC_CLEAR_INTERRUPT) = 1;
    if (is_pending) {
        RTC(RTC_ALARM_HIGH) = 0; // the past: at once
        RTC(RTC_ALARM_LOW) = 1;
    }
}

// The next byte of the text, or the end of interrupts.
static void feed_uart(void)
{
    CHECK_EQ(UART(UART_IIR) & 0xf, 2); // transmitter empty
    if (*text != 0) {
        UART(UART_THR) = (uint8_t)*text++;
    } else {
        UART(UART_IER) = 0;
    }
}

static void serve(void)
{
    uint32_t irq = PLIC_CLAIM(context);
    if (interrupts < ARRAY_LEN(order)) {
        order[interrupts] = irq;
    }
    interrupts++;
    CHECK_EQ(PLIC_PENDING(0) >> irq & 1, 0); // claiming clears it, whatever the line does
    if (irq == PLIC_UART) {
        feed_uart();
    } else if (irq == PLIC_RTC) {
        rtc_pend(false);
    } else {
        CHECK_EQ(irq, 0);
    }
    PLIC_CLAIM(context) = irq;
}

static void on_machine(struct trap *t)
{
    if (t->cause != (CAUSE_INTERRUPT | IRQ_MEI)) {
        trap_default(t);
        return;
    }
    serve();
}

static void on_supervisor(struct trap *t)
{
    CHECK_EQ(t->cause, CAUSE_INTERRUPT | IRQ_SEI);
    serve();
}

static void transmit(void)
{
    text = "sent by interrupts\n";
    PLIC_PRIORITY(PLIC_UART) = 1;
    PLIC_ENABLE(CTX, 0) = 1u << PLIC_UART;
    PLIC_THRESHOLD(CTX) = 0;
    csr_set(mie, 1u << IRQ_MEI);
    UART(UART_IER) = 2;
    WAIT_UNTIL(UART(UART_IER) == 0);
    csr_clear(mstatus, MSTATUS_MIE);
    CHECK_EQ(interrupts, strlen("sent by interrupts\n") + 1);
    say("interrupts %u\n", interrupts);
}

static bool is_signalled(void)
{
    return (csr_read(mip) >> IRQ_MEI & 1) != 0;
}

static void gates(void)
{
    CHECK(!is_signalled());
    PLIC_PRIORITY(PLIC_RTC) = 3;
    RTC(RTC_IRQ_ENABLED) = 1;
    rtc_pend(true);
    CHECK_EQ(PLIC_PENDING(0) >> PLIC_RTC & 1, 1);
    CHECK(!is_signalled()); // not enabled for this context
    PLIC_ENABLE(CTX, 0) |= 1u << PLIC_RTC;
    CHECK(is_signalled());
    PLIC_THRESHOLD(CTX) = 3; // priority must be greater
    CHECK(!is_signalled());
    PLIC_THRESHOLD(CTX) = 2;
    CHECK(is_signalled());
    PLIC_PRIORITY(PLIC_RTC) = 0; // never
    CHECK(!is_signalled());
    PLIC_PRIORITY(PLIC_RTC) = 7;
    CHECK(is_signalled());
    PLIC_THRESHOLD(CTX) = 0;

    // Completing while the line is still up makes it pending again.
    CHECK_EQ(PLIC_CLAIM(CTX), PLIC_RTC);
    CHECK(!is_signalled());
    CHECK_EQ(PLIC_CLAIM(CTX), 0);
    PLIC_CLAIM(CTX) = PLIC_RTC;
    CHECK(is_signalled());
    CHECK_EQ(PLIC_CLAIM(CTX), PLIC_RTC);
    rtc_pend(false);
    PLIC_CLAIM(CTX) = PLIC_RTC;
    CHECK(!is_signalled());
    say("gates\n");
}

// Both sources are pending before interrupts are let in; returns which came first.
static uint32_t both(unsigned uart_priority, unsigned rtc_priority)
{
    PLIC_PRIORITY(PLIC_UART) = uart_priority;
    PLIC_PRIORITY(PLIC_RTC) = rtc_priority;
    interrupts = 0;
    text = "";
    UART(UART_IER) = 2;
    rtc_pend(true);
    WAIT_UNTIL(interrupts >= 2);
    csr_clear(mstatus, MSTATUS_MIE);
    CHECK_EQ(order[0] + order[1], PLIC_UART + PLIC_RTC);
    return order[0];
}

static xword wait_in_supervisor(xword count)
{
    csr_set(sie, 1u << IRQ_SEI);
    csr_set(sstatus, MSTATUS_SIE);
    while (interrupts < count) {
    }
    csr_clear(sstatus, MSTATUS_SIE);
    return interrupts;
}

static void in_supervisor(void)
{
    PLIC_ENABLE(CTX, 0) = 0;
    PLIC_ENABLE(CTX_S, 0) = 1u << PLIC_UART;
    PLIC_THRESHOLD(CTX_S) = 0;
    PLIC_PRIORITY(PLIC_UART) = 1;
    context = CTX_S;
    interrupts = 0;
    text = "sent by a supervisor\n";
    csr_write(mideleg, 1u << IRQ_SEI);
    csr_write(stvec, trap_entry_s);
    csr_write(sscratch, 0);
    this_hart()->s_hook = on_supervisor;
    UART(UART_IER) = 2;
    xword count = strlen(text) + 1;
    CHECK_EQ(run_in_mode(MODE_S, wait_in_supervisor, count, stack + sizeof stack), count);
    say("interrupts %u\n", interrupts);
}

void guest_main(void)
{
    context = CTX;
    this_hart()->m_hook = on_machine;
    transmit();
    gates();
    say("first %u %u %u\n", both(2, 1), both(1, 2), both(4, 4)); // equal: the lower number
    in_supervisor();
}
