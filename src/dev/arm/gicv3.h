/* SPDX-License-Identifier: GPL-2.0-or-later
 * gicv3: what the parts of a GICv3 share: see gicv3.c.
 */
#ifndef DEV_ARM_GICV3_H
#define DEV_ARM_GICV3_H

#include "dev/arm.h"

enum { GICV3_WINDOW_DISTRIBUTOR, GICV3_WINDOW_REDISTRIBUTORS, GICV3_WINDOW_ITS };
enum { GICV3_GROUP0 = 1, GICV3_GROUP1 = 2, GICV3_GROUPS = 3 };
enum { GICV3_SGIS = 16, GICV3_SPURIOUS = 1023, GICV3_FIRST_LPI = 8192 };
#define GICV3_ID_BITS    16 /* of INTIDs */
#define GICV3_WORDS      (GIC_INTERRUPTS / 32)
#define GICV3_SLOTS      (MACHINE_HARTS_MAX + GICV3_WORDS - 1) /* word 0 is banked */
#define GICV3_BYTES      (GIC_PRIVATE * MACHINE_HARTS_MAX + GIC_SPIS)
#define GICV3_IDLE       0x100 /* a priority that is less urgent than any */
#define GICV3_AFFINITY   UINT64_C(0xff00ffffff)
#define GICV3_ITS_TABLES 2
#define GICV3_FRAME      0x10000 /* bytes; a redistributor has two of them */
#define GICV3_LRS        4       /* list registers of a hart */
/* The ISA's number of a register with this bit: the access is a guest's, to its virtual CPU interface. */
#define GICV3_OF_GUEST     0x10000u
#define GICV3_ADDRESS      UINT64_C(0x000fffffffffffff)
#define GICV3_PROPBASER_ID UINT64_C(0x1f)

enum { ICC_CTLR_CBPR = 1, ICC_CTLR_EOIMODE = 2, ICC_CTLR_PMHE = 0x40, ICC_CTLR_KEPT = 0x43 };
enum { ICC_BPR0_LEAST = 2, ICC_BPR1_LEAST = 3, ICC_BPR_MAX = 7 };

struct gicv3 {
    uint64_t route[GIC_SPIS]; /* GICD_IROUTER */
    uint64_t propbaser[MACHINE_HARTS_MAX];
    uint64_t pendbaser[MACHINE_HARTS_MAX];
    uint64_t its_baser[GICV3_ITS_TABLES]; /* devices, collections */
    uint64_t its_cbaser;
    uint64_t its_cwriter;
    uint64_t its_creadr;
    uint64_t ich_lr[GICV3_LRS * MACHINE_HARTS_MAX];
    uint32_t group[GICV3_SLOTS];
    uint32_t enable[GICV3_SLOTS];
    uint32_t latch[GICV3_SLOTS]; /* an edge came, or it was set pending */
    uint32_t active[GICV3_SLOTS];
    uint32_t level[GICV3_SLOTS];      /* of the inputs */
    uint32_t edge[GICV3_SLOTS];       /* it is edge-triggered, else its level counts */
    uint32_t ap0r[MACHINE_HARTS_MAX]; /* active priorities, of 32 levels */
    uint32_t ap1r[MACHINE_HARTS_MAX];
    uint32_t lpi[MACHINE_HARTS_MAX]; /* the most urgent one that pends and is enabled; 0: none */
    uint32_t ich_hcr[MACHINE_HARTS_MAX];
    uint32_t ich_vmcr[MACHINE_HARTS_MAX];
    uint32_t ich_ap0r[MACHINE_HARTS_MAX];
    uint32_t ich_ap1r[MACHINE_HARTS_MAX];
    uint8_t priority[GICV3_BYTES];
    uint8_t lpi_priority[MACHINE_HARTS_MAX];
    uint8_t pmr[MACHINE_HARTS_MAX];
    uint8_t bpr0[MACHINE_HARTS_MAX];
    uint8_t bpr1[MACHINE_HARTS_MAX];
    uint8_t ctlr[MACHINE_HARTS_MAX];
    uint8_t groups_on[MACHINE_HARTS_MAX]; /* ICC_IGRPEN */
    uint8_t lpis_on[MACHINE_HARTS_MAX];   /* GICR_CTLR.EnableLPIs */
    uint8_t is_asleep[MACHINE_HARTS_MAX]; /* GICR_WAKER.ProcessorSleep */
    uint8_t dist_ctlr;
    uint8_t its_is_on;
    uint8_t zero[6];
};

static inline unsigned gicv3_slot(unsigned hart, unsigned word)
{
    return word == 0 ? hart : MACHINE_HARTS_MAX + word - 1;
}
static inline unsigned gicv3_byte(unsigned hart, unsigned intid)
{
    return intid < GIC_PRIVATE ? GIC_PRIVATE * hart + intid
                               : GIC_PRIVATE * MACHINE_HARTS_MAX + intid - GIC_PRIVATE;
}
static inline bool gicv3_has_its(const struct device *d)
{
    return ((const struct gicv3_config *)d->config)->has_its;
}

/* A word of interrupts that are pending. */
uint32_t gicv3_pending(const struct gicv3 *s, unsigned slot);

/* gicv3_cpu.c: drives the harts' pins from the state; the registers of harts. */
void gicv3_update(struct device *d);
enum platform_answer gicv3_cpu_read(struct device *d, unsigned hart, uint32_t number,
                                    uint64_t *value);
enum platform_answer gicv3_cpu_write(struct device *d, unsigned hart, uint32_t number,
                                     uint64_t value);

/* LPIs are never active. */
void gicv3_deactivate(struct gicv3 *s, unsigned hart, uint64_t intid);

/* gicv3_virtual.c: ICH_* by their numbers, and ICC_* of a guest. PLATFORM_REFUSED: the hypervisor is to be
 * asked. */
#define GICV3_ICH_HCR  UINT32_C(0xf8007cff)
#define GICV3_ICH_VMCR UINT32_C(0xfffc021f)
#define GICV3_VFIQEN   UINT32_C(8)
#define GICV3_VMCR_RESET                                                                           \
    (GICV3_VFIQEN | (uint32_t)ICC_BPR0_LEAST << 21 | (uint32_t)ICC_BPR1_LEAST << 18)
#define GICV3_ICH_LR UINT64_C(0xf0ff1fffffffffff)
enum platform_answer gicv3_virtual_read(struct device *d, unsigned hart, uint32_t number,
                                        uint64_t *value);
enum platform_answer gicv3_virtual_write(struct device *d, unsigned hart, uint32_t number,
                                         uint64_t value);
/* Drives the harts' pins of virtual interrupts, and leaves the maintenance interrupt's level right. */
void gicv3_virtual_update(struct device *d);

/* gicv3_lpi.c: interrupts whose state is in memory. Each of these leaves the hart's `lpi` right, and the
 * pins to gicv3_update(). */
void gicv3_lpi_set(struct device *d, unsigned hart, uint32_t intid, bool pends);
/* Its byte of configuration, or anything that it was made from, has changed. */
void gicv3_lpi_look(struct device *d, unsigned hart);
/* All that pend at one hart pend at the other instead. */
void gicv3_lpi_move_all(struct device *d, unsigned from, unsigned to);
bool gicv3_lpi_pends(struct device *d, unsigned hart, uint32_t intid);

/* gicv3_its.c */
uint64_t gicv3_its_read(struct device *d, struct mem_access a);
void gicv3_its_write(struct device *d, struct mem_access a, uint64_t value);

/* Of registers with 64 bits, an access of 4 or 8 bytes: what of `old` is read, and what it becomes. */
static inline uint64_t gicv3_part(uint64_t old, struct mem_access a)
{
    return a.size == 8 ? old : bits_get(old, 8 * (unsigned)(a.at % 8), 32);
}
static inline uint64_t gicv3_merge(uint64_t old, struct mem_access a, uint64_t value)
{
    return a.size == 8 ? value : bits_set(old, 8 * (unsigned)(a.at % 8), 32, value);
}
/* Identification registers, at the end of each frame. */
#define GICV3_ID 0xffd0
static inline uint64_t gicv3_id(uint64_t at, uint8_t part)
{
    const uint8_t ids[] = {0x44, 0, 0, 0, part, 0xb4, 0x3b, 0, 0x0d, 0xf0, 0x05, 0xb1};

    return ids[(at - GICV3_ID) / 4];
}

#endif
