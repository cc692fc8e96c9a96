/* SPDX-License-Identifier: GPL-2.0-or-later
 * virtio: negotiation, after the Virtual I/O Device specification 1.2, chapters 2 and 3: status, features,
 * where the queues are, the configuration. What a transport's registers say comes here.
 */
#include "dev/virtio/virtio.h"

static const struct virtio_model *model_of(const struct device *d)
{
    return virtio_class_of(d)->model;
}

/* ---- features ---- */

uint64_t virtio_offers(const struct device *d)
{
    const struct virtio_config *c = virtio_config_of(d);
    const struct virtio_model *model = model_of(d);
    uint64_t rings = VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX;

    rings |= virtio_is_legacy(d) ? VIRTIO_F_ANY_LAYOUT : VIRTIO_F_VERSION_1;
    if (c->is_packed && !virtio_is_legacy(d)) {
        rings |= VIRTIO_F_RING_PACKED;
    }
    return (rings | (model->features != NULL ? model->features(d) : 0)) & ~c->without;
}

bool virtio_has(const struct device *d, uint64_t feature)
{
    return (virtio_of(d)->driver_features & feature) != 0;
}

void virtio_set_driver_features(struct device *d, unsigned word, uint32_t bits)
{
    struct virtio *s = virtio_of(d);

    if (word > 1 || (s->status & VIRTIO_FEATURES_OK) != 0) {
        return; /* there are no features beyond 64, and none are taken back */
    }
    s->driver_features = bits_set(s->driver_features, word * 32, 32, bits);
    if (virtio_is_legacy(d)) { /* such a driver never asks whether they are fine */
        s->driver_features &= virtio_offers(d);
    }
}

/* What a driver may leave out or take, it may also leave out or take together; but it has to know what
 * interface it speaks. */
static bool features_are_fine(const struct device *d)
{
    const struct virtio *s = virtio_of(d);

    return (s->driver_features & ~virtio_offers(d)) == 0 &&
           (virtio_is_legacy(d) || virtio_has(d, VIRTIO_F_VERSION_1));
}

void virtio_speak(struct device *d, bool legacy)
{
    struct virtio *s = virtio_of(d);

    if ((s->status & VIRTIO_FEATURES_OK) != 0) {
        return;
    }
    for (unsigned q = 0; q < VIRTIO_QUEUES_MAX; q++) {
        if (s->enabled[q]) {
            return; /* its ring is laid out by the other rules */
        }
    }
    s->speaks_legacy = legacy;
}

/* ---- status and reset ---- */

unsigned virtio_queue_count(const struct device *d)
{
    return model_of(d)->queues(d);
}

void virtio_reset(struct device *d)
{
    struct virtio *s = virtio_of(d);
    uint32_t generation = s->generation, page_size = s->page_size;

    memset(s, 0, sizeof(*s));
    s->generation = generation; /* what a driver has read half is not what it reads then */
    s->page_size = page_size;   /* Linux says it before it resets the device */
    s->config_vector = UINT16_MAX;
    for (unsigned q = 0; q < VIRTIO_QUEUES_MAX; q++) {
        s->vector[q] = UINT16_MAX;
        s->taken_wrap[q] = s->used_wrap[q] = s->told_wrap[q] = 1;
    }
    virtio_class_of(d)->transport->reset(d);
    if (model_of(d)->reset != NULL) {
        model_of(d)->reset(d);
    }
}

void virtio_set_status(struct device *d, uint8_t status)
{
    struct virtio *s = virtio_of(d);
    uint8_t before = s->status;

    if (status == 0) {
        virtio_reset(d);
        return;
    }
    status |= before; /* only a reset takes something back */
    if ((status & ~before & VIRTIO_FEATURES_OK) != 0 && !features_are_fine(d)) {
        device_log(d, "guest error: features 0x%llx are not what it can do",
                   (unsigned long long)s->driver_features);
        status &= (uint8_t)~VIRTIO_FEATURES_OK;
    }
    s->status = status;
    if ((status & ~before & VIRTIO_DRIVER_OK) != 0 && model_of(d)->ready != NULL) {
        model_of(d)->ready(d);
    }
}

void virtio_break(struct device *d, const char *why)
{
    struct virtio *s = virtio_of(d);

    if ((s->status & VIRTIO_NEEDS_RESET) == 0) {
        device_log(d, "guest error: %s: it waits to be reset", why);
        s->status |= VIRTIO_NEEDS_RESET;
        if (virtio_has(d, VIRTIO_F_VERSION_1)) {
            virtio_class_of(d)->transport->config_changed(d);
        }
    }
}

/* ---- queues ---- */

uint64_t *virtio_area(struct device *d, uint64_t n)
{
    struct virtio *s = virtio_of(d);
    unsigned q = s->queue_select;

    if (q >= virtio_queue_count(d)) {
        return NULL;
    }
    switch (n) {
    case 0: return &s->descriptors[q];
    case 1: return &s->driver_area[q];
    case 2: return &s->device_area[q];
    default: return NULL;
    }
}

void virtio_set_queue_size(struct device *d, unsigned queue, uint64_t size)
{
    if (queue >= virtio_queue_count(d) || size == 0 || size > model_of(d)->queue_size ||
        virtio_of(d)->enabled[queue]) {
        device_log(d, "guest error: queue %u of %llu descriptors", queue, (unsigned long long)size);
        return;
    }
    virtio_of(d)->size[queue] = (uint16_t)size;
}

static bool can_be_enabled(const struct device *d, unsigned queue)
{
    const struct virtio *s = virtio_of(d);

    return (virtio_has(d, VIRTIO_F_RING_PACKED) ? s->size[queue] != 0 : is_pow2(s->size[queue])) &&
           ((s->status & VIRTIO_FEATURES_OK) != 0 || virtio_is_legacy(d));
}

void virtio_enable_queue(struct device *d, unsigned queue, bool enabled)
{
    struct virtio *s = virtio_of(d);

    if (queue >= virtio_queue_count(d) || (enabled && !can_be_enabled(d, queue))) {
        device_log(d, "guest error: queue %u is not set up", queue);
        return;
    }
    s->enabled[queue] = enabled;
    s->taken[queue] = s->used[queue] = s->told[queue] = 0;
    s->taken_wrap[queue] = s->used_wrap[queue] = s->told_wrap[queue] = 1;
}

void virtio_set_legacy_place(struct device *d, unsigned queue, uint64_t at)
{
    struct virtio *s = virtio_of(d);
    uint64_t size, driver, align;

    if (queue >= virtio_queue_count(d)) {
        return;
    }
    size = s->size[queue];
    align = is_pow2(s->align[queue]) ? s->align[queue] : PAGE_SIZE;
    driver = at + 16 * size;
    s->descriptors[queue] = at;
    s->driver_area[queue] = driver;
    s->device_area[queue] = align_up(driver + 4 + 2 * size + 2, align);
    if (at == 0) {
        s->enabled[queue] = 0;
    } else {
        virtio_enable_queue(d, queue, true);
    }
}

bool virtio_is_usable(const struct device *d, unsigned queue)
{
    const struct virtio *s = virtio_of(d);
    /* Legacy drivers begin before they say so. */
    bool is_ready = (s->status & VIRTIO_DRIVER_OK) != 0 || virtio_is_legacy(d);

    return s->enabled[queue] && is_ready && (s->status & VIRTIO_NEEDS_RESET) == 0 &&
           virtio_class_of(d)->transport->may_reach(d);
}

void virtio_driver_notifies(struct device *d, uint64_t queue)
{
    if (queue >= virtio_queue_count(d)) {
        device_log(d, "guest error: there is no queue %llu", (unsigned long long)queue);
        return;
    }
    if (virtio_is_usable(d, (unsigned)queue)) {
        model_of(d)->notify(d, (unsigned)queue);
    }
}

/* ---- configuration ---- */

uint64_t virtio_read_config(struct device *d, uint64_t at, unsigned size)
{
    uint8_t bytes[VIRTIO_CONFIG_MAX] = {0};
    unsigned count = model_of(d)->get_config != NULL ? model_of(d)->get_config(d, bytes) : 0;

    must(count <= sizeof bytes);
    return at < count && size <= count - at ? bytes_get_le(bytes + at, size) : 0;
}

void virtio_write_config(struct device *d, uint64_t at, unsigned size, uint64_t value)
{
    uint8_t bytes[VIRTIO_CONFIG_MAX] = {0};
    unsigned count = model_of(d)->get_config != NULL ? model_of(d)->get_config(d, bytes) : 0;

    if (model_of(d)->set_config != NULL && at < count && size <= count - at) {
        model_of(d)->set_config(d, (unsigned)at, size, value);
    }
}

void virtio_config_changed(struct device *d)
{
    virtio_of(d)->generation++;
    if ((virtio_of(d)->status & VIRTIO_DRIVER_OK) != 0) {
        virtio_class_of(d)->transport->config_changed(d);
    }
}

/* ---- a state from elsewhere ---- */

int virtio_check(const struct device *d, const void *state, struct error *e)
{
    const struct virtio *s = state;

    for (unsigned q = 0; q < VIRTIO_QUEUES_MAX; q++) {
        bool is_packed = (s->driver_features & VIRTIO_F_RING_PACKED) != 0;

        if (s->enabled[q] && (q >= virtio_queue_count(d) || s->size[q] == 0 ||
                              s->size[q] > model_of(d)->queue_size)) {
            return error_set(e, "queue %u is enabled, with %u descriptors", q, s->size[q]);
        }
        if (s->enabled[q] && is_packed && (s->taken[q] >= s->size[q] || s->used[q] >= s->size[q])) {
            return error_set(e, "queue %u is at %u and %u of %u descriptors", q, s->taken[q],
                             s->used[q], s->size[q]);
        }
        if (s->enabled[q] && !is_packed && !is_pow2(s->size[q])) {
            return error_set(e, "queue %u has %u descriptors", q, s->size[q]);
        }
    }
    return model_of(d)->check != NULL ? model_of(d)->check(d, state, e) : 0;
}
