/* SPDX-License-Identifier: GPL-2.0-or-later
 * bus: how devices that a user asks for get into a machine. A *model* is what `-device NAME` names: the
 * bus that it sits on, its properties, and how it is built. A *bus* is a place that takes models of one
 * kind; boards offer some, and models may offer more (bridges, transports of virtio). A thing of class
 * `device` in a configuration is plugged into a bus while the machine is built.
 * None of this is state, and nothing of it is there any more when the machine runs.
 */
#ifndef BUS_BUS_H
#define BUS_BUS_H

#include "machine/build.h"

/* ---- models ---- */

enum bus_kind { BUS_SYSTEM, BUS_PCI, BUS_VIRTIO, BUS_SCSI, BUS_VIRTIO_SERIAL, BUS_NVME, BUS_KINDS };
const char *bus_kind_name(enum bus_kind kind); /* "PCI", "virtio-bus" */

enum model_value {
    MODEL_FLAG,   /* on, off */
    MODEL_NUMBER, /* decimal, 0x hexadecimal */
    MODEL_SIZE,   /* bytes, or with a unit K, M, G, T */
    MODEL_TEXT,
    MODEL_CHOICE, /* one of `choices` */
    MODEL_MAC     /* six bytes, 52:54:00:12:34:56 */
};
struct model_property {
    const char *name;
    enum model_value value;
    uint64_t number;   /* of a flag, number or size where it is not given */
    const char *text;  /* of the others; NULL: none. Of a number: what `help` says instead of it */
    uint64_t min, max; /* of a number or size; max 0: no bound. Bytes of a text, max 0: any */
    const char *choices; /* "auto|on|off" */
    const char *help;    /* one line; NULL: the property is there, but is not listed */
};

enum model_category {
    CATEGORY_BRIDGE,
    CATEGORY_STORAGE,
    CATEGORY_NETWORK,
    CATEGORY_INPUT,
    CATEGORY_DISPLAY,
    CATEGORY_MISC,
    CATEGORY_COUNT
};

struct plug;
/* A property of this name is a file: it becomes that of the thing, and empty means none. */
#define MODEL_FILE     "romfile"
#define MODEL_FILE_MAX (64 * MIB)
struct model {
    const char *name;  /* as `-device` has it */
    const char *alias; /* another name for it; NULL: none */
    enum bus_kind bus; /* what it sits on */
    enum model_category category;
    const char *summary; /* one line */
    const struct model_property *properties;
    size_t property_count;
    /* Adds the device, and what else belongs to it, to the machine. -1 and a sentence. */
    int (*build)(struct plug *p, struct error *e);
};
/* A table of models; the last entry is NULL. */
typedef const struct model *const *model_table;

/* By name or alias; NULL: there is none. */
const struct model *model_find(model_table models, const char *name);
bool model_takes_file(const struct model *m);
/* The thing of class `device` for `-device NAME`: no properties yet. */
#define MODEL_CLASS "device"
/* Sets a property as it is written on a command line: `id`, `bus` and what the model has. -1 and a
 * sentence: it has no such property, or the value is none for it. */
int model_set(const struct model *m, struct machine_thing *t, const char *name, const char *value,
              struct error *e);
/* What a configuration says of a device, wherever it comes from: the model is there, and its properties
 * have good values. -1 and a sentence. */
int model_check(model_table models, const struct machine_thing *t, struct error *e);
/* `-device help`, `-device NAME,help`. */
void model_list(model_table models, struct text *out);
void model_help(const struct model *m, struct text *out);

/* ---- buses ---- */

struct bus {
    char name[MACHINE_NAME_MAX]; /* "pcie.0", or the id of the device that it belongs to */
    enum bus_kind kind;
    unsigned room; /* how many devices it still takes */
    void *own;     /* the kind's */
};
/* Those of a machine that is being built. */
struct buses {
    struct machine *machine;
    const struct machine_config *config;
    VEC(struct bus *) list; /* in the order in which they were added */
};
void buses_init(struct buses *b, struct machine *m, const struct machine_config *c);
void buses_fini(struct buses *b);
/* It lasts until buses_fini(). NULL and a sentence: that name is taken. */
struct bus *buses_add(struct buses *b, enum bus_kind kind, const char *name, unsigned room,
                      void *own, struct error *e);

/* Whether the configuration plugs something into a bus of this kind. Boards whose machines must go on as
 * they were, when nothing does, add the bus only then. */
bool buses_want(const struct machine_config *c, model_table models, enum bus_kind kind);
/* Builds all devices of the configuration, in its order. -1 and a sentence that names the device. */
int buses_plug(struct buses *b, model_table models, struct error *e);

/* ---- one device, while it is built ---- */

struct plug {
    const struct model *model;
    const struct machine_thing *thing;
    struct machine *machine;
    const struct machine_config *config;
    struct bus *bus;             /* where it goes, with room for it */
    struct buses *buses;         /* to add one's own, named plug->name */
    char name[MACHINE_NAME_MAX]; /* for the device: its id */
};
/* What was said, or the property's default; the model has it. */
uint64_t plug_number(const struct plug *p, const char *name);
bool plug_flag(const struct plug *p, const char *name);
const char *plug_text(const struct plug *p, const char *name); /* NULL: none */
bool plug_has(const struct plug *p, const char *name);         /* it was said */
/* The bytes of a MODEL_MAC; false if there is none. */
bool plug_mac(const struct plug *p, const char *name, uint8_t out[6]);

#endif
