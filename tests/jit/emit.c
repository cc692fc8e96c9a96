/* SPDX-License-Identifier: GPL-2.0-or-later
 * emit: every form of instruction that the x86-64 generator can emit, disassembled by Zydis and
 * compared with what was meant: all registers, all kinds of address, all sizes of displacement.
 */
#include "disas.h"
#include "jit/amd64/vector.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static const char *const names[4][16] = {{"al", "cl", "dl", "bl", "spl", "bpl", "sil", "dil", "r8b",
                                          "r9b", "r10b", "r11b", "r12b", "r13b", "r14b", "r15b"},
                                         {"ax", "cx", "dx", "bx", "sp", "bp", "si", "di", "r8w",
                                          "r9w", "r10w", "r11w", "r12w", "r13w", "r14w", "r15w"},
                                         {"eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi",
                                          "r8d", "r9d", "r10d", "r11d", "r12d", "r13d", "r14d",
                                          "r15d"},
                                         {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
                                          "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"}};
enum { S1, S2, S4, S8, X }; /* sizes of registers; X: xmm */

/* ---- one form of text for both sides ---- */

/* Numbers as 0x%x of 64 bits, masked to `bits` outside of brackets; no "ptr" words, no +0. */
static void normalise(const char *in, unsigned bits, char *out)
{
    bool inside = false;

    while (*in) {
        static const char *const words[] = {"byte ptr ", "qword ptr ", "dword ptr ", "word ptr ",
                                            "xmmword ptr "};
        bool dropped = false, minus = *in == '-';
        const char *number = *in == '+' || minus ? in + 1 : in;

        for (unsigned i = 0; i < ARRAY_LEN(words); i++) {
            if (strncmp(in, words[i], strlen(words[i])) == 0) {
                in += strlen(words[i]);
                dropped = true;
            }
        }
        if (dropped) {
            continue;
        }
        if (number[0] == '0' && number[1] == 'x') {
            char *end;
            uint64_t v = strtoull(number, &end, 16);

            v = minus ? 0 - v : v;
            if (!inside && bits < 64) {
                v &= (UINT64_C(1) << bits) - 1;
            }
            if (!inside || v != 0) {
                out += sprintf(out, "%s0x%" PRIx64, inside ? "+" : "", v);
            }
            in = end;
            continue;
        }
        inside = *in == '[' ? true : *in == ']' ? false : inside;
        *out++ = *in++;
    }
    *out = '\0';
}

static void operand(char *out, unsigned size, struct rm rm)
{
    if (!rm.is_memory) {
        if (size == X) {
            sprintf(out, "xmm%u", rm.base);
        } else {
            strcpy(out, names[size][rm.base]);
        }
        return;
    }
    out += sprintf(out, "[%s", names[S8][rm.base]);
    if (rm.index != NO_REG) {
        out += sprintf(out, "+%s*%u", names[S8][rm.index], 1u << rm.scale_log2);
    }
    if (rm.disp) {
        out += sprintf(out, "+0x%" PRIx64, (uint64_t)(int64_t)rm.disp);
    }
    strcpy(out, "]");
}

static uint8_t buffer[64];
static unsigned checks;

static struct emit fresh(void)
{
    memset(buffer, 0xcc, sizeof buffer);
    return (struct emit){.base = buffer, .limit = sizeof buffer};
}

/* What was emitted is one instruction, and this one; immediates have `bits`. */
static void expect(const struct emit *e, unsigned bits, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void expect(const struct emit *e, unsigned bits, const char *format, ...)
{
    char wanted[128], raw[160], got[160], meant[160];
    size_t length = disas_one(buffer, sizeof buffer, 0, raw, sizeof raw);
    va_list args;

    va_start(args, format);
    vsnprintf(wanted, sizeof wanted, format, args);
    va_end(args);
    normalise(wanted, bits, meant);
    normalise(raw, bits, got);
    checks++;
    if (e->full || length != e->at || strcmp(got, meant) != 0) {
        fprintf(stderr, "meant `%s`, emitted %u bytes:", meant, e->at);
        for (unsigned i = 0; i < e->at; i++) {
            fprintf(stderr, " %02x", buffer[i]);
        }
        fail_msg("which are `%s` (%zu bytes)", got, length);
    }
}

/* Every register, and addresses of every kind. */
struct rms {
    struct rm rm[1200];
    unsigned count;
};

static const struct rms *all_rms(void)
{
    static const int32_t disps[] = {0, 1, -1, 127, -128, 128, -129, 4096, 0x12345678, INT32_MIN};
    static struct rms r;

    if (r.count) {
        return &r;
    }
    for (unsigned b = 0; b < 16; b++) {
        r.rm[r.count++] = rm_reg(b);
        for (unsigned d = 0; d < ARRAY_LEN(disps); d++) {
            r.rm[r.count++] = rm_mem(b, disps[d]);
        }
        for (unsigned i = 0; i < 16; i++) {
            if (i != RSP) {
                r.rm[r.count++] = rm_sib(b, i, (b + i) & 3, disps[(3 * b + i) % 10]);
                r.rm[r.count++] = rm_sib(b, i, i & 3, 0);
                r.rm[r.count++] = rm_sib(b, i, b & 3, -8);
            }
        }
    }
    must(r.count <= ARRAY_LEN(r.rm));
    return &r;
}

/* ---- the forms ---- */

static void two_operands(void (*make)(struct emit *, bool wide, unsigned reg, struct rm rm),
                         const char *mnemonic, bool to_memory, unsigned narrow, unsigned wide_size,
                         unsigned rm_narrow, unsigned rm_wide)
{
    const struct rms *r = all_rms();

    for (unsigned wide = 0; wide < 2; wide++) {
        for (unsigned reg = 0; reg < 16; reg++) {
            for (unsigned i = 0; i < r->count; i++) {
                struct emit e = fresh();
                char a[64], b[64];

                make(&e, wide, reg, r->rm[i]);
                operand(a, wide ? wide_size : narrow, rm_reg(reg));
                operand(b, wide ? rm_wide : rm_narrow, r->rm[i]);
                if (to_memory) {
                    expect(&e, 64, "%s %s, %s", mnemonic, b, a);
                } else {
                    expect(&e, 64, "%s %s, %s", mnemonic, a, b);
                }
            }
        }
    }
}

static const char *const alu_names[] = {"add", "or", "adc", "sbb", "and", "sub", "xor", "cmp"};
static enum alu alu_op;

static void make_alu(struct emit *e, bool wide, unsigned reg, struct rm rm)
{
    emit_alu(e, alu_op, wide, reg, rm);
}

static void mov_to(struct emit *e, bool wide, unsigned reg, struct rm rm)
{
    emit_mov_to(e, wide, rm, reg);
}

static void test_alu(void **state)
{
    (void)state;
    for (unsigned op = 0; op < 8; op++) {
        alu_op = (enum alu)op;
        two_operands(make_alu, alu_names[op], false, S4, S8, S4, S8);
    }
}

static void test_mov(void **state)
{
    (void)state;
    two_operands(emit_mov, "mov", false, S4, S8, S4, S8);
    two_operands(mov_to, "mov", true, S4, S8, S4, S8);
}

static void test_lea(void **state)
{
    const struct rms *r = all_rms();

    (void)state;
    for (unsigned reg = 0; reg < 16; reg++) {
        for (unsigned i = 0; i < r->count; i++) {
            struct emit e = fresh();
            char a[64];

            if (r->rm[i].is_memory) {
                emit_lea(&e, reg, r->rm[i]);
                operand(a, S8, r->rm[i]);
                expect(&e, 64, "lea %s, %s", names[S8][reg], a);
            }
        }
    }
}

static void test_alu_imm(void **state)
{
    static const int32_t imms[] = {0, 1, -1, 127, -128, 128, -129, INT32_MAX, INT32_MIN, 4096};
    const struct rms *r = all_rms();

    (void)state;
    for (unsigned op = 0; op < 8; op++) {
        for (unsigned wide = 0; wide < 2; wide++) {
            for (unsigned i = 0; i < r->count; i++) {
                struct emit e = fresh();
                int32_t imm = imms[(i + op) % ARRAY_LEN(imms)];
                char a[64];

                emit_alu_imm(&e, (enum alu)op, wide, r->rm[i], imm);
                operand(a, wide ? S8 : S4, r->rm[i]);
                expect(&e, wide ? 64 : 32, "%s %s, 0x%" PRIx64, alu_names[op], a,
                       (uint64_t)(int64_t)imm);
            }
        }
    }
}

static void test_mov_imm(void **state)
{
    static const uint64_t imms[] = {0,
                                    1,
                                    0x7fffffff,
                                    0x80000000,
                                    0xffffffff,
                                    0x100000000,
                                    0xffffffff80000000,
                                    0xffffffff7fffffff,
                                    UINT64_MAX,
                                    0x8000000000000000,
                                    0x123456789abcdef0};

    (void)state;
    for (unsigned reg = 0; reg < 16; reg++) {
        for (unsigned i = 0; i < ARRAY_LEN(imms); i++) {
            struct emit e = fresh();

            emit_mov_imm(&e, reg, imms[i]);
            /* 32 bits are zero-extended: the same value by the shorter name */
            expect(&e, 64, "mov %s, 0x%" PRIx64, names[imms[i] <= UINT32_MAX ? S4 : S8][reg],
                   imms[i]);
        }
    }
}

static void test_shifts(void **state)
{
    static const char *const shifts[] = {"rol", "ror", NULL, NULL, "shl", "shr", NULL, "sar"};

    (void)state;
    for (unsigned op = 0; op < 8; op++) {
        for (unsigned reg = 0; shifts[op] && reg < 16; reg++) {
            for (unsigned wide = 0; wide < 2; wide++) {
                struct emit e = fresh();

                emit_shift_cl(&e, (enum shift)op, wide, reg);
                expect(&e, 64, "%s %s, cl", shifts[op], names[wide ? S8 : S4][reg]);
                for (unsigned n = 0; n < (wide ? 64 : 32); n++) {
                    e = fresh();
                    emit_shift_imm(&e, (enum shift)op, wide, reg, n);
                    expect(&e, 8, "%s %s, 0x%x", shifts[op], names[wide ? S8 : S4][reg], n);
                }
            }
        }
    }
}

/* The other opcodes as the generator writes them: reg and r/m, with the sizes of both. */
static void test_opcodes(void **state)
{
    static const struct {
        unsigned op;
        const char *name[2]; /* narrow, wide; NULL: not used */
        uint8_t reg[2], rm[2];
        bool to_rm, memory_only, register_only;
    } forms[] = {
        {OP_0F | 0xb6 | OP_BYTE, {"movzx", "movzx"}, {S4, S8}, {S1, S1}, 0, 0, 0},
        {OP_0F | 0xbe | OP_BYTE, {"movsx", "movsx"}, {S4, S8}, {S1, S1}, 0, 0, 0},
        {OP_0F | 0xb7, {"movzx", "movzx"}, {S4, S8}, {S2, S2}, 0, 0, 0},
        {OP_0F | 0xbf, {"movsx", "movsx"}, {S4, S8}, {S2, S2}, 0, 0, 0},
        {0x63, {NULL, "movsxd"}, {S4, S8}, {S4, S4}, 0, 0, 0},
        {0x85, {"test", "test"}, {S4, S8}, {S4, S8}, 1, 0, 0},
        {0x88 | OP_BYTE, {"mov", NULL}, {S1, S1}, {S1, S1}, 1, 0, 0},
        {0x89 | OP_66, {"mov", NULL}, {S2, S2}, {S2, S2}, 1, 0, 0},
        {OP_0F | 0xaf, {"imul", "imul"}, {S4, S8}, {S4, S8}, 0, 0, 0},
        {OP_F3 | OP_0F | 0xbd, {"lzcnt", "lzcnt"}, {S4, S8}, {S4, S8}, 0, 0, 0},
        {OP_F3 | OP_0F | 0xbc, {"tzcnt", "tzcnt"}, {S4, S8}, {S4, S8}, 0, 0, 0},
        {OP_F3 | OP_0F | 0xb8, {"popcnt", "popcnt"}, {S4, S8}, {S4, S8}, 0, 0, 0},
        {OP_0F | 0x44, {"cmovz", "cmovz"}, {S4, S8}, {S4, S8}, 0, 0, 0},
        {OP_0F | 0x4c, {"cmovl", "cmovl"}, {S4, S8}, {S4, S8}, 0, 0, 0},
        {OP_66 | OP_0F | 0x6e, {"movd", "movq"}, {X, X}, {S4, S8}, 0, 0, 0},
        {OP_66 | OP_0F | 0x7e, {"movd", "movq"}, {X, X}, {S4, S8}, 1, 0, 0},
        {OP_66 | OP_0F | 0xd6, {"movq", NULL}, {X, X}, {X, X}, 1, 0, 0},
        {OP_F3 | OP_0F | 0x7e, {"movq", NULL}, {X, X}, {X, X}, 0, 0, 0},
        {OP_F2 | OP_0F | 0x10, {"movsd", NULL}, {X, X}, {X, X}, 0, 1, 0},
        {OP_F3 | OP_0F | 0x10, {"movss", NULL}, {X, X}, {X, X}, 0, 1, 0},
        {OP_F2 | OP_0F | 0x11, {"movsd", NULL}, {X, X}, {X, X}, 1, 1, 0},
        {OP_F3 | OP_0F | 0x11, {"movss", NULL}, {X, X}, {X, X}, 1, 1, 0},
        {OP_0F | 0x10, {"movups", NULL}, {X, X}, {X, X}, 0, 0, 0},
        {OP_0F | 0x11, {"movups", NULL}, {X, X}, {X, X}, 1, 0, 0},
    };
    const struct rms *r = all_rms();

    (void)state;
    for (unsigned f = 0; f < ARRAY_LEN(forms); f++) {
        for (unsigned n = 0; n < 2 * 16 * r->count; n++) {
            unsigned wide = n & 1, reg = n >> 1 & 15, i = n >> 5;
            struct emit e = fresh();
            char a[64], b[64];

            if (!forms[f].name[wide] || (forms[f].memory_only && !r->rm[i].is_memory)) {
                continue;
            }
            emit_op(&e, forms[f].op, wide, reg, r->rm[i]);
            operand(a, forms[f].reg[wide], rm_reg(reg));
            operand(b, forms[f].rm[wide], r->rm[i]);
            expect(&e, 64, "%s %s, %s", forms[f].name[wide], forms[f].to_rm ? b : a,
                   forms[f].to_rm ? a : b);
        }
    }
}

/* One operand, the opcode's second half in reg. */
static void test_groups(void **state)
{
    static const struct {
        unsigned op, extension;
        const char *name;
        bool wide[2];
    } forms[] = {
        {0xf7, 2, "not", {1, 1}},
        {0xf7, 3, "neg", {1, 1}},
        {0xf7, 4, "mul", {1, 1}},
        {0xf7, 5, "imul", {1, 1}},
        {0xf7, 6, "div", {1, 1}},
        {0xf7, 7, "idiv", {1, 1}},
        {0xff, 2, "call", {0, 0}},
        {0xff, 4, "jmp", {0, 0}},
        {OP_0F | 0xae, 2, "ldmxcsr", {0, 0}},
        {OP_0F | 0xae, 3, "stmxcsr", {0, 0}},
    };
    const struct rms *r = all_rms();

    (void)state;
    for (unsigned f = 0; f < ARRAY_LEN(forms); f++) {
        for (unsigned n = 0; n < 2 * r->count; n++) {
            unsigned wide = n & 1, i = n >> 1;
            bool jumps = forms[f].op == 0xff, mxcsr = forms[f].op == (OP_0F | 0xae);
            struct emit e = fresh();
            char a[64];

            if (((jumps || mxcsr) && wide) || (mxcsr && !r->rm[i].is_memory)) {
                continue;
            }
            emit_op(&e, forms[f].op, wide, forms[f].extension, r->rm[i]);
            operand(a, wide || jumps ? S8 : S4, r->rm[i]);
            expect(&e, 64, "%s %s", forms[f].name, a);
        }
    }
    static const char *const conds[] = {"o", "no", "b", "nb", "z", "nz", "be", "nbe",
                                        "s", "ns", "p", "np", "l", "nl", "le", "nle"};
    for (unsigned c = 0; c < 16; c++) {
        for (unsigned reg = 0; reg < 16; reg++) {
            struct emit e = fresh();

            /* the operand is r/m: SPL and up need REX by it */
            emit_op(&e, OP_0F | OP_BYTE | 0x90 | c, false, 0, rm_reg(reg));
            expect(&e, 64, "set%s %s", conds[c], names[S1][reg]);
        }
    }
    for (unsigned c = 0; c < 16; c++) {
        struct emit e = fresh();

        emit_patch(&e, emit_jcc(&e, (enum cond)c), 0x1234);
        expect(&e, 64, "j%s 0x1234", conds[c]);
    }
}

static void test_stored_constants(void **state)
{
    const struct rms *r = all_rms();

    (void)state;
    for (unsigned i = 0; i < r->count; i++) {
        char a[64];
        struct emit e = fresh();

        operand(a, S4, r->rm[i]);
        emit_op(&e, 0xc7, false, 0, r->rm[i]);
        emit_32(&e, 0x89abcdef);
        expect(&e, 32, "mov %s, 0x89abcdef", a);
        operand(a, S8, r->rm[i]);
        e = fresh();
        emit_op(&e, 0xc7, true, 0, r->rm[i]);
        emit_32(&e, 0x89abcdef);
        expect(&e, 64, "mov %s, 0xffffffff89abcdef", a);
        e = fresh();
        if (r->rm[i].is_memory) {
            emit_op(&e, 0xc6, false, 0, r->rm[i]);
            emit_byte(&e, 0x9a);
            expect(&e, 8, "mov %s, 0x9a", a);
            e = fresh();
            emit_op(&e, 0xc7 | OP_66, false, 0, r->rm[i]);
            emit_byte(&e, 0x34);
            emit_byte(&e, 0x92);
            expect(&e, 16, "mov %s, 0x9234", a);
        }
    }
}

static void test_vex(void **state)
{
    static const struct {
        unsigned op;
        bool wide;
        const char *name;
        uint8_t reg, v, rm; /* sizes; v 9: none */
        bool v_last;
    } forms[] = {
        {OP_66 | OP_0F38 | 0xf7, false, "shlx", S4, S4, S4, true},
        {OP_66 | OP_0F38 | 0xf7, true, "shlx", S8, S8, S8, true},
        {OP_F2 | OP_0F38 | 0xf7, true, "shrx", S8, S8, S8, true},
        {OP_F3 | OP_0F38 | 0xf7, false, "sarx", S4, S4, S4, true},
        {OP_F2 | OP_0F | 0x58, false, "vaddsd", X, X, X, false},
        {OP_F3 | OP_0F | 0x58, false, "vaddss", X, X, X, false},
        {OP_F2 | OP_0F | 0x5c, false, "vsubsd", X, X, X, false},
        {OP_F2 | OP_0F | 0x59, false, "vmulsd", X, X, X, false},
        {OP_F3 | OP_0F | 0x5e, false, "vdivss", X, X, X, false},
        {OP_F2 | OP_0F | 0x51, false, "vsqrtsd", X, X, X, false},
        {OP_F2 | OP_0F | 0x5a, false, "vcvtsd2ss", X, X, X, false},
        {OP_F3 | OP_0F | 0x5a, false, "vcvtss2sd", X, X, X, false},
        {OP_F2 | OP_0F | 0x2a, true, "vcvtsi2sd", X, X, S8, false},
        {OP_F3 | OP_0F | 0x2a, false, "vcvtsi2ss", X, X, S4, false},
        {OP_66 | OP_0F | 0x57, false, "vxorpd", X, X, X, false},
        {OP_66 | OP_0F | 0x54, false, "vandpd", X, X, X, false},
        {OP_66 | OP_0F38 | 0xa9, true, "vfmadd213sd", X, X, X, false},
        {OP_66 | OP_0F38 | 0xa9, false, "vfmadd213ss", X, X, X, false},
        {OP_66 | OP_0F | 0x2e, false, "vucomisd", X, 9, X, false},
        {OP_0F | 0x2e, false, "vucomiss", X, 9, X, false},
        {OP_66 | OP_0F | 0x2f, false, "vcomisd", X, 9, X, false},
        {OP_0F | 0x28, false, "vmovaps", X, 9, X, false},
        {OP_F2 | OP_0F | 0x2c, true, "vcvttsd2si", S8, 9, X, false},
        {OP_F3 | OP_0F | 0x2d, false, "vcvtss2si", S4, 9, X, false},
    };
    const struct rms *r = all_rms();

    (void)state;
    for (unsigned f = 0; f < ARRAY_LEN(forms); f++) {
        for (unsigned reg = 0; reg < 16; reg++) {
            for (unsigned i = 0; i < r->count; i++) {
                unsigned v = forms[f].v == 9 ? 0 : (reg * 7 + i) & 15;
                struct emit e = fresh();
                char a[64], b[64], c[64];

                emit_vex(&e, forms[f].op, forms[f].wide, reg, v, r->rm[i]);
                operand(a, forms[f].reg, rm_reg(reg));
                operand(b, forms[f].rm, r->rm[i]);
                if (forms[f].v == 9) {
                    expect(&e, 64, "%s %s, %s", forms[f].name, a, b);
                    continue;
                }
                operand(c, forms[f].v, rm_reg(v));
                expect(&e, 64, "%s %s, %s, %s", forms[f].name, a, forms[f].v_last ? b : c,
                       forms[f].v_last ? c : b);
            }
        }
    }
    for (unsigned n = 0; n < 256; n++) {
        struct emit e = fresh();

        emit_vex(&e, OP_F2 | OP_0F3A | 0xf0, n & 1, n >> 4, 0, rm_reg(n & 15));
        emit_byte(&e, 8);
        expect(&e, 8, "rorx %s, %s, 0x8", names[n & 1 ? S8 : S4][n >> 4],
               names[n & 1 ? S8 : S4][n & 15]);
    }
}

static const struct {
    unsigned op;
    const char *name;
    bool imm, one; /* an immediate follows; there is no first operand */
} vector_forms[] = {
    {MOVAPS, "movaps", 0, 1},
    {PUNPCKLBW, "punpcklbw", 0, 0},
    {PUNPCKLBW + 1, "punpcklwd", 0, 0},
    {PUNPCKLDQ, "punpckldq", 0, 0},
    {PUNPCKHBW, "punpckhbw", 0, 0},
    {PUNPCKHBW + 1, "punpckhwd", 0, 0},
    {PUNPCKHBW + 2, "punpckhdq", 0, 0},
    {PUNPCKLQDQ, "punpcklqdq", 0, 0},
    {PUNPCKHQDQ, "punpckhqdq", 0, 0},
    {PSHUFD, "pshufd", 1, 1},
    {PSHUFHW, "pshufhw", 1, 1},
    {PSHUFLW, "pshuflw", 1, 1},
    {PSHUFB, "pshufb", 0, 0},
    {PALIGNR, "palignr", 1, 0},
    {PAND, "pand", 0, 0},
    {PANDN, "pandn", 0, 0},
    {POR, "por", 0, 0},
    {PXOR, "pxor", 0, 0},
    {PADDB, "paddb", 0, 0},
    {PADDB + 1, "paddw", 0, 0},
    {PADDB + 2, "paddd", 0, 0},
    {PADDQ, "paddq", 0, 0},
    {PSUBB, "psubb", 0, 0},
    {PSUBB + 1, "psubw", 0, 0},
    {PSUBB + 2, "psubd", 0, 0},
    {PSUBB + 3, "psubq", 0, 0},
    {PADDUSB, "paddusb", 0, 0},
    {PMULLW, "pmullw", 0, 0},
    {PMULLD, "pmulld", 0, 0},
    {PMULUDQ, "pmuludq", 0, 0},
    {PCMPEQB, "pcmpeqb", 0, 0},
    {PCMPEQB + 1, "pcmpeqw", 0, 0},
    {PCMPEQB + 2, "pcmpeqd", 0, 0},
    {PCMPEQQ, "pcmpeqq", 0, 0},
    {PCMPGTB, "pcmpgtb", 0, 0},
    {PCMPGTB + 1, "pcmpgtw", 0, 0},
    {PCMPGTB + 2, "pcmpgtd", 0, 0},
    {PCMPGTQ, "pcmpgtq", 0, 0},
    {PSUBUSW, "psubusw", 0, 0},
    {PAVGB, "pavgb", 0, 0},
    {PAVGW, "pavgw", 0, 0},
    {PABSB, "pabsb", 0, 1},
    {PABSB + 1, "pabsw", 0, 1},
    {PABSB + 2, "pabsd", 0, 1},
    {PMINUB, "pminub", 0, 0},
    {PMINUD, "pminud", 0, 0},
    {PMAXSW, "pmaxsw", 0, 0},
    {PACKSSWB, "packsswb", 0, 0},
    {PACKUSWB, "packuswb", 0, 0},
    {PACKSSDW, "packssdw", 0, 0},
    {PACKUSDW, "packusdw", 0, 0},
    {PMULHUW, "pmulhuw", 0, 0},
    {PMULHW, "pmulhw", 0, 0},
    {PMULDQ, "pmuldq", 0, 0},
    {PMADDWD, "pmaddwd", 0, 0},
    {SHUFPS, "shufps", 1, 0},
    {OP_66 | OP_0F | 0xf1, "psllw", 0, 0},
    {OP_66 | OP_0F | 0xf3, "psllq", 0, 0},
    {OP_66 | OP_0F | 0xd2, "psrld", 0, 0},
    {OP_66 | OP_0F | 0xe1, "psraw", 0, 0},
    {OP_66 | OP_0F | 0xdc, "paddusb", 0, 0},
    {OP_66 | OP_0F | 0xed, "paddsw", 0, 0},
    {OP_66 | OP_0F | 0xd8, "psubusb", 0, 0},
    {OP_66 | OP_0F | 0xe9, "psubsw", 0, 0},
    {OP_0F | 0x58, "addps", 0, 0},
    {OP_66 | OP_0F | 0x5e, "divpd", 0, 0},
    {OP_66 | OP_0F | 0x51, "sqrtpd", 0, 1},
    {OP_0F | 0x5a, "cvtps2pd", 0, 1},
    {OP_66 | OP_0F | 0x5a, "cvtpd2ps", 0, 1},
    {OP_0F | 0x5b, "cvtdq2ps", 0, 1},
    {OP_66 | OP_0F | 0x5b, "cvtps2dq", 0, 1},
    {OP_F3 | OP_0F | 0x5b, "cvttps2dq", 0, 1},
    {OP_66 | OP_0F3A | 0x08, "roundps", 1, 1},
    {OP_66 | OP_0F3A | 0x09, "roundpd", 1, 1},
};

/* The forms with and without VEX of all that vector code is made of, registers only. */
static void test_vectors(void **state)
{
    (void)state;
    for (unsigned f = 0; f < ARRAY_LEN(vector_forms); f++) {
        for (unsigned n = 0; n < 512; n++) {
            unsigned reg = n & 15, rm = n >> 4 & 15, v = (n * 7) & 15;
            bool vex = n >= 256;
            struct emit e = fresh();
            char wanted[64];

            if (vex) {
                emit_vex(&e, vector_forms[f].op, false, reg, vector_forms[f].one ? 0 : v,
                         rm_reg(rm));
            } else {
                emit_op(&e, vector_forms[f].op, false, reg, rm_reg(rm));
            }
            if (vector_forms[f].imm) {
                emit_byte(&e, 0x1b);
            }
            sprintf(wanted, "%s%s xmm%u, ", vex ? "v" : "", vector_forms[f].name, reg);
            if (vex && !vector_forms[f].one) {
                sprintf(wanted + strlen(wanted), "xmm%u, ", v);
            }
            expect(&e, 8, "%sxmm%u%s", wanted, rm, vector_forms[f].imm ? ", 0x1b" : "");
        }
    }
}

/* Immediate shifts, lanes in general registers, constants beside the code. */
static void test_vector_moves(void **state)
{
    static const char *const shifts[3][8] = {
        {NULL, NULL, "psrlw", NULL, "psraw", NULL, "psllw", NULL},
        {NULL, NULL, "psrld", NULL, "psrad", NULL, "pslld", NULL},
        {NULL, NULL, "psrlq", "psrldq", NULL, NULL, "psllq", "pslldq"}};
    static const struct {
        unsigned op;
        bool wide;
        const char *name;
        unsigned size;
        bool xmm_last; /* the general register is the first operand in the text */
        bool xmm_in_rm;
    } lanes[] = {
        {PEXTRW, false, "pextrw", S4, true, true},   {PINSRW, false, "pinsrw", S4, false, false},
        {PINSRB, false, "pinsrb", S4, false, false}, {PINSRD, false, "pinsrd", S4, false, false},
        {PINSRD, true, "pinsrq", S8, false, false},  {PEXTRD, false, "pextrd", S4, true, false},
        {PEXTRD, true, "pextrq", S8, true, false}};

    (void)state;
    for (unsigned n = 0; n < 3 * 8 * 256; n++) {
        unsigned reg = n & 15, v = n >> 4 & 15, extension = n >> 8 & 7, size = n >> 11;
        struct emit e = fresh();

        if (!shifts[size][extension]) {
            continue;
        }
        emit_op(&e, PSHIFTW + size, false, extension, rm_reg(reg));
        emit_byte(&e, 5);
        expect(&e, 8, "%s xmm%u, 0x5", shifts[size][extension], reg);
        e = fresh();
        emit_vex(&e, PSHIFTW + size, false, extension, v, rm_reg(reg));
        emit_byte(&e, 5);
        expect(&e, 8, "v%s xmm%u, xmm%u, 0x5", shifts[size][extension], v, reg);
    }
    for (unsigned n = 0; n < ARRAY_LEN(lanes) * 256; n++) {
        unsigned x = n & 15, r = n >> 4 & 15, f = n >> 8;
        struct emit e = fresh();
        char xmm[8];

        sprintf(xmm, "xmm%u", x);
        emit_op(&e, lanes[f].op, lanes[f].wide, lanes[f].xmm_in_rm ? r : x,
                rm_reg(lanes[f].xmm_in_rm ? x : r));
        emit_byte(&e, 1);
        expect(&e, 8, "%s %s, %s, 0x1", lanes[f].name,
               lanes[f].xmm_last ? names[lanes[f].size][r] : xmm,
               lanes[f].xmm_last ? xmm : names[lanes[f].size][r]);
    }
    for (unsigned x = 0; x < 16; x++) {
        struct emit e = fresh();

        emit_load_const(&e, x, 0x40);
        expect(&e, 64, "movaps xmm%u, [0x40]", x);
        for (unsigned wide = 0; wide < 2; wide++) {
            e = fresh();
            emit_bswap(&e, wide, x);
            expect(&e, 64, "bswap %s", names[wide ? S8 : S4][x]);
        }
    }
}

static void test_jumps(void **state)
{
    struct emit e = fresh();

    (void)state;
    emit_patch(&e, emit_jmp(&e), 0x20);
    expect(&e, 64, "jmp 0x20");
    e = fresh();
    emit_patch(&e, emit_call(&e), 0);
    expect(&e, 64, "call 0x0");
}

/* A full buffer takes nothing more and is never written behind its end. */
static void test_full(void **state)
{
    (void)state;
    for (unsigned limit = 0; limit < 2 * EMIT_ROOM; limit++) {
        struct emit e = fresh();

        e.limit = limit;
        emit_mov_imm(&e, R11, UINT64_C(0x123456789abcdef0));
        assert_int_equal(e.full, limit < 2 + EMIT_ROOM); /* after its first two bytes */
        for (unsigned i = limit; i < sizeof buffer; i++) {
            assert_int_equal(buffer[i], 0xcc);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alu),
        cmocka_unit_test(test_mov),
        cmocka_unit_test(test_lea),
        cmocka_unit_test(test_alu_imm),
        cmocka_unit_test(test_mov_imm),
        cmocka_unit_test(test_shifts),
        cmocka_unit_test(test_opcodes),
        cmocka_unit_test(test_groups),
        cmocka_unit_test(test_stored_constants),
        cmocka_unit_test(test_vex),
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_vector_moves),
        cmocka_unit_test(test_jumps),
        cmocka_unit_test(test_full),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    printf("%u instructions compared\n", checks);
    return failed;
}
