/* SPDX-License-Identifier: GPL-2.0-or-later
 * serial: the console device of the Virtual I/O Device specification 1.2, 5.3: up to seven ports, each a stream of
 * bytes both ways, consoles among them. A port is a device of its own (serial_port.c), which has the
 * way in and out of the machine. Left out: the size of a console; that the outside of a port comes and goes.
 */
#include "dev/virtio/serial.h"

#define F_MULTIPORT   (UINT64_C(1) << 1)
#define F_EMERG_WRITE (UINT64_C(1) << 2)

enum { CONTROL_IN = 2, CONTROL_OUT = 3, EMERGENCY_AT = 8, CONFIG_BYTES = 12 };
enum { PIECE = 4096, MESSAGE = 8 };

/* Control messages, 5.3.6.2. */
enum {
    EVENT_DEVICE_READY = 0,
    EVENT_DEVICE_ADD = 1,
    EVENT_PORT_READY = 3,
    EVENT_CONSOLE_PORT = 4,
    EVENT_PORT_OPEN = 6,
    EVENT_PORT_NAME = 7
};
/* Those that a driver has yet to be told of a port, in the order in which it is. */
enum { OWED_ADD = 1, OWED_CONSOLE = 2, OWED_NAME = 4, OWED_OPEN = 8, OWED_ALL = 15 };

struct serial {
    struct virtio virtio;
    uint8_t owed[VIRTIO_SERIAL_PORTS_MAX + 1]; /* OR of OWED_*, by port */
    uint8_t open[VIRTIO_SERIAL_PORTS_MAX + 1]; /* somebody in the guest has opened it */
    VIRTIO_PCI_STATE;
};

static const struct field fields[] = {
    VIRTIO_FIELDS(struct serial, virtio), FIELD_ARRAY_MASK(struct serial, owed, OWED_ALL),
    FIELD_ARRAY_BOOL(struct serial, open), VIRTIO_PCI_FIELDS(struct serial)};

static const struct virtio_serial_config *config_of(const struct device *d)
{
    return d->config;
}

static struct device *port_of(const struct device *d, unsigned number)
{
    return number < config_of(d)->most ? config_of(d)->ports->device[number] : NULL;
}

/* ---- queues ---- */

static unsigned queue_in(unsigned port)
{
    return port == 0 ? 0 : 2 * port + 2;
}

static bool is_output(unsigned queue)
{
    return queue % 2 == 1 && queue != CONTROL_OUT;
}

static unsigned port_behind(unsigned queue)
{
    return queue < CONTROL_IN ? 0 : queue / 2 - 1;
}

static unsigned serial_queues(const struct device *d)
{
    return config_of(d)->most == 1 ? 2 : 2 * config_of(d)->most + 2;
}

static uint64_t serial_features(const struct device *d)
{
    return F_EMERG_WRITE | (config_of(d)->most > 1 ? F_MULTIPORT : 0);
}

/* ---- what a driver is told ---- */

static size_t make_message(const struct device *d, unsigned port, unsigned owed,
                           uint8_t bytes[MESSAGE + VIRTIO_SERIAL_NAME_MAX])
{
    const struct virtio_serial_port_config *c = port_of(d, port)->config;
    unsigned event = owed == OWED_ADD       ? EVENT_DEVICE_ADD
                     : owed == OWED_CONSOLE ? EVENT_CONSOLE_PORT
                     : owed == OWED_NAME    ? EVENT_PORT_NAME
                                            : EVENT_PORT_OPEN;

    bytes_set_le(bytes, 4, port);
    bytes_set_le(bytes + 4, 2, event);
    bytes_set_le(bytes + 6, 2, 1);
    if (owed != OWED_NAME) {
        return MESSAGE;
    }
    memcpy(bytes + MESSAGE, c->name, strlen(c->name)); /* no zero ends it */
    return MESSAGE + strlen(c->name);
}

/* As far as there are buffers for it; the rest stays owed. */
static void tell(struct device *d)
{
    struct serial *s = d->state;
    bool some = false;

    for (unsigned port = 0; port < config_of(d)->most; port++) {
        for (unsigned owed = OWED_ADD; owed <= OWED_OPEN; owed <<= 1) {
            uint8_t bytes[MESSAGE + VIRTIO_SERIAL_NAME_MAX];
            struct virtio_chain c;
            size_t size;

            if ((s->owed[port] & owed) == 0) {
                continue;
            }
            if (port_of(d, port) == NULL || !virtio_take(d, CONTROL_IN, &c)) {
                port = config_of(d)->most;
                break;
            }
            size = make_message(d, port, owed, bytes);
            s->owed[port] &= (uint8_t)~owed;
            virtio_put(d, CONTROL_IN, virtio_ticket_of(&c),
                       (uint32_t)virtio_scatter(d, &c, 0, bytes, size));
            some = true;
        }
    }
    if (some) {
        virtio_signal(d, CONTROL_IN);
    }
}

static void port_ready(struct serial *s, const struct device *d, unsigned port)
{
    const struct virtio_serial_port_config *c = port_of(d, port)->config;

    s->owed[port] |= OWED_OPEN;
    s->owed[port] |= c->is_console ? OWED_CONSOLE : 0;
    s->owed[port] |= c->name[0] != '\0' ? OWED_NAME : 0;
}

static void obey(struct device *d, unsigned port, unsigned event, unsigned value)
{
    struct serial *s = d->state;

    if (event == EVENT_DEVICE_READY) {
        for (unsigned p = 0; p < config_of(d)->most && value != 0; p++) {
            s->owed[p] |= port_of(d, p) != NULL ? OWED_ADD : 0;
        }
        return;
    }
    if (port_of(d, port) == NULL) {
        device_log(d, "guest error: there is no port %u", port);
    } else if (event == EVENT_PORT_READY && value != 0) {
        port_ready(s, d, port);
    } else if (event == EVENT_PORT_OPEN) {
        s->open[port] = value != 0;
    }
}

static void control(struct device *d)
{
    struct virtio_chain c;
    bool some = false;

    while (virtio_take(d, CONTROL_OUT, &c)) {
        uint8_t bytes[MESSAGE];

        if (virtio_gather(d, &c, 0, bytes, sizeof bytes) == sizeof bytes) {
            obey(d, (uint32_t)bytes_get_le(bytes, 4), (unsigned)bytes_get_le(bytes + 4, 2),
                 (unsigned)bytes_get_le(bytes + 6, 2));
        } else {
            device_log(d, "guest error: a control message of %llu bytes",
                       (unsigned long long)c.read_bytes);
        }
        virtio_put(d, CONTROL_OUT, virtio_ticket_of(&c), 0);
        some = true;
    }
    if (some) {
        virtio_signal(d, CONTROL_OUT);
    }
    tell(d);
}

/* ---- bytes ---- */

static void send(struct device *d, unsigned queue)
{
    struct device *port = port_of(d, port_behind(queue));
    struct virtio_chain c;

    while (virtio_take(d, queue, &c)) {
        uint64_t at = 0;

        while (at < c.read_bytes && at < VIRTIO_SERIAL_CHAIN_MAX) {
            uint8_t bytes[PIECE];
            size_t count = virtio_gather(d, &c, at, bytes, sizeof bytes);

            if (count == 0) {
                break;
            }
            if (port != NULL && port->port >= 0) {
                device_output(port, bytes, count);
            }
            at += count;
        }
        virtio_put(d, queue, virtio_ticket_of(&c), 0);
    }
    virtio_signal(d, queue);
}

/* A driver that does not know of several ports has one, which is open. */
static bool is_heard(const struct device *d, unsigned port)
{
    const struct serial *s = d->state;

    return virtio_has(d, F_MULTIPORT) ? s->open[port] != 0 : port == 0;
}

uint32_t virtio_serial_room(const struct device *d, unsigned port)
{
    uint64_t room;

    if ((virtio_of(d)->status & VIRTIO_DRIVER_OK) == 0 || !is_heard(d, port) ||
        !virtio_has_chain(d, queue_in(port))) {
        return 0;
    }
    room = virtio_next_room(d, queue_in(port));
    /* A chain that makes no sense, or has no room, is found out by taking it. */
    return room == 0 ? 1 : room < PIECE ? (uint32_t)room : PIECE;
}

void virtio_serial_input(struct device *d, unsigned port, const uint8_t *bytes, uint32_t count)
{
    unsigned queue = queue_in(port);
    struct virtio_chain c;

    for (uint32_t done = 0; done < count && virtio_take(d, queue, &c);) {
        uint32_t taken = (uint32_t)virtio_scatter(d, &c, 0, bytes + done, count - done);

        virtio_put(d, queue, virtio_ticket_of(&c), taken);
        if (taken == 0) {
            break; /* what the driver gave was no memory: these bytes are lost to it */
        }
        done += taken;
    }
    virtio_signal(d, queue);
}

static void serial_notify(struct device *d, unsigned queue)
{
    if (queue >= CONTROL_IN && !virtio_has(d, F_MULTIPORT)) {
        return;
    }
    if (queue == CONTROL_OUT) {
        control(d);
    } else if (queue == CONTROL_IN) {
        tell(d);
    } else if (is_output(queue)) {
        send(d, queue);
    } /* new buffers for what comes in are looked for when something does */
}

/* ---- the rest ---- */

static unsigned serial_get_config(struct device *d, uint8_t bytes[VIRTIO_CONFIG_MAX])
{
    bytes_set_le(bytes + 4, 4, config_of(d)->most);
    return CONFIG_BYTES;
}

/* 5.3.4: a byte to the console, be there rings or not. */
static void serial_set_config(struct device *d, unsigned at, unsigned size, uint64_t value)
{
    uint8_t byte = (uint8_t)value;

    if (at != EMERGENCY_AT || size != 4) {
        return;
    }
    for (unsigned port = 0; port < config_of(d)->most; port++) {
        const struct device *p = port_of(d, port);
        const struct virtio_serial_port_config *c = p != NULL ? p->config : NULL;

        if (c != NULL && c->is_console && p->port >= 0) {
            device_output(port_of(d, port), &byte, 1);
            return;
        }
    }
}

static void serial_reset(struct device *d)
{
    struct serial *s = d->state;

    memset(s->owed, 0, sizeof s->owed);
    memset(s->open, 0, sizeof s->open);
}

/* What is owed is owed of ports that are there. */
static int serial_check(const struct device *d, const void *state, struct error *e)
{
    const struct serial *s = state;

    for (unsigned port = 0; port < ARRAY_LEN(s->owed); port++) {
        if ((s->owed[port] != 0 || s->open[port] != 0) && port_of(d, port) == NULL) {
            return error_set(e, "%s: something is known of port %u, which is not there", d->name,
                             port);
        }
    }
    return 0;
}

static const struct virtio_model model = {.number = 3,
                                          .legacy_id = 0x1003,
                                          .class_code = 0x078000,
                                          .features = serial_features,
                                          .queues = serial_queues,
                                          .queue_size = 128,
                                          .get_config = serial_get_config,
                                          .set_config = serial_set_config,
                                          .notify = serial_notify,
                                          .reset = serial_reset,
                                          .check = serial_check};

const struct virtio_class virtio_serial_mmio = {
    .device = {.name = "virtio-serial-device",
               .behaviour = 1,
               VIRTIO_MMIO_CLASS(struct serial, fields)},
    .model = &model,
    .transport = &virtio_mmio,
};
const struct virtio_class virtio_serial_pci = {
    .device = {.name = "virtio-serial-pci",
               .behaviour = 1,
               VIRTIO_PCI_CLASS(struct serial, fields)},
    .model = &model,
    .transport = &virtio_pci,
    .pci_offset = offsetof(struct serial, pci),
};
