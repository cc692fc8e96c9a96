/* SPDX-License-Identifier: GPL-2.0-or-later
 * platform: what a hart asks of the machine around it beside memory and time: which interrupt it is
 * that comes, something of another hart, a service that is not the processor's, its second space of
 * addresses, and what is to happen when nothing goes on. The machine answers (machine/platform.c), from
 * state alone, so that the answer is the same in every run.
 *
 * The ISA calls these from take_interrupt() and from helpers that have HELPER_LOOKS, HELPER_READS and
 * HELPER_WRITES: time is exact inside of them, and whatever they change is seen after the
 * instruction.
 */
#ifndef CPU_PLATFORM_H
#define CPU_PLATFORM_H

#include "base/base.h"

struct cpu;

enum platform_answer {
    PLATFORM_DONE,
    PLATFORM_NOBODY,  /* there is no such hart, address, service, or interrupt to be acknowledged */
    PLATFORM_REFUSED, /* there is, and it does not do that */
    PLATFORM_ALREADY  /* the hart is as it should become */
};

/* What one hart tells another, or itself. */
enum hart_message {
    HART_START, /* a stopped hart goes on; what the words mean is the ISA's: address, context, vector */
    HART_STOP, /* it takes no step any more, whatever interrupts come, until it is started */
    HART_KICK, /* an event it may be waiting for */
    HART_RESET /* it alone is reset, at the end of this step */
};
struct hart_words {
    uint64_t a, b;
};

/* Services of a board or a debugger. */
enum platform_service {
    SERVICE_FIRMWARE,    /* a call of the firmware that the board stands in for; Arm's HVC */
    SERVICE_SEMIHOSTING, /* of the program's host, by a trap that only means this */
    SERVICE_MONITOR      /* of a firmware below a hypervisor, which the call passes by: Arm's SMC */
};
/* In and out: what is in registers by the ISA's convention; the function's number comes first. */
#define PLATFORM_WORDS  8
#define CPU_OUTPUTS_MAX 8
struct platform_call {
    enum platform_service service;
    uint64_t words[PLATFORM_WORDS];
};

struct cpu_platform {
    /* The interrupt behind the pin, which this hart takes now, by the number that its controller has
     * for it. PLATFORM_NOBODY: it is gone again, or the pin has no controller that knows numbers. */
    enum platform_answer (*acknowledge)(struct cpu *cpu, unsigned pin, uint32_t *vector);
    /* DONE, NOBODY, ALREADY, or REFUSED if the ISA does not know the message. */
    enum platform_answer (*message)(struct cpu *cpu, unsigned to, enum hart_message what,
                                    struct hart_words words);
    /* An output of the hart's own, as that of a timer inside it, is at this level from now on. A level
     * that it has already changes nothing, and outputs that lead nowhere are heard by nobody. All are
     * down after a reset. The number is the ISA's; below CPU_OUTPUTS_MAX. */
    void (*line)(struct cpu *cpu, unsigned output, bool level);
    /* NOBODY: no device of the machine has the service, or none the function. */
    enum platform_answer (*call)(struct cpu *cpu, struct platform_call *call);
    /* A register of the processor that a device keeps (the CPU interface of Arm's GICv3), by the ISA's
     * number of it. NOBODY: no device has it; REFUSED: not this way, now or in this mode of the hart's. */
    enum platform_answer (*read_register)(struct cpu *cpu, uint32_t number, uint64_t *value);
    enum platform_answer (*write_register)(struct cpu *cpu, uint32_t number, uint64_t value);
    /* The I/O space (x86's IN and OUT): windows of devices and nothing else, by the rules of memory's
     * map. `size` is 1, 2, 4 or 8; what a window does not take at once goes in pieces. Bytes that are
     * nobody's read as ones; NOBODY if all are. */
    enum platform_answer (*io_read)(struct cpu *cpu, paddr at, unsigned size, uint64_t *value);
    enum platform_answer (*io_write)(struct cpu *cpu, paddr at, unsigned size, uint64_t value);
    /* The hart cannot go on: a fault in the delivery of a fault. What that does is the board's. */
    void (*shutdown)(struct cpu *cpu);
};

#endif
