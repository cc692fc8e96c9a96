/* SPDX-License-Identifier: GPL-2.0-or-later
 * system_host: what reprise-system-ARCH says of what is around the machine: displays, networks, how the process
 * runs and how it ends.
 */
#include <stdio.h>
#include <stdlib.h>

#include "options/internal.h"

/* ---- displays, networks ----------------------------------------------------------------------- */

static int take_display(struct options *o, const char *v, struct error *e)
{
    if (strcmp(v, "help") == 0) {
        text_add(&o->list, "Available display backend types:\nnone\n");
        return 0;
    }
    o->no_display = strcmp(v, "none") == 0;
    return o->no_display ? 0
                         : error_set(e,
                                     "-display %.80s: there are no screens yet: say -display none, "
                                     "or -nographic for the console on the terminal",
                                     v);
}

static int take_nographic(struct options *o, const char *v, struct error *e)
{
    o->no_display = true;
    return options_take_as(o, "-nographic", v, e);
}

#define TAKE_NET(name)                                                                             \
    static int take_##name(struct options *o, const char *v, struct error *e)                      \
    {                                                                                              \
        o->nets_said = true;                                                                       \
        return options_take_as(o, "-" #name, v, e);                                                \
    }
TAKE_NET(netdev)
TAKE_NET(nic)
TAKE_NET(net)

/* Memory for the machine, and whatever else asks the host for something, is its own affair. */
static int take_object(struct options *o, const char *v, struct error *e)
{
    static const char *const host[] = {"memory-backend-ram", "memory-backend-file",
                                       "memory-backend-memfd", "main-loop", "throttle-group"};
    size_t length = strcspn(v, ",");

    for (size_t i = 0; i < ARRAY_LEN(host); i++) {
        if (strlen(host[i]) == length && memcmp(host[i], v, length) == 0) {
            return 0;
        }
    }
    return options_take_as(o, "-object", v, e);
}

static int take_pflash(struct options *o, const char *v, struct error *e)
{
    struct text drive = {0};

    text_add(&drive, "if=pflash,format=raw,file=");
    options_add_doubled(&drive, v);
    return options_take_drive(o, options_own(o, drive.data), e);
}

/* ---- the process ------------------------------------------------------------------------------ */

#define TAKE_FLAG(name, field)                                                                     \
    static int take_##name(struct options *o, const char *v, struct error *e)                      \
    {                                                                                              \
        (void)v;                                                                                   \
        (void)e;                                                                                   \
        o->field = true;                                                                           \
        return 0;                                                                                  \
    }
TAKE_FLAG(nodefaults, no_defaults)
TAKE_FLAG(no_shutdown, no_shutdown)
TAKE_FLAG(daemonize, daemonize)
TAKE_FLAG(help, help)

#define TAKE_STRING(name, field)                                                                   \
    static int take_##name(struct options *o, const char *v, struct error *e)                      \
    {                                                                                              \
        (void)e;                                                                                   \
        o->field = v;                                                                              \
        return 0;                                                                                  \
    }
TAKE_STRING(pidfile, pid_file)

static int take_version(struct options *o, const char *v, struct error *e)
{
    (void)v;
    (void)e;
    text_add(&o->list, "Reprise emulator version %s (%s)\n", REPRISE_VERSION, o->system);
    return 0;
}

static int take_uuid(struct options *o, const char *v, struct error *e)
{
    static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    bool is_good = strlen(v) == sizeof form - 1;

    for (size_t i = 0; is_good && v[i] != '\0'; i++) {
        is_good = form[i] == '-' ? v[i] == '-' : strchr("0123456789abcdefABCDEF", v[i]) != NULL;
    }
    o->uuid = v;
    return is_good ? 0 : error_set(e, "-uuid wants %s in hexadecimal digits, not '%.60s'", form, v);
}

/* What ends the process is what ends the machine. */
static int take_action_item(struct options *o, const char *key, const char *value, struct error *e)
{
    if (strcmp(key, "reboot") == 0) {
        o->machine.no_reboot = strcmp(value, "shutdown") == 0;
        return o->machine.no_reboot || strcmp(value, "reset") == 0
                   ? 0
                   : error_set(e, "-action reboot is reset or shutdown, not '%s'", value);
    }
    if (strcmp(key, "shutdown") == 0) {
        o->no_shutdown = strcmp(value, "pause") == 0;
        return o->no_shutdown || strcmp(value, "poweroff") == 0
                   ? 0
                   : error_set(e, "-action shutdown is poweroff or pause, not '%s'", value);
    }
    return strcmp(key, "panic") == 0 || strcmp(key, "watchdog") == 0
               ? 0
               : error_set(e, "-action has no '%s'", key);
}

static int take_action(struct options *o, const char *v, struct error *e)
{
    int result = 0;

    while (v != NULL && result == 0) {
        char *key, *value;

        options_take_item(&v, &key, &value);
        result = value != NULL ? take_action_item(o, key, value, e)
                               : error_set(e, "-action: '%s' wants a value", key);
        free(key);
        free(value);
    }
    return result;
}

/* The reference's names of logs, by what is nearest here. */
static const struct {
    const char *name, *ours; /* NULL: there is none */
} logs[] = {{"in_asm", "ir"},        {"op", "ir"},     {"op_opt", "ir"}, {"out_asm", "code"},
            {"guest_errors", "dev"}, {"unimp", "dev"}, {"ir", "ir"},     {"code", "code"},
            {"dev", "dev"}};

static int take_log_item(struct text *out, const char *item, struct error *e)
{
    for (size_t i = 0; i < ARRAY_LEN(logs); i++) {
        if (strcmp(logs[i].name, item) == 0) {
            text_add(out, "%s%s", out->length != 0 ? "," : "", logs[i].ours);
            return 0;
        }
    }
    if (strncmp(item, "trace:", 6) == 0 || strcmp(item, "nochain") == 0) {
        return 0;
    }
    return error_set(e,
                     "-d %.40s: there is no such log; there are in_asm, op, out_asm, guest_errors "
                     "and unimp, and a recording can be asked for all else ('reprise debug')",
                     item);
}

static int take_log(struct options *o, const char *v, struct error *e)
{
    char *items = base_strdup(v), *save = NULL;
    struct text ours = {0};
    int result = 0;

    if (strcmp(v, "help") == 0) {
        text_add(&o->list, "Log items (comma separated):\n");
        for (size_t i = 0; i < ARRAY_LEN(logs); i++) {
            text_add(&o->list, "%-15s %s\n", logs[i].name,
                     strcmp(logs[i].ours, "dev") == 0  ? "what devices refuse"
                     : strcmp(logs[i].ours, "ir") == 0 ? "each block that is translated"
                                                       : "the host code of each");
        }
    }
    for (char *item = strtok_r(items, ",", &save);
         item != NULL && result == 0 && strcmp(v, "help") != 0; item = strtok_r(NULL, ",", &save)) {
        result = take_log_item(&ours, item, e);
    }
    free(items);
    if (result == 0 && ours.length != 0) {
        o->debug_items = options_own(o, ours.data);
    } else {
        text_fini(&ours);
    }
    return result;
}

static const struct option_entry entries[] = {
    {"-display", 0, "none", "there are no screens yet", take_display},
    {"-nographic", 0, NULL, "console on the terminal; Ctrl-A x quits, Ctrl-A h helps",
     take_nographic},
    {"-netdev", 0, "user|socket|stream|dgram|tap|none,id=ID[,...]",
     "a network for a card to be on; help lists the kinds", take_netdev},
    {"-nic", 0, "KIND|none[,model=MODEL][,mac=MAC][,...]", "a network and a card on it", take_nic},
    {"-net", 0, "none|nic|KIND[,...]", "the older way to say so", take_net},
    {"-object", 0, "filter-dump|filter-replay|rng-random|...,id=ID[,...]",
     "what is beside devices; of most nothing depends here", take_object},
    {"-pflash", 0, "FILE", "the same as -drive if=pflash,format=raw,file=FILE", take_pflash},
    {"-hdb", 0, "FILE", "another -hda", options_take_hda},
    {"-hdc", 0, "FILE", "another", options_take_hda},
    {"-hdd", 0, "FILE", "another", options_take_hda},
    {"-nodefaults", 0, NULL, "nothing but what is asked for", take_nodefaults},
    {"-no-shutdown", 0, NULL, "the machine stops and stays when the guest powers off",
     take_no_shutdown},
    {"-action", 0, "reboot=reset|shutdown,shutdown=poweroff|pause", "what the guest's wishes do",
     take_action},
    {"-daemonize", 0, NULL, "go to the background when the machine is ready", take_daemonize},
    {"-pidfile", 0, "FILE", "the process's number goes there", take_pidfile},
    {"-uuid", 0, "UUID", "what monitors say of its identity", take_uuid},
    {"-d", 0, "ITEM,...|help", "log: in_asm, op, out_asm, guest_errors, unimp", take_log},
    {"-version", 0, NULL, "says which version this is", take_version},
    {"-help", 0, NULL, "this text", take_help},
    {"-h", 0, NULL, NULL, take_help},
};
const struct option_group options_of_system_host = {entries, ARRAY_LEN(entries)};
