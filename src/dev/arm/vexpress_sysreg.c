/* SPDX-License-Identifier: GPL-2.0-or-later
 * vexpress_sysreg: system registers of a Versatile Express motherboard, after the technical reference
 * manual of the Motherboard Express uATX (V2M-P1), DUI 0447, chapter 4: identity, flags by which a hart that waits
 * is told where to go, free-running counters, and what goes through SYS_CFGCTRL: oscillators, voltages,
 * reset and power. Left out: switches, temperatures and power meters (0), PCI Express.
 */
#include "dev/arm.h"
#include "dev/arm/countdown.h"

enum {
    SYS_ID = 0x00,
    SYS_SW = 0x04,
    SYS_LED = 0x08,
    SYS_LOCK = 0x20,
    SYS_100HZ = 0x24,
    SYS_FLAGS = 0x30, /* write: SYS_FLAGSSET */
    SYS_FLAGSCLR = 0x34,
    SYS_NVFLAGS = 0x38, /* write: SYS_NVFLAGSSET */
    SYS_NVFLAGSCLR = 0x3c,
    SYS_RESETCTL = 0x40,
    SYS_PCICTL = 0x44,
    SYS_MCI = 0x48,
    SYS_FLASH = 0x4c,
    SYS_CFGSW = 0x58,
    SYS_24MHZ = 0x5c,
    SYS_MISC = 0x60,
    SYS_DMA = 0x64,
    SYS_PROCID0 = 0x84,
    SYS_PROCID1 = 0x88,
    SYS_CFGDATA = 0xa0,
    SYS_CFGCTRL = 0xa4,
    SYS_CFGSTAT = 0xa8,
    SYS_END = 0x1000
};
#define ID_V2M_P1     UINT32_C(0x1190f500)
#define PROCID_NONE   UINT32_C(0xff000000) /* at the second site */
#define LOCK_VALUE    0xa05fu
#define LOCK_LOCKED   0x10000u
#define CFGCTRL_START UINT32_C(0x80000000)
#define CFGCTRL_WRITE UINT32_C(0x40000000)
#define CFGCTRL_KEPT  UINT32_C(0x7fffffff)
enum { CFGSTAT_COMPLETE = 1, CFGSTAT_ERROR = 2 };
enum { PCICTL_NO_CARD = 1 };
enum { SITE_MOTHERBOARD, SITE_DAUGHTERBOARD };
enum {
    FUNCTION_OSC = 1,
    FUNCTION_VOLT = 2,
    FUNCTION_AMP = 3,
    FUNCTION_TEMP = 4,
    FUNCTION_RESET = 5,
    FUNCTION_SCC = 6,
    FUNCTION_MUXFPGA = 7,
    FUNCTION_SHUTDOWN = 8,
    FUNCTION_REBOOT = 9,
    FUNCTION_DVIMODE = 11,
    FUNCTION_POWER = 12,
    FUNCTION_ENERGY = 13
};
#define OSCILLATORS_MB 6
#define OSCILLATORS    (OSCILLATORS_MB + VEXPRESS_CLOCKS_MAX)

struct vexpress_sysreg {
    uint32_t hz[OSCILLATORS]; /* of the motherboard, then of the daughterboard */
    uint32_t flags, nvflags;
    uint32_t cfg_data, cfg_ctrl, cfg_stat;
    uint32_t lock; /* with LOCK_LOCKED */
    uint32_t misc, dma;
    uint8_t led, flash, reset_ctl;
    uint8_t muxfpga, dvimode;
    uint8_t zero[3];
};

static const struct field fields[] = {
    FIELD_ARRAY(struct vexpress_sysreg, hz),
    FIELD(struct vexpress_sysreg, flags),
    FIELD(struct vexpress_sysreg, nvflags),
    FIELD(struct vexpress_sysreg, cfg_data),
    FIELD_MASK(struct vexpress_sysreg, cfg_ctrl, CFGCTRL_KEPT),
    FIELD_MASK(struct vexpress_sysreg, cfg_stat, 3),
    FIELD_MASK(struct vexpress_sysreg, lock, 0x1ffff),
    FIELD(struct vexpress_sysreg, misc),
    FIELD(struct vexpress_sysreg, dma),
    FIELD(struct vexpress_sysreg, led),
    FIELD(struct vexpress_sysreg, flash),
    FIELD(struct vexpress_sysreg, reset_ctl),
    FIELD(struct vexpress_sysreg, muxfpga),
    FIELD(struct vexpress_sysreg, dvimode),
    FIELD_ARRAY(struct vexpress_sysreg, zero),
};

/* ---- SYS_CFGCTRL ------------------------------------------------------------------------------*/

/* What a word of it says; all but site 0 and 1, position 0 and one board of each is nobody. */
struct request {
    unsigned function, site, device;
    bool is_write;
};

static struct request request_of(uint32_t ctrl)
{
    return (struct request){.function = (unsigned)bits_get(ctrl, 20, 6),
                            .site = (unsigned)bits_get(ctrl, 16, 2),
                            .device = (unsigned)bits_get(ctrl, 0, 12),
                            .is_write = (ctrl & CFGCTRL_WRITE) != 0};
}

static bool do_oscillator(struct device *d, const struct request *r)
{
    const struct vexpress_sysreg_config *config = d->config;
    struct vexpress_sysreg *s = d->state;
    unsigned count = r->site == SITE_MOTHERBOARD ? OSCILLATORS_MB : config->clock_count;
    uint32_t *hz = &s->hz[r->site == SITE_MOTHERBOARD ? 0 : OSCILLATORS_MB];

    if (r->device >= count) {
        return false;
    }
    if (r->is_write) {
        hz[r->device] = s->cfg_data;
    } else {
        s->cfg_data = hz[r->device];
    }
    return true;
}

/* Microvolts; they are as they are. */
static bool do_voltage(struct device *d, const struct request *r)
{
    const struct vexpress_sysreg_config *config = d->config;
    struct vexpress_sysreg *s = d->state;

    if (r->is_write ||
        (r->site == SITE_MOTHERBOARD ? r->device != 0 : r->device >= config->voltage_count)) {
        return false;
    }
    s->cfg_data = r->site == SITE_MOTHERBOARD ? 3300000 : config->voltages[r->device];
    return true;
}

/* Of the motherboard's switches that only remember. */
static bool do_switch(struct vexpress_sysreg *s, const struct request *r, uint8_t *kept)
{
    if (r->site != SITE_MOTHERBOARD || r->device != 0) {
        return false;
    }
    if (r->is_write) {
        *kept = (uint8_t)s->cfg_data;
    } else {
        s->cfg_data = *kept;
    }
    return true;
}

static bool do_request(struct device *d, const struct request *r)
{
    struct vexpress_sysreg *s = d->state;

    switch (r->function) {
    case FUNCTION_OSC: return do_oscillator(d, r);
    case FUNCTION_VOLT: return do_voltage(d, r);
    case FUNCTION_MUXFPGA: return do_switch(s, r, &s->muxfpga);
    case FUNCTION_DVIMODE: return do_switch(s, r, &s->dvimode);
    case FUNCTION_SHUTDOWN:
        if (r->is_write) {
            machine_power_off(d->machine, POWER_OFF, 0);
        }
        return r->is_write && r->site == SITE_MOTHERBOARD;
    case FUNCTION_RESET:
    case FUNCTION_REBOOT:
        if (r->is_write) {
            machine_request_reset(d->machine, RESET_WARM);
        }
        return r->is_write;
    default: return false; /* FUNCTION_AMP, TEMP, SCC, POWER, ENERGY among them */
    }
}

static void set_cfgctrl(struct device *d, uint32_t value)
{
    struct vexpress_sysreg *s = d->state;
    const struct request r = request_of(value);

    s->cfg_ctrl = value & CFGCTRL_KEPT;
    if ((value & CFGCTRL_START) == 0) {
        return;
    }
    s->cfg_stat = CFGSTAT_COMPLETE;
    if (bits_get(value, 12, 4) != 0 || r.site > SITE_DAUGHTERBOARD || !do_request(d, &r)) {
        s->cfg_stat |= CFGSTAT_ERROR;
    }
}

/* ---- registers --------------------------------------------------------------------------------*/

static uint64_t sysreg_read(struct device *d, struct mem_access a)
{
    const struct vexpress_sysreg_config *config = d->config;
    const struct vexpress_sysreg *s = d->state;

    switch (a.at) {
    case SYS_ID: return ID_V2M_P1;
    case SYS_LED: return s->led;
    case SYS_LOCK: return s->lock;
    case SYS_100HZ: return (uint32_t)countdown_clock(d, 100);
    case SYS_FLAGS: return s->flags;
    case SYS_NVFLAGS: return s->nvflags;
    case SYS_RESETCTL: return s->reset_ctl;
    case SYS_PCICTL: return PCICTL_NO_CARD;
    case SYS_SW:
    case SYS_CFGSW:
    case SYS_MCI: return 0; /* no switch, no card */
    case SYS_FLASH: return s->flash;
    case SYS_24MHZ: return (uint32_t)countdown_clock(d, 24000000);
    case SYS_MISC: return s->misc;
    case SYS_DMA: return s->dma;
    case SYS_PROCID0: return config->processor_id;
    case SYS_PROCID1: return PROCID_NONE;
    case SYS_CFGDATA: return s->cfg_data;
    case SYS_CFGCTRL: return s->cfg_ctrl;
    case SYS_CFGSTAT: return s->cfg_stat;
    default: return device_bad_read(d, a);
    }
}

static void sysreg_write(struct device *d, struct mem_access a, uint64_t wide)
{
    struct vexpress_sysreg *s = d->state;
    uint32_t value = (uint32_t)wide;

    switch (a.at) {
    case SYS_LED: s->led = (uint8_t)value; break;
    case SYS_LOCK:
        s->lock = (value & 0xffff) | ((value & 0xffff) == LOCK_VALUE ? 0 : LOCK_LOCKED);
        break;
    case SYS_FLAGS: s->flags |= value; break;
    case SYS_FLAGSCLR: s->flags &= ~value; break;
    case SYS_NVFLAGS: s->nvflags |= value; break;
    case SYS_NVFLAGSCLR: s->nvflags &= ~value; break;
    case SYS_RESETCTL: s->reset_ctl = (uint8_t)value; break;
    case SYS_FLASH: s->flash = (uint8_t)value; break;
    case SYS_MISC: s->misc = value; break;
    case SYS_DMA: s->dma = value; break;
    case SYS_PCICTL:
    case SYS_MCI: break;
    case SYS_CFGDATA: s->cfg_data = value; break;
    case SYS_CFGCTRL: set_cfgctrl(d, value); break;
    case SYS_CFGSTAT: s->cfg_stat = value & 3; break;
    default: device_bad_write(d, a, wide);
    }
}

/* Flags of the second kind outlive resets, until power is off. */
static const struct survivor survivors[] = {
    SURVIVOR(struct vexpress_sysreg, nvflags, RESET_WARM),
};

static void sysreg_reset(struct device *d)
{
    static const uint32_t motherboard[OSCILLATORS_MB] = {50000000, 23750000, 24000000,
                                                         24000000, 24000000, 24000000};
    const struct vexpress_sysreg_config *config = d->config;
    struct vexpress_sysreg *s = d->state;

    s->lock = LOCK_LOCKED;
    memcpy(s->hz, motherboard, sizeof motherboard);
    memcpy(s->hz + OSCILLATORS_MB, config->clocks, sizeof config->clocks);
}

const struct device_class vexpress_sysreg = {
    .name = "vexpress-sysreg",
    .behaviour = 1,
    .windows = {{.bytes = SYS_END, .sizes = 4}},
    .state = FIELD_TABLE(struct vexpress_sysreg, fields),
    .survivors = survivors,
    .survivor_count = ARRAY_LEN(survivors),
    .reset = sysreg_reset,
    .read = sysreg_read,
    .write = sysreg_write,
};
