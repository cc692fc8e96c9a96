/* SPDX-License-Identifier: GPL-2.0-or-later
 * things: what a machine's configuration lists one by one, each {class, id, properties, file}: a device
 * that was asked for, a disk, a network card and what is behind it. Which classes there are, with which
 * properties, is said by whoever builds machines of them; what a list says is checked against that before
 * anything is built. And what of this program a recorded machine was made of.
 */
#ifndef MACHINE_THINGS_H
#define MACHINE_THINGS_H

#include "base/base.h"

#define MACHINE_THINGS_MAX     64
#define MACHINE_PROPERTIES_MAX 32   /* of one thing */
#define MACHINE_NAME_MAX       32   /* of a class, an id or a property, with the zero at its end */
#define MACHINE_TEXT_MAX       4096 /* bytes of a text, with the zero at its end */

/* What was read of a file that is read in part, where it is kept with others: 64 KiB of what is on it, by their
 * number, from any thread. -1 and a sentence: they are not there, or cannot be read. */
struct machine_pieces {
    int (*read)(void *opaque, uint64_t number, void *bytes, struct error *e);
    void *opaque;
};

/* A file that is part of the machine. One that is read in part is so when its bytes are needed, for what is
 * on it (a disk's content), and only what was read is known, by hash (struct inlet). */
struct machine_image {
    char *name;   /* as the user wrote it; NULL: not given */
    bool in_part; /* then it has no bytes and no hash here */
    const struct machine_pieces
        *pieces;                 /* borrowed, of one in part; NULL: the file of its name is read */
    uint8_t *data;               /* owned, or held with others by `shared`; NULL while only named */
    struct shared_bytes *shared; /* NULL: alone */
    uint64_t size;               /* bytes */
    uint64_t hash;               /* hash_bytes(data, size, 0) */
};

enum property_kind { PROPERTY_NUMBER, PROPERTY_TEXT, PROPERTY_FLAG, PROPERTY_KIND_COUNT };
const char *property_kind_name(enum property_kind kind); /* "number" */

struct machine_property {
    char name[MACHINE_NAME_MAX];
    enum property_kind kind;
    uint64_t number; /* a flag's is 0 or 1 */
    char *text;      /* owned; NULL but for a text */
};

struct machine_thing {
    char class[MACHINE_NAME_MAX];
    char id
        [MACHINE_NAME_MAX]; /* unique among those of its class; may be empty where a class says so */
    VEC(struct machine_property) properties;
    struct machine_image file; /* name NULL: it has none */
};

/* Names are of lower-case letters, digits, '-', '_' and '.', and not empty. */
bool thing_name_is_good(const char *name);
/* Ids have upper-case letters as well. */
bool thing_id_is_good(const char *id);
/* Replaces one of that name. */
void thing_set_number(struct machine_thing *t, const char *name, uint64_t number);
void thing_set_flag(struct machine_thing *t, const char *name, bool flag);
void thing_set_text(struct machine_thing *t, const char *name, const char *text);
const struct machine_property *thing_find(const struct machine_thing *t, const char *name);
/* `otherwise` where it has no such property. */
uint64_t thing_number(const struct machine_thing *t, const char *name, uint64_t otherwise);
const char *thing_text(const struct machine_thing *t, const char *name, const char *otherwise);
void thing_fini(struct machine_thing *t); /* its file's bytes, too */

/* ---- which things there may be ---- */

struct property_rule {
    const char *name;
    enum property_kind kind;
    bool required;
    uint64_t min, max; /* of a number; bytes of a text, max 0: MACHINE_TEXT_MAX - 1 */
};
enum thing_file { THING_HAS_NO_FILE, THING_MAY_HAVE_FILE, THING_HAS_FILE };
struct thing_class {
    const char *name;
    const struct property_rule *rules;
    size_t rule_count;
    enum thing_file file;
    /* Instead of the rules, where those depend on what is said; NULL: the rules. */
    int (*check)(const struct machine_thing *t, struct error *e);
};
/* -1 and a sentence that names thing and property: unknown, twice, of another kind, out of bounds,
 * missing; or a file that it must, or must not, have. */
int thing_check(const struct machine_thing *t, const struct thing_class *class, struct error *e);
/* All of a list; also that no id is there twice in a class. */
int things_check(const struct machine_thing *things, size_t count,
                 const struct thing_class *const *classes, size_t class_count, struct error *e);

/* ---- what a machine is made of ---- */

/* The instruction set, the board and each class of device have a number that is raised whenever some
 * recording with them would be replayed to another state than it was recorded to; and so has what they
 * share (MACHINE_BEHAVIOUR). A recording is refused only if something that it uses has another one. */
struct machine_use {
    char kind[MACHINE_NAME_MAX]; /* "machine", "isa", "board", "device" */
    char name[MACHINE_NAME_MAX];
    uint32_t behaviour;
};
#define MACHINE_USES_MAX 80
struct machine_uses {
    uint32_t everything; /* format 1: one number for all that it uses; 0: see the list */
    uint32_t count;
    struct machine_use list[MACHINE_USES_MAX];
};
const struct machine_use *uses_find(const struct machine_uses *u, const char *kind,
                                    const char *name);
/* Once only. */
void uses_add(struct machine_uses *u, const char *kind, const char *name, uint32_t behaviour);
/* What was recorded (nothing of this kind: then all is well) does not speak against it. -1 and a
 * sentence. */
int uses_check(const struct machine_uses *recorded, const char *kind, const char *name,
               uint32_t behaviour, struct error *e);
/* All that was recorded, but for boards, is used. */
int uses_check_all(const struct machine_uses *recorded, const struct machine_uses *used,
                   struct error *e);

#endif
