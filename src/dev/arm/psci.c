/* SPDX-License-Identifier: GPL-2.0-or-later
 * psci: Arm's Power State Coordination Interface 1.1 (DEN 0022D), which a board without firmware answers
 * itself: starting and stopping harts, power-off, reset. It has no state: whether a hart is on is the
 * hart's own. Other calls by the same instruction are answered by NOT_SUPPORTED, as the SMC Calling
 * Convention (DEN 0028) wants it.
 * Left out: power-down suspend states (they are standby, which is allowed), migration, statistics.
 */
#include "dev/arm.h"

/* Function numbers; those with PSCI_64 exist with 64-bit arguments, too. */
enum {
    PSCI_VERSION = 0x0,
    PSCI_CPU_SUSPEND = 0x1, /* and 64 */
    PSCI_CPU_OFF = 0x2,
    PSCI_CPU_ON = 0x3,        /* and 64 */
    PSCI_AFFINITY_INFO = 0x4, /* and 64 */
    PSCI_MIGRATE_INFO_TYPE = 0x6,
    PSCI_SYSTEM_OFF = 0x8,
    PSCI_SYSTEM_RESET = 0x9,
    PSCI_FEATURES = 0xa,
    PSCI_SYSTEM_RESET2 = 0x12 /* and 64 */
};
#define PSCI_32        UINT32_C(0x84000000)
#define PSCI_64        UINT32_C(0xc4000000)
#define PSCI_NUMBER    UINT32_C(0x000000ff)
#define SMCCC_VERSION  UINT32_C(0x80000000)
#define SMCCC_IS_1_1   0x10001
#define PSCI_IS_1_1    0x10001
#define AFFINITY_MASK  UINT64_C(0xff00ffffff)
#define MIGRATE_UNUSED 2 /* a trusted OS that need not be migrated, or none */

enum {
    RETURN_SUCCESS = 0,
    RETURN_NOT_SUPPORTED = -1,
    RETURN_INVALID_PARAMETERS = -2,
    RETURN_ALREADY_ON = -4,
    RETURN_INTERNAL_FAILURE = -6
};
enum { AFFINITY_ON = 0, AFFINITY_OFF = 1 };

struct psci {
    uint64_t zero; /* a state is never of no bytes */
};

static const struct field fields[] = {FIELD(struct psci, zero)};

static int64_t cpu_on(struct device *d, unsigned hart, const uint64_t *words)
{
    const struct psci_config *config = d->config;
    const struct cpu_platform *p = device_cpu(d, hart)->platform;
    uint64_t affinity = words[1] & AFFINITY_MASK;

    if (affinity >= config->hart_count) {
        return RETURN_INVALID_PARAMETERS;
    }
    switch (p->message(device_cpu(d, hart), (unsigned)affinity, HART_START,
                       (struct hart_words){.a = words[2], .b = words[3]})) {
    case PLATFORM_DONE: return RETURN_SUCCESS;
    case PLATFORM_ALREADY: return RETURN_ALREADY_ON;
    default: return RETURN_INTERNAL_FAILURE;
    }
}

static int64_t cpu_off(struct device *d, unsigned hart)
{
    const struct cpu_platform *p = device_cpu(d, hart)->platform;

    return p->message(device_cpu(d, hart), hart, HART_STOP, (struct hart_words){0}) == PLATFORM_DONE
               ? RETURN_SUCCESS
               : RETURN_INTERNAL_FAILURE;
}

/* Only single harts have a state of their own to be asked for; the higher levels are on, as whoever asks
 * is. */
static int64_t affinity_info(struct device *d, const uint64_t *words)
{
    const struct psci_config *config = d->config;
    uint64_t affinity = words[1] & AFFINITY_MASK;

    if (words[2] > 3) {
        return RETURN_INVALID_PARAMETERS;
    }
    if (words[2] > 0) {
        return AFFINITY_ON;
    }
    if (affinity >= config->hart_count) {
        return RETURN_INVALID_PARAMETERS;
    }
    return device_cpu(d, (unsigned)affinity)->hart->stopped ? AFFINITY_OFF : AFFINITY_ON;
}

/* By standby: the hart waits, and goes on behind the call. */
static int64_t cpu_suspend(struct device *d, unsigned hart)
{
    device_cpu(d, hart)->hart->waiting = 1;
    return RETURN_SUCCESS;
}

static bool has_function(uint32_t function)
{
    static const uint32_t both = 1u << PSCI_CPU_SUSPEND | 1u << PSCI_CPU_ON |
                                 1u << PSCI_AFFINITY_INFO | 1u << PSCI_SYSTEM_RESET2;
    static const uint32_t narrow = 1u << PSCI_VERSION | 1u << PSCI_CPU_OFF |
                                   1u << PSCI_MIGRATE_INFO_TYPE | 1u << PSCI_SYSTEM_OFF |
                                   1u << PSCI_SYSTEM_RESET | 1u << PSCI_FEATURES;
    uint32_t number = function & PSCI_NUMBER;
    bool is_narrow = (function & ~PSCI_NUMBER) == PSCI_32;
    bool is_wide = (function & ~PSCI_NUMBER) == PSCI_64;

    return number < 32 && (is_narrow || is_wide) &&
           ((both >> number & 1) != 0 || (is_narrow && (narrow >> number & 1) != 0));
}

/* The arguments of functions of 32 bits are in the lower halves of registers. */
static void narrow_arguments(uint64_t *words)
{
    for (unsigned i = 1; i < PLATFORM_WORDS; i++) {
        words[i] = (uint32_t)words[i];
    }
}

static int64_t answer(struct device *d, unsigned hart, uint32_t function, uint64_t *words)
{
    if (function == SMCCC_VERSION) {
        return SMCCC_IS_1_1;
    }
    if (!has_function(function)) {
        return RETURN_NOT_SUPPORTED;
    }
    if ((function & ~PSCI_NUMBER) == PSCI_32) {
        narrow_arguments(words);
    }
    switch (function & PSCI_NUMBER) {
    case PSCI_VERSION: return PSCI_IS_1_1;
    case PSCI_CPU_SUSPEND: return cpu_suspend(d, hart);
    case PSCI_CPU_OFF: return cpu_off(d, hart);
    case PSCI_CPU_ON: return cpu_on(d, hart, words);
    case PSCI_AFFINITY_INFO: return affinity_info(d, words);
    case PSCI_MIGRATE_INFO_TYPE: return MIGRATE_UNUSED;
    case PSCI_SYSTEM_OFF: machine_power_off(d->machine, POWER_OFF, 0); return RETURN_SUCCESS;
    case PSCI_SYSTEM_RESET:
    case PSCI_SYSTEM_RESET2: machine_request_reset(d->machine, RESET_WARM); return RETURN_SUCCESS;
    default:
        return has_function((uint32_t)words[1]) || (uint32_t)words[1] == SMCCC_VERSION
                   ? 0
                   : RETURN_NOT_SUPPORTED;
    }
}

static enum platform_answer psci_call(struct device *d, unsigned hart, struct platform_call *call)
{
    const struct psci_config *config = d->config;
    uint64_t
        words[PLATFORM_WORDS]; /* the caller's registers stay what they are, but for the answer */

    if ((uint32_t)call->service != config->service) {
        return PLATFORM_NOBODY;
    }
    memcpy(words, call->words, sizeof words);
    call->words[0] = (uint64_t)answer(d, hart, (uint32_t)words[0], words);
    return PLATFORM_DONE;
}

const struct device_class psci = {
    .name = "psci",
    .behaviour = 1,
    .state = FIELD_TABLE(struct psci, fields),
    .call = psci_call,
};
