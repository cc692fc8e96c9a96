/* SPDX-License-Identifier: GPL-2.0-or-later
 * run: from tick to tick. settle() brings the machine to H(t); one step follows; nothing that a
 * caller does between two calls, and no chunking, can be seen by the guest.
 */
#include "machine/internal.h"

tick machine_now(const struct machine *m)
{
    return m->running ? cpu_now(m->running) : m->state.now;
}

uint64_t machine_now_ns(const struct machine *m)
{
    return clock_ns(&m->state.clock, machine_now(m));
}

void machine_power_off(struct machine *m, enum machine_power how, uint32_t exit_status)
{
    m->state.power = (uint8_t)how;
    m->state.exit_status = exit_status;
    if (m->running) {
        m->running->look = true;
    }
}

void machine_set_probes(struct machine *m, const struct probe_set *set)
{
    engine_set_probes(m->engine, set);
}

void machine_replaced(struct machine *m)
{
    m->is_lost = false;
}

void machine_forget(struct machine *m)
{
    machine_remap(m);
    engine_forget(m->engine);
}

uint32_t machine_port_room(const struct machine *m, uint16_t port)
{
    const struct device *d;

    if (port == POKE_PORT) {
        return INPUT_BYTES_MAX;
    }
    if (port >= m->port_count) {
        return 0;
    }
    d = m->ports[port].device;
    return d->class->room ? d->class->room(d) : 0;
}

/* The earliest tick at which something is due. */
static tick next_event(const struct machine *m)
{
    tick next = TICK_NEVER;

    for (unsigned i = 0; i < m->device_count; i++) {
        const struct device *d = m->devices[i];
        const tick *alarms = device_alarms(d);
        for (uint32_t n = 0; n < d->class->alarm_count; n++) {
            next = alarms[n] < next ? alarms[n] : next;
        }
    }
    for (unsigned h = 0; h < m->hart_count; h++) {
        tick t = m->isa->traps.next_alarm(&m->cpus[h]);
        next = t < next ? t : next;
    }
    return next;
}

/* Device by device, then hart by hart. An alarm that is armed again here is later than now. */
static void fire_alarms(struct machine *m)
{
    tick now = m->state.now;

    for (unsigned i = 0; i < m->device_count; i++) {
        struct device *d = m->devices[i];
        tick *alarms = device_alarms(d);
        for (uint32_t n = 0; n < d->class->alarm_count; n++) {
            if (alarms[n] <= now) {
                alarms[n] = TICK_NEVER;
                d->class->alarm(d, n);
            }
        }
    }
    for (unsigned h = 0; h < m->hart_count; h++) {
        if (m->isa->traps.next_alarm(&m->cpus[h]) <= now) {
            m->isa->traps.alarm(&m->cpus[h], now);
        }
    }
}

static void next_hart(struct machine *m)
{
    struct cpu *leaving = &m->cpus[m->state.current];
    uint32_t next = (m->state.current + 1) % m->hart_count;

    if (next != m->state.current) {
        leaving->hart->reserved = 0; /* no reservation outlives a change of hart */
    }
    m->state.current = next;
    m->state.quantum_left = m->quantum;
}

/* Whose step is next; false if all wait or are stopped. Part of reaching a tick, so that H(t) includes it. */
static bool choose_hart(struct machine *m)
{
    if (m->state.quantum_left == 0) {
        next_hart(m);
    }
    for (unsigned i = 0; i < m->hart_count; i++) {
        struct cpu *cpu = &m->cpus[m->state.current];
        if (hart_is_ready(cpu->hart)) {
            return true;
        }
        if (!cpu->hart->stopped && m->isa->traps.wakes(cpu)) {
            cpu->hart->waiting = 0;
            return true;
        }
        next_hart(m);
    }
    return false;
}

/* What happens on reaching a tick is the end of the step before. */
void machine_writes(struct machine *m, const char *who)
{
    m->mem.writer = (struct mem_writer){
        .name = who, .at = m->running ? TICK_NEVER : m->state.now - (m->settling ? 1 : 0)};
}

/* Everything that happens on reaching a tick. Returns whether some hart can run. */
static bool settle(struct machine *m)
{
    m->settling = true;
    machine_reset_requested(m);
    fire_alarms(m);
    m->settling = false;
    return choose_hart(m);
}

/* False: a forged recording; the step is counted, the bytes go nowhere. */
static bool may_deliver(const struct machine *m, const struct input *in)
{
    uint32_t room = machine_port_room(m, in->port);

    return in->port < m->port_count && in->length <= room &&
           (m->ports[in->port].message_max == 0 ||
            (room > 0 && in->length <= m->ports[in->port].message_max));
}

static void deliver(struct machine *m, const struct input *in)
{
    must(in->at == m->state.now);
    if (in->port == POKE_PORT) {
        poke_apply(m, in->data, in->length);
    } else if (may_deliver(m, in)) {
        struct device *d = m->ports[in->port].device;
        d->class->input(d, in->data, in->length);
    }
    m->state.now++;
}

/* A quantum is followed by the next one where there is no other hart: nothing happens between them, and
 * code need not be left. What is left of the current one is as if it had been. */
static void count_quanta(struct machine *m, uint64_t ran)
{
    tick yielded = engine_yielded_at(m->engine);

    if (yielded != TICK_NEVER) {
        ran = m->state.now - yielded;
        m->state.quantum_left = m->quantum;
    }
    if (ran < m->state.quantum_left || m->hart_count > 1) {
        m->state.quantum_left -= ran;
    } else {
        m->state.quantum_left = m->quantum - (ran - m->state.quantum_left) % m->quantum;
    }
}

static enum engine_stop run_hart(struct machine *m, tick horizon)
{
    struct cpu *cpu = &m->cpus[m->state.current];
    uint64_t before = cpu->hart->instructions;
    uint64_t budget = horizon - m->state.now;
    enum engine_stop stop;
    uint64_t ran;

    if (budget > m->state.quantum_left && m->hart_count > 1) {
        budget = m->state.quantum_left;
    }
    m->running = cpu;
    stop = engine_run(m->engine, cpu, m->state.now, budget, &ran);
    m->running = NULL;
    m->state.now += ran;
    count_quanta(m, ran);
    if (stop == ENGINE_YIELD) {
        m->state.quantum_left = 0;
    }
    m->state.instructions += cpu->hart->instructions - before;
    return stop;
}

enum stop machine_run(struct machine *m, tick until, bool skip_probes_now)
{
    tick quiet_until = 0;

    engine_skip_probes(m->engine, skip_probes_now ? m->state.now : TICK_NEVER);
    (void)engine_stops_behind(m->engine);
    for (;;) {
        bool runnable = settle(m);
        tick event;

        if (m->is_lost) {
            return STOP_LOST;
        }
        if (engine_stops_behind(m->engine)) {
            return STOP_PROBE;
        }
        if (m->state.power != POWER_ON) {
            return STOP_POWER;
        }
        if (m->state.now >= until) {
            return STOP_TICK;
        }
        if (m->state.now >= quiet_until) {
            struct input in;
            switch (m->inlet.next(m->inlet.opaque, m->state.now, &in, &quiet_until)) {
            case INLET_END: return STOP_END;
            case INLET_INPUT:
                deliver(m, &in);
                quiet_until = 0;
                continue;
            case INLET_QUIET: must(quiet_until > m->state.now); break;
            }
        }
        event = next_event(m);
        must(event > m->state.now);
        if (event > until) {
            event = until;
        }
        if (!runnable) {
            tick t;
            if (event == TICK_NEVER && m->inlet.idle == NULL) {
                return STOP_END;
            }
            t = m->inlet.idle(m->inlet.opaque, m->state.now, event);
            must(t >= m->state.now && t <= event);
            if (t == TICK_NEVER) {
                return STOP_END; /* nothing will ever happen again */
            }
            m->state.now = t;
            quiet_until = 0;
            continue;
        }
        if (run_hart(m, event < quiet_until ? event : quiet_until) == ENGINE_PROBE) {
            return STOP_PROBE;
        }
    }
}
