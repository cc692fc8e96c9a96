/* SPDX-License-Identifier: GPL-2.0-or-later
 * serial: what the virtio console device and its ports know of each other; private to dev/virtio/.
 */
#ifndef DEV_VIRTIO_SERIAL_H
#define DEV_VIRTIO_SERIAL_H

#include "dev/virtio/virtio.h"

/* A pair of queues each, beside that of control messages. */
#define VIRTIO_SERIAL_PORTS_MAX (VIRTIO_QUEUES_MAX / 2 - 1)
#define VIRTIO_SERIAL_NAME_MAX  64
#define VIRTIO_SERIAL_CHAIN_MAX (1 * MIB) /* bytes of a chain that leave; the rest is dropped */

/* Which are there; no state. */
struct virtio_serial_ports {
    struct device *device[VIRTIO_SERIAL_PORTS_MAX]; /* NULL: none has this number */
    struct device *controller;
    unsigned most;
};
struct virtio_serial_config {
    struct virtio_config virtio;
    struct virtio_serial_ports *ports;
    uint32_t most; /* numbers of ports are below it */
    uint32_t zero;
};
struct virtio_serial_port_config {
    struct virtio_serial_ports *ports;
    uint32_t number;
    uint32_t is_console;
    char name[VIRTIO_SERIAL_NAME_MAX]; /* empty: none */
};

/* serial.c, for a port: how many bytes the driver takes now, and they. */
uint32_t virtio_serial_room(const struct device *controller, unsigned port);
void virtio_serial_input(struct device *controller, unsigned port, const uint8_t *bytes,
                         uint32_t count);

#endif
