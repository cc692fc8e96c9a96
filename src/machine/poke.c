/* SPDX-License-Identifier: GPL-2.0-or-later
 * poke: changes made by a debugger or a monitor are inputs like any other. What the payload is: payload.c.
 */
#include "machine/internal.h"

void machine_press_power_button(struct machine *m)
{
    if (m->board.press_power != NULL) {
        m->board.press_power(m);
    } else {
        machine_power_off(m, POWER_OFF, 0);
    }
}

void poke_apply(struct machine *m, const uint8_t *bytes, uint32_t length)
{
    uint8_t value[64] = {0};
    uint32_t size, hart;
    uint64_t where;

    if (length < POKE_HEADER || bytes[1] >= m->hart_count) {
        return;
    }
    size = length - POKE_HEADER;
    hart = bytes[1];
    where = bytes_get_le(bytes + 8, 8);
    switch (bytes[0]) {
    case POKE_MEMORY:
        machine_writes(m, "poke");
        mem_write_bytes(&m->mem, where, bytes + POKE_HEADER, size);
        machine_writes(m, NULL);
        break;
    case POKE_REGISTER:
        if (size <= sizeof value && where <= UINT32_MAX) {
            memcpy(value, bytes + POKE_HEADER, size);
            /* Registers that count time ask the hart, which knows only when it last ran. */
            m->cpus[hart].block_tick = m->state.now;
            m->cpus[hart].insn = 0;
            m->isa->gdb.set(&m->cpus[hart], (uint32_t)where, value);
        }
        break;
    case POKE_POWER_BUTTON: machine_press_power_button(m); break;
    case POKE_RESET:
        machine_request_reset(m, where == POKE_POWER_CYCLE ? RESET_POWER : RESET_WARM);
        break;
    case POKE_RATE:
        if (where <= MACHINE_SHIFT_MAX) {
            machine_set_rate(m, where);
        }
        break;
    default: break;
    }
}
