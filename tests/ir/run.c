/* SPDX-License-Identifier: GPL-2.0-or-later
 * run: runs the .ir files of this folder. Each file is one block in the IR's text form and cases in comments that
 * begin with "#!":
 *
 *   #! case NAME                    begins a case; the state is zero, memory too
 *   #! set @SLOT.SIZE = NUMBER      SIZE bytes: 1 2 4 8, or 16 as two numbers, the high one first
 *   #! mem ADDRESS = 01 02 ...      bytes
 *   #! limit NUMBER                 instructions at most
 *   #! want @SLOT.SIZE = NUMBER     and so on; what is not mentioned must not have changed
 *   #! want mem ADDRESS = 01 02 ...
 *   #! want left = exit | look | yield | limit | fault | watch     (exit if not mentioned)
 *   #! want pc = NUMBER
 *   #! want mode = NUMBER           that the exit names; what generated code makes of it is only seen
 *                                   where it finds another block (tests/toy)
 *   #! want insns = NUMBER          retired (all if not mentioned)
 *   #! want fault = CAUSE VALUE
 *   #! want device = OFFSET SIZE VALUE      what was written to the device
 *
 * Every block is checked, printed, parsed and printed again; then each case is run by every
 * executor there is on the block and on the block as the builder would make it. With more than one
 * file, it is an error if an operation of ops.def is in none of them.
 */
#include "tiny.h"

#include "jit/jit.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* One way to run a block; code generators add theirs. */
struct executor {
    const char *name;
    enum ir_left (*run)(struct cpu *cpu, const struct ir_block *b, uint32_t limit);
};

/* ---- the code generator ---- */

/* With slots of the block pinned, and with none. */
static struct jit *pinning, *plain;
static unsigned compiled, left_over;

static void check_same(struct cpu *cpu, const void *state, const void *ram, uint64_t ran);

static unsigned failures, runs;

static bool ends_block(enum jit_left left)
{
    return left == JIT_LOOKUP || left == JIT_LINK || left == JIT_LOOK || left == JIT_YIELD;
}

/* As the engine does, but what is left to the interpreter cannot be found by pc here: up to there
 * the state must be what the interpreter makes of as many instructions, then it takes it all. */
static enum ir_left run_compiled(struct jit *j, struct cpu *cpu, const struct ir_block *b,
                                 uint32_t limit)
{
    uint8_t *ram = cpu->mem->blocks[0].host;
    uint8_t state[2][TINY_STATE_BYTES], was[TINY_RAM_BYTES], now[TINY_RAM_BYTES];
    struct jit_result r = {0};
    tick tick_was = cpu->block_tick;
    enum jit_left left = JIT_HARD;
    const void *code;
    bool full;

    memcpy(state[0], cpu->state, TINY_STATE_BYTES);
    memcpy(was, ram, TINY_RAM_BYTES);
    cpu->hart->pc = b->pc;
    jit_flush(j);
    code = jit_compile(j, b, JIT_GROUPED, NULL, &full);
    must(!full);
    if (!code) {
        failures++;
        printf("the block at 0x%" PRIx64 " has no code\n", b->pc);
    } else {
        compiled++;
        cpu->insn = 0;
        left = jit_run(j, cpu, code, cpu->block_tick, limit, &r);
    }
    if (left == JIT_FAULT || (ends_block(left) && (r.ran > 0 || limit >= b->insn_count))) {
        cpu->insn = (uint32_t)r.ran;
        return left == JIT_FAULT   ? IR_LEFT_FAULT
               : left == JIT_LOOK  ? IR_LEFT_LOOK
               : left == JIT_YIELD ? IR_LEFT_YIELD
                                   : IR_LEFT_EXIT;
    }
    left_over += code != NULL;
    memcpy(state[1], cpu->state, TINY_STATE_BYTES);
    memcpy(now, ram, TINY_RAM_BYTES);
    memcpy(cpu->state, state[0], TINY_STATE_BYTES);
    memcpy(ram, was, TINY_RAM_BYTES);
    cpu->hart->pc = b->pc;
    cpu->block_tick = tick_was;
    cpu->insn = 0;
    if (r.ran > 0) {
        (void)ir_interp(cpu, b, (uint32_t)r.ran);
    }
    check_same(cpu, state[1], now, r.ran);
    memcpy(cpu->state, state[0], TINY_STATE_BYTES);
    memcpy(ram, was, TINY_RAM_BYTES);
    cpu->insn = 0;
    return ir_interp(cpu, b, limit);
}

static enum ir_left run_pinning(struct cpu *cpu, const struct ir_block *b, uint32_t limit)
{
    return run_compiled(pinning, cpu, b, limit);
}

static enum ir_left run_plain(struct cpu *cpu, const struct ir_block *b, uint32_t limit)
{
    return run_compiled(plain, cpu, b, limit);
}

/* Pins what the block uses as 64-bit integers and in no other way, every second one of it. */
static void make_jits(const struct ir_block *b)
{
    struct jit_guest guest = {.pinned_count = 0};
    struct error e;
    uint8_t use[TINY_STATE_BYTES] = {0}; /* by slot: 1 as 64 bits, 2 otherwise */
    unsigned found = 0;

    for (uint32_t i = 0; i < b->op_count; i++) {
        const struct ir_op *o = &b->ops[i];
        bool whole = (o->type & IR_TYPE_MASK) == IR_I64;

        if (o->op == IR_GET || o->op == IR_PUT) {
            for (uint64_t k = whole ? o->imm : o->imm & ~UINT64_C(7);
                 k < o->imm + 16 && k < TINY_STATE_BYTES; k++) {
                use[k] |= k == o->imm && whole ? 1 : k < o->imm + 8 && whole ? 0 : whole ? 0 : 2;
            }
        }
    }
    for (uint32_t k = sizeof(struct hart); k + 8 <= TINY_STATE_BYTES; k += 8) {
        if (use[k] == 1 && found++ % 2 == 0 && guest.pinned_count < JIT_PINNED_MAX) {
            guest.pinned[guest.pinned_count++] = k;
        }
    }
    pinning = jit_new(&guest, &e);
    guest.pinned_count = 0;
    plain = jit_new(&guest, &e);
    must(pinning && plain);
}

static void free_jits(void)
{
    jit_free(pinning);
    jit_free(plain);
    pinning = plain = NULL;
}

static const struct executor executors[] = {
    {"interpreter", ir_interp},
    {"compiled, pinned", run_pinning},
    {"compiled", run_plain},
};

static unsigned executor_count(void)
{
    return jit_supported() ? ARRAY_LEN(executors) : 1;
}

static const char *const left_words[] = {"exit", "look", "yield", "limit", "fault", "watch"};

struct expected {
    uint8_t state[TINY_STATE_BYTES];
    uint8_t ram[TINY_RAM_BYTES];
    int left;
    uint64_t pc, insns, mode, fault[2], device[3];
    bool has_pc, has_mode, has_insns, has_fault, has_device;
};

struct test_case {
    char name[80];
    unsigned line;
    uint64_t limit;
    uint8_t state[TINY_STATE_BYTES];
    uint8_t ram[TINY_RAM_BYTES];
    struct expected want;
};

struct file {
    const char *path;
    char *text;
    struct {
        char name[32];
        uint64_t offset;
    } slots[256];
    unsigned slot_count;
    VEC(struct test_case) cases;
};

static void fail(const struct file *f, const struct test_case *c, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void fail(const struct file *f, const struct test_case *c, const char *format, ...)
{
    va_list args;

    failures++;
    printf("%s:%u: ", f->path, c != NULL ? c->line : 0);
    if (c != NULL) {
        printf("case %s: ", c->name);
    }
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    printf("\n");
}

static void check_same(struct cpu *cpu, const void *state, const void *ram, uint64_t ran)
{
    const uint8_t *want = cpu->state, *got = state;

    for (unsigned i = 0; i < TINY_STATE_BYTES; i++) {
        if (want[i] != got[i]) {
            failures++;
            printf("after %" PRIu64 " instructions generated code left slot %u as 0x%x, not 0x%x\n",
                   ran, i, got[i], want[i]);
            return;
        }
    }
    if (memcmp(cpu->mem->blocks[0].host, ram, TINY_RAM_BYTES) != 0) {
        failures++;
        printf("after %" PRIu64 " instructions generated code left other memory\n", ran);
    }
}

/* ---- reading ---- */

static char *read_all(const char *path)
{
    struct text t = {0};
    char piece[4096];
    size_t count;
    FILE *in = fopen(path, "r");

    if (in == NULL) {
        perror(path);
        exit(1);
    }
    while ((count = fread(piece, 1, sizeof(piece), in)) != 0) {
        text_add_bytes(&t, piece, count);
    }
    fclose(in);
    return t.data != NULL ? t.data : base_strdup("");
}

static _Noreturn void bad_line(const struct file *f, unsigned line, const char *s)
{
    printf("%s:%u: this is no directive: %s\n", f->path, line, s);
    exit(1);
}

/* `count` numbers; sscanf would not take those above INT64_MAX. */
static bool numbers(const char *s, unsigned count, uint64_t *out)
{
    for (unsigned i = 0; i < count; i++) {
        char *end;

        out[i] = strtoull(s, &end, 0);
        if (end == s) {
            return false;
        }
        s = end;
    }
    return true;
}

/* "@SLOT.SIZE = NUMBER..." into a state image. */
static bool set_slot(const struct file *f, const char *s, uint8_t *state)
{
    char name[40];
    unsigned size, used = 0;
    uint64_t offset = 0, wide[2];
    bool found;

    if (sscanf(s, " @%39[A-Za-z0-9_] . %u = %n", name, &size, (int *)&used) != 2 || used == 0) {
        return false;
    }
    found = sscanf(name, "%" SCNu64, &offset) == 1;
    for (unsigned i = 0; i < f->slot_count; i++) {
        if (strcmp(f->slots[i].name, name) == 0) {
            offset = f->slots[i].offset;
            found = true;
        }
    }
    if (!found || offset + size > TINY_STATE_BYTES) {
        return false;
    }
    if (size == 16) {
        if (!numbers(s + used, 2, wide)) {
            return false;
        }
        bytes_set_le(state + offset, 8, wide[1]);
        bytes_set_le(state + offset + 8, 8, wide[0]);
        return true;
    }
    if ((size != 1 && size != 2 && size != 4 && size != 8) || !numbers(s + used, 1, wide)) {
        return false;
    }
    bytes_set_le(state + offset, size, wide[0]);
    return true;
}

/* "ADDRESS = 01 02 ..." into a RAM image. */
static bool set_ram(const char *s, uint8_t *ram)
{
    char *end;
    uint64_t at = strtoull(s, &end, 0) - TINY_RAM;

    while (*end == ' ') {
        end++;
    }
    if (*end++ != '=') {
        return false;
    }
    for (;;) {
        char *next;
        unsigned long byte = strtoul(end, &next, 16);

        if (next == end) {
            return true;
        }
        if (at >= TINY_RAM_BYTES || byte > 0xff) {
            return false;
        }
        ram[at++] = (uint8_t)byte;
        end = next;
    }
}

static bool read_want(const struct file *f, struct expected *w, const char *s)
{
    char word[16];

    if (s[0] == '@') {
        return set_slot(f, s, w->state);
    }
    if (strncmp(s, "mem ", 4) == 0) {
        return set_ram(s + 4, w->ram);
    }
    if (sscanf(s, "left = %15s", word) == 1) {
        for (unsigned i = 0; i < ARRAY_LEN(left_words); i++) {
            if (strcmp(left_words[i], word) == 0) {
                w->left = (int)i;
                return true;
            }
        }
        return false;
    }
    if (strncmp(s, "pc = ", 5) == 0) {
        return w->has_pc = numbers(s + 5, 1, &w->pc);
    }
    if (strncmp(s, "mode = ", 7) == 0) {
        return w->has_mode = numbers(s + 7, 1, &w->mode);
    }
    if (strncmp(s, "insns = ", 8) == 0) {
        return w->has_insns = numbers(s + 8, 1, &w->insns);
    }
    if (strncmp(s, "fault = ", 8) == 0) {
        return w->has_fault = numbers(s + 8, 2, w->fault);
    }
    if (strncmp(s, "device = ", 9) == 0) {
        return w->has_device = numbers(s + 9, 3, w->device);
    }
    return false;
}

/* What is not wanted to change is taken from the inputs before the first want. */
static void begin_wants(struct test_case *c, bool *wants)
{
    if (!*wants) {
        memcpy(c->want.state, c->state, sizeof(c->state));
        memcpy(c->want.ram, c->ram, sizeof(c->ram));
        *wants = true;
    }
}

static void read_directive(struct file *f, const char *s, unsigned line, bool *wants)
{
    struct test_case *c = f->cases.count != 0 ? &f->cases.data[f->cases.count - 1] : NULL;
    bool good = false;

    while (*s == ' ') {
        s++;
    }
    if (strncmp(s, "case ", 5) == 0) {
        struct test_case fresh = {.line = line, .limit = UINT32_MAX};

        if (c != NULL) {
            begin_wants(c, wants);
        }
        *wants = false;
        snprintf(fresh.name, sizeof(fresh.name), "%s", s + 5);
        vec_push(&f->cases, fresh);
        return;
    }
    if (c == NULL) {
        bad_line(f, line, s);
    }
    if (strncmp(s, "set ", 4) == 0) {
        good = !*wants && set_slot(f, s + 4, c->state);
    } else if (strncmp(s, "mem ", 4) == 0) {
        good = !*wants && set_ram(s + 4, c->ram);
    } else if (strncmp(s, "limit ", 6) == 0) {
        good = sscanf(s + 6, "%" SCNu64, &c->limit) == 1;
    } else if (strncmp(s, "want ", 5) == 0) {
        begin_wants(c, wants);
        good = read_want(f, &c->want, s + 5);
    }
    if (!good) {
        bad_line(f, line, s);
    }
}

static void read_cases(struct file *f)
{
    char *copy = base_strdup(f->text), *rest = NULL, *s = copy;
    bool wants = false;

    for (unsigned line = 1; s != NULL; line++, s = rest) {
        char *end = strchr(s, '\n');
        unsigned n = f->slot_count;

        rest = end != NULL ? end + 1 : NULL;
        if (end != NULL) {
            *end = '\0';
        }
        if (strncmp(s, "#!", 2) == 0) {
            read_directive(f, s + 2, line, &wants);
        } else if (n < ARRAY_LEN(f->slots) && sscanf(s, "slot %31s %" SCNi64, f->slots[n].name,
                                                     (int64_t *)&f->slots[n].offset) == 2) {
            f->slot_count++;
        }
    }
    if (f->cases.count != 0) {
        begin_wants(&f->cases.data[f->cases.count - 1], &wants);
    }
    free(copy);
}

/* ---- running ---- */

static void compare_bytes(const struct file *f, const struct test_case *c, const char *who,
                          const char *what, uint64_t base, const uint8_t *got, const uint8_t *want,
                          size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (got[i] != want[i]) {
            i &= ~(size_t)7;
            fail(f, c, "%s: %s 0x%" PRIx64 " is 0x%016" PRIx64 ", not 0x%016" PRIx64, who, what,
                 base + i, bytes_get_le(got + i, 8), bytes_get_le(want + i, 8));
            i += 7;
        }
    }
}

static void compare(const struct file *f, const struct test_case *c, const struct executor *e,
                    const char *who, const struct ir_block *b, struct tiny *t, int left)
{
    const struct expected *w = &c->want;
    const struct cpu *cpu = &t->cpu;
    uint64_t insns = w->has_insns ? w->insns : b->insn_count;

    if (left != w->left) {
        fail(f, c, "%s: left by %s, not %s", who, left_words[left], left_words[w->left]);
    }
    if (cpu->fault.raised != (w->left == IR_LEFT_FAULT) ||
        (w->has_fault && (cpu->fault.cause != w->fault[0] || cpu->fault.value != w->fault[1]))) {
        fail(f, c, "%s: fault %d, cause 0x%x, value 0x%" PRIx64, who, cpu->fault.raised,
             cpu->fault.cause, cpu->fault.value);
    }
    if (cpu->hart->instructions != insns || cpu->insn != insns) {
        fail(f, c, "%s: %" PRIu64 " instructions retired, not %" PRIu64, who,
             cpu->hart->instructions, insns);
    }
    if (w->has_pc && cpu->hart->pc != w->pc) {
        fail(f, c, "%s: pc is 0x%" PRIx64 ", not 0x%" PRIx64, who, cpu->hart->pc, w->pc);
    }
    if (w->has_mode && e->run == ir_interp && cpu->exit_mode != w->mode) {
        fail(f, c, "%s: the mode is 0x%" PRIx32 ", not 0x%" PRIx64, who, cpu->exit_mode, w->mode);
    }
    if (w->has_device && (t->written_at != w->device[0] || t->written_size != w->device[1] ||
                          t->written != w->device[2])) {
        fail(f, c, "%s: device got 0x%" PRIx64 " %" PRIu64 " 0x%" PRIx64, who, t->written_at,
             t->written_size, t->written);
    }
    if (!w->has_device && t->written_size != 0) {
        fail(f, c, "%s: the device was written to", who);
    }
    compare_bytes(f, c, who, "slot", 16, (const uint8_t *)&t->state + 16, w->state + 16,
                  TINY_STATE_BYTES - 16);
    compare_bytes(f, c, who, "memory", TINY_RAM, t->mem.blocks[0].host, w->ram, TINY_RAM_BYTES);
}

/* `warm` runs it once for the tables' sake: then again, with hits. */
static void run_case(const struct file *f, const struct test_case *c, const struct executor *e,
                     const char *form, const struct ir_block *b, bool warm)
{
    struct tiny *t = base_alloc(1, sizeof(*t));
    char who[64];

    snprintf(who, sizeof(who), "%s, %s%s", e->name, form, warm ? ", warm" : "");
    tiny_init(t);
    for (int round = 0; round <= warm; round++) {
        memcpy(&t->state, c->state, sizeof(t->state));
        memcpy(t->mem.blocks[0].host, c->ram, TINY_RAM_BYTES);
        t->cpu.fault = (struct fault){0};
        t->cpu.look = false;
        t->cpu.insn = 0;
        t->cpu.block_tick = 1000;
        t->written_size = 0;
        t->reads = 0;
        if (round == warm) {
            int left = (int)e->run(&t->cpu, b, (uint32_t)c->limit);
            compare(f, c, e, who, b, t, left);
        } else {
            (void)e->run(&t->cpu, b, (uint32_t)c->limit);
        }
    }
    runs++;
    tiny_fini(t);
    free(t);
}

static void check_round_trip(const struct file *f, const struct ir_block *b, const char *form)
{
    struct text first = {0}, second = {0};
    struct ir_block *again;
    struct error e;

    if (ir_check(b, TINY_STATE_BYTES, &e) < 0) {
        fail(f, NULL, "%s: %s", form, e.text);
    }
    ir_print(b, &first);
    again = ir_parse(first.data, tiny_helpers, tiny_helper_count, &e);
    if (again == NULL) {
        fail(f, NULL, "%s: what was printed does not parse: %s", form, e.text);
    } else {
        ir_print(again, &second);
        if (again->op_count != b->op_count ||
            memcmp(again->ops, b->ops, b->op_count * sizeof(*b->ops)) != 0 ||
            strcmp(first.data, second.data) != 0) {
            fail(f, NULL, "%s: print, parse, print differ", form);
        }
    }
    free(again);
    text_fini(&first);
    text_fini(&second);
}

static void run_file(const char *path, bool used[IR_OPCODE_COUNT], bool show)
{
    struct file *f = base_alloc(1, sizeof(*f));
    struct ir_block *forms[2];
    static const char *const names[2] = {"as written", "rebuilt"};
    struct error e;

    f->path = path;
    f->text = read_all(path);
    read_cases(f);
    forms[0] = ir_parse(f->text, tiny_helpers, tiny_helper_count, &e);
    if (forms[0] == NULL || ir_check(forms[0], TINY_STATE_BYTES, &e) < 0) {
        fail(f, NULL, "%s", e.text);
        return;
    }
    if (f->cases.count == 0) {
        fail(f, NULL, "there are no cases");
    }
    for (uint32_t i = 0; i < forms[0]->op_count; i++) {
        used[forms[0]->ops[i].op] = true;
    }
    forms[1] = tiny_rebuilt(forms[0]);
    if (show) {
        struct text t = {0};
        ir_print(forms[1], &t);
        printf("%s", t.data);
        text_fini(&t);
    }
    if (jit_supported()) {
        make_jits(forms[0]);
    }
    for (unsigned form = 0; form < 2; form++) {
        check_round_trip(f, forms[form], names[form]);
        for (size_t i = 0; i < f->cases.count; i++) {
            for (unsigned x = 0; x < executor_count(); x++) {
                run_case(f, &f->cases.data[i], &executors[x], names[form], forms[form], false);
                run_case(f, &f->cases.data[i], &executors[x], names[form], forms[form], true);
            }
        }
        free(forms[form]);
    }
    free_jits();
    vec_fini(&f->cases);
    free(f->text);
    free(f);
}

int main(int argc, char **argv)
{
    bool used[IR_OPCODE_COUNT] = {false};
    bool show = argc > 1 && strcmp(argv[1], "--show") == 0;

    for (int i = 1 + show; i < argc; i++) {
        run_file(argv[i], used, show);
    }
    for (unsigned op = 0; argc > 2 + show && op < IR_OPCODE_COUNT; op++) {
        if (!used[op]) {
            printf("no file has the operation %s\n", ir_op_info[op].name);
            failures++;
        }
    }
    printf("%d files, %u runs, %u failures; %u compiled, %u of them not to the end\n",
           argc - 1 - show, runs, failures, compiled, left_over);
    return failures != 0;
}
