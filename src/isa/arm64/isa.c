/* SPDX-License-Identifier: GPL-2.0-or-later
 * isa: the description of aarch64 to the rest: its field table and reset.
 */
#include "isa/arm64/arm64.h"

static const struct field fields[] = {
    HART_FIELDS(struct arm64),
    FIELD_ARRAY(struct arm64, x),
    FIELD_ARRAY(struct arm64, v),
    FIELD(struct arm64, flags),
    FIELD(struct arm64, fpcr),
    FIELD(struct arm64, fpsr),
    FIELD_MASK(struct arm64, local, MODE_LOCAL),
    FIELD_BOOL(struct arm64, q),
    FIELD_MASK(struct arm64, ge, 15),
    FIELD_BOOL(struct arm64, big),
    FIELD_BOOL(struct arm64, ss),
    FIELD_BOOL(struct arm64, stepped),
    FIELD_MAX(struct arm64, el, 3),
    FIELD_BOOL(struct arm64, spsel),
    FIELD_MASK(struct arm64, daif, DAIF_ALL),
    FIELD_BOOL(struct arm64, pan),
    FIELD_BOOL(struct arm64, uao),
    FIELD_BOOL(struct arm64, dit),
    FIELD_BOOL(struct arm64, ssbs),
    FIELD_BOOL(struct arm64, il),
    FIELD_MAX(struct arm64, btype, 3),
    FIELD_BOOL(struct arm64, a32),
    FIELD_ARRAY(struct arm64, sp),
    FIELD_ARRAY(struct arm64, elr),
    FIELD_ARRAY(struct arm64, spsr),
    FIELD_ARRAY(struct arm64, sctlr),
    FIELD_ARRAY(struct arm64, actlr),
    FIELD_ARRAY(struct arm64, tcr),
    FIELD_ARRAY(struct arm64, ttbr0),
    FIELD_ARRAY(struct arm64, ttbr1),
    FIELD_ARRAY(struct arm64, mair),
    FIELD_ARRAY(struct arm64, vbar),
    FIELD_ARRAY(struct arm64, esr),
    FIELD_ARRAY(struct arm64, far),
    FIELD_ARRAY(struct arm64, tpidr),
    FIELD(struct arm64, tpidrro),
    FIELD_ARRAY(struct arm64, contextidr),
    FIELD(struct arm64, cpacr),
    FIELD(struct arm64, par),
    FIELD_MASK(struct arm64, csselr, 15),
    FIELD(struct arm64, mdscr),
    FIELD(struct arm64, mdccint),
    FIELD(struct arm64, osdlr),
    FIELD_BOOL(struct arm64, oslock),
    FIELD(struct arm64, rndr),
    FIELD_ARRAY(struct arm64, bvr),
    FIELD_ARRAY(struct arm64, bcr),
    FIELD_ARRAY(struct arm64, wvr),
    FIELD_ARRAY(struct arm64, wcr),
    FIELD_ARRAY(struct arm64, keys),
    FIELD(struct arm64, hcr),
    FIELD(struct arm64, hcrx),
    FIELD(struct arm64, cptr2),
    FIELD(struct arm64, hstr),
    FIELD(struct arm64, mdcr2),
    FIELD(struct arm64, vttbr),
    FIELD(struct arm64, vtcr),
    FIELD(struct arm64, hpfar),
    FIELD(struct arm64, vmpidr),
    FIELD(struct arm64, vpidr),
    FIELD(struct arm64, cntvoff),
    FIELD(struct arm64, cnthctl),
    FIELD(struct arm64, vdisr),
    FIELD(struct arm64, vsesr),
    FIELD(struct arm64, disr),
    FIELD_MASK(struct arm64, dbgclaim, 0xff),
    FIELD_ARRAY(struct arm64, zeros),
    FIELD(struct arm64, cntkctl),
    FIELD_ARRAY(struct arm64, cval),
    FIELD_ARRAY_MASK(struct arm64, timer_ctl, 3),
    FIELD_MASK(struct arm64, timer_out, (1 << ARM64_TIMERS) - 1),
    FIELD(struct arm64, pmccntr),
    FIELD(struct arm64, pmccfiltr),
    FIELD_ARRAY(struct arm64, pmevcntr),
    FIELD_ARRAY(struct arm64, pmevtyper),
    FIELD_ARRAY(struct arm64, pmdue),
    FIELD(struct arm64, pmcr),
    FIELD(struct arm64, pmcnten),
    FIELD(struct arm64, pminten),
    FIELD(struct arm64, pmovs),
    FIELD(struct arm64, pmselr),
    FIELD(struct arm64, pmuserenr),
    FIELD_BOOL(struct arm64, pmu_out),
    FIELD_MASK(struct arm64, lines, (1 << ARM64_PIN_COUNT) - 1),
    FIELD(struct arm64, number),
    FIELD_ARRAY(struct arm64, zero),
};

static const struct survivor survivors[] = {
    SURVIVOR(struct arm64, lines, RESET_HART),
};

static void arm64_reset(void *state, const void *model, const struct isa_options *o)
{
    struct arm64 *s = state;

    s->number = o->hart;
    arm64_begin(s, model);
    arm64_seed_random(s, o->seed);
}

/* What AArch32 state is, and what only it has. */
static int check_32(const struct cpu *cpu, const struct arm64 *s, struct error *e)
{
    bool narrow = s->hart.pc <= UINT32_MAX;

    if (!s->a32) {
        return s->local != 0 || s->q || s->ge != 0 || s->big
                   ? error_set(e, "it is in AArch64 state with PSTATE of AArch32")
                   : 0;
    }
    for (unsigned r = 0; r < 15; r++) {
        narrow = narrow && s->x[r] <= UINT32_MAX;
    }
    if (!arm64_has_a32(cpu) || s->el != 0 || s->spsel || s->btype != 0 || !narrow) {
        return error_set(e, "it is in AArch32 state, but not at EL0 with registers of 32 bits");
    }
    return 0;
}

static int arm64_check(const struct cpu *cpu, const void *state, struct error *e)
{
    const struct arm64 *s = state, *now = arm64_of(cpu);

    if (s->number != now->number) {
        return error_set(e, "it is of hart %u and not of %u", s->number, now->number);
    }
    if (!arm64_has_el(cpu, s->el)) {
        return error_set(e, "el is %u, which this CPU does not have", s->el);
    }
    return check_32(cpu, s, e);
}

#define X_SLOT(r) ((uint32_t)offsetof(struct arm64, x[r]))

static const char *const cpus[] = {"cortex-a53", "cortex-a57",  "cortex-a72", "cortex-a76",
                                   "max",        "neoverse-n1", NULL};

const struct isa isa_aarch64 = {
    .behaviour = 7,
    .name = "aarch64",
    .elf_machine = 183,
    .insn_align = 2,
    .model_size = sizeof(struct arm64_model),
    .cpus = cpus,
    .make_model = arm64_make_model,
    .state = FIELD_TABLE(struct arm64, fields),
    .survivors = survivors,
    .survivor_count = ARRAY_LEN(survivors),
    .reset = arm64_reset,
    .check = arm64_check,
    .mmu = {arm64_translate, arm64_bus_fault, arm64_misaligned, arm64_space_key},
    .lifter = {.helpers = arm64_helpers,
               .helper_count = ARM64_HELPER_COUNT,
               .block_mode = arm64_block_mode,
               .local_modes = MODE_LOCAL,
               .lift = arm64_lift,
               .pinned_slots = {X_SLOT(0), X_SLOT(1), X_SLOT(31), X_SLOT(2), X_SLOT(3)},
               .pinned_count = 5},
    .traps = {.interrupt_pending = arm64_interrupt_pending,
              .wakes = arm64_wakes,
              .take_interrupt = arm64_take_interrupt,
              .take_exception = arm64_take_exception,
              .set_line = arm64_set_line,
              .message = arm64_message,
              .next_alarm = arm64_next_alarm,
              .alarm = arm64_alarm},
    .gdb = {.name = "aarch64",
            .registers = arm64_gdb_registers,
            .pc = ARM64_GDB_PC,
            .types = arm64_gdb_types,
            .get = arm64_gdb_get,
            .set = arm64_gdb_set},
    .disassemble = arm64_disassemble,
};
