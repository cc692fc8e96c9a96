/* SPDX-License-Identifier: GPL-2.0-or-later
 * isa: the description of riscv32 and riscv64 to the rest: its field table, reset and `-cpu`'s options.
 */
#include "isa/riscv/riscv.h"

static const struct field fields[] = {
    HART_FIELDS(struct riscv),
    FIELD_ARRAY(struct riscv, x),
    FIELD_ARRAY(struct riscv, f),
    FIELD_MAX(struct riscv, priv, PRIV_M),
    FIELD_MAX(struct riscv, fs, FS_DIRTY),
    FIELD_MAX(struct riscv, frm, 7),
    FIELD_MASK(struct riscv, extensions, EXT_ALL),
    FIELD(struct riscv, hart_id),
    FIELD_MASK(struct riscv, mstatus, MSTATUS_WRITABLE),
    FIELD(struct riscv, medeleg),
    FIELD(struct riscv, mideleg),
    FIELD(struct riscv, mie),
    FIELD_MASK(struct riscv, lines, IRQ_PIN_BITS),
    FIELD_MASK(struct riscv, soft, IRQ_S_BITS),
    FIELD(struct riscv, mtvec),
    FIELD(struct riscv, mscratch),
    FIELD(struct riscv, mepc),
    FIELD(struct riscv, mcause),
    FIELD(struct riscv, mtval),
    FIELD(struct riscv, stvec),
    FIELD(struct riscv, sscratch),
    FIELD(struct riscv, sepc),
    FIELD(struct riscv, scause),
    FIELD(struct riscv, stval),
    FIELD(struct riscv, satp),
    FIELD(struct riscv, menvcfg),
    FIELD(struct riscv, senvcfg),
    FIELD(struct riscv, mcounteren),
    FIELD(struct riscv, scounteren),
    FIELD_MASK(struct riscv, mcountinhibit, INHIBIT_CYCLE | INHIBIT_INSTRET),
    FIELD(struct riscv, cycle_offset),
    FIELD(struct riscv, instret_offset),
    FIELD_MASK(struct riscv, stip, IRQ_BIT(IRQ_STI)),
    FIELD(struct riscv, stimecmp),
    FIELD_ARRAY_MASK(struct riscv, pmpaddr, PMPADDR_WRITABLE),
    FIELD_ARRAY_MASK(struct riscv, pmpcfg, PMPCFG_WRITABLE),
    FIELD(struct riscv, pmp_generation),
};

/* ---- -cpu ---- */

static const char *const cpus_64[] = {"max", "rv64", NULL};
static const char *const cpus_32[] = {"max", "rv32", NULL};

static const struct {
    const char *name;
    uint32_t bit;
} switches[] = {
    {"zba", EXT_ZBA},         {"zbb", EXT_ZBB},         {"zbs", EXT_ZBS},
    {"zicbom", EXT_ZICBOM},   {"zicboz", EXT_ZICBOZ},   {"sstc", EXT_SSTC},
    {"svadu", EXT_SVADU},     {"svinval", EXT_SVINVAL}, {"zbc", EXT_ZBC},
    {"zbkb", EXT_ZBKB},       {"zicond", EXT_ZICOND},   {"zihintpause", EXT_ZIHINTPAUSE},
    {"zfhmin", EXT_ZFHMIN},   {"zfh", EXT_ZFH},         {"zfa", EXT_ZFA},
    {"svnapot", EXT_SVNAPOT}, {"svpbmt", EXT_SVPBMT},
};
/* What can only be on, and what can only be off. */
static const char *const always[] = {"i",   "m",     "a",        "f",      "d",
                                     "c",   "g",     "s",        "u",      "mmu",
                                     "pmp", "zicsr", "zifencei", "zicntr", "counters"};
static const char *const never[] = {"e",      "h",   "j",         "v",        "b",    "zawrs",
                                    "smepmp", "zkr", "smstateen", "sscofpmf", "debug"};

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* The `length` bytes at `word` are `name`, whatever their case. */
static bool word_is(const char *word, size_t length, const char *name)
{
    for (size_t i = 0; i < length; i++) {
        if (lower(word[i]) != name[i]) {
            return false;
        }
    }
    return name[length] == 0;
}

static bool word_in(const char *word, size_t length, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (word_is(word, length, names[i])) {
            return true;
        }
    }
    return false;
}

/* -1: neither. */
static int truth_of(const char *word, size_t length)
{
    static const char *const yes[] = {"true", "on", "yes"};
    static const char *const no[] = {"false", "off", "no"};

    if (word_in(word, length, yes, ARRAY_LEN(yes))) {
        return 1;
    }
    return word_in(word, length, no, ARRAY_LEN(no)) ? 0 : -1;
}

/* One "name=value". */
static int apply_option(const char *word, size_t length, uint32_t *extensions, struct error *e)
{
    const char *equals = memchr(word, '=', length);
    size_t name_length = equals != NULL ? (size_t)(equals - word) : length;
    int on = equals != NULL ? truth_of(equals + 1, length - name_length - 1) : -1;

    if (on < 0) {
        return error_set(e, "-cpu: \"%.*s\" is not of the form name=true or name=false",
                         (int)length, word);
    }
    for (size_t i = 0; i < ARRAY_LEN(switches); i++) {
        if (word_is(word, name_length, switches[i].name)) {
            *extensions = (*extensions & ~switches[i].bit) | (on ? switches[i].bit : 0);
            return 0;
        }
    }
    if (word_in(word, name_length, always, ARRAY_LEN(always))) {
        return on ? 0 : error_set(e, "-cpu: \"%.*s\" is always on", (int)name_length, word);
    }
    if (word_in(word, name_length, never, ARRAY_LEN(never))) {
        return on ? error_set(e, "-cpu: \"%.*s\" is not implemented", (int)name_length, word) : 0;
    }
    return error_set(e, "-cpu: no extension is called \"%.*s\"", (int)name_length, word);
}

/* Of one ISA: its model, and what can be on. */
struct models {
    const char *isa, *usual;
    uint32_t usual_extensions, possible;
};

static int parse_cpu(const char *cpu, const struct models *models, uint32_t *extensions,
                     struct error *e)
{
    size_t length;

    *extensions = models->usual_extensions;
    if (cpu == NULL) {
        return 0;
    }
    length = strcspn(cpu, ",");
    /* The "max" of a recording is that of the first versions, which had no more. */
    if (!word_is(cpu, length, models->usual) && !word_is(cpu, length, "max")) {
        return error_set(e, "-cpu: no CPU of %s is called \"%.*s\"; there are %s and max",
                         models->isa, (int)length, cpu, models->usual);
    }
    for (cpu += length; *cpu == ','; cpu += length) {
        cpu++;
        length = strcspn(cpu, ",");
        if (apply_option(cpu, length, extensions, e) < 0) {
            return -1;
        }
    }
    if ((*extensions & EXT_ZFH) != 0) {
        *extensions |= EXT_ZFHMIN;
    }
    if ((*extensions & ~models->possible) != 0) {
        return error_set(e, "-cpu: svnapot and svpbmt are not of %s", models->isa);
    }
    return 0;
}

static int make_model(void *model, const struct isa_options *o, struct error *e)
{
    static const struct models models = {"riscv64", "rv64", EXT_USUAL, EXT_MAX};
    struct riscv_model *m = model;

    return parse_cpu(o->cpu, &models, &m->extensions, e);
}

static int make_model_32(void *model, const struct isa_options *o, struct error *e)
{
    static const struct models models = {"riscv32", "rv32", EXT_USUAL | EXT_RV32,
                                         EXT_MAX_32 | EXT_RV32};
    struct riscv_model *m = model;

    return parse_cpu(o->cpu, &models, &m->extensions, e);
}

/* The specification leaves all of a hart open at reset but for the mode, mstatus.MIE and MPRV, mcause,
 * the reservation and pmpcfg: here it is zero. What the pins say is no state of the hart but of what
 * drives them, which a reset of the hart alone does not reach. */
static const struct survivor survivors[] = {
    SURVIVOR(struct riscv, lines, RESET_HART),
};

void riscv_reset(void *state, const void *model, const struct isa_options *o)
{
    struct riscv *s = state;

    s->extensions = ((const struct riscv_model *)model)->extensions;
    s->hart.pc = 0x1000; /* where boards of this kind have their reset code */
    s->priv = PRIV_M;
    s->hart_id = o->hart;
    s->stimecmp = UINT64_MAX;
    /* Behind firmware that has not heard of them Svadu and Svpbmt are of use all the same. */
    s->menvcfg = ((s->extensions & EXT_SVADU) != 0 ? ENVCFG_ADUE : 0) |
                 ((s->extensions & EXT_SVPBMT) != 0 ? ENVCFG_PBMTE : 0);
}

static int riscv_check(const struct cpu *cpu, const void *state, struct error *e)
{
    const struct riscv *s = state, *now = riscv_of(cpu);

    if (s->extensions != now->extensions || s->hart_id != now->hart_id) {
        return error_set(e, "extensions 0x%x of hart %llu are not those of this one, 0x%x and %llu",
                         s->extensions, (unsigned long long)s->hart_id, now->extensions,
                         (unsigned long long)now->hart_id);
    }
    if (s->x[0] != 0) {
        return error_set(e, "x[0] is 0x%llx and not 0", (unsigned long long)s->x[0]);
    }
    if (s->priv != PRIV_U && s->priv != PRIV_S && s->priv != PRIV_M) {
        return error_set(e, "priv is %u, which is reserved", s->priv);
    }
    return riscv_csr_check(s, e);
}

uint64_t riscv_block_mode(const struct cpu *cpu)
{
    const struct riscv *s = riscv_of(cpu);

    return s->priv | (s->fs != FS_OFF ? MODE_FS_ON : 0) | (s->fs == FS_DIRTY ? MODE_FS_DIRTY : 0) |
           s->frm << MODE_FRM_POS | (riscv_pmp_divides(s, s->priv) ? MODE_DIVIDED : 0) |
           s->extensions << MODE_EXT_POS;
}

#define X_SLOT(r) ((uint32_t)offsetof(struct riscv, x[r]))

#define MAX_32 "zbc=on,zbkb=on,zicond=on,zihintpause=on,zfa=on,zfh=on"

/* What both widths share, but for a few names and what follows from the width. */
#define BOTH_WIDTHS                                                                                \
    .elf_machine = 243, .insn_align = 2, .model_size = sizeof(struct riscv_model),                 \
    .state = FIELD_TABLE(struct riscv, fields), .survivors = survivors,                            \
    .survivor_count = ARRAY_LEN(survivors), .reset = riscv_reset, .check = riscv_check,            \
    .mmu = {riscv_translate, riscv_bus_fault, riscv_misaligned, riscv_space_key},                  \
    .lifter = {.helpers = riscv_helpers,                                                           \
               .helper_count = RISCV_HELPER_COUNT,                                                 \
               .block_mode = riscv_block_mode,                                                     \
               .lift = riscv_lift,                                                                 \
               .pinned_slots = {X_SLOT(15), X_SLOT(10), X_SLOT(2), X_SLOT(14), X_SLOT(8)},         \
               .pinned_count = 5},                                                                 \
    .traps = {.interrupt_pending = riscv_interrupt_pending,                                        \
              .wakes = riscv_wakes,                                                                \
              .take_interrupt = riscv_take_interrupt,                                              \
              .take_exception = riscv_take_exception,                                              \
              .set_line = riscv_set_line,                                                          \
              .next_alarm = riscv_next_alarm,                                                      \
              .alarm = riscv_alarm}

const struct isa isa_riscv64 = {
    BOTH_WIDTHS,
    .behaviour = 2,
    .name = "riscv64",
    .cpus = cpus_64,
    .max_cpu = "rv64," MAX_32 ",svnapot=on,svpbmt=on",
    .make_model = make_model,
    .gdb = {.name = "riscv:rv64",
            .registers = riscv_gdb_registers,
            .pc = RISCV_GDB_PC,
            .get = riscv_gdb_get,
            .set = riscv_gdb_set},
    .disassemble = riscv_disassemble,
};

const struct isa isa_riscv32 = {
    BOTH_WIDTHS,
    .behaviour = 1,
    .name = "riscv32",
    .cpus = cpus_32,
    .max_cpu = "rv32," MAX_32,
    .make_model = make_model_32,
    .gdb = {.name = "riscv:rv32",
            .registers = riscv32_gdb_registers,
            .pc = RISCV_GDB_PC,
            .get = riscv_gdb_get,
            .set = riscv_gdb_set},
    .disassemble = riscv32_disassemble,
};
