/* SPDX-License-Identifier: GPL-2.0-or-later
 * system_same: does a command line name the machine of a recording? The first difference, in a sentence. A recording
 * needs no command line to be replayed; who gives one wants to know that it is the right one.
 */
#include "options/internal.h"

static int differs(struct error *e, const char *what, const char *recorded, const char *asked)
{
    return error_set(e, "the recording is of another machine: %s is %.200s in it, and %.200s here",
                     what, recorded[0] != '\0' ? recorded : "not given",
                     asked[0] != '\0' ? asked : "not given");
}

static int differs_number(struct error *e, const char *what, uint64_t recorded, uint64_t asked)
{
    return error_set(e, "the recording is of another machine: %s is %llu in it, and %llu here",
                     what, (unsigned long long)recorded, (unsigned long long)asked);
}

static int compare_files(const char *what, const struct machine_image *recorded,
                         const struct machine_image *asked, struct error *e)
{
    if ((recorded->name != NULL) != (asked->name != NULL)) {
        return differs(e, what, recorded->name != NULL ? recorded->name : "",
                       asked->name != NULL ? asked->name : "");
    }
    if (asked->name == NULL || recorded->in_part) {
        return 0; /* of what is read in part each piece is compared when it is read */
    }
    return recorded->size == asked->size && recorded->hash == asked->hash
               ? 0
               : error_set(e, "the recording is of another machine: %s has other bytes than %.300s",
                           what, asked->name);
}

static void show(const struct machine_property *p, struct text *out)
{
    switch (p != NULL ? p->kind : PROPERTY_TEXT) {
    case PROPERTY_NUMBER: text_add(out, "%llu", (unsigned long long)p->number); break;
    case PROPERTY_FLAG: text_add(out, "%s", p->number != 0 ? "on" : "off"); break;
    case PROPERTY_TEXT:
    case PROPERTY_KIND_COUNT: text_add(out, "%s", p != NULL ? p->text : ""); break;
    }
}

/* What the host alone is concerned with. */
static bool is_of_host(const char *name)
{
    return strcmp(name, "snapshot") == 0;
}

static int compare_property(const char *id, const char *name,
                            const struct machine_property *recorded,
                            const struct machine_property *asked, struct error *e)
{
    struct text was = {0}, is = {0}, what = {0};
    int result = 0;

    show(recorded, &was);
    show(asked, &is);
    text_add(&was, "%s", "");
    text_add(&is, "%s", "");
    if (strcmp(was.data, is.data) != 0 && !is_of_host(name)) {
        text_add(&what, "%s of %s", name, id);
        result = differs(e, what.data, was.data, is.data);
    }
    text_fini(&was);
    text_fini(&is);
    text_fini(&what);
    return result;
}

static int compare_things(const struct machine_thing *recorded, const struct machine_thing *asked,
                          struct error *e)
{
    if (strcmp(recorded->class, asked->class) != 0 || strcmp(recorded->id, asked->id) != 0) {
        return error_set(e,
                         "the recording is of another machine: the %s '%s' comes there where '%s' "
                         "does here",
                         recorded->class, recorded->id, asked->id);
    }
    for (size_t i = 0; i < recorded->properties.count; i++) {
        const struct machine_property *p = &recorded->properties.data[i];

        if (compare_property(recorded->id, p->name, p, thing_find(asked, p->name), e) < 0) {
            return -1;
        }
    }
    for (size_t i = 0; i < asked->properties.count; i++) {
        const struct machine_property *p = &asked->properties.data[i];

        if (compare_property(asked->id, p->name, thing_find(recorded, p->name), p, e) < 0) {
            return -1;
        }
    }
    return compare_files(recorded->id, &recorded->file, &asked->file, e);
}

static int compare_all_things(const struct machine_config *r, const struct machine_config *a,
                              struct error *e)
{
    for (size_t i = 0; i < r->things.count && i < a->things.count; i++) {
        if (compare_things(&r->things.data[i], &a->things.data[i], e) < 0) {
            return -1;
        }
    }
    if (r->things.count > a->things.count) {
        return error_set(e, "the recording is of another machine: it has the %s '%s' besides",
                         r->things.data[a->things.count].class, r->things.data[a->things.count].id);
    }
    return r->things.count == a->things.count
               ? 0
               : error_set(e, "the recording is of another machine: it has no %s '%s'",
                           a->things.data[r->things.count].class,
                           a->things.data[r->things.count].id);
}

int options_compare_machine(const struct options *o, const struct machine_config *recorded,
                            struct error *e)
{
    static const char *const images[IMAGE_COUNT] = {[IMAGE_BIOS] = "-bios",
                                                    [IMAGE_KERNEL] = "-kernel",
                                                    [IMAGE_INITRD] = "-initrd",
                                                    [IMAGE_DTB] = "-dtb"};
    const struct machine_config *r = recorded, *a = &o->machine;
    const struct {
        const char *what, *recorded, *asked;
    } texts[] = {{"the architecture", r->arch, a->arch},
                 {"-machine", r->board, a->board},
                 {"-cpu", r->cpu, a->cpu},
                 {"-append", r->append, a->append}};
    const struct {
        const char *what;
        uint64_t recorded, asked;
    } numbers[] = {{"-smp", r->hart_count, a->hart_count},
                   {"-m in MiB", r->ram_bytes / MIB, a->ram_bytes / MIB},
                   {"-icount shift", r->shift, a->shift},
                   {"-no-reboot", r->no_reboot, a->no_reboot},
                   {"-rtc", r->epoch_ns, o->epoch_given ? a->epoch_ns : r->epoch_ns},
                   {"-seed", r->seed, o->seed_given ? a->seed : r->seed}};

    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        if (strcmp(texts[i].recorded, texts[i].asked) != 0) {
            return differs(e, texts[i].what, texts[i].recorded, texts[i].asked);
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        if (numbers[i].recorded != numbers[i].asked) {
            return differs_number(e, numbers[i].what, numbers[i].recorded, numbers[i].asked);
        }
    }
    for (unsigned i = 0; i < IMAGE_COUNT; i++) {
        if (compare_files(images[i], &r->images[i], &a->images[i], e) < 0) {
            return -1;
        }
    }
    return compare_all_things(r, a, e);
}
