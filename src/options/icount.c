/* SPDX-License-Identifier: GPL-2.0-or-later
 * icount: -icount: how the virtual clock runs; of reprise-system-ARCH, what is recorded or replayed, too.
 */
#include <stdlib.h>

#include "options/internal.h"

/* What shift=auto begins with. */
#define SHIFT_FIRST 3

static int take_shift(struct options *o, const char *value, struct error *e)
{
    uint64_t n = 0;

    o->shift_auto = strcmp(value, "auto") == 0;
    if (o->shift_auto) {
        o->machine.shift = SHIFT_FIRST;
        return 0;
    }
    if (options_parse_number("-icount shift", value, 10, &n, e) < 0) {
        return -1;
    }
    o->machine.shift = n;
    return 0;
}

static int take_switch(bool *to, const char *key, const char *value, struct error *e)
{
    if (strcmp(value, "on") != 0 && strcmp(value, "off") != 0) {
        return error_set(e, "-icount %s wants on or off, not '%s'", key, value);
    }
    *to = strcmp(value, "on") == 0;
    return 0;
}

static int take_rr(struct options *o, const char *value, struct error *e)
{
    o->rr = strcmp(value, "record") == 0   ? OPTIONS_RR_RECORD
            : strcmp(value, "replay") == 0 ? OPTIONS_RR_REPLAY
                                           : OPTIONS_RR_NONE;
    return o->rr != OPTIONS_RR_NONE ? 0
                                    : error_set(e, "-icount rr=%s: rr is record or replay", value);
}

static int take_item(struct options *o, const char *key, char **value, struct error *e)
{
    if (strcmp(key, "shift") == 0) {
        return take_shift(o, *value, e);
    }
    if (strcmp(key, "sleep") == 0) {
        return take_switch(&o->sleep, key, *value, e);
    }
    if (strcmp(key, "align") == 0) {
        return take_switch(&o->align, key, *value, e);
    }
    if (o->system == NULL) {
        return error_set(e,
                         "-icount has no '%s' here; 'reprise record' records and 'reprise replay' "
                         "replays",
                         key);
    }
    if (strcmp(key, "rr") == 0) {
        return take_rr(o, *value, e);
    }
    if (strcmp(key, "rrfile") == 0 || strcmp(key, "rrsnapshot") == 0) {
        const char **to = key[2] == 'f' ? &o->rr_file : &o->rr_snapshot;

        if (**value == '\0') {
            return error_set(e, "-icount %s= wants a name", key);
        }
        *to = options_own(o, *value);
        *value = NULL;
        return 0;
    }
    return error_set(e, "-icount has no '%s'", key);
}

int options_take_icount(struct options *o, const char *v, struct error *e)
{
    bool is_first = true;
    int result = 0;

    while (v != NULL && result == 0) {
        char *key, *value;

        options_take_item(&v, &key, &value);
        if (value == NULL && is_first) {
            result = take_shift(o, key, e);
        } else if (value == NULL) {
            result = error_set(e, "-icount: '%s' wants a value", key);
        } else {
            result = take_item(o, key, &value, e);
        }
        is_first = false;
        free(key);
        free(value);
    }
    if (result < 0) {
        return -1;
    }
    if (o->align && (!o->sleep || o->shift_auto)) {
        return error_set(e, "-icount: align=on goes with neither sleep=off nor shift=auto");
    }
    return o->shift_auto && !o->sleep
               ? error_set(e, "-icount: shift=auto follows real time, which sleep=off leaves")
               : 0;
}
