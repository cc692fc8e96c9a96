/* SPDX-License-Identifier: GPL-2.0-or-later
 * pmp: physical memory protection, after volume II, 3.7: 16 entries, granularity 4 bytes. The
 * lowest entry that holds the byte decides; without one, M mode may do all and others nothing.
 */
#include "isa/riscv/riscv.h"

enum { PMP_A_OFF, PMP_A_TOR, PMP_A_NA4, PMP_A_NAPOT };
#define PMP_ALL  (PMP_R | PMP_W | PMP_X)
#define PMP_LOCK 0x80

/* Entry i's bytes [*low, *high]; false if it is off or empty. */
static bool entry_range(const struct riscv *s, unsigned i, paddr *low, paddr *high)
{
    paddr top = s->pmpaddr[i] << 2;
    uint64_t ones;

    switch (s->pmpcfg[i] >> 3 & 3) {
    case PMP_A_TOR:
        *low = i > 0 ? s->pmpaddr[i - 1] << 2 : 0;
        *high = top - 1;
        return *low < top;
    case PMP_A_NA4:
        *low = top;
        *high = top + 3;
        return true;
    case PMP_A_NAPOT:
        /* n low ones in pmpaddr stand for 2^(n+3) bytes. */
        ones = s->pmpaddr[i] & ~(s->pmpaddr[i] + 1);
        *low = (s->pmpaddr[i] & ~ones) << 2;
        *high = *low + (ones << 3 | 7);
        return true;
    default: return false;
    }
}

/* A bit for each entry that is not off. Walks ask at each of their steps, and few are on. */
static unsigned entries_on(const struct riscv *s)
{
    unsigned on = 0;

    for (unsigned i = 0; i < PMP_ENTRIES; i += 8) {
        uint64_t cfg = bytes_get_le(&s->pmpcfg[i], 8);

        cfg = (cfg | cfg >> 1) >> 3 & UINT64_C(0x0101010101010101);
        on |= (unsigned)(cfg * UINT64_C(0x0102040810204080) >> 56) << i; /* one bit of each byte */
    }
    return on;
}

unsigned riscv_pmp_allows(const struct riscv *s, paddr at, unsigned priv, unsigned *extent)
{
    paddr page = align_down(at, PAGE_SIZE);
    paddr last = page + (PAGE_SIZE - 1); /* of the bytes around `at` that no boundary divides */
    bool whole = true;
    paddr low, high;
    unsigned allowed = priv == PRIV_M ? PMP_ALL : 0;

    for (unsigned on = entries_on(s); on != 0; on &= on - 1) {
        unsigned i = (unsigned)__builtin_ctz(on);

        if (!entry_range(s, i, &low, &high) || high < page || low > (page | (PAGE_SIZE - 1))) {
            continue;
        }
        whole = whole && low <= page && high >= (page | (PAGE_SIZE - 1));
        if (at >= low && at <= high) {
            last = high < last ? high : last;
            if (priv != PRIV_M || (s->pmpcfg[i] & PMP_LOCK) != 0) {
                allowed = s->pmpcfg[i] & PMP_ALL;
            } else {
                allowed = PMP_ALL;
            }
            break;
        }
        if (low > at && low - 1 < last) {
            last = low - 1;
        }
    }
    *extent = whole ? 0 : (unsigned)(last - at + 1);
    return allowed;
}

/* Entry i, which is not off, begins or ends inside a page. */
static bool is_unaligned(const struct riscv *s, unsigned i)
{
    const uint64_t page = PAGE_SIZE >> 2; /* in pmpaddr's units */

    switch (s->pmpcfg[i] >> 3 & 3) {
    case PMP_A_TOR: return ((s->pmpaddr[i] | (i > 0 ? s->pmpaddr[i - 1] : 0)) & (page - 1)) != 0;
    case PMP_A_NA4: return true;
    default: return (s->pmpaddr[i] & (page / 2 - 1)) != page / 2 - 1; /* less than a page */
    }
}

bool riscv_pmp_locks(const struct riscv *s)
{
    uint64_t words[2];

    memcpy(words, s->pmpcfg, sizeof(words)); /* in whatever order */
    return ((words[0] | words[1]) & UINT64_C(0x8080808080808080)) != 0;
}

/* Asked whenever the engine looks, so only at what is there. In M mode all may be executed but for
 * locked entries. */
bool riscv_pmp_divides(const struct riscv *s, unsigned priv)
{
    if (priv == PRIV_M && !riscv_pmp_locks(s)) {
        return false;
    }
    for (unsigned on = entries_on(s); on != 0; on &= on - 1) {
        if (is_unaligned(s, (unsigned)__builtin_ctz(on))) {
            return true;
        }
    }
    return false;
}
