// SPDX-License-Identifier: GPL-2.0-or-later
// rtc: the Goldfish real-time clock of the virt board (QEMU's docs/specs and the Linux driver):
// reading low before high, setting the time, an alarm with its interrupt through the PLIC, one in
// the past, and cancelling. No time is printed.
#include "riscv.h"

static volatile unsigned interrupts;

static uint64_t rtc_now(void)
{
    uint64_t low = RTC(RTC_TIME_LOW); // latches the high half
    return low | (uint64_t)RTC(RTC_TIME_HIGH) << 32;
}

static void rtc_alarm(uint64_t at_ns)
{
    RTC(RTC_ALARM_HIGH) = (uint32_t)(at_ns >> 32);
    RTC(RTC_ALARM_LOW) = (uint32_t)at_ns; // arms
}

static void on_interrupt(struct trap *t)
{
    if (t->cause != (CAUSE_INTERRUPT | IRQ_MEI)) {
        trap_default(t);
        return;
    }
    CHECK_EQ(PLIC_CLAIM(PLIC_CONTEXT_M(0)), PLIC_RTC);
    RTC(RTC_CLEAR_INTERRUPT) = 1;
    PLIC_CLAIM(PLIC_CONTEXT_M(0)) = PLIC_RTC;
    interrupts++;
}

static void reading(void)
{
    uint64_t before = rtc_now();
    uint64_t mtime = clock_ns();
    CHECK(before > UINT64_C(1000000000000)); // a while after 1970
    sleep_until_ns(mtime + 20000000);
    uint64_t after = rtc_now();
    CHECK(after - before >= 20000000 - 100); // mtime counts in 100 ns, this clock in 1
    CHECK(after - before < UINT64_C(10000000000));
    for (int i = 0; i < 100; i++) {
        uint64_t next = rtc_now();
        CHECK(next >= after);
        after = next;
    }
    say("reading\n");
}

static void setting(void)
{
    const uint64_t at = UINT64_C(0x1234567800000000);
    RTC(RTC_TIME_HIGH) = (uint32_t)(at >> 32);
    RTC(RTC_TIME_LOW) = 0;
    CHECK(rtc_now() - at < UINT64_C(4000000000));
    say("setting\n");
}

static void alarms(void)
{
    this_hart()->m_hook = on_interrupt;
    PLIC_PRIORITY(PLIC_RTC) = 1;
    PLIC_THRESHOLD(PLIC_CONTEXT_M(0)) = 0;
    PLIC_ENABLE(PLIC_CONTEXT_M(0), 0) = 1u << PLIC_RTC;
    csr_set(mie, 1u << IRQ_MEI);
    csr_set(mstatus, MSTATUS_MIE);
    RTC(RTC_IRQ_ENABLED) = 1;

    uint64_t now = rtc_now();
    rtc_alarm(now + 10000000);
    WAIT_UNTIL(interrupts >= 1);
    CHECK(rtc_now() >= now + 10000000);
    CHECK_EQ(RTC(RTC_ALARM_STATUS), 0);
    say("alarm\n");

    rtc_alarm(now); // the past: at once
    WAIT_UNTIL(interrupts >= 2);
    say("alarm in the past\n");

    now = rtc_now();
    rtc_alarm(now + UINT64_C(3600000000000));
    CHECK_EQ(RTC(RTC_ALARM_STATUS), 1);
    RTC(RTC_CLEAR_ALARM) = 1;
    CHECK_EQ(RTC(RTC_ALARM_STATUS), 0);

    // Without permission nothing interrupts; the pending one comes when it is given.
    RTC(RTC_IRQ_ENABLED) = 0;
    rtc_alarm(rtc_now() + 1000000);
    sleep_until_ns(clock_ns() + 5000000);
    CHECK_EQ(interrupts, 2);
    RTC(RTC_IRQ_ENABLED) = 1;
    WAIT_UNTIL(interrupts >= 3);
    csr_clear(mstatus, MSTATUS_MIE);
    say("interrupts %u\n", interrupts);
}

void guest_main(void)
{
    reading();
    setting();
    alarms();
}
