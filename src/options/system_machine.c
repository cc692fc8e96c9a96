/* SPDX-License-Identifier: GPL-2.0-or-later
 * system_machine: what reprise-system-ARCH says of the machine itself, in the reference's words: -machine with
 * its properties, -accel, -cpu, -smp, -m, -bios.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "board/board.h"
#include "isa/isa.h"
#include "options/internal.h"

static bool is_help(const char *v)
{
    return strcmp(v, "help") == 0 || strcmp(v, "?") == 0;
}

/* ---- -accel ----------------------------------------------------------------------------------- */

static int take_accelerator(struct options *o, const char *name, struct error *e)
{
    static const char *const ours[] = {"jit", "interp", "verify"};

    for (size_t i = 0; i < ARRAY_LEN(ours); i++) {
        if (strcmp(ours[i], name) == 0) {
            return options_take_as(o, "-accel", ours[i], e); /* it is kept, and `name` is not */
        }
    }
    return strcmp(name, "tcg") == 0
               ? 0
               : error_set(e, "-accel %.40s: what is recorded has to be emulated: say -accel tcg",
                           name);
}

/* `kvm:tcg` takes the first that there is. */
static int take_accelerators(struct options *o, const char *list, struct error *e)
{
    char *names = base_strdup(list), *save = NULL;
    int result = error_set(e, "-accel wants a name, as tcg is");

    for (char *name = strtok_r(names, ":", &save); name != NULL && result < 0;
         name = strtok_r(NULL, ":", &save)) {
        result = take_accelerator(o, name, e);
    }
    free(names);
    return result;
}

static int take_accel(struct options *o, const char *v, struct error *e)
{
    char *key, *value;
    int result;

    if (is_help(v)) {
        text_add(&o->list, "Accelerators supported by %s:\ntcg\njit\ninterp\nverify\n", o->system);
        return 0;
    }
    options_take_item(&v, &key, &value); /* of the rest nothing depends: thread=, tb-size= ... */
    result = take_accelerators(o, value != NULL && strcmp(key, "accel") == 0 ? value : key, e);
    free(key);
    free(value);
    return result;
}

/* ---- -machine --------------------------------------------------------------------------------- */

static void list_boards(struct options *o)
{
    text_add(&o->list, "Supported machines are:\n");
    for (size_t i = 0; i < board_registry_count; i++) {
        if (strcmp(board_registry[i].arch, o->machine.arch) == 0) {
            text_add(&o->list, "%-20s %s%s\n", board_registry[i].name, board_registry[i].summary,
                     strcmp(board_registry[i].name, "virt") == 0 ? " (default)" : "");
        }
    }
}

/* `virt-9.2` is `virt`: there is one version of it. */
static int take_board_name(struct options *o, const char *name, struct error *e)
{
    const char *version = strrchr(name, '-');
    char text[32];

    if (is_help(name)) {
        list_boards(o);
        return 0;
    }
    snprintf(text, sizeof text, "%s", name);
    if (version != NULL && (size_t)(version - name) < sizeof text && version[1] != '\0' &&
        strspn(version + 1, "0123456789.") == strlen(version + 1)) {
        text[version - name] = '\0';
    }
    if (board_by_name(o->machine.arch, text) == NULL && strcmp(text, "none") != 0) {
        return error_set(
            e, "-machine: there is no \"%.40s\" here; -machine help lists what there is", name);
    }
    return options_copy_text(o->machine.board, sizeof o->machine.board, "-machine", text, e);
}

static bool is_among(const char *const *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

/* What says nothing of a machine that is emulated, or says what is so anyway. */
static bool is_passed_over(const char *key, const char *value)
{
    static const char *const keys[] = {
        "dump-guest-core",          "mem-merge",      "kernel-irqchip",
        "kernel_irqchip",           "kvm-shadow-mem", "suppress-vmdesc",
        "memory-backend",           "graphics",       "phandle-start",
        "default-bus-bypass-iommu", "x-oem-id",       "x-oem-table-id"};
    static const char *const offs[] = {"usb",
                                       "hmat",
                                       "nvdimm",
                                       "acpi",
                                       "igd-passthru",
                                       "aclint",
                                       "ras",
                                       "mte",
                                       "confidential-guest-support",
                                       "memory-encryption"};
    static const char *const nones[] = {"aia", "iommu"};

    return is_among(keys, ARRAY_LEN(keys), key) ||
           (is_among(offs, ARRAY_LEN(offs), key) &&
            (strcmp(value, "off") == 0 || strcmp(key, "acpi") == 0)) ||
           (is_among(nones, ARRAY_LEN(nones), key) && strcmp(value, "none") == 0);
}

/* Those that are options, too; NULL: it is none of them. */
static const char *option_of(const char *key)
{
    static const struct {
        const char *key, *option;
    } same[] = {{"kernel", "-kernel"}, {"initrd", "-initrd"}, {"append", "-append"},
                {"dtb", "-dtb"},       {"firmware", "-bios"}, {"memory", "-m"},
                {"memory.size", "-m"}};

    for (size_t i = 0; i < ARRAY_LEN(same); i++) {
        if (strcmp(same[i].key, key) == 0) {
            return same[i].option;
        }
    }
    return NULL;
}

static const char *as_switch(const char *value)
{
    static const char *const on[] = {"on", "yes", "true", "y"};
    static const char *const off[] = {"off", "no", "false", "n"};

    return is_among(on, ARRAY_LEN(on), value)     ? "on"
           : is_among(off, ARRAY_LEN(off), value) ? "off"
                                                  : value;
}

static int take_machine_property(struct options *o, const char *key, const char *value,
                                 struct error *e)
{
    if (strcmp(key, "type") == 0) {
        return take_board_name(o, value, e);
    }
    if (strcmp(key, "accel") == 0) {
        return take_accelerators(o, value, e);
    }
    if (option_of(key) != NULL) {
        return options_take_as(o, option_of(key), value, e);
    }
    value = as_switch(value);
    if (is_passed_over(key, value)) {
        return 0;
    }
    if (strlen(value) > 63) {
        return error_set(e, "-machine %.40s= is longer than what any property is", key);
    }
    return options_set_board_property(o, key, value, e);
}

static int take_machine(struct options *o, const char *v, struct error *e)
{
    bool is_first = true;
    int result = 0;

    while (v != NULL && result == 0) {
        char *key, *value;

        options_take_item(&v, &key, &value);
        if (is_help(key) && value == NULL && !is_first) {
            result = error_set(e, "-machine: docs/arm.md lists the properties of Arm's boards; "
                                  "RISC-V's have none");
        } else if (value == NULL && is_first) {
            result = take_board_name(o, key, e);
        } else {
            result = take_machine_property(o, key, value != NULL ? value : "on", e);
        }
        is_first = false;
        free(key);
        free(value);
    }
    return result;
}

/* ---- -cpu, -smp, -m --------------------------------------------------------------------------- */

static int take_cpu(struct options *o, const char *v, struct error *e)
{
    const struct isa *isa = isa_by_name(o->machine.arch);

    if (!is_help(v)) {
        return options_copy_text(o->machine.cpu, sizeof o->machine.cpu, "-cpu", v, e);
    }
    text_add(&o->list, "Available CPUs:\n");
    for (const char *const *name = isa->cpus; *name != NULL; name++) {
        text_add(&o->list, "  %s\n", *name);
    }
    return 0;
}

/* -smp's numbers; 0: not said. */
struct topology {
    uint64_t cpus, most, product;
};

static int take_smp_item(struct topology *t, const char *key, const char *value, struct error *e)
{
    static const char *const levels[] = {"drawers",  "books",   "sockets", "dies",
                                         "clusters", "modules", "cores",   "threads"};
    uint64_t n = 0;

    if (options_parse_range("-smp", value != NULL ? value : key, 1, 4096, &n, e) < 0) {
        return -1;
    }
    if (value == NULL || strcmp(key, "cpus") == 0) {
        t->cpus = n;
    } else if (strcmp(key, "maxcpus") == 0) {
        t->most = n;
    } else if (is_among(levels, ARRAY_LEN(levels), key)) {
        t->product = (t->product != 0 ? t->product : 1) * n;
        return t->product <= 4096 ? 0 : error_set(e, "-smp: that makes more than 4096 CPUs");
    } else {
        return error_set(e, "-smp has no '%s'", key);
    }
    return 0;
}

/* What is not said of the number of CPUs follows from what is. */
static int take_smp(struct options *o, const char *v, struct error *e)
{
    struct topology t = {0};
    int result = 0;

    while (v != NULL && result == 0) {
        char *key, *value;

        options_take_item(&v, &key, &value);
        result = take_smp_item(&t, key, value, e);
        free(key);
        free(value);
    }
    if (result < 0) {
        return -1;
    }
    if (t.cpus == 0) {
        t.cpus = t.product != 0 ? t.product : t.most != 0 ? t.most : 1;
    }
    if (t.most != 0 && t.most < t.cpus) {
        return error_set(e, "-smp: maxcpus=%llu is less than cpus=%llu", (unsigned long long)t.most,
                         (unsigned long long)t.cpus);
    }
    if (t.product > t.cpus && t.product != t.most) {
        return error_set(
            e, "-smp: sockets, cores and threads make %llu CPUs, and there are to be %llu",
            (unsigned long long)t.product, (unsigned long long)t.cpus);
    }
    if (t.cpus > MACHINE_HARTS_MAX) {
        return error_set(e, "-smp %llu: a machine has up to %d CPUs here",
                         (unsigned long long)t.cpus, MACHINE_HARTS_MAX);
    }
    o->machine.hart_count = (uint32_t)t.cpus;
    return 0;
}

/* Memory is never plugged in: of slots= and maxmem= nothing depends. */
static int take_memory(struct options *o, const char *v, struct error *e)
{
    int result = 0;

    while (v != NULL && result == 0) {
        char *key, *value;

        options_take_item(&v, &key, &value);
        if (value == NULL || strcmp(key, "size") == 0) {
            result = options_take_as(o, "-m", value != NULL ? value : key, e);
        } else if (strcmp(key, "slots") != 0 && strcmp(key, "maxmem") != 0) {
            result = error_set(e, "-m has no '%s'", key);
        }
        free(key);
        free(value);
    }
    return result;
}

/* ---- -bios, -L -------------------------------------------------------------------------------- */

static int take_folder(struct options *o, const char *v, struct error *e)
{
    if (is_help(v)) {
        text_add(&o->list, "/usr/share/qemu\n/usr/share/seabios\n");
        return 0;
    }
    if (o->folder_count == ARRAY_LEN(o->folders)) {
        return error_set(e, "-L: more than %zu folders", ARRAY_LEN(o->folders));
    }
    o->folders[o->folder_count++] = v;
    return 0;
}

static const char *find_in(struct options *o, const char *folder, const char *name)
{
    struct text path = {0};

    text_add(&path, "%s/%s", folder, name);
    if (access(path.data, R_OK) == 0) {
        return options_own(o, path.data);
    }
    text_fini(&path);
    return NULL;
}

/* A name without a folder is looked for where firmware lies, too. */
static int take_bios(struct options *o, const char *v, struct error *e)
{
    const char *found = NULL;

    if (strchr(v, '/') == NULL && access(v, R_OK) != 0 && strcmp(v, "none") != 0 &&
        strcmp(v, "default") != 0) {
        for (uint32_t i = 0; i < o->folder_count && found == NULL; i++) {
            found = find_in(o, o->folders[i], v);
        }
        found = found != NULL ? found : find_in(o, "/usr/share/qemu", v);
    }
    return options_take_as(o, "-bios", found != NULL ? found : v, e);
}

static const struct option_entry entries[] = {
    {"-machine", 0, "BOARD[,PROPERTY=VALUE...]|help", "the board, its properties, accel=tcg",
     take_machine},
    {"-M", 0, "BOARD[,PROPERTY=VALUE...]|help", "the same", take_machine},
    {"-accel", 0, "tcg|jit|interp|verify", "guest code is compiled (tcg, jit), or interpreted",
     take_accel},
    {"-cpu", 0, "MODEL[,EXT=on|off...]|help", "processor and its extensions", take_cpu},
    {"-smp", 0, "[cpus=]N[,sockets=N][,cores=N]", "harts, 1 to 8 (1); maxcpus=, threads= ...",
     take_smp},
    {"-m", 0, "[size=]SIZE", "memory, in MiB or with a unit K, M, G (128M)", take_memory},
    {"-bios", 0, "FILE|none|default", "firmware (OpenSBI's fw_dynamic of the system)", take_bios},
    {"-L", 0, "FOLDER", "where -bios is looked for, too", take_folder},
    {"-icount", 0, "shift=N|auto[,sleep=][,align=][,rr=record|replay,rrfile=FILE]",
     "the virtual clock; record to FILE, or replay it; rrsnapshot=NAME", options_take_icount},
    {"-readconfig", 0, "FILE", "options from a file", options_take_readconfig},
};
const struct option_group options_of_system_machine = {entries, ARRAY_LEN(entries)};
