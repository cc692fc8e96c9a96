/* SPDX-License-Identifier: GPL-2.0-or-later
 * none: for hosts without a code generator: everything is interpreted.
 */
#include "jit/jit.h"

bool jit_supported(void)
{
    return false;
}

struct jit *jit_new(const struct jit_guest *guest, struct error *e)
{
    (void)guest;
    error_set(e, "there is no code generator for this host");
    return NULL;
}

void jit_free(struct jit *j)
{
    (void)j;
}

const void *jit_compile(struct jit *j, const struct ir_block *b, unsigned how,
                        const struct jit_probe *probe, bool *full)
{
    (void)j;
    (void)how;
    (void)probe;
    (void)b;
    *full = false;
    return NULL;
}

const void *jit_code_at(const struct jit *j, uint32_t site)
{
    (void)j;
    (void)site;
    return NULL;
}

const void *jit_no_code(const struct jit *j)
{
    (void)j;
    return NULL;
}

void jit_kill(struct jit *j, const void *code)
{
    (void)j;
    (void)code;
}

void jit_redirect(struct jit *j, const void *killed, const void *code)
{
    (void)j;
    (void)killed;
    (void)code;
}

void jit_unlink(struct jit *j)
{
    (void)j;
}

void jit_link(struct jit *j, uint32_t site, const void *code)
{
    (void)j;
    (void)site;
    (void)code;
}

void jit_flush(struct jit *j)
{
    (void)j;
}

enum jit_left jit_run(struct jit *j, struct cpu *cpu, const void *code, tick now, uint64_t budget,
                      struct jit_result *result)
{
    (void)j;
    (void)cpu;
    (void)code;
    (void)now;
    (void)budget;
    result->ran = 0;
    return JIT_HARD;
}

size_t jit_code_bytes(const struct jit *j)
{
    (void)j;
    return 0;
}

void jit_last_code(const struct jit *j, const uint8_t **hot, size_t *hot_bytes,
                   const uint8_t **cold, size_t *cold_bytes)
{
    (void)j;
    *hot = *cold = NULL;
    *hot_bytes = *cold_bytes = 0;
}
