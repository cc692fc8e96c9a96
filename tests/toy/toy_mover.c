/* SPDX-License-Identifier: GPL-2.0-or-later
 * toy_mover: a device of which everything moves: two windows, of which one counts by hart and has odd
 * accesses split, and the other goes on by its own size whenever it is read; a ROM that lies over other
 * memory for reads alone; pages of a bank of RAM at one address, and its beginning at another. It does DMA
 * wherever it is told to, its own windows included. And instructions with addresses in them, so that
 * random programs meet all of that.
 */
#include "toy_parts.h"

#include <stdlib.h>

/* ---- the device ---- */

enum { WINDOW_CONTROL, WINDOW_COUNTER, WINDOW_WALKER, WINDOW_PORTS };
enum { STORAGE_ROM, STORAGE_BANK };

struct mover {
    tick alarm[1]; /* the bank's page changes */
    uint32_t at[2];
    uint32_t rom_at, bank_at, alias_at;
    uint32_t control;                       /* TOY_MOVER_* */
    uint32_t counts[MACHINE_HARTS_MAX + 1]; /* by hart; the last one: none's */
    uint32_t word;
};
static const struct field fields[] = {
    FIELD_ARRAY(struct mover, alarm),  FIELD_ARRAY(struct mover, at), FIELD(struct mover, rom_at),
    FIELD(struct mover, bank_at),      FIELD(struct mover, alias_at), FIELD(struct mover, control),
    FIELD_ARRAY(struct mover, counts), FIELD(struct mover, word),
};

#define REACH   0xfffffu /* of everything that moves: addresses of 20 bits */
#define PAGE_AT (REACH & ~(uint32_t)(PAGE_SIZE - 1))

static enum mem_level level_of(const struct mover *s, uint32_t bit)
{
    return s->control & bit ? MEM_LEVEL_OVER : MEM_LEVEL_UNDER;
}

static void mover_map(struct device *d)
{
    const struct mover *s = d->state;
    uint64_t bank = (s->control / TOY_MOVER_PAGE % TOY_BANK_PAGES) * PAGE_SIZE;

    device_map_window(d, WINDOW_CONTROL, d->base, MEM_BOTH, MEM_LEVEL_OVER);
    device_map_window(d, WINDOW_COUNTER, s->at[0] & REACH, MEM_BOTH,
                      level_of(s, TOY_MOVER_COUNTER_OVER));
    device_map_window(d, WINDOW_WALKER, s->at[1] & REACH, MEM_BOTH,
                      level_of(s, TOY_MOVER_WALKER_OVER));
    device_map_window(d, WINDOW_PORTS, 0x60 + 2 * (s->control / TOY_MOVER_PORT % 8), MEM_BOTH,
                      MEM_LEVEL_UNDER);
    if (s->control & TOY_MOVER_ROM) {
        device_map_storage(d, STORAGE_ROM, s->rom_at & PAGE_AT, 0, 2 * PAGE_SIZE,
                           s->control & TOY_MOVER_ROM_DROPS ? MEM_BOTH : MEM_READS, MEM_LEVEL_OVER);
    }
    device_map_storage(d, STORAGE_BANK, s->bank_at & PAGE_AT, bank, PAGE_SIZE, MEM_BOTH,
                       level_of(s, TOY_MOVER_BANK_OVER));
    device_map_storage(d, STORAGE_BANK, s->alias_at & PAGE_AT, 0, 2 * PAGE_SIZE, MEM_BOTH,
                       MEM_LEVEL_UNDER);
}

static void mover_reset(struct device *d)
{
    struct mover *s = d->state;

    s->at[0] = TOY_MOVER_COUNTER;
    s->at[1] = TOY_MOVER_WALKER;
    s->bank_at = TOY_MOVER_BANK;
    s->alias_at = TOY_MOVER_ALIAS;
    device_remap(d);
}

static uint32_t *mover_register(struct mover *s, uint64_t at)
{
    switch (at) {
    case TOY_MOVER_AT0: return &s->at[0];
    case TOY_MOVER_AT1: return &s->at[1];
    case TOY_MOVER_ROM_AT: return &s->rom_at;
    case TOY_MOVER_BANK_AT: return &s->bank_at;
    case TOY_MOVER_ALIAS_AT: return &s->alias_at;
    case TOY_MOVER_CONTROL: return &s->control;
    default: return &s->word;
    }
}

static uint32_t *counter_of(struct mover *s, struct mem_access a)
{
    return &s->counts[a.hart == MEM_NO_HART ? MACHINE_HARTS_MAX : (unsigned)a.hart];
}

static uint64_t mover_read(struct device *d, struct mem_access a)
{
    struct mover *s = d->state;
    uint32_t *count = counter_of(s, a);

    if (a.window == WINDOW_CONTROL) {
        return *mover_register(s, a.at);
    }
    *count += 1;
    if (a.window == WINDOW_WALKER) {
        s->at[1] += TOY_WALKER_BYTES;
        device_remap(d);
    }
    return bits_get(*count * UINT64_C(0x0101010101010101) + a.at, 0, 8 * a.size);
}

/* Where to is the guest's choice; what it reads or fails to do is seen. */
static void mover_dma(struct device *d, uint32_t at, bool is_write)
{
    struct mover *s = d->state;
    uint8_t bytes[12];

    bytes_set_le(bytes, 8, s->word * UINT64_C(0x9e3779b97f4a7c15));
    bytes_set_le(bytes + 8, 4, s->control);
    if (is_write) {
        s->word += device_dma_write(d, at & REACH, bytes, sizeof bytes);
    } else {
        s->word += device_dma_read(d, at & REACH, bytes, sizeof bytes);
        s->word ^= (uint32_t)bytes_get_le(bytes, 4) ^ (uint32_t)bytes_get_le(bytes + 8, 4);
    }
}

static void mover_write(struct device *d, struct mem_access a, uint64_t value)
{
    struct mover *s = d->state;
    uint32_t word = __builtin_bswap32((uint32_t)value); /* the processor is big-endian */

    if (a.window != WINDOW_CONTROL) {
        *counter_of(s, a) += (uint32_t)value + a.size;
        if (a.window == WINDOW_PORTS && a.at == 0) { /* they and the bank's page move */
            s->control += (uint32_t)(value & 0xff) * TOY_MOVER_PAGE;
            device_remap(d);
        }
        if (a.window == WINDOW_WALKER && (value & 1)) {
            mover_dma(d, s->word, true);
        }
        return;
    }
    switch (a.at) {
    case TOY_MOVER_DMA: mover_dma(d, word, true); return;
    case TOY_MOVER_DMA_READ: mover_dma(d, word, false); return;
    default: *mover_register(s, a.at) = word; break;
    }
    if (a.at == TOY_MOVER_CONTROL && (word & TOY_MOVER_TIMED)) {
        device_set_alarm(d, 0, device_now(d) + 97);
    }
    device_remap(d);
}

static void mover_alarm(struct device *d, uint32_t i)
{
    struct mover *s = d->state;

    (void)i;
    s->control += TOY_MOVER_PAGE;
    device_remap(d);
    if (s->control & TOY_MOVER_TIMED) {
        device_set_alarm(d, 0, device_now(d) + 97);
    }
}

const struct device_class toy_mover = {
    .name = "mover",
    .windows = {[WINDOW_CONTROL] = {.bytes = 0x24, .sizes = 4},
                [WINDOW_COUNTER] = {.bytes = 0x10, .sizes = 1 | 4 | 8, .splits = true},
                [WINDOW_WALKER] = {.bytes = TOY_WALKER_BYTES, .sizes = 2 | 4},
                [WINDOW_PORTS] = {.bytes = TOY_PORTS, .sizes = 1 | 2, .is_io = true}},
    .map = mover_map,
    .state = FIELD_TABLE(struct mover, fields),
    .alarm_offset = offsetof(struct mover, alarm),
    .alarm_count = 1,
    .reset = mover_reset,
    .read = mover_read,
    .write = mover_write,
    .alarm = mover_alarm,
};

/* ---- the instructions ---- */

static void lift_move(struct lift *l, const uint8_t *at)
{
    ir_st(l->b, IR_I32, ir_const(l->b, IR_I64, TOY_MOVER + (at[0] & 0x1c)), 0,
          ir_const(l->b, IR_I32, bytes_get_be(at + 1, 4)), 2 | MEM_BIG);
}

static void mover_lift(struct lift *l, uint8_t op)
{
    const uint32_t word = 2 | MEM_BIG, two_words = 3 | MEM_BIG;
    unsigned d = l->bytes[1] & 7;
    struct ir_build *b = l->b;
    ir_ref at = ir_const(b, IR_I64, bytes_get_be(l->bytes + l->length - 4, 4));
    switch (op) {
    case TOY_LDAT: toy_set_reg(l, d, ir_ld(b, IR_I32, at, 0, word)); break;
    case TOY_STAT: ir_st(b, IR_I32, at, 0, toy_reg(l, d), word); break;
    case TOY_LDBAT: toy_set_reg(l, d, ir_ld(b, IR_I32, at, 0, 0)); break;
    case TOY_STBAT: ir_st(b, IR_I32, at, 0, toy_reg(l, d), 0); break;
    case TOY_LDQAT:
        toy_set_reg(l, d, ir_un(b, IR_TRUNC, IR_I32, ir_ld(b, IR_I64, at, 0, two_words)));
        break;
    case TOY_STQAT:
        ir_st(b, IR_I64, at, 0, ir_un(b, IR_ZEXT, IR_I64, toy_reg(l, d)), two_words);
        break;
    case TOY_FETAT:
        toy_set_reg(l, d, ir_rmw(b, IR_I32, RMW_ADD, at, toy_reg(l, d), word | MEM_ALIGN(2)));
        break;
    case TOY_MOVE: lift_move(l, l->bytes + 1); break;
    default: /* TOY_MOVEST: what it moves, it reaches in the same instruction */
        lift_move(l, l->bytes + 1);
        l->several = true;
        ir_st(b, IR_I32, at, 0, toy_reg(l, 0), word);
    }
}

/* Few places, and mostly the ends of pages, so that much meets. What moves is mostly where it was at
 * first, or in RAM, or over the program. */
static uint32_t random_place(uint64_t random)
{
    uint32_t x = (uint32_t)random;
    static const uint32_t pages[16] = {
        TOY_RAM + 0x1000, TOY_RAM + 0x9000, TOY_RAM + 0x9000, TOY_RAM + 0x9000,
        TOY_RAM + 0xa000, TOY_RAM + 0xa000, 0x8000,           TOY_MOVER_COUNTER,
        TOY_MOVER_BANK,   TOY_MOVER_BANK,   TOY_MOVER_BANK,   TOY_MOVER_ALIAS,
        TOY_MOVER_ALIAS,  TOY_MOVER_ALIAS,  TOY_MOVER_WALKER, TOY_MOVER_COUNTER,
    };
    uint32_t page = pages[x & 15];
    bool is_window = page == TOY_MOVER_COUNTER || page == TOY_MOVER_WALKER;

    switch (x >> 8 & 3) {
    case 0: return page + (x >> 16 & (is_window ? 7 : 0x1f));
    case 1: return page + (is_window ? 0 : 0xff0) + (x >> 16 & 0xf);
    case 2: return page + (x >> 16 & (is_window ? 8 : 0xff8));
    default: return page + (x >> 16 & (is_window ? 0xc : 0xffc));
    }
}

static void mover_random(struct toy_assembler *a, uint8_t op, uint64_t x)
{
    uint32_t place = random_place(x >> 8), other = random_place(x * UINT64_C(0x9e3779b97f4a7c15));
    unsigned where = x >> 40 & 0x1c;

    if (where == TOY_MOVER_CONTROL) { /* not only places are chosen there */
        other = (uint32_t)(x >> 32);
    }
    place &= op == TOY_FETAT ? ~UINT32_C(3) : UINT32_MAX; /* else it is misaligned */
    toy_put(a, op, 1);
    if (op == TOY_MOVE || op == TOY_MOVEST) {
        toy_put(a, where, 1);
        toy_put(a, other, 4);
    } else {
        toy_put(a, x >> 56 & 7, 1);
    }
    if (op != TOY_MOVE) {
        toy_put(a, place, 4);
    }
}

static const uint8_t lengths[16] = {6, 6, 6, 6, 6, 6, 6, 6, 10};

const struct toy_family toy_mover_family = {.lengths = lengths,
                                            .count = TOY_MOVER_END - TOY_LDAT,
                                            .lift = mover_lift,
                                            .random = mover_random};

/* ---- programs ---- */

#define HANDLER 11 /* behind what comes first */
#define BODY    0x40

/* Goes from one page to another now and then, and to BODY at the end. */
static void put_body(struct toy_assembler *a, uint64_t seed)
{
    static const uint32_t targets[8] = {
        TOY_MOVER_BANK,           TOY_MOVER_BANK + 0x40,    TOY_MOVER_ALIAS,  TOY_MOVER_ALIAS + 32,
        TOY_MOVER_ALIAS + 0x1000, TOY_MOVER_ALIAS + 0x1040, TOY_RAM + 0x1000, TOY_RAM + BODY};

    while (a->at + 32 < a->room) {
        uint64_t x = toy_random(&seed);
        uint8_t op = (uint8_t)(TOY_LDAT + (x >> 8) % (TOY_MOVER_END - TOY_LDAT));

        switch (x & 15) {
        case 0: toy_ldi(a, x >> 8 & 7, random_place(x >> 16)); break;
        case 1:
            toy_ldi(a, 2, random_place(x >> 16));
            toy_op2(a, x >> 60 & 1 ? TOY_ST : TOY_LD, x >> 8 & 7, 2);
            break;
        case 2: toy_op2(a, TOY_ADD, x >> 8 & 7, x >> 16 & 7); break;
        case 3:
            toy_ldi(a, 0, 1 + (x >> 32 & 15));
            toy_ldi(a, 2, random_place(x >> 8));
            toy_ldi(a, 3,
                    (uint32_t)(TOY_RAM + (x >> 24 & 0xffff))); /* nothing that a read changes */
            toy_op2(a, TOY_COPY, 2, 3);
            break;
        case 6: /* the bank's page, perhaps this one */
            toy_put(a, TOY_MOVE, 1);
            toy_put(a, TOY_MOVER_CONTROL, 1);
            toy_put(a, TOY_MOVER_PAGE * (x >> 16 & 3) | (x >> 20 & 31), 4);
            break;
        case 4:
            toy_ldi(a, 6, 20 + (x >> 32 & 63));
            toy_op1(a, TOY_TIMER, 6);
            break;
        case 5:
            toy_put(a, x >> 8 & 3 ? TOY_JMP : TOY_CALL, 1);
            toy_put(a, targets[x >> 16 & 7], 4);
            break;
        default: mover_random(a, op, x);
        }
    }
    toy_put(a, TOY_JMP, 1);
    toy_put(a, TOY_RAM + BODY, 4);
}

size_t toy_mover_program(uint8_t *code, size_t room, uint64_t seed)
{
    static const struct {
        uint32_t where, at;
    } back[] = {{TOY_MOVER_AT0, TOY_MOVER_COUNTER},
                {TOY_MOVER_AT1, TOY_MOVER_WALKER},
                {TOY_MOVER_BANK_AT, TOY_MOVER_BANK},
                {TOY_MOVER_ALIAS_AT, TOY_MOVER_ALIAS}};
    struct toy_assembler a = {.code = code, .room = room};

    toy_put(&a, TOY_VECTOR, 1);
    toy_put(&a, TOY_RAM + HANDLER, 4);
    toy_op0(&a, TOY_STI);
    toy_put(&a, TOY_JMP, 1);
    toy_put(&a, TOY_RAM + BODY, 4);
    must(a.at == HANDLER);
    /* Whatever was wrong, things are put back, and it goes on behind it. */
    toy_op0(&a, TOY_ACK);
    for (size_t i = 0; i < ARRAY_LEN(back); i++) {
        toy_put(&a, TOY_MOVE, 1);
        toy_put(&a, back[i].where, 1);
        toy_put(&a, back[i].at, 4);
    }
    while (a.at < BODY) {
        toy_op0(&a, TOY_RTI);
    }
    put_body(&a, seed);
    return a.at;
}

/* ---- in a machine ---- */

void toy_add_mover(struct machine *m)
{
    struct mem_block *rom, *bank;
    struct device *d;
    struct error e;
    uint8_t *code = base_alloc(1, PAGE_SIZE);

    rom = mem_add_storage(machine_mem(m), "overlay", 2 * PAGE_SIZE, false, &e);
    bank = mem_add_storage(machine_mem(m), "bank", TOY_BANK_PAGES * PAGE_SIZE, true, &e);
    d = machine_add_device(m, &toy_mover, "mover", TOY_MOVER, NULL, 0, NULL, &e);
    must(rom != NULL && bank != NULL && d != NULL);
    machine_give_storage(d, STORAGE_ROM, rom);
    machine_give_storage(d, STORAGE_BANK, bank);
    /* Programs run on in what covers them. */
    for (unsigned page = 0; page < 2 + TOY_BANK_PAGES; page++) {
        haddr at = page < 2 ? rom->home + page * PAGE_SIZE : bank->home + (page - 2) * PAGE_SIZE;
        struct toy_assembler a = {.code = code, .room = PAGE_SIZE};

        put_body(&a, 77 + page);
        must(machine_add_load(m, at, code, a.at, &e) == 0);
    }
    free(code);
}
