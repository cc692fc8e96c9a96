/* SPDX-License-Identifier: GPL-2.0-or-later
 * features: what a guest sets, and the pages of its logs, after NVM Express 1.4, 5.14 and 5.21. Nothing is saved
 * beyond a reset. Accepted and of no effect: arbitration, power states, error recovery, coalescing.
 */
#include "dev/nvme/nvme.h"

enum { SAVE = UINT32_C(1) << 31, CHANGEABLE = 4 };
enum { SELECT_CURRENT, SELECT_DEFAULT, SELECT_SAVED, SELECT_CAPABILITIES };
enum { LOG_ERRORS = 1, LOG_HEALTH = 2, LOG_FIRMWARE = 3, LOG_EFFECTS = 5 };
#define THRESHOLD_HIGH UINT32_C(0xffff)

static uint32_t default_of(unsigned feature)
{
    switch (feature) {
    case FEATURE_TEMPERATURE: return THRESHOLD_HIGH;
    case FEATURE_CACHE: return 1;
    default: return 0;
    }
}

void nvme_reset_features(struct nvme *s)
{
    for (unsigned i = 0; i < FEATURE_COUNT; i++) {
        s->feature[i] = default_of(i);
    }
    s->threshold_low = 0;
    memset(s->uncoalesced, 0, sizeof s->uncoalesced);
}

static bool is_there(unsigned feature)
{
    return feature < FEATURE_COUNT && feature != 0 && feature != 3; /* 3: ranges of blocks */
}

/* ---- temperature ---- */

/* The sensor and the side of the threshold are said with it: there is one sensor. */
static uint32_t *threshold_of(struct nvme *s, uint32_t word)
{
    unsigned sensor = (unsigned)bits_get(word, 16, 4), side = (unsigned)bits_get(word, 20, 2);

    if ((sensor != 0 && sensor != 15) || side > 1) {
        return NULL;
    }
    return side == 0 ? &s->feature[FEATURE_TEMPERATURE] : &s->threshold_low;
}

static bool is_crossed(const struct nvme *s)
{
    return NVME_TEMPERATURE >= s->feature[FEATURE_TEMPERATURE] ||
           NVME_TEMPERATURE <= s->threshold_low;
}

static void look_at_temperature(struct device *d)
{
    const struct nvme *s = d->state;

    if (is_crossed(s) && (s->feature[FEATURE_EVENTS] & 2) != 0) {
        nvme_event(d, EVENT_HEALTH, 1, LOG_HEALTH);
    }
}

/* ---- set and get ---- */

static uint16_t set_vector(struct device *d, uint32_t word)
{
    struct nvme *s = d->state;
    unsigned vector = word & 0xffff;

    if (vector >= NVME_QUEUES) {
        return NVME_BAD_FIELD;
    }
    s->uncoalesced[vector / 32] =
        (uint32_t)bits_set(s->uncoalesced[vector / 32], vector % 32, 1, bits_get(word, 16, 1));
    return NVME_OK;
}

static uint16_t set_queues(struct device *d, struct nvme_command *c, uint32_t word)
{
    uint32_t most = nvme_config_of(d)->pairs - 1;

    if ((word & 0xffff) == 0xffff || word >> 16 == 0xffff) {
        return NVME_BAD_FIELD;
    }
    c->result = most << 16 | most;
    return NVME_OK;
}

uint16_t nvme_set_feature(struct device *d, struct nvme_command *c)
{
    struct nvme *s = d->state;
    uint32_t feature = nvme_word(c, 10) & 0xff, word = nvme_word(c, 11);

    if (!is_there(feature)) {
        return NVME_BAD_FIELD;
    }
    if ((nvme_word(c, 10) & SAVE) != 0) {
        return NVME_NOT_SAVED;
    }
    switch (feature) {
    case FEATURE_TEMPERATURE:
        if (threshold_of(s, word) == NULL) {
            return NVME_BAD_FIELD;
        }
        *threshold_of(s, word) = word & 0xffff;
        look_at_temperature(d);
        return NVME_OK;
    case FEATURE_POWER: return (word & 0x1f) == 0 ? NVME_OK : NVME_BAD_FIELD;
    case FEATURE_QUEUES: return set_queues(d, c, word);
    case FEATURE_VECTOR: return set_vector(d, word);
    case FEATURE_CACHE:
        if ((word & 1) == 0 && !nvme_flush(d)) {
            return NVME_WRITE_FAULT;
        }
        s->feature[feature] = word & 1;
        return NVME_OK;
    default: break;
    }
    s->feature[feature] = word;
    look_at_temperature(d);
    return NVME_OK;
}

static uint16_t get_current(struct device *d, struct nvme_command *c, unsigned feature)
{
    struct nvme *s = d->state;
    uint32_t word = nvme_word(c, 11), most = nvme_config_of(d)->pairs - 1;

    switch (feature) {
    case FEATURE_TEMPERATURE:
        if (threshold_of(s, word) == NULL) {
            return NVME_BAD_FIELD;
        }
        c->result = *threshold_of(s, word);
        return NVME_OK;
    case FEATURE_QUEUES: c->result = most << 16 | most; return NVME_OK;
    case FEATURE_VECTOR:
        if ((word & 0xffff) >= NVME_QUEUES) {
            return NVME_BAD_FIELD;
        }
        c->result = (word & 0xffff) |
                    (s->uncoalesced[(word & 0xffff) / 32] >> (word & 0xffff) % 32 & 1) << 16;
        return NVME_OK;
    default: c->result = s->feature[feature]; return NVME_OK;
    }
}

uint16_t nvme_get_feature(struct device *d, struct nvme_command *c)
{
    uint32_t feature = nvme_word(c, 10) & 0xff;

    if (!is_there(feature)) {
        return NVME_BAD_FIELD;
    }
    switch (bits_get(nvme_word(c, 10), 8, 3)) {
    case SELECT_CURRENT: return get_current(d, c, feature);
    case SELECT_DEFAULT:
    case SELECT_SAVED: c->result = default_of(feature); return NVME_OK;
    case SELECT_CAPABILITIES: c->result = CHANGEABLE; return NVME_OK;
    default: return NVME_BAD_FIELD;
    }
}

/* ---- logs ---- */

static void make_health(const struct device *d, uint8_t *page)
{
    const struct nvme *s = d->state;

    page[0] = is_crossed(s) ? 2 : 0;
    bytes_set_le(page + 1, 2, NVME_TEMPERATURE);
    page[3] = 100; /* spare, of which */
    page[4] = 10;  /* so much is the least */
    bytes_set_le(page + 32, 8, (s->sectors_read + 999) / 1000);
    bytes_set_le(page + 48, 8, (s->sectors_written + 999) / 1000);
    bytes_set_le(page + 64, 8, s->reads);
    bytes_set_le(page + 80, 8, s->writes);
    bytes_set_le(page + 128, 8, device_now_ns(d) / UINT64_C(3600000000000));
}

/* Which commands there are, and which of them change content. */
static void make_effects(uint8_t *page)
{
    static const uint8_t admin[] = {0, 1, 2, 4, 5, 6, 8, 9, 0xa, 0xc};
    static const uint8_t plain[] = {0, 2, 5, 0xc}, changing[] = {1, 8, 9};

    for (size_t i = 0; i < ARRAY_LEN(admin); i++) {
        page[4 * admin[i]] = 1;
    }
    for (size_t i = 0; i < ARRAY_LEN(plain); i++) {
        page[1024 + 4 * plain[i]] = 1;
    }
    for (size_t i = 0; i < ARRAY_LEN(changing); i++) {
        page[1024 + 4 * changing[i]] = 3;
    }
}

/* The bytes of a page, zeros at first; 0: there is none of that number. */
static uint64_t make_page(const struct device *d, unsigned number, uint8_t *page)
{
    switch (number) {
    case LOG_ERRORS: return 64;
    case LOG_HEALTH: make_health(d, page); return 512;
    case LOG_FIRMWARE:
        page[0] = 1; /* the slot in use */
        memcpy(page + 8, "1.0     ", 8);
        return 512;
    case LOG_EFFECTS: make_effects(page); return 4096;
    default: return 0;
    }
}

uint16_t nvme_log(struct device *d, const struct nvme_command *c)
{
    struct nvme *s = d->state;
    unsigned number = nvme_word(c, 10) & 0xff;
    uint64_t at = bytes_get_le(c->bytes + 48, 8), size;
    uint64_t wanted = 4 * (1 + (uint64_t)(nvme_word(c, 10) >> 16) +
                           ((uint64_t)(nvme_word(c, 11) & 0xffff) << 16));

    memset(c->room, 0, NVME_PAGE);
    size = make_page(d, number, c->room);
    if (size == 0) {
        return NVME_BAD_LOG;
    }
    if (at % 4 != 0 || at > size) {
        return NVME_BAD_FIELD;
    }
    if ((nvme_word(c, 10) >> 15 & 1) == 0) { /* the guest wants to hear of the next event */
        s->events_masked &= (uint8_t) ~(number == LOG_ERRORS   ? 1u << EVENT_ERROR
                                        : number == LOG_HEALTH ? 1u << EVENT_HEALTH
                                                               : 0u);
    }
    size = size - at < wanted ? size - at : wanted;
    return size == 0 ? NVME_OK : nvme_answer(d, c, c->room + at, size);
}
