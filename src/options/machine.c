/* SPDX-License-Identifier: GPL-2.0-or-later
 * machine: the options that say what machine it is to be. All of them end up in its configuration, but
 * for what is behind its serial ports.
 */
#include "options/internal.h"

#include "board/board.h"
#include "dev/virtio.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "world/world.h"

static int take_arch(struct options *o, const char *v, struct error *e)
{
    o->arch_given = true;
    for (size_t i = 0; i < board_registry_count; i++) {
        if (strcmp(board_registry[i].arch, v) == 0) {
            return options_copy_text(o->machine.arch, sizeof o->machine.arch, "-arch", v, e);
        }
    }
    return error_set(e, "-arch %.40s is not there: aarch64, arm, riscv64 and riscv32 are", v);
}

/* What is said of the board itself: a thing of the configuration, which the board knows the rules of. */
static struct machine_thing *board_thing(struct machine_config *c)
{
    for (size_t i = 0; i < c->things.count; i++) {
        if (strcmp(c->things.data[i].class, "board") == 0) {
            return &c->things.data[i];
        }
    }
    return machine_config_add_thing(c, "board", "board");
}

int options_set_board_property(struct options *o, const char *key, const char *value,
                               struct error *e)
{
    struct machine_thing *t;

    if (!thing_name_is_good(key) || strlen(key) >= MACHINE_NAME_MAX) {
        return error_set(e, "-M: '%s' is no name of a property", key);
    }
    t = board_thing(&o->machine);
    if (thing_find(t, key) == NULL && t->properties.count == MACHINE_PROPERTIES_MAX) {
        return error_set(e, "-M: there are more than %d properties", MACHINE_PROPERTIES_MAX);
    }
    if (strcmp(value, "on") == 0 || strcmp(value, "off") == 0) {
        thing_set_flag(t, key, value[1] == 'n');
    } else {
        thing_set_text(t, key, value);
    }
    return 0;
}

static int take_board(struct options *o, const char *v, struct error *e)
{
    for (bool is_first = true; v != NULL; is_first = false) {
        char key[64], value[64];
        int result;

        v = options_next_item(v, key, value, sizeof key);
        if ((key[0] == '\0' && is_first) || strcmp(key, "type") == 0) {
            result = options_copy_text(o->machine.board, sizeof o->machine.board, "-M", value, e);
        } else {
            result = options_set_board_property(o, key[0] != '\0' ? key : value,
                                                key[0] != '\0' ? value : "on", e);
        }
        if (result < 0) {
            return -1;
        }
    }
    return 0;
}

static int take_semihosting(struct options *o, const char *v, struct error *e)
{
    (void)v;
    return options_set_board_property(o, "semihosting", "on", e);
}

static int take_semihosting_config(struct options *o, const char *v, struct error *e)
{
    while (v != NULL) {
        char key[64], value[64];

        v = options_next_item(v, key, value, sizeof key);
        if (strcmp(key, "enable") == 0 || key[0] == '\0') {
            const char *on = key[0] != '\0' ? value : "on";

            if (strcmp(on, "on") != 0 && strcmp(on, "off") != 0) {
                return error_set(e, "-semihosting-config enable is on or off, not '%s'", on);
            }
            if (options_set_board_property(o, "semihosting", on, e) < 0) {
                return -1;
            }
        } else if (strcmp(key, "target") != 0) {
            return error_set(e, "-semihosting-config has no '%s'", key);
        } else if (strcmp(value, "native") != 0 && strcmp(value, "auto") != 0) {
            return error_set(e, "-semihosting-config target is native or auto, not '%s'", value);
        }
    }
    return 0;
}

static int take_cpu(struct options *o, const char *v, struct error *e)
{
    return options_copy_text(o->machine.cpu, sizeof o->machine.cpu, "-cpu", v, e);
}

static int take_smp(struct options *o, const char *v, struct error *e)
{
    char key[64], value[64];
    uint64_t n = 0;

    while (v) {
        v = options_next_item(v, key, value, sizeof key);
        if (key[0] == '\0' || strcmp(key, "cpus") == 0) {
            if (options_parse_range("-smp", value, 1, MACHINE_HARTS_MAX, &n, e) < 0) {
                return -1;
            }
            o->machine.hart_count = (uint32_t)n;
        } else if (strcmp(key, "sockets") != 0 && strcmp(key, "cores") != 0 &&
                   strcmp(key, "threads") != 0 && strcmp(key, "maxcpus") != 0) {
            return error_set(e, "-smp has no '%s'", key);
        }
    }
    return 0;
}

static int take_memory(struct options *o, const char *v, struct error *e)
{
    char key[64], value[64];

    options_next_item(v, key, value, sizeof key);
    if (key[0] && strcmp(key, "size") != 0) {
        return error_set(e, "-m has no '%s'", key);
    }
    if (options_parse_size(value, &o->machine.ram_bytes, NULL) < 0 ||
        o->machine.ram_bytes < MACHINE_RAM_LEAST || o->machine.ram_bytes > MACHINE_RAM_MOST ||
        o->machine.ram_bytes % (4 * KIB) != 0) {
        return error_set(e,
                         "-m wants a size from %lluM to %lluG in whole pages of 4K, such as 512M "
                         "or 2G, not '%s'",
                         (unsigned long long)(MACHINE_RAM_LEAST / MIB),
                         (unsigned long long)(MACHINE_RAM_MOST / GIB), value);
    }
    return 0;
}

static int take_image(struct options *o, enum machine_image_role role, const char *v)
{
    free(o->machine.images[role].name);
    o->machine.images[role].name = base_strdup(v);
    return 0;
}

static int take_bios(struct options *o, const char *v, struct error *e)
{
    (void)e;
    if (strcmp(v, "default") == 0) {
        return 0;
    }
    o->bios_given = true;
    o->machine.bios_none = strcmp(v, "none") == 0;
    return o->machine.bios_none ? 0 : take_image(o, IMAGE_BIOS, v);
}

static int take_kernel(struct options *o, const char *v, struct error *e)
{
    (void)e;
    return take_image(o, IMAGE_KERNEL, v);
}

static int take_initrd(struct options *o, const char *v, struct error *e)
{
    (void)e;
    return take_image(o, IMAGE_INITRD, v);
}

static int take_dtb(struct options *o, const char *v, struct error *e)
{
    (void)e;
    return take_image(o, IMAGE_DTB, v);
}

static int take_append(struct options *o, const char *v, struct error *e)
{
    return options_copy_text(o->machine.append, sizeof o->machine.append, "-append", v, e);
}

static int take_nographic(struct options *o, const char *v, struct error *e)
{
    (void)v;
    (void)e;
    o->nographic = true;
    return 0;
}

static int take_display(struct options *o, const char *v, struct error *e)
{
    (void)o;
    if (strcmp(v, "none") != 0) {
        return error_set(e, "-display %s: only 'none' is there yet", v);
    }
    return 0;
}

static int take_no_reboot(struct options *o, const char *v, struct error *e)
{
    (void)v;
    (void)e;
    o->machine.no_reboot = 1;
    return 0;
}

/* Days since 1970 of a date of the proleptic Gregorian calendar. */
static int64_t days_from_date(int64_t y, int64_t m, int64_t d)
{
    int64_t era, yoe, doy;

    y -= m <= 2;
    era = (y >= 0 ? y : y - 399) / 400;
    yoe = y - era * 400;
    doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
    return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

static int days_in_month(int y, int m)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[m - 1] + (m == 2 && (y % 4 == 0) && (y % 100 != 0 || y % 400 == 0));
}

/* What a clock on the wall shows, as if it were UTC. */
static uint64_t local_epoch_ns(void)
{
    uint64_t now = wallclock_epoch_ns();
    time_t seconds = (time_t)(now / UINT64_C(1000000000));
    struct tm local;
    int64_t s = localtime_r(&seconds, &local) != NULL ? seconds + local.tm_gmtoff : seconds;

    return (uint64_t)(s > 0 ? s : 0) * UINT64_C(1000000000) + now % UINT64_C(1000000000);
}

static int take_rtc(struct options *o, const char *v, struct error *e)
{
    char key[64], value[64];
    int y, mon, d, h = 0, min = 0, s = 0, n;

    while (v) {
        v = options_next_item(v, key, value, sizeof key);
        if (strcmp(key, "clock") == 0 || strcmp(key, "driftfix") == 0) {
            continue; /* every clock of the machine is virtual */
        }
        if (strcmp(key, "base") != 0) {
            return error_set(e, "-rtc has no '%s'", key[0] ? key : value);
        }
        if (strcmp(value, "utc") == 0) {
            continue;
        }
        if (strcmp(value, "localtime") == 0) {
            o->machine.epoch_ns = local_epoch_ns();
            continue;
        }
        n = sscanf(value, "%d-%d-%dT%d:%d:%d", &y, &mon, &d, &h, &min, &s);
        if ((n != 3 && n != 6) || y < 1970 || y > 2500 || mon < 1 || mon > 12 || d < 1 ||
            d > days_in_month(y, mon) || h < 0 || h > 23 || min < 0 || min > 59 || s < 0 ||
            s > 60) {
            return error_set(
                e,
                "-rtc base wants utc, localtime, or YYYY-MM-DDThh:mm:ss from 1970 to 2500, not "
                "'%s'",
                value);
        }
        o->machine.epoch_ns =
            (uint64_t)((((days_from_date(y, mon, d) * 24 + h) * 60 + min) * 60) + s) *
            UINT64_C(1000000000);
    }
    return 0;
}

static int take_seed(struct options *o, const char *v, struct error *e)
{
    return options_parse_number("-seed", v, UINT64_MAX - 1, &o->machine.seed,
                                e); /* the last: none */
}

static int take_name(struct options *o, const char *v, struct error *e)
{
    (void)e;
    o->name = v;
    return 0;
}

#define TAKE_REFUSED(name, what)                                                                   \
    static int take_##name(struct options *o, const char *v, struct error *e)                      \
    {                                                                                              \
        (void)o;                                                                                   \
        return error_set(e, "-" #name " %s: " what " are not there yet", v);                       \
    }

static int take_snapshot(struct options *o, const char *v, struct error *e)
{
    (void)v;
    (void)e;
    o->snapshot = true;
    return 0;
}

/* The one property of devices that nobody plugs in. */
static int take_global(struct options *o, const char *v, struct error *e)
{
    static const char *const name = VIRTIO_MMIO_CLASS_NAME ".force-legacy=";
    struct machine_config *c = &o->machine;
    const char *value = v + strlen(name);
    bool is_on;

    if (strncmp(v, name, strlen(name)) != 0) {
        return error_set(e, "-global %s: only %son or off is there", v, name);
    }
    is_on = strcmp(value, "on") == 0 || strcmp(value, "true") == 0;
    if (!is_on && strcmp(value, "off") != 0 && strcmp(value, "false") != 0) {
        return error_set(e, "-global %s: it is on or off", v);
    }
    if (c->things.count == MACHINE_THINGS_MAX) {
        return error_set(e, "more than %d things are asked for", MACHINE_THINGS_MAX);
    }
    for (size_t i = 0; i < c->things.count; i++) {
        if (strcmp(c->things.data[i].class, VIRTIO_MMIO_CLASS_NAME) == 0) {
            thing_set_flag(&c->things.data[i], "force-legacy", is_on);
            return 0;
        }
    }
    thing_set_flag(machine_config_add_thing(c, VIRTIO_MMIO_CLASS_NAME, VIRTIO_MMIO_CLASS_NAME),
                   "force-legacy", is_on);
    return 0;
}

#define M COMMANDS_MACHINE
static const struct option_entry entries[] = {
    {"-arch", M, "ARCH", "aarch64|riscv64|riscv32 (read off the kernel or firmware)", take_arch},
    {"-M", M, "BOARD[,PROPERTY=VALUE...]", "virt; what can be said of it is in docs/arm.md",
     take_board},
    {"-machine", M, "BOARD", "the same as -M", take_board},
    {"-cpu", M, "MODEL[,EXT=on|off...]", "processor and its extensions", take_cpu},
    {"-smp", M, "N", "harts, 1 to 8 (1)", take_smp},
    {"-m", M, "SIZE", "memory, in MiB or with a unit K, M, G (128M)", take_memory},
    {"-bios", M, "FILE|none|default", "firmware (OpenSBI's fw_dynamic of the system)", take_bios},
    {"-kernel", M, "FILE", "Linux Image, gzip'ed Image, ELF or raw binary", take_kernel},
    {"-initrd", M, "FILE", "initial RAM disk", take_initrd},
    {"-append", M, "TEXT", "kernel command line", take_append},
    {"-dtb", M, "FILE", "device tree instead of the board's own", take_dtb},
    {"-nographic", M, NULL, "console on the terminal; Ctrl-A x quits, Ctrl-A h helps",
     take_nographic},
    {"-display", M, "none", "accepted for scripts", take_display},
    {"-no-reboot", M, NULL, "a guest reset ends the run", take_no_reboot},
    {"-icount", M, "shift=N|auto[,sleep=on|off][,align=on|off]",
     "one tick is 2^N ns of virtual time (0)", options_take_icount},
    {"-rtc", M, "base=utc|localtime|DATE", "real-time clock at the start", take_rtc},
    {"-seed", M, "N", "seed of all randomness in the machine (from the host)", take_seed},
    {"-semihosting", M, NULL, "a program may ask its host by traps (aarch64)", take_semihosting},
    {"-semihosting-config", M, "enable=on|off[,target=native]", "the same",
     take_semihosting_config},
    {"-name", M, "TEXT", "what monitors call the machine", take_name},
    {"-drive", M, "file=FILE[,if=virtio|none|pflash][,id=ID][,PROPERTY=VALUE...]",
     "a disk; format=, snapshot=, readonly=, media=cdrom", options_take_drive},
    {"-blockdev", M, "driver=raw|qcow2,node-name=ID,file.filename=FILE", "a disk for -device",
     options_take_blockdev},
    {"-hda", M, "FILE", "the same as -drive file=FILE", options_take_hda},
    {"-cdrom", M, "FILE", "a disk that is only read", options_take_cdrom},
    {"-snapshot", M, NULL, "no disk's file is written to", take_snapshot},
    {"-global", M, "virtio-mmio.force-legacy=on|off", "version 1 of virtio over MMIO, or 2 (on)",
     take_global},
    {"-device", M, "MODEL[,PROPERTY=VALUE...]|help",
     "plug a device in; MODEL,help lists its properties", options_take_device},
};
const struct option_group options_of_machine = {entries, ARRAY_LEN(entries)};
