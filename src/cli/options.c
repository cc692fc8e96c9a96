/* SPDX-License-Identifier: GPL-2.0-or-later
 * options: see options.h. QEMU's names, meanings and defaults where they exist.
 */
#include "cli/options.h"

#include "board/board.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct option_entry {
    const char *name;
    unsigned commands;    /* OR of enum command */
    const char *argument; /* NULL: takes none */
    const char *help;
    int (*take)(struct options *o, const char *value, struct error *e);
};

static int parse_range(const char *what, const char *s, uint64_t least, uint64_t most,
                       uint64_t *out, struct error *e)
{
    char *end;
    unsigned long long v;

    errno = 0;
    v = strtoull(s, &end, 0);
    if (end == s || *end || errno || s[0] == '-' || v < least || v > most) {
        return error_set(e, "%s wants a number from %llu to %llu, not '%s'", what,
                         (unsigned long long)least, (unsigned long long)most, s);
    }
    *out = v;
    return 0;
}

int options_parse_number(const char *what, const char *s, uint64_t most, uint64_t *out,
                         struct error *e)
{
    return parse_range(what, s, 0, most, out, e);
}

int options_parse_size(const char *s, uint64_t *bytes, struct error *e)
{
    char *end;
    unsigned long long v;
    uint64_t unit = MIB;

    errno = 0;
    v = strtoull(s, &end, 10);
    switch (*end) {
    case 'B':
    case 'b':
        unit = 1;
        end++;
        break;
    case 'K':
    case 'k':
        unit = KIB;
        end++;
        break;
    case 'M':
    case 'm':
        unit = MIB;
        end++;
        break;
    case 'G':
    case 'g':
        unit = GIB;
        end++;
        break;
    default: break;
    }
    if (end == s || *end || errno || s[0] == '-' || v == 0 || v > UINT64_MAX / unit) {
        return error_set(e, "'%s' is not a size such as 512M or 2G", s);
    }
    *bytes = v * unit;
    return 0;
}

static int copy_text(char *to, size_t room, const char *what, const char *s, struct error *e)
{
    if (strlen(s) >= room) {
        return error_set(e, "%s is longer than %zu bytes", what, room - 1);
    }
    memcpy(to, s, strlen(s) + 1);
    return 0;
}

/* One "key=value" or first bare value of a comma list; returns the rest, or NULL. */
static const char *next_item(const char *list, char *key, char *value, size_t room)
{
    size_t length = strcspn(list, ",");
    const char *equals = memchr(list, '=', length);
    size_t key_length = equals ? (size_t)(equals - list) : 0;

    snprintf(key, room, "%.*s", (int)key_length, list);
    if (equals) {
        snprintf(value, room, "%.*s", (int)(length - key_length - 1), equals + 1);
    } else {
        snprintf(value, room, "%.*s", (int)length, list);
    }
    return list[length] ? list + length + 1 : NULL;
}

static int take_arch(struct options *o, const char *v, struct error *e)
{
    o->arch_given = true;
    for (size_t i = 0; i < board_registry_count; i++) {
        if (strcmp(board_registry[i].arch, v) == 0) {
            return copy_text(o->machine.arch, sizeof o->machine.arch, "-arch", v, e);
        }
    }
    return error_set(e, "-arch %.40s is not there: riscv64 and riscv32 are", v);
}

static int take_board(struct options *o, const char *v, struct error *e)
{
    char key[64], value[64];
    const char *rest = next_item(v, key, value, sizeof key);

    if (key[0] && strcmp(key, "type") != 0) {
        return error_set(e, "-M %s: no such property; boards have none yet", key);
    }
    if (rest) {
        return error_set(e, "-M %s: board properties are not known: '%s'", value, rest);
    }
    return copy_text(o->machine.board, sizeof o->machine.board, "-M", value, e);
}

static int take_cpu(struct options *o, const char *v, struct error *e)
{
    return copy_text(o->machine.cpu, sizeof o->machine.cpu, "-cpu", v, e);
}

static int take_smp(struct options *o, const char *v, struct error *e)
{
    char key[64], value[64];
    uint64_t n = 0;

    while (v) {
        v = next_item(v, key, value, sizeof key);
        if (key[0] == '\0' || strcmp(key, "cpus") == 0) {
            if (parse_range("-smp", value, 1, MACHINE_HARTS_MAX, &n, e) < 0) {
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

    next_item(v, key, value, sizeof key);
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

static int take_index_size(struct options *o, const char *v, struct error *e)
{
    return options_parse_size(v, &o->index_bytes, e) < 0 ? error_prefix(e, "--index-size") : 0;
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
    return copy_text(o->machine.append, sizeof o->machine.append, "-append", v, e);
}

static int take_serial(struct options *o, const char *v, struct error *e)
{
    if (o->serial_count == MACHINE_SERIALS_MAX) {
        return error_set(e, "at most %d -serial", MACHINE_SERIALS_MAX);
    }
    o->serials[o->serial_count++] = v;
    return 0;
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

static int take_monitor(struct options *o, const char *v, struct error *e)
{
    (void)o;
    if (strcmp(v, "none") != 0 && strcmp(v, "null") != 0) {
        return error_set(e, "-monitor %s: only 'none' is there yet; GDB's `monitor` answers", v);
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

static int take_paused(struct options *o, const char *v, struct error *e)
{
    (void)v;
    (void)e;
    o->start_paused = true;
    return 0;
}

static int take_gdb(struct options *o, const char *v, struct error *e)
{
    (void)e;
    o->gdb = v;
    return 0;
}

static int take_gdb_default(struct options *o, const char *v, struct error *e)
{
    (void)v;
    return take_gdb(o, "tcp::1234", e);
}

static int take_icount(struct options *o, const char *v, struct error *e)
{
    char key[64], value[64];
    uint64_t n = 0;

    while (v) {
        v = next_item(v, key, value, sizeof key);
        if (key[0] == '\0' || strcmp(key, "shift") == 0) {
            if (strcmp(value, "auto") == 0) {
                return error_set(e, "-icount shift=auto is not supported: the rate of the virtual "
                                    "clock is part of the recording; give shift=0 to 10");
            }
            if (options_parse_number("-icount shift", value, 10, &n, e) < 0) {
                return -1;
            }
            o->machine.shift = n;
        } else if (strcmp(key, "sleep") == 0 || strcmp(key, "align") == 0) {
            if (strcmp(value, "on") != 0 && strcmp(value, "off") != 0) {
                return error_set(e, "-icount %s wants on or off, not '%s'", key, value);
            }
            if (key[0] == 's') {
                o->sleep = strcmp(value, "on") == 0;
            }
        } else {
            return error_set(e,
                             "-icount has no '%s' here; 'reprise record' records and "
                             "'reprise replay' replays",
                             key);
        }
    }
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

static int take_rtc(struct options *o, const char *v, struct error *e)
{
    char key[64], value[64];
    int y, mon, d, h = 0, min = 0, s = 0, n;

    while (v) {
        v = next_item(v, key, value, sizeof key);
        if (strcmp(key, "clock") == 0 || strcmp(key, "driftfix") == 0) {
            continue; /* every clock of the machine is virtual */
        }
        if (strcmp(key, "base") != 0) {
            return error_set(e, "-rtc has no '%s'", key[0] ? key : value);
        }
        if (strcmp(value, "utc") == 0) {
            continue;
        }
        n = sscanf(value, "%d-%d-%dT%d:%d:%d", &y, &mon, &d, &h, &min, &s);
        if ((n != 3 && n != 6) || y < 1970 || y > 2500 || mon < 1 || mon > 12 || d < 1 ||
            d > days_in_month(y, mon) || h < 0 || h > 23 || min < 0 || min > 59 || s < 0 ||
            s > 60) {
            return error_set(e,
                             "-rtc base wants utc, or YYYY-MM-DDThh:mm:ss from 1970 to 2500, not "
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

static int take_ignored(struct options *o, const char *v, struct error *e)
{
    (void)o;
    (void)v;
    (void)e;
    return 0;
}

static int take_accel(struct options *o, const char *v, struct error *e)
{
    bool verify = strcmp(v, "verify") == 0;

    if (strcmp(v, "interp") != 0 && strcmp(v, "jit") != 0 && !verify) {
        return error_set(e, "-accel %s is not there: jit, interp or verify", v);
    }
    if (verify && !(o->command & (COMMANDS_MACHINE | COMMAND_REPLAY))) {
        return error_set(e, "-accel verify is for run, record and replay");
    }
    o->accel = v;
    return 0;
}

#define TAKE_REFUSED(name, what)                                                                   \
    static int take_##name(struct options *o, const char *v, struct error *e)                      \
    {                                                                                              \
        (void)o;                                                                                   \
        return error_set(e, "-" #name " %s: " what " are not there yet", v);                       \
    }
TAKE_REFUSED(drive, "disks")
TAKE_REFUSED(device, "devices beside the board's own")
TAKE_REFUSED(netdev, "network cards")

#define TAKE_STRING(field)                                                                         \
    static int take_##field(struct options *o, const char *v, struct error *e)                     \
    {                                                                                              \
        (void)e;                                                                                   \
        o->field = v;                                                                              \
        return 0;                                                                                  \
    }
TAKE_STRING(debug_items)
TAKE_STRING(debug_file)
TAKE_STRING(output)
TAKE_STRING(stats)
TAKE_STRING(at)
TAKE_STRING(until)
TAKE_STRING(serial_out)
TAKE_STRING(gdb_path)
TAKE_STRING(symbols)

#define TAKE_FLAG(field)                                                                           \
    static int take_##field(struct options *o, const char *v, struct error *e)                     \
    {                                                                                              \
        (void)v;                                                                                   \
        (void)e;                                                                                   \
        o->field = true;                                                                           \
        return 0;                                                                                  \
    }
TAKE_FLAG(force)
TAKE_FLAG(by_reference)
TAKE_FLAG(no_verify)
TAKE_FLAG(no_index)
TAKE_FLAG(trust_index)
TAKE_FLAG(softfloat)
TAKE_FLAG(json)
TAKE_FLAG(safe_console)
TAKE_FLAG(index)
TAKE_FLAG(physical)
TAKE_FLAG(no_sandbox)
TAKE_FLAG(allow_paths)
TAKE_FLAG(help)

#define M COMMANDS_MACHINE
#define COMMANDS_REPLAYING                                                                         \
    (COMMAND_REPLAY | COMMAND_DEBUG | COMMAND_DIFF | COMMAND_INDEX | COMMAND_QUERY)
static const struct option_entry entries[] = {
    {"-o", COMMAND_RECORD, "FILE", "the recording to write (recording.rr)", take_output},
    {"--force", COMMAND_RECORD, NULL, "replace FILE if it exists", take_force},
    {"--by-reference", COMMAND_RECORD, NULL, "name kernel, initrd, ... instead of embedding them",
     take_by_reference},
    {"--index", COMMAND_RECORD, NULL, "make FILE.idx in any case, and wait for it", take_index},
    {"-arch", M, "ARCH", "riscv64|riscv32 (read off the kernel's or firmware's header)", take_arch},
    {"-M", M, "BOARD", "virt", take_board},
    {"-machine", M, "BOARD", "the same as -M", take_board},
    {"-cpu", M, "MODEL[,EXT=on|off...]", "processor and its extensions", take_cpu},
    {"-smp", M, "N", "harts, 1 to 8 (1)", take_smp},
    {"-m", M, "SIZE", "memory, in MiB or with a unit K, M, G (128M)", take_memory},
    {"-bios", M, "FILE|none|default", "firmware (OpenSBI's fw_dynamic of the system)", take_bios},
    {"-kernel", M, "FILE", "Linux Image, gzip'ed Image, ELF or raw binary", take_kernel},
    {"-initrd", M, "FILE", "initial RAM disk", take_initrd},
    {"-append", M, "TEXT", "kernel command line", take_append},
    {"-dtb", M, "FILE", "device tree instead of the board's own", take_dtb},
    {"-serial", M, "stdio|file:PATH|null|unix:PATH|tcp:HOST:PORT", "back end of the next UART",
     take_serial},
    {"-nographic", M, NULL, "console on the terminal; Ctrl-A x quits, Ctrl-A h helps",
     take_nographic},
    {"-display", M, "none", "accepted for scripts", take_display},
    {"-monitor", M, "none", "accepted for scripts", take_monitor},
    {"-no-reboot", M, NULL, "a guest reset ends the run", take_no_reboot},
    {"-icount", M, "shift=N[,sleep=on|off]", "one tick is 2^N ns of virtual time (0)", take_icount},
    {"-rtc", M, "base=utc|DATE", "real-time clock at the start", take_rtc},
    {"-seed", M, "N", "seed of all randomness in the machine (from the host)", take_seed},
    {"-name", M, "TEXT", "accepted for scripts", take_ignored},
    {"-accel", M | COMMANDS_REPLAYING, "jit|interp|verify",
     "guest code is compiled, interpreted, or both and compared (jit)", take_accel},
    {"--softfloat", M | COMMANDS_REPLAYING, NULL, "compute floating point in software only",
     take_softfloat},
    {"-S", M, NULL, "wait for GDB before the first instruction", take_paused},
    {"-s", M, NULL, "the same as -gdb tcp::1234", take_gdb_default},
    {"-gdb", M, "tcp:[HOST]:PORT|unix:PATH", "serve GDB while running", take_gdb},
    {"-d", M | COMMAND_REPLAY, "ITEM,...", "log: ir, code (host), dev (guest errors)",
     take_debug_items},
    {"-D", M | COMMAND_REPLAY, "FILE", "where the log goes (stderr)", take_debug_file},
    {"-drive", M, "...", NULL, take_drive},
    {"-device", M, "...", NULL, take_device},
    {"-netdev", M, "...", NULL, take_netdev},
    {"--stats", M | COMMAND_REPLAY, "FILE.json", "write the run's figures as JSON", take_stats},
    {"--until", COMMAND_REPLAY, "TICK", "stop there", take_until},
    {"--no-verify", COMMAND_REPLAY, NULL, "do not compare witnesses", take_no_verify},
    {"--serial-out", COMMAND_REPLAY, "PATH", "console to a file instead of stdout",
     take_serial_out},
    {"--safe-console", COMMAND_REPLAY | COMMAND_DEBUG, NULL,
     "spell out what a terminal would obey in the console's output", take_safe_console},
    {"--at", COMMAND_DEBUG, "TICK|PCT%|end", "where to start (end)", take_at},
    {"--listen", COMMAND_DEBUG, "[HOST]:PORT|unix:PATH", "only serve GDB, do not start one",
     take_gdb},
    {"--gdb", COMMAND_DEBUG, "PATH", "which gdb (gdb-multiarch)", take_gdb_path},
    {"--phys", COMMAND_QUERY, NULL, "ADDR is physical", take_physical},
    {"--before", COMMAND_QUERY, "TICK|PCT%|end", "ask about the time before that (end)", take_at},
    {"--index-size", COMMAND_RECORD | COMMAND_DEBUG | COMMAND_QUERY | COMMAND_INDEX, "SIZE",
     "what FILE.idx may have when it is made (1G)", take_index_size},
    {"--no-index", COMMAND_RECORD | COMMAND_DEBUG | COMMAND_QUERY, NULL,
     "neither use nor make FILE.idx", take_no_index},
    {"--trust-index", COMMAND_DEBUG | COMMAND_QUERY | COMMAND_INDEX, NULL,
     "believe FILE.idx even if another user made it", take_trust_index},
    {"--symbols", COMMAND_DEBUG, "ELF", "symbols that the kernel image does not carry",
     take_symbols},
    {"--json", COMMAND_INFO | COMMAND_DIFF, NULL, "machine-readable", take_json},
    {"--allow-paths", COMMANDS_REPLAYING, NULL, "open what FILE names outside its folder",
     take_allow_paths},
    {"--no-sandbox", COMMANDS_ALL, NULL, "let the process do what its user may", take_no_sandbox},
    {"--help", COMMANDS_ALL, NULL, "this text", take_help},
    {"-h", COMMANDS_ALL, NULL, NULL, take_help},
};

static const struct option_entry *find_entry(enum command command, const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(entries); i++) {
        if ((entries[i].commands & command) && strcmp(entries[i].name, name) == 0) {
            return &entries[i];
        }
    }
    /* --serial and -serial are the same to people's fingers */
    if (name[0] == '-' && name[1] == '-' && name[2] && name[3]) {
        return find_entry(command, name + 1);
    }
    return NULL;
}

/* How many arguments at least. */
static int files_wanted(enum command command)
{
    switch (command) {
    case COMMAND_QUERY:
    case COMMAND_DIFF: return 2;
    case COMMAND_REPLAY:
    case COMMAND_DEBUG:
    case COMMAND_INDEX:
    case COMMAND_INFO: return 1;
    case COMMAND_RUN:
    case COMMAND_RECORD: break;
    }
    return 0;
}

static int take_file(struct options *o, const char *arg, struct error *e)
{
    int most = o->command == COMMAND_QUERY ? (int)ARRAY_LEN(o->files) : files_wanted(o->command);

    if (o->file_count == most) {
        return error_set(e, "'%s' is one argument too many; see --help", arg);
    }
    o->files[o->file_count++] = arg;
    return 0;
}

int options_parse(struct options *o, enum command command, int argc, char **argv, struct error *e)
{
    memset(o, 0, sizeof(*o));
    machine_config_init(&o->machine);
    o->command = command;
    o->sleep = true;
    o->index_bytes = GIB;
    o->machine.epoch_ns = UINT64_MAX; /* not given: the host's at the start */
    o->machine.seed = UINT64_MAX;
    for (int i = 1; i < argc; i++) {
        const struct option_entry *entry;
        const char *value = NULL;

        if (strcmp(argv[i], "--") == 0) {
            o->rest = argv + i + 1;
            o->rest_count = argc - i - 1;
            break;
        }
        if (argv[i][0] != '-') {
            if (take_file(o, argv[i], e) < 0) {
                return -1;
            }
            continue;
        }
        entry = find_entry(command, argv[i]);
        if (!entry) {
            return error_set(e, "'%s' is not an option of 'reprise %s'; see --help", argv[i],
                             argv[0]);
        }
        if (entry->argument) {
            if (i + 1 == argc) {
                return error_set(e, "'%s' wants an argument: %s", argv[i], entry->argument);
            }
            value = argv[++i];
        }
        if (entry->take(o, value, e) < 0) {
            return -1;
        }
    }
    if (!o->help && o->file_count < files_wanted(command)) {
        return error_set(e, "'reprise %s' wants %s; see --help", argv[0],
                         command == COMMAND_QUERY     ? "a recording and a question"
                         : files_wanted(command) == 2 ? "two recordings"
                                                      : "a recording");
    }
    return 0;
}

void options_fini(struct options *o)
{
    machine_config_fini(&o->machine);
}

static const struct {
    enum command command;
    const char *usage, *what;
} usages[] = {
    {COMMAND_RUN, "run MACHINE...", "runs a machine; nothing is written"},
    {COMMAND_RECORD, "record [-o FILE] MACHINE...",
     "runs a machine and records all that enters it"},
    {COMMAND_REPLAY, "replay FILE", "replays a recording and checks every witness"},
    {COMMAND_DEBUG, "debug FILE [-- GDB-ARGUMENTS]",
     "starts the replay with a gdb already attached, at the end"},
    {COMMAND_INFO, "info FILE", "says what is in a recording"},
    {COMMAND_INDEX, "index FILE",
     "replays FILE once and writes FILE.idx, by which 'reprise debug' goes anywhere at once"},
    {COMMAND_QUERY, "query FILE last-write ADDR[,LEN]",
     "says which step wrote there last, who it was, and both values"},
    {COMMAND_DIFF, "diff FILE FILE", "names the first tick and field that differ"},
};

void options_help(enum command command, struct text *out)
{
    for (size_t i = 0; i < ARRAY_LEN(usages); i++) {
        if (usages[i].command == command) {
            text_add(out, "usage: reprise %s\n%s\n\n", usages[i].usage, usages[i].what);
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(entries); i++) {
        char left[80];
        if (!(entries[i].commands & command) || !entries[i].help) {
            continue;
        }
        snprintf(left, sizeof left, "%s %s", entries[i].name,
                 entries[i].argument ? entries[i].argument : "");
        text_add(out, strlen(left) > 30 ? "  %s\n  %-30s  %s\n" : "  %s%-30s  %s\n",
                 strlen(left) > 30 ? left : "", strlen(left) > 30 ? "" : left, entries[i].help);
    }
}
