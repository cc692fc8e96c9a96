/* SPDX-License-Identifier: GPL-2.0-or-later
 * random_ir: random blocks in the interpreter and in generated code, from the same state, must end
 * in the same state, at the same tick, for the same reason.
 *
 *   random-ir [--ops N] [--seed S] [--mix NAME] [--case S]      (REPRISE_RANDOM_IR_OPS: N)
 *
 * N counts operations of blocks made, or with --mix those of the kind (vector, flags, memory, calls), which
 * there are many of then; each case has a seed of its own. What fails is made smaller
 * and printed: blocks, host code, the first difference. --case runs one case and shows its code.
 * The cases run in a child, so that a crash is a failure like any other.
 */
#include "generate.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static void print_subject(const struct subject *s)
{
    for (unsigned i = 0; i < s->count; i++) {
        struct text t = {0};

        ir_print(s->blocks[i], &t);
        printf("%s\n", t.data);
        text_fini(&t);
    }
}

static bool is_of(const struct ir_op *o, int mix)
{
    switch (mix) {
    case MIX_VECTOR: return o->op >= IR_VCONST || (o->type & IR_TYPE_MASK) == IR_V128;
    case MIX_FLAGS: return o->op >= IR_ADDF && o->op <= IR_FUNPACK;
    case MIX_CALLS: return o->op == IR_CALL;
    case MIX_MEMORY:
        return o->op == IR_CAS ||
               ((ir_op_info[o->op].imm == IMM_DISP || ir_op_info[o->op].imm == IMM_MEM) &&
                ((o->mem & ~(uint32_t)(MEM_SIZE_LOG2 | MEM_SIGNED | MEM_ALIGN(7))) ||
                 MEM_SIZE(o->mem) > 8));
    default: return true;
    }
}

static uint64_t op_count(const struct subject *s, int mix)
{
    uint64_t n = 0;

    for (unsigned i = 0; i < s->count; i++) {
        for (uint32_t k = 0; k < s->blocks[i]->op_count; k++) {
            n += is_of(&s->blocks[i]->ops[k], mix);
        }
    }
    return n;
}

static void free_subject(struct subject *s)
{
    for (unsigned i = 0; i < s->count; i++) {
        free(s->blocks[i]);
    }
}

static bool valid(const struct subject *s)
{
    struct error e;

    for (unsigned i = 0; i < s->count; i++) {
        if (ir_check(s->blocks[i], TINY_STATE_BYTES, &e) < 0) {
            printf("the test made a bad block: %s\n", e.text);
            print_subject(s);
            return false;
        }
    }
    return true;
}

/* In a process of its own; `show` prints code and difference. */
static bool fails(const struct subject *s, bool show)
{
    pid_t child;
    int status;

    fflush(stdout);
    child = fork();
    if (child == 0) {
        struct pair *p = base_alloc(1, sizeof(*p));
        struct text why = {0};
        bool good;

        if (!show) {
            must(freopen("/dev/null", "w", stderr) != NULL);
        }
        setvbuf(stdout, NULL, _IOLBF, 0);
        alarm(5);
        pair_init(p);
        p->show = show;
        good = pair_run(p, s, &why);
        if (show) {
            printf("%s\n", good ? "no difference" : why.data);
        }
        fflush(stdout);
        _exit(!good);
    }
    waitpid(child, &status, 0);
    if (show && WIFSIGNALED(status)) {
        printf("ended by signal %d\n", WTERMSIG(status));
    }
    return status != 0;
}

/* Tries one smaller form; keeps it if it still fails. */
static bool try_form(struct subject *s, unsigned k, struct ir_block *smaller)
{
    struct ir_block *was = s->blocks[k];
    struct error e;

    if (!smaller) {
        return false;
    }
    s->blocks[k] = smaller;
    if (ir_check(smaller, TINY_STATE_BYTES, &e) == 0 && fails(s, false)) {
        free(was);
        return true;
    }
    s->blocks[k] = was;
    free(smaller);
    return false;
}

static void shrink(struct subject *s)
{
    bool again = true;

    while (s->count > 1) {
        s->count--;
        if (!fails(s, false)) {
            s->count++;
            break;
        }
        free(s->blocks[s->count]);
    }
    while (again) {
        again = false;
        for (unsigned k = 0; k < s->count; k++) {
            for (uint32_t i = s->blocks[k]->op_count; i-- > 0;) {
                again |= try_form(s, k, block_without(s->blocks[k], i));
            }
            for (uint32_t i = 0; i < s->blocks[k]->op_count; i++) {
                again |= try_form(s, k, block_with_constant(s->blocks[k], i, 0)) ||
                         try_form(s, k, block_with_constant(s->blocks[k], i, 1));
            }
        }
    }
}

static void report(uint64_t seed, int mix)
{
    struct subject s;

    generate_subject(seed, mix, &s);
    if (valid(&s)) {
        printf("case %" PRIu64 " fails", seed);
        if (fails(&s, false)) {
            shrink(&s);
            printf("; made smaller, by generator %u:\n", s.pins);
            print_subject(&s);
            (void)fails(&s, true);
        } else {
            printf(", but not by itself\n");
        }
    }
    free_subject(&s);
}

struct shared {
    uint64_t current; /* case seed */
    uint64_t ops, cases;
    uint64_t endings[END_COUNT], instructions, compiled, refused, device_accesses;
};

static _Noreturn void child(struct shared *shared, uint64_t seed, int mix, uint64_t ops)
{
    struct pair *p = base_alloc(1, sizeof(*p));
    struct text why = {0};
    struct subject s;

    pair_init(p);
    while (shared->ops < ops) {
        bool good;

        shared->current = chance_next(&seed);
        alarm(20);
        generate_subject(shared->current, mix, &s);
        good = valid(&s) && pair_run(p, &s, &why);
        shared->ops += op_count(&s, mix);
        shared->cases++;
        free_subject(&s);
        if (!good) {
            fflush(stdout);
            _exit(1);
        }
    }
    memcpy(shared->endings, p->endings, sizeof p->endings);
    shared->instructions = p->instructions;
    shared->compiled = p->compiled;
    shared->refused = p->refused;
    shared->device_accesses = p->device_accesses;
    pair_fini(p);
    free(p);
    _exit(0);
}

int main(int argc, char **argv)
{
    const char *given = getenv("REPRISE_RANDOM_IR_OPS");
    uint64_t ops = given ? strtoull(given, NULL, 0) : 2000000, seed = 1;
    struct shared *s =
        mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int status, mix = -1;
    pid_t pid;

    for (int i = 1; i + 1 < argc; i += 2) {
        uint64_t n = strtoull(argv[i + 1], NULL, 0);

        if (strcmp(argv[i], "--ops") == 0) {
            ops = n;
        } else if (strcmp(argv[i], "--seed") == 0) {
            seed = n;
        } else if (strcmp(argv[i], "--mix") == 0) {
            for (mix = 0; mix < MIX_COUNT && strcmp(generate_mixes[mix], argv[i + 1]) != 0; mix++) {
            }
            must(mix < MIX_COUNT);
        } else if (strcmp(argv[i], "--case") == 0) {
            struct subject one;

            generate_subject(n, mix, &one);
            print_subject(&one);
            return fails(&one, true);
        }
    }
    must(s != MAP_FAILED);
    if (!jit_supported()) {
        printf("skipped: this host has no code generator\n");
        return 77;
    }
    pid = fork();
    if (pid == 0) {
        child(s, seed, mix, ops);
    }
    waitpid(pid, &status, 0);
    if (status != 0) {
        report(s->current, mix);
        return 1;
    }
    printf("%" PRIu64 " operations in %" PRIu64 " cases, %" PRIu64 " instructions; blocks "
           "compiled %" PRIu64 ", not %" PRIu64 "; ends: out %" PRIu64 ", limit %" PRIu64
           ", look %" PRIu64 ", yield %" PRIu64 ", fault %" PRIu64 ", hard %" PRIu64
           "; of the device %" PRIu64 "\n",
           s->ops, s->cases, s->instructions, s->compiled, s->refused, s->endings[END_OUT],
           s->endings[END_LIMIT], s->endings[END_LOOK], s->endings[END_YIELD],
           s->endings[END_FAULT], s->endings[END_HARD], s->device_accesses);
    if (s->refused > s->compiled / 1000) { /* values may have been too many */
        printf("blocks were left to the interpreter\n");
        return 1;
    }
    return 0;
}
