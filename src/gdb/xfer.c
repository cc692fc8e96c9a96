/* SPDX-License-Identifier: GPL-2.0-or-later
 * xfer: the documents that a client reads in pieces: target description, memory map, threads.
 * After "Target Descriptions", "Memory Map Format" and "Thread List Format" of the GDB manual.
 */
#include "gdb/internal.h"

/* "offset,length" of the document, as l or m. */
static void answer_piece(struct gdb_session *s, struct gdb_args *a, const struct text *document)
{
    uint64_t offset, length;

    if (!gdb_take_hex(a, &offset) || !gdb_take(a, ',') || !gdb_take_hex(a, &length) ||
        gdb_left(a) != 0 || offset > document->length) {
        gdb_refuse(s, "Malformed qXfer packet.");
        return;
    }
    if (length > GDB_PACKET_MAX / 2 - 8) { /* all of it may need escaping */
        length = GDB_PACKET_MAX / 2 - 8;
    }
    if (length >= document->length - offset) {
        length = document->length - offset;
        text_add(&s->out, "l");
    } else {
        text_add(&s->out, "m");
    }
    text_add_bytes(&s->out, document->data + offset, length);
}

static void add_xml(struct text *out, const char *words)
{
    for (; *words != '\0'; words++) {
        switch (*words) {
        case '<': text_add(out, "&lt;"); break;
        case '>': text_add(out, "&gt;"); break;
        case '&': text_add(out, "&amp;"); break;
        case '"': text_add(out, "&quot;"); break;
        default: text_add_bytes(out, words, 1); break;
        }
    }
}

static void add_attribute(struct text *out, const char *name, const char *value)
{
    text_add(out, " %s=\"", name);
    add_xml(out, value);
    text_add(out, "\"");
}

/* ---- features ---- */

static bool is_first_of_feature(const struct gdb_session *s, size_t i)
{
    for (size_t k = 0; k < i; k++) {
        if (strcmp(s->registers[k].description->feature, s->registers[i].description->feature) ==
            0) {
            return false;
        }
    }
    return true;
}

/* A client that takes the guest for a Linux process would step by breakpoints where it thinks the
 * next instruction is, and miss every trap: there is no operating system between it and the machine. */
static void make_target(const struct gdb_session *s, struct text *out)
{
    text_add(out, "<?xml version=\"1.0\"?>\n<!DOCTYPE target SYSTEM \"gdb-target.dtd\">\n"
                  "<target version=\"1.0\">\n  <architecture>");
    add_xml(out, machine_isa(s->machine)->gdb.name);
    text_add(out, "</architecture>\n  <osabi>none</osabi>\n");
    for (size_t i = 0; i < s->register_count; i++) {
        if (is_first_of_feature(s, i)) {
            text_add(out, "  <xi:include href=\"%s.xml\"/>\n",
                     s->registers[i].description->feature);
        }
    }
    text_add(out, "</target>\n");
}

static void add_register(struct text *out, const struct isa_register *r)
{
    text_add(out, "  <reg");
    add_attribute(out, "name", r->name);
    text_add(out, " bitsize=\"%u\" regnum=\"%u\"", r->bits, r->number);
    add_attribute(out, "type", r->type);
    if (r->group != NULL) {
        add_attribute(out, "group", r->group);
    }
    if (!gdb_register_is_saved(r)) {
        add_attribute(out, "save-restore", "no");
    }
    text_add(out, "/>\n");
}

/* False if no register belongs to it. */
static bool make_feature(const struct gdb_session *s, const char *name, struct text *out)
{
    const char *(*types)(const char *) = machine_isa(s->machine)->gdb.types;
    const char *definitions = types != NULL ? types(name) : NULL;
    bool any = false;

    text_add(out,
             "<?xml version=\"1.0\"?>\n<!DOCTYPE feature SYSTEM \"gdb-target.dtd\">\n<feature");
    add_attribute(out, "name", name);
    text_add(out, ">\n%s", definitions != NULL ? definitions : "");
    for (size_t i = 0; i < s->register_count; i++) {
        const struct isa_register *r = s->registers[i].description;

        if (strcmp(r->feature, name) == 0) {
            add_register(out, r);
            any = true;
        }
    }
    text_add(out, "</feature>\n");
    return any;
}

/* Takes "NAME:"; false if there is none or it is too long. */
static bool take_annex(struct gdb_args *a, char *out, size_t room)
{
    const uint8_t *colon = gdb_left(a) != 0 ? memchr(a->at, ':', gdb_left(a)) : NULL;
    size_t n;

    if (colon == NULL || (n = (size_t)(colon - a->at)) >= room || memchr(a->at, 0, n) != NULL) {
        return false;
    }
    memcpy(out, a->at, n);
    out[n] = '\0';
    a->at = colon + 1;
    return true;
}

void gdb_q_xfer_features(struct gdb_session *s, struct gdb_args *a)
{
    struct text document = {0};
    bool found = false;
    char annex[128];

    if (take_annex(a, annex, sizeof annex)) {
        size_t n = strlen(annex);

        if (strcmp(annex, "target.xml") == 0) {
            make_target(s, &document);
            found = true;
        } else if (n > 4 && strcmp(annex + n - 4, ".xml") == 0) {
            annex[n - 4] = '\0';
            found = make_feature(s, annex, &document);
        }
    }
    if (found) {
        answer_piece(s, a, &document);
    } else {
        text_add(&s->out, "E00"); /* what the manual wants for an annex that is not there */
    }
    text_fini(&document);
}

/* ---- memory map ---- */

/* Addresses are virtual, and which of them are mapped changes with time, while a client reads this
 * once and then never asks for what it leaves out. So everything is memory that may be asked for;
 * two halves, as the length of the whole has no number. */
void gdb_q_xfer_memory_map(struct gdb_session *s, struct gdb_args *a)
{
    struct text document = {0};

    if (!gdb_take(a, ':')) {
        text_add(&s->out, "E00");
        return;
    }
    text_add(&document, "<?xml version=\"1.0\"?>\n<!DOCTYPE memory-map PUBLIC"
                        " \"+//IDN gnu.org//DTD GDB Memory Map V1.0//EN\""
                        " \"http://sourceware.org/gdb/gdb-memory-map.dtd\">\n<memory-map>\n"
                        "  <memory type=\"ram\" start=\"0x0\" length=\"0x8000000000000000\"/>\n"
                        "  <memory type=\"ram\" start=\"0x8000000000000000\""
                        " length=\"0x8000000000000000\"/>\n</memory-map>\n");
    answer_piece(s, a, &document);
    text_fini(&document);
}

/* ---- threads ---- */

void gdb_q_xfer_threads(struct gdb_session *s, struct gdb_args *a)
{
    struct text document = {0};

    if (!gdb_take(a, ':')) {
        text_add(&s->out, "E00");
        return;
    }
    text_add(&document, "<?xml version=\"1.0\"?>\n<threads>\n");
    for (unsigned h = 0; h < machine_hart_count(s->machine); h++) {
        text_add(&document, "  <thread id=\"%x\" core=\"%u\" name=\"hart%u\">", h + 1, h, h);
        add_xml(&document, gdb_hart_state(s, h));
        text_add(&document, "</thread>\n");
    }
    text_add(&document, "</threads>\n");
    answer_piece(s, a, &document);
    text_fini(&document);
}
