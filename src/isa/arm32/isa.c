/* SPDX-License-Identifier: GPL-2.0-or-later
 * isa: the description of arm to the rest: its field table and reset.
 */
#include "isa/arm32/arm.h"

static const struct field fields[] = {
    HART_FIELDS(struct arm),
    FIELD_ARRAY_MASK(struct arm, r, UINT32_MAX),
    FIELD_ARRAY(struct arm, above_r.zero),
    FIELD_ARRAY(struct arm, d),
    FIELD_ARRAY(struct arm, above_d.zero),
    FIELD(struct arm, flags),
    FIELD(struct arm, fpcr),
    FIELD(struct arm, fpsr),
    FIELD_MASK(struct arm, local, MODE_LOCAL),
    FIELD_BOOL(struct arm, q),
    FIELD_MASK(struct arm, ge, 15),
    FIELD_BOOL(struct arm, big),
    FIELD_ARRAY(struct arm, step.zero),
    FIELD_MASK(struct arm, mode, CPSR_M),
    FIELD_MASK(struct arm, masks, CPSR_MASKS),
    FIELD(struct arm, fpexc),
    FIELD_ARRAY(struct arm, r13),
    FIELD_ARRAY(struct arm, r14),
    FIELD_ARRAY(struct arm, spsr),
    FIELD_ARRAY(struct arm, r8_usr),
    FIELD_ARRAY(struct arm, r8_fiq),
    FIELD(struct arm, sctlr),
    FIELD(struct arm, cpacr),
    FIELD_MASK(struct arm, csselr, 15),
    FIELD(struct arm, ttbcr),
    FIELD(struct arm, dacr),
    FIELD_ARRAY(struct arm, ttbr),
    FIELD(struct arm, par),
    FIELD(struct arm, dfsr),
    FIELD(struct arm, ifsr),
    FIELD(struct arm, adfsr),
    FIELD(struct arm, aifsr),
    FIELD(struct arm, dfar),
    FIELD(struct arm, ifar),
    FIELD(struct arm, prrr),
    FIELD(struct arm, nmrr),
    FIELD(struct arm, vbar),
    FIELD(struct arm, contextidr),
    FIELD(struct arm, tpidrurw),
    FIELD(struct arm, tpidruro),
    FIELD(struct arm, tpidrprw),
    FIELD_BOOL(struct arm, teecr),
    FIELD(struct arm, teehbr),
    FIELD_ARRAY(struct arm, cval),
    FIELD_ARRAY_MASK(struct arm, timer_ctl, 3),
    FIELD_MASK(struct arm, timer_out, (1 << ARM_TIMERS) - 1),
    FIELD(struct arm, cntkctl),
    FIELD(struct arm, cntfrq),
    FIELD(struct arm, pmccntr),
    FIELD(struct arm, pmccfiltr),
    FIELD(struct arm, pmcr),
    FIELD(struct arm, pmcnten),
    FIELD(struct arm, pminten),
    FIELD(struct arm, pmovs),
    FIELD_MASK(struct arm, pmselr, 31),
    FIELD(struct arm, pmuserenr),
    FIELD_BOOL(struct arm, pmu_out),
    FIELD_ARRAY(struct arm, pmevcntr),
    FIELD_ARRAY(struct arm, pmevtyper),
    FIELD_ARRAY(struct arm, c15),
    FIELD(struct arm, zero),
    FIELD_MASK(struct arm, lines, (1 << ARM_PIN_COUNT) - 1),
    FIELD(struct arm, number),
};

static const struct survivor survivors[] = {
    SURVIVOR(struct arm, lines, RESET_HART),
};

static void arm_reset(void *state, const void *model, const struct isa_options *o)
{
    struct arm *s = state;

    s->number = o->hart;
    arm_begin(s, model);
}

static int arm_check(const struct cpu *cpu, const void *state, struct error *e)
{
    const struct arm *s = state, *now = arm_of(cpu);

    if (s->number != now->number) {
        return error_set(e, "it is of hart %u and not of %u", s->number, now->number);
    }
    if (arm_bank(s->mode) == ARM_BANKS) {
        return error_set(e, "mode is 0x%x, which there is not", s->mode);
    }
    if (s->hart.pc > UINT32_MAX) {
        return error_set(e, "pc has more than 32 bits");
    }
    return 0;
}

#define R_SLOT(n) ((uint32_t)offsetof(struct arm, r[n]))

static const char *const cpus[] = {"cortex-a15", "cortex-a7", "cortex-a9", NULL};

const struct isa isa_arm = {
    .behaviour = 3,
    .name = "arm",
    .elf_machine = 40,
    .insn_align = 2,
    .model_size = sizeof(struct arm_model),
    .cpus = cpus,
    .make_model = arm_make_model,
    .state = FIELD_TABLE(struct arm, fields),
    .survivors = survivors,
    .survivor_count = ARRAY_LEN(survivors),
    .reset = arm_reset,
    .check = arm_check,
    .mmu = {arm_translate, arm_bus_fault, arm_misaligned, arm_space_key},
    .lifter = {.helpers = arm_helpers,
               .helper_count = ARM_HELPER_COUNT,
               .block_mode = arm_block_mode,
               .local_modes = MODE_LOCAL,
               .lift = arm_lift,
               .pinned_slots = {R_SLOT(0), R_SLOT(1), R_SLOT(2), R_SLOT(3), R_SLOT(13)},
               .pinned_count = 5},
    .traps = {.interrupt_pending = arm_interrupt_pending,
              .wakes = arm_wakes,
              .take_interrupt = arm_take_interrupt,
              .take_exception = arm_take_exception,
              .set_line = arm_set_line,
              .message = arm_message,
              .next_alarm = arm_next_alarm,
              .alarm = arm_alarm},
    .gdb = {.name = "arm",
            .registers = arm_gdb_registers,
            .pc = ARM_GDB_PC,
            .get = arm_gdb_get,
            .set = arm_gdb_set},
    .disassemble = arm_disassemble,
};
