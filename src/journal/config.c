/* SPDX-License-Identifier: GPL-2.0-or-later
 * config: the machine as built, in the file: CONFIG (settings by number, and each image's name,
 * size and hash) and BLOB (pieces of the images' bytes). docs/journal.md lists the numbers. Nothing
 * of the host is in it but the names as the user wrote them.
 */
#include <inttypes.h>

#include "host/host.h"
#include "journal/internal.h"

/* A setting that a reader does not know makes another machine, so it refuses; from OPTIONAL on it
 * would not, and passes over it. */
enum tag {
    TAG_PROGRAM = 1,
    TAG_BEHAVIOUR,
    TAG_ARCH,
    TAG_BOARD,
    TAG_CPU,
    TAG_HARTS,
    TAG_SERIALS,
    TAG_RAM,
    TAG_QUANTUM,
    TAG_SHIFT,
    TAG_EPOCH,
    TAG_SEED,
    TAG_NO_REBOOT,
    TAG_BIOS_NONE,
    TAG_APPEND,
    TAG_IMAGE,
    TAG_COUNT,
    TAG_OPTIONAL = 128,
    TAG_SKIPS_IDLE = TAG_OPTIONAL,
    TAG_ORIGIN
};

enum kind { KIND_OTHER, KIND_TEXT, KIND_U8, KIND_U32, KIND_U64 };

/* Plain members of the config. */
static const struct setting {
    const char *name;
    uint32_t offset, size;
    enum kind kind;
    bool required;
    uint64_t min, max;
} settings[TAG_COUNT] = {
#define SETTING(m, k, req, lo, hi)                                                                 \
    {                                                                                              \
#m, offsetof(struct machine_config, m), sizeof(((struct machine_config *)0)->m), k, req,   \
            lo, hi                                                                                 \
    }
    [TAG_ARCH] = SETTING(arch, KIND_TEXT, true, 0, 0),
    [TAG_BOARD] = SETTING(board, KIND_TEXT, true, 0, 0),
    [TAG_CPU] = SETTING(cpu, KIND_TEXT, false, 0, 0),
    [TAG_HARTS] = SETTING(hart_count, KIND_U32, true, 1, MACHINE_HARTS_MAX),
    [TAG_SERIALS] = SETTING(serial_count, KIND_U32, true, 0, MACHINE_SERIALS_MAX),
    [TAG_RAM] = SETTING(ram_bytes, KIND_U64, true, 0, UINT64_C(1) << 52),
    [TAG_QUANTUM] = SETTING(quantum, KIND_U64, true, 1, UINT64_C(1) << 48),
    [TAG_SHIFT] = SETTING(shift, KIND_U64, true, 0, 10),
    [TAG_EPOCH] = SETTING(epoch_ns, KIND_U64, true, 0, UINT64_MAX),
    [TAG_SEED] = SETTING(seed, KIND_U64, true, 0, UINT64_MAX),
    [TAG_NO_REBOOT] = SETTING(no_reboot, KIND_U8, true, 0, 1),
    [TAG_BIOS_NONE] = SETTING(bios_none, KIND_U8, true, 0, 1),
    [TAG_APPEND] = SETTING(append, KIND_TEXT, false, 0, 0),
#undef SETTING
};

static const char *const role_names[IMAGE_COUNT] = {[IMAGE_BIOS] = "bios",
                                                    [IMAGE_KERNEL] = "kernel",
                                                    [IMAGE_INITRD] = "initrd",
                                                    [IMAGE_DTB] = "dtb"};

const char *image_role_name(unsigned role)
{
    return role < IMAGE_COUNT ? role_names[role] : "image";
}

/* ---- writing --------------------------------------------------------------------------------- */

static void add_tagged(byte_vec *out, enum tag t, const void *bytes, size_t count)
{
    bytes_add_u8(out, (uint8_t)t);
    bytes_add_varint(out, count);
    bytes_add(out, bytes, count);
}

static void add_number(byte_vec *out, enum tag t, uint64_t x)
{
    byte_vec v = {0};

    bytes_add_varint(&v, x);
    add_tagged(out, t, v.data, v.count);
    vec_fini(&v);
}

static void add_image(byte_vec *out, unsigned role, const struct machine_image *image,
                      bool embedded)
{
    byte_vec v = {0};

    bytes_add_u8(&v, (uint8_t)role);
    bytes_add_u8(&v, embedded);
    bytes_add_varint(&v, image->size);
    bytes_add_u64(&v, image->hash);
    bytes_add(&v, image->name, strlen(image->name));
    add_tagged(out, TAG_IMAGE, v.data, v.count);
    vec_fini(&v);
}

static uint64_t setting_get(const struct setting *s, const struct machine_config *c)
{
    const uint8_t *at = (const uint8_t *)c + s->offset;
    uint64_t u64;
    uint32_t u32;

    switch (s->kind) {
    case KIND_U8: return *at;
    case KIND_U32: memcpy(&u32, at, sizeof(u32)); return u32;
    case KIND_U64: memcpy(&u64, at, sizeof(u64)); return u64;
    case KIND_OTHER:
    case KIND_TEXT: break;
    }
    return 0;
}

static void setting_set(const struct setting *s, struct machine_config *c, uint64_t x)
{
    uint8_t *at = (uint8_t *)c + s->offset;
    uint32_t u32 = (uint32_t)x;

    switch (s->kind) {
    case KIND_U8: *at = (uint8_t)x; break;
    case KIND_U32: memcpy(at, &u32, sizeof(u32)); break;
    case KIND_U64: memcpy(at, &x, sizeof(x)); break;
    case KIND_OTHER:
    case KIND_TEXT: break;
    }
}

static void add_origin(byte_vec *out, const struct recording_origin *o)
{
    byte_vec v = {0};

    bytes_add_varint(&v, o->at);
    bytes_add(&v, o->name, strlen(o->name));
    add_tagged(out, TAG_ORIGIN, v.data, v.count);
    vec_fini(&v);
}

void config_write(byte_vec *out, const struct machine_config *c, const struct config_extra *x,
                  bool by_reference)
{
    add_tagged(out, TAG_PROGRAM, x->program, strlen(x->program));
    add_number(out, TAG_BEHAVIOUR, MACHINE_BEHAVIOUR);
    for (unsigned t = 0; t < TAG_COUNT; t++) {
        const struct setting *s = &settings[t];
        if (s->kind == KIND_TEXT) {
            const char *text = (const char *)c + s->offset;
            add_tagged(out, (enum tag)t, text, strnlen(text, s->size - 1));
        } else if (s->kind != KIND_OTHER) {
            add_number(out, (enum tag)t, setting_get(s, c));
        }
    }
    for (unsigned i = 0; i < IMAGE_COUNT; i++) {
        if (c->images[i].name != NULL) {
            add_image(out, i, &c->images[i], !by_reference);
        }
    }
    if (x->skips_idle) {
        add_number(out, TAG_SKIPS_IDLE, 1);
    }
    if (x->is_branch) {
        add_origin(out, &x->origin);
    }
}

/* ---- reading --------------------------------------------------------------------------------- */

static int read_setting(const struct setting *s, const uint8_t *bytes, size_t count,
                        struct machine_config *c, struct error *e)
{
    struct cursor cur = {bytes, count, false};
    uint64_t x;

    if (s->kind == KIND_TEXT) {
        if (count >= s->size || memchr(bytes, 0, count) != NULL) {
            return error_set(e, "its setting `%s` is no text of up to %u bytes", s->name,
                             s->size - 1);
        }
        memcpy((uint8_t *)c + s->offset, bytes, count);
        return 0;
    }
    x = cursor_varint(&cur);
    if (cur.bad || cur.left != 0 || x < s->min || x > s->max) {
        return error_set(e, "its setting `%s` is out of bounds", s->name);
    }
    setting_set(s, c, x);
    return 0;
}

static int read_image(const uint8_t *bytes, size_t count, struct machine_config *c,
                      struct image_note notes[IMAGE_COUNT], struct error *e)
{
    struct cursor cur = {bytes, count, false};
    unsigned role = cursor_u8(&cur);
    uint8_t embedded = cursor_u8(&cur);
    uint64_t size = cursor_varint(&cur);
    uint64_t hash = cursor_u64(&cur);

    if (cur.bad || role >= IMAGE_COUNT || embedded > 1 || size > MACHINE_IMAGE_MAX ||
        c->images[role].name != NULL || cur.left >= MACHINE_TEXT_MAX ||
        memchr(cur.at, 0, cur.left) != NULL) {
        return error_set(e, "what it says of an image makes no sense");
    }
    c->images[role].name = base_alloc(cur.left + 1, 1);
    memcpy(c->images[role].name, cur.at, cur.left);
    c->images[role].size = size;
    c->images[role].hash = hash;
    notes[role].embedded = embedded != 0;
    return 0;
}

static int read_behaviour(const uint8_t *bytes, size_t count, struct error *e)
{
    struct cursor cur = {bytes, count, false};
    uint64_t x = cursor_varint(&cur);

    if (cur.bad || cur.left != 0) {
        return error_set(e, "its behaviour number is damaged");
    }
    if (x != MACHINE_BEHAVIOUR) {
        return error_set(e,
                         "this recording needs machine behaviour %" PRIu64 " and this program "
                         "has %d: replay it with the version that made it",
                         x, MACHINE_BEHAVIOUR);
    }
    return 0;
}

/* It is printed: nothing a terminal would obey. */
static void read_text(const uint8_t *bytes, size_t count, char *out, size_t room)
{
    size_t n = count < room - 1 ? count : room - 1;

    for (size_t i = 0; i < n; i++) {
        out[i] = bytes[i] >= 0x20 && bytes[i] < 0x7f ? (char)bytes[i] : '?';
    }
    out[n] = '\0';
}

/* Nothing depends on these, so one that makes no sense is as good as unknown. */
static void read_optional(unsigned t, const uint8_t *bytes, size_t count, struct config_extra *x)
{
    struct cursor cur = {bytes, count, false};
    uint64_t number = cursor_varint(&cur);

    if (t == TAG_SKIPS_IDLE) {
        x->skips_idle = !cur.bad && number == 1;
    } else if (t == TAG_ORIGIN && !cur.bad) {
        x->is_branch = true;
        x->origin.at = number;
        read_text(cur.at, cur.left, x->origin.name, sizeof(x->origin.name));
    }
}

static int read_tagged(unsigned t, const uint8_t *bytes, size_t count, struct machine_config *c,
                       struct config_extra *x, struct image_note notes[IMAGE_COUNT],
                       struct error *e)
{
    if (t == TAG_PROGRAM) {
        read_text(bytes, count, x->program, sizeof(x->program));
        return 0;
    }
    if (t == TAG_BEHAVIOUR) {
        return read_behaviour(bytes, count, e);
    }
    if (t == TAG_IMAGE) {
        return read_image(bytes, count, c, notes, e);
    }
    if (t < TAG_COUNT && settings[t].kind != KIND_OTHER) {
        return read_setting(&settings[t], bytes, count, c, e);
    }
    if (t >= TAG_OPTIONAL) {
        read_optional(t, bytes, count, x);
        return 0;
    }
    return error_set(e, "it has a setting (number %u) that this program does not know", t);
}

int config_read(const uint8_t *bytes, size_t count, struct machine_config *c,
                struct config_extra *x, struct image_note notes[IMAGE_COUNT], struct error *e)
{
    struct cursor cur = {bytes, count, false};
    bool seen[256] = {false};

    memset(c, 0, sizeof(*c));
    while (cur.left > 0) {
        unsigned t = cursor_u8(&cur);
        uint64_t n = cursor_varint(&cur);
        const uint8_t *value = cursor_bytes(&cur, n);
        if (value == NULL || (seen[t] && t != TAG_IMAGE)) {
            return error_set(e, "its configuration makes no sense");
        }
        seen[t] = true;
        if (read_tagged(t, value, (size_t)n, c, x, notes, e) != 0) {
            return -1;
        }
    }
    if (!seen[TAG_BEHAVIOUR]) {
        return error_set(e, "its configuration has no behaviour number");
    }
    for (unsigned t = 0; t < TAG_COUNT; t++) {
        if (settings[t].required && !seen[t]) {
            return error_set(e, "its configuration lacks `%s`", settings[t].name);
        }
    }
    return machine_config_check_images(c, e);
}

/* ---- images ---------------------------------------------------------------------------------- */

uint64_t images_bytes(const struct machine_config *c)
{
    uint64_t bytes = 0;

    for (unsigned i = 0; i < IMAGE_COUNT; i++) {
        bytes += c->images[i].name != NULL ? c->images[i].size : 0;
    }
    return bytes;
}

/* Grown by what is there, not by what the configuration claims. */
static void keep_piece(struct machine_image *image, struct image_note *note, const uint8_t *bytes,
                       size_t count)
{
    if (note->room - note->loaded < count) {
        uint64_t room =
            note->room * 2 > note->loaded + count ? note->room * 2 : note->loaded + count;

        note->room = room < image->size ? room : image->size;
        image->data = base_realloc(image->data, (size_t)note->room, 1);
    }
    memcpy(image->data + note->loaded, bytes, count);
}

int blob_read(const uint8_t *bytes, size_t count, size_t stored, bool keep, struct recording *r,
              struct error *e)
{
    struct machine_config *c = r->config;
    struct image_note *notes = r->notes;
    struct cursor cur = {bytes, count, false};
    unsigned role = cursor_u8(&cur);
    uint64_t offset = cursor_varint(&cur);

    if (cur.bad || role >= IMAGE_COUNT || !notes[role].embedded || cur.left == 0 ||
        offset != notes[role].loaded || cur.left > c->images[role].size - offset) {
        return error_set(e, "a piece of an embedded file is not where it belongs");
    }
    r->blob_bytes += stored;
    r->blobs_loaded += cur.left;
    if (r->blobs_loaded > c->ram_bytes && r->blobs_loaded > r->blob_bytes) {
        return error_set(e,
                         "its embedded files unpack to more than the machine's memory, "
                         "%" PRIu64 " MiB, and more than is stored of them",
                         c->ram_bytes / MIB);
    }
    if (keep) {
        keep_piece(&c->images[role], &notes[role], cur.at, cur.left);
    }
    notes[role].loaded += cur.left;
    return 0;
}

/* A plain file of just the size that is stated: no other is read. */
static int image_by_name(struct machine_image *image, const char *role, struct error *e)
{
    struct host_file file;
    uint64_t size;
    int result = 0;

    if (host_file_open(&file, image->name, e) != 0) {
        return error_prefix(e, "the recording names its %s and does not hold it", role);
    }
    size = file.size;
    if (size == image->size) {
        image->data = base_alloc((size_t)size, 1);
        result = host_file_read_at(&file, 0, image->data, (size_t)size, e);
    }
    host_file_close(&file);
    if (result == 0 &&
        (size != image->size || hash_bytes(image->data, (size_t)size, 0) != image->hash)) {
        return error_set(e,
                         "%s: the %s has changed since it was recorded (%" PRIu64
                         " bytes now, %" PRIu64 " then)",
                         image->name, role, size, image->size);
    }
    return result;
}

static void share_images(struct machine_config *c)
{
    for (unsigned i = 0; i < IMAGE_COUNT; i++) {
        machine_image_share(&c->images[i]);
    }
}

int images_complete(struct machine_config *c, struct image_note notes[IMAGE_COUNT], bool by_name,
                    struct error *e)
{
    for (unsigned i = 0; i < IMAGE_COUNT; i++) {
        struct machine_image *image = &c->images[i];
        if (image->name == NULL) {
            continue;
        }
        if (notes[i].embedded) {
            if (notes[i].loaded != image->size ||
                hash_bytes(image->data, image->size, 0) != image->hash) {
                return error_set(e, "its embedded %s (%s) is not all there", role_names[i],
                                 image->name);
            }
            if (image->data == NULL) { /* an empty file was given all the same */
                image->data = base_alloc(1, 1);
            }
        } else if (!by_name) {
            return error_set(e, "its %s (%s) is not embedded", role_names[i], image->name);
        } else if (image_by_name(image, role_names[i], e) != 0) {
            return -1;
        }
    }
    share_images(c);
    return 0;
}
