/* SPDX-License-Identifier: GPL-2.0-or-later
 * gicv3_its: the Interrupt Translation Service of a GICv3 (IHI 0069, chapter 5.2 onwards and 12.19): a store
 * of a device's event becomes an LPI at a hart, by tables in memory that only the ITS writes. Commands are
 * executed when the queue's end is moved. What tables hold is checked at each use, as it may come
 * from anywhere; a command that makes no sense is a guest error and does nothing.
 * Left out: tables of two levels, and virtual LPIs.
 */
#include "dev/arm/gicv3.h"

enum {
    GITS_CTLR = 0x0000,
    GITS_IIDR = 0x0004,
    GITS_TYPER = 0x0008,
    GITS_CBASER = 0x0080,
    GITS_CWRITER = 0x0088,
    GITS_CREADR = 0x0090,
    GITS_BASER = 0x0100, /* 8 of them */
    GITS_BASER_END = 0x0140,
    GITS_TRANSLATER = GICV3_FRAME + 0x40
};
enum { TABLE_DEVICES, TABLE_COLLECTIONS };
enum { IIDR_ARM = 0x43b, PART_ITS = 0x94 };
#define CTLR_QUIESCENT UINT32_C(0x80000000)

#define ID_BITS     16 /* of devices, events and collections */
#define ENTRY_BYTES 8  /* of all three kinds of table */
/* Physical LPIs; harts by number; sizes of entries and of the numbers. */
#define TYPER                                                                                      \
    (UINT64_C(1) | (ENTRY_BYTES - 1) << 4 | (ID_BITS - 1) << 8 | (ID_BITS - 1) << 13 |             \
     (uint64_t)(ID_BITS - 1) << 32 | UINT64_C(1) << 36)

#define VALID       (UINT64_C(1) << 63)
#define BASER_FIXED UINT64_C(0x071f000000000000) /* type, size of an entry */
#define BASER_SET   UINT64_C(0xb8e0ffffffffffff) /* flat tables: bit 62 stays 0 */
#define CBASER_SET  UINT64_C(0xb8effffffffffcff)

#define COMMAND_BYTES 32
enum {
    COMMAND_MOVI = 0x01,
    COMMAND_INT = 0x03,
    COMMAND_CLEAR = 0x04,
    COMMAND_SYNC = 0x05,
    COMMAND_MAPD = 0x08,
    COMMAND_MAPC = 0x09,
    COMMAND_MAPTI = 0x0a,
    COMMAND_MAPI = 0x0b,
    COMMAND_INV = 0x0c,
    COMMAND_INVALL = 0x0d,
    COMMAND_MOVALL = 0x0e,
    COMMAND_DISCARD = 0x0f
};

/* ---- tables -----------------------------------------------------------------------------------*/

/* A device's entry: bit 0 valid, 5 to 1 its events' bits less one, from 8 on its table's address. A
 * collection's: bit 0 valid, from 16 on the hart. An event's: bit 0 valid, 31 to 16 the collection, from 32 on
 * the INTID. */
#define ENTRY_VALID 1u
#define ITT_ADDRESS UINT64_C(0x000fffffffffff00)

/* Where an entry of one of the two tables is; false: it has no such entry. */
static bool place_of(const struct gicv3 *s, unsigned table, uint64_t number, paddr *at)
{
    static const uint32_t page_bytes[] = {4096, 16384, 65536, 65536};
    uint64_t baser = s->its_baser[table];
    uint64_t page = page_bytes[bits_get(baser, 8, 2)];
    uint64_t bytes = (bits_get(baser, 0, 8) + 1) * page;
    paddr base = bits_get(baser, 12, 36) << 12;

    if (page == 65536) { /* bits 15 to 12 are bits 51 to 48 then */
        base = (base & ~UINT64_C(0xffff)) | bits_get(baser, 12, 4) << 48;
    }
    *at = base + number * ENTRY_BYTES;
    return (baser & VALID) != 0 && number < bytes / ENTRY_BYTES;
}

static bool read_entry(struct device *d, paddr at, uint64_t *entry)
{
    uint8_t bytes[ENTRY_BYTES];

    if (!device_dma_read(d, at, bytes, sizeof bytes)) {
        return false;
    }
    *entry = bytes_get_le(bytes, sizeof bytes);
    return true;
}

static bool write_entry(struct device *d, paddr at, uint64_t entry)
{
    uint8_t bytes[ENTRY_BYTES];

    bytes_set_le(bytes, sizeof bytes, entry);
    return device_dma_write(d, at, bytes, sizeof bytes);
}

static bool get(struct device *d, unsigned table, uint64_t number, uint64_t *entry)
{
    paddr at;

    return place_of(d->state, table, number, &at) && read_entry(d, at, entry) &&
           (*entry & ENTRY_VALID) != 0;
}

static bool put(struct device *d, unsigned table, uint64_t number, uint64_t entry)
{
    paddr at;

    return place_of(d->state, table, number, &at) && write_entry(d, at, entry);
}

/* The hart of a collection. */
static bool hart_of(struct device *d, uint64_t collection, unsigned *hart)
{
    uint64_t entry;

    if (!get(d, TABLE_COLLECTIONS, collection, &entry) || entry >> 16 >= device_hart_count(d)) {
        return false;
    }
    *hart = (unsigned)(entry >> 16);
    return true;
}

/* Where the entry of a device's event is. */
static bool event_place(struct device *d, uint64_t device, uint64_t event, paddr *at)
{
    uint64_t entry;

    if (!get(d, TABLE_DEVICES, device, &entry) || event >> (bits_get(entry, 1, 5) + 1) != 0) {
        return false;
    }
    *at = (entry & ITT_ADDRESS) + event * ENTRY_BYTES;
    return true;
}

struct event {
    paddr at;
    uint32_t intid;
    uint64_t collection;
    unsigned hart;
};

static bool find_event(struct device *d, uint64_t device, uint64_t number, struct event *event)
{
    uint64_t entry;

    if (!event_place(d, device, number, &event->at) || !read_entry(d, event->at, &entry) ||
        (entry & ENTRY_VALID) == 0) {
        return false;
    }
    event->intid = (uint32_t)(entry >> 32);
    event->collection = bits_get(entry, 16, 16);
    return hart_of(d, event->collection, &event->hart);
}

static bool map_event(struct device *d, uint64_t device, uint64_t event, uint64_t intid,
                      uint64_t collection)
{
    paddr at;

    return intid >= GICV3_FIRST_LPI && intid < UINT64_C(1) << GICV3_ID_BITS &&
           event_place(d, device, event, &at) &&
           write_entry(d, at, intid << 32 | collection << 16 | ENTRY_VALID);
}

/* ---- commands ---------------------------------------------------------------------------------*/

static bool map_device(struct device *d, const uint64_t w[4])
{
    uint64_t entry = (w[2] & ITT_ADDRESS) | bits_get(w[1], 0, 5) << 1 | ENTRY_VALID;
    bool is_good = bits_get(w[1], 0, 5) < ID_BITS;

    return put(d, TABLE_DEVICES, w[0] >> 32, (w[2] & VALID) != 0 ? entry : 0) && is_good;
}

static bool map_collection(struct device *d, const uint64_t w[4])
{
    uint64_t hart = bits_get(w[2], 16, 35), collection = w[2] & 0xffff;

    if ((w[2] & VALID) == 0) {
        return put(d, TABLE_COLLECTIONS, collection, 0);
    }
    return hart < device_hart_count(d) &&
           put(d, TABLE_COLLECTIONS, collection, hart << 16 | ENTRY_VALID);
}

/* Another collection; what pends moves with it. */
static bool move_event(struct device *d, struct event *event, uint64_t collection)
{
    unsigned hart;

    if (!hart_of(d, collection, &hart) ||
        !write_entry(d, event->at, (uint64_t)event->intid << 32 | collection << 16 | ENTRY_VALID)) {
        return false;
    }
    if (hart != event->hart && gicv3_lpi_pends(d, event->hart, event->intid)) {
        gicv3_lpi_set(d, event->hart, event->intid, false);
        gicv3_lpi_set(d, hart, event->intid, true);
    }
    return true;
}

/* Those of one event. */
static bool command_event(struct device *d, const uint64_t w[4])
{
    struct event event;

    if (!find_event(d, w[0] >> 32, w[1] & UINT32_MAX, &event)) {
        return false;
    }
    switch (w[0] & 0xff) {
    case COMMAND_INT: gicv3_lpi_set(d, event.hart, event.intid, true); return true;
    case COMMAND_CLEAR: gicv3_lpi_set(d, event.hart, event.intid, false); return true;
    case COMMAND_INV: gicv3_lpi_look(d, event.hart); return true;
    case COMMAND_MOVI: return move_event(d, &event, w[2] & 0xffff);
    default: /* DISCARD */
        gicv3_lpi_set(d, event.hart, event.intid, false);
        return write_entry(d, event.at, 0);
    }
}

static bool move_all(struct device *d, const uint64_t w[4])
{
    uint64_t from = bits_get(w[2], 16, 35), to = bits_get(w[3], 16, 35);

    if (from >= device_hart_count(d) || to >= device_hart_count(d)) {
        return false;
    }
    gicv3_lpi_move_all(d, (unsigned)from, (unsigned)to);
    return true;
}

static bool execute(struct device *d, const uint64_t w[4])
{
    unsigned hart;

    switch (w[0] & 0xff) {
    case COMMAND_SYNC: return true; /* all has been done */
    case COMMAND_MAPD: return map_device(d, w);
    case COMMAND_MAPC: return map_collection(d, w);
    case COMMAND_MAPTI:
        return map_event(d, w[0] >> 32, w[1] & UINT32_MAX, w[1] >> 32, w[2] & 0xffff);
    case COMMAND_MAPI:
        return map_event(d, w[0] >> 32, w[1] & UINT32_MAX, w[1] & UINT32_MAX, w[2] & 0xffff);
    case COMMAND_MOVI:
    case COMMAND_INT:
    case COMMAND_CLEAR:
    case COMMAND_INV:
    case COMMAND_DISCARD: return command_event(d, w);
    case COMMAND_MOVALL: return move_all(d, w);
    case COMMAND_INVALL:
        if (!hart_of(d, w[2] & 0xffff, &hart)) {
            return false;
        }
        gicv3_lpi_look(d, hart);
        return true;
    default: return false;
    }
}

static void run_queue(struct device *d)
{
    struct gicv3 *s = d->state;
    uint64_t bytes = (bits_get(s->its_cbaser, 0, 8) + 1) * PAGE_SIZE;
    paddr base = s->its_cbaser & GICV3_ADDRESS & ~UINT64_C(0xfff);

    if (!s->its_is_on || (s->its_cbaser & VALID) == 0 || s->its_cwriter >= bytes) {
        return;
    }
    s->its_creadr %= bytes;
    while (s->its_creadr != s->its_cwriter) {
        uint8_t command[COMMAND_BYTES];
        uint64_t w[4] = {0};
        bool is_read = device_dma_read(d, base + s->its_creadr, command, sizeof command);

        for (unsigned i = 0; is_read && i < 4; i++) {
            w[i] = bytes_get_le(command + 8 * i, 8);
        }
        if (!is_read || !execute(d, w)) {
            device_log(d, "guest error: ITS command 0x%llx at 0x%llx",
                       (unsigned long long)(w[0] & 0xff), (unsigned long long)s->its_creadr);
        }
        s->its_creadr = (s->its_creadr + COMMAND_BYTES) % bytes;
    }
}

/* ---- registers --------------------------------------------------------------------------------*/

/* What never changes of a table's register: devices, collections. */
static uint64_t fixed_part(unsigned table)
{
    return (table == TABLE_DEVICES ? UINT64_C(1) : UINT64_C(4)) << 56 | (uint64_t)(ENTRY_BYTES - 1)
                                                                            << 48;
}

static bool is_table(uint64_t at, unsigned *table)
{
    *table = (unsigned)((at - GITS_BASER) / 8);
    return at >= GITS_BASER && at < GITS_BASER_END;
}

uint64_t gicv3_its_read(struct device *d, struct mem_access a)
{
    const struct gicv3 *s = d->state;
    unsigned table;

    if (a.size < 4) {
        return device_bad_read(d, a);
    }
    if (is_table(a.at, &table)) {
        return table < GICV3_ITS_TABLES ? gicv3_part(s->its_baser[table] | fixed_part(table), a)
                                        : 0;
    }
    switch (a.at & ~UINT64_C(7)) {
    case GITS_TYPER: return gicv3_part(TYPER, a);
    case GITS_CBASER: return gicv3_part(s->its_cbaser, a);
    case GITS_CWRITER: return gicv3_part(s->its_cwriter, a);
    case GITS_CREADR: return gicv3_part(s->its_creadr, a);
    default: break;
    }
    if (a.size == 4 && a.at == GITS_CTLR) {
        return s->its_is_on | CTLR_QUIESCENT;
    }
    if (a.size == 4 && a.at == GITS_IIDR) {
        return IIDR_ARM;
    }
    return a.size == 4 && a.at >= GICV3_ID && a.at < GICV3_FRAME ? gicv3_id(a.at, PART_ITS)
                                                                 : device_bad_read(d, a);
}

/* Tables and queue are changed only while the ITS is off. */
static void write_places(struct device *d, struct mem_access a, uint64_t value)
{
    struct gicv3 *s = d->state;
    unsigned table;

    if (s->its_is_on) {
        return;
    }
    if (is_table(a.at, &table)) {
        if (table < GICV3_ITS_TABLES) {
            s->its_baser[table] =
                gicv3_merge(s->its_baser[table], a, value) & BASER_SET & ~BASER_FIXED;
        }
        return;
    }
    s->its_cbaser = gicv3_merge(s->its_cbaser, a, value) & CBASER_SET;
    s->its_creadr = 0;
}

static void translate(struct device *d, uint32_t number)
{
    const struct gicv3 *s = d->state;
    struct event event;

    if (!s->its_is_on || !find_event(d, device_requester(d), number, &event)) {
        device_log(d, "guest error: event %u of device 0x%x has no translation", number,
                   device_requester(d));
        return;
    }
    gicv3_lpi_set(d, event.hart, event.intid, true);
}

void gicv3_its_write(struct device *d, struct mem_access a, uint64_t value)
{
    struct gicv3 *s = d->state;
    unsigned table;

    if (a.at == GITS_TRANSLATER && a.size <= 4) {
        translate(d, (uint32_t)value);
    } else if (a.size < 4) {
        device_bad_write(d, a, value);
    } else if (is_table(a.at, &table) || (a.at & ~UINT64_C(7)) == GITS_CBASER) {
        write_places(d, a, value);
    } else if ((a.at & ~UINT64_C(7)) == GITS_CWRITER) {
        s->its_cwriter = gicv3_merge(s->its_cwriter, a, value) & 0xfffe0;
        run_queue(d);
    } else if (a.at == GITS_CTLR && a.size == 4) {
        s->its_is_on = value & 1;
        run_queue(d);
    } else {
        device_bad_write(d, a, value);
    }
}
