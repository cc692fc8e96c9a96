/* SPDX-License-Identifier: GPL-2.0-or-later
 * monitors: see monitors.h. Character devices have threads of their own, which put what they read here;
 * the machine's thread takes it from here and answers.
 */
#include "cli/monitors.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "cli/say.h"

/* A client that has not read so much of its answers gets no further ones: they would be dropped. */
#define ROOM_WANTED ((size_t)(CONTROL_ANSWER_MAX + 64 * KIB))
#define PIECE       4096

/* ---- on the threads of character devices ------------------------------------------------------ */

static void tell(struct monitors *m)
{
    struct journal *j = m->journal;
    uint64_t one = 1;
    ssize_t n;

    atomic_store(&m->has_some, true);
    n = write(m->wake_fd, &one, sizeof(one));
    (void)n; /* full: it is awake already */
    if (j != NULL) {
        journal_call(j);
    }
}

static void client(void *opaque, uint64_t number)
{
    struct monitor_end *end = opaque;
    struct monitors *m = end->owner;
    struct monitor_mark mark = {.client = number};

    pthread_mutex_lock(&m->lock);
    mark.at = end->waiting.length;
    if (end->marks.count > 0 && end->marks.data[end->marks.count - 1].at == mark.at) {
        end->marks.count--; /* nobody said anything in between */
    }
    vec_push(&end->marks, mark);
    pthread_mutex_unlock(&m->lock);
    tell(m);
}

size_t monitors_type(struct monitor_end *end, const uint8_t *bytes, size_t count)
{
    struct monitors *m = end->owner;
    size_t room;

    pthread_mutex_lock(&m->lock);
    room = MONITOR_INPUT_MAX - end->waiting.length;
    count = count < room ? count : room;
    text_add_bytes(&end->waiting, bytes, count);
    pthread_mutex_unlock(&m->lock);
    if (count > 0) {
        tell(m);
    }
    return count;
}

static size_t post(void *opaque, const uint8_t *bytes, size_t count)
{
    return monitors_type(opaque, bytes, count);
}

void monitors_show(struct monitor_end *end)
{
    (void)monitors_type(end, (const uint8_t *)"\n", 1);
}

/* ---- opening ---------------------------------------------------------------------------------- */

static struct monitor_end *add_end(struct monitors *m, struct serial *s, const char *label)
{
    struct monitor_end *end = &m->ends[m->count++];

    must(m->count <= MONITORS_MAX);
    *end = (struct monitor_end){.owner = m, .serial = s};
    snprintf(end->label, sizeof end->label, "%s", label);
    return end;
}

static int prepare(struct monitors *m, struct error *e)
{
    if (m->is_open) {
        return 0;
    }
    m->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (m->wake_fd < 0) {
        return error_set(e, "no event from the host: %s", strerror(errno));
    }
    must(pthread_mutex_init(&m->lock, NULL) == 0);
    m->is_open = true;
    return 0;
}

/* A serial port has the character device, too. */
static bool has_serial(const struct options *o, const char *id)
{
    for (uint32_t i = 0; i < o->serial_count; i++) {
        const char *text = o->serials[i];

        if (strncmp(text, "chardev:", 8) == 0 && strcmp(text + 8, id) == 0) {
            return true;
        }
    }
    return false;
}

static int open_one(struct monitors *m, const struct options *o, unsigned i, struct tty *tty,
                    struct error *e)
{
    const struct options_monitor *what = &o->monitors[i];
    struct serial_spec spec;
    struct monitor_end *end;
    struct serial *s;
    char label[MACHINE_NAME_MAX];

    if (options_monitor_spec(o, i, &spec, e) < 0) {
        return -1;
    }
    if (spec.keys && has_serial(o, what->id)) {
        return 0; /* ports_share() */
    }
    spec.keys = false;
    s = serial_open(&spec, tty, e);
    if (s == NULL) {
        return error_prefix(e, what->is_qmp ? "-qmp" : "-monitor");
    }
    snprintf(label, sizeof label, "compat_monitor%u", i);
    end = add_end(m, s, what->id[0] != '\0' ? what->id : label);
    end->is_qmp = what->is_qmp;
    end->is_pretty = what->is_pretty;
    if (serial_terminal(s) != NULL) {
        say("%s: is %s", end->label, serial_terminal(s));
    }
    return 0;
}

int monitors_open(struct monitors *m, const struct options *o, struct tty *tty, struct error *e)
{
    for (unsigned i = 0; i < o->monitor_count; i++) {
        if (prepare(m, e) < 0 || open_one(m, o, i, tty, e) < 0) {
            return -1;
        }
    }
    return 0;
}

struct monitor_end *monitors_share(struct monitors *m, struct serial *s, const char *name)
{
    struct monitor_end *end;

    if (prepare(m, NULL) < 0) {
        return NULL;
    }
    end = add_end(m, s, name);
    end->is_shared = true;
    return end;
}

int monitors_start(struct monitors *m, struct journal *j, struct error *e)
{
    m->journal = j;
    for (unsigned i = 0; i < m->count; i++) {
        struct serial_events events = {.opaque = &m->ends[i], .post = post, .client = client};

        if (!m->ends[i].is_shared && serial_start(m->ends[i].serial, &events, e) < 0) {
            return -1;
        }
    }
    return 0;
}

void monitors_switch(struct monitors *m, struct journal *j)
{
    m->journal = j;
}

/* ---- on the machine's thread ------------------------------------------------------------------ */

static void write_answer(void *opaque, const void *bytes, size_t count)
{
    struct monitor_end *end = opaque;

    serial_output_to(end->serial, end->is_shared ? 0 : end->client, bytes, count);
    serial_flush(end->serial);
}

void monitors_attach(struct monitors *m, struct control *c)
{
    m->control = c;
    for (unsigned i = 0; i < m->count; i++) {
        struct monitor_end *end = &m->ends[i];
        struct control_front front = {.opaque = end,
                                      .write = write_answer,
                                      .is_qmp = end->is_qmp,
                                      .is_pretty = end->is_pretty};

        end->monitor = control_add(c, &front);
    }
}

/* Under the lock. */
static bool end_wants(struct monitor_end *end, bool at_rest)
{
    if (end->monitor != NULL && control_is_busy(end->monitor)) {
        return false;
    }
    if (end->marks.count > 0 && end->marks.data[0].at == 0) {
        return true;
    }
    if (end->monitor != NULL && control_is_held(end->monitor)) {
        return at_rest;
    }
    return end->waiting.length > 0 && serial_room(end->serial) >= ROOM_WANTED;
}

bool monitors_want(struct monitors *m, bool at_rest)
{
    bool wants = false;

    if (!m->is_open || !atomic_load_explicit(&m->has_some, memory_order_relaxed)) {
        return false;
    }
    pthread_mutex_lock(&m->lock);
    for (unsigned i = 0; i < m->count && !wants; i++) {
        wants = end_wants(&m->ends[i], at_rest);
    }
    pthread_mutex_unlock(&m->lock);
    return wants;
}

bool monitors_hold(const struct monitors *m)
{
    bool held = false;

    for (unsigned i = 0; i < m->count; i++) {
        held = held || (m->ends[i].monitor != NULL && control_is_held(m->ends[i].monitor));
    }
    return held;
}

/* The first of what waits: a mark, or bytes up to the next one, as many as there is room for. */
static size_t peek(struct monitor_end *end, uint8_t *bytes, struct monitor_mark *mark)
{
    size_t n = 0;

    pthread_mutex_lock(&end->owner->lock);
    mark->at = 1;
    if (end->marks.count > 0) {
        *mark = end->marks.data[0];
    }
    if (mark->at == 0) {
        memmove(end->marks.data, end->marks.data + 1, --end->marks.count * sizeof(*mark));
    } else {
        n = end->marks.count > 0 ? mark->at : end->waiting.length;
        n = n < PIECE ? n : PIECE;
        if (n > 0) {
            memcpy(bytes, end->waiting.data, n);
        }
    }
    pthread_mutex_unlock(&end->owner->lock);
    return n;
}

static void pass(struct monitor_end *end, size_t count)
{
    pthread_mutex_lock(&end->owner->lock);
    end->waiting.length -= count;
    if (count > 0) {
        memmove(end->waiting.data, end->waiting.data + count, end->waiting.length);
    }
    for (size_t i = 0; i < end->marks.count; i++) {
        end->marks.data[i].at -= count;
    }
    pthread_mutex_unlock(&end->owner->lock);
}

static void take_mark(struct monitor_end *end, const struct monitor_mark *mark)
{
    end->client = mark->client;
    if (mark->client != 0) {
        control_connect(end->monitor);
    } else {
        control_disconnect(end->monitor);
    }
}

/* One piece of what its client said: however fast that comes, the machine gets its turns. */
static void work(struct monitor_end *end, bool at_rest)
{
    for (;;) {
        uint8_t bytes[PIECE];
        struct monitor_mark mark;
        size_t n, used;

        pthread_mutex_lock(&end->owner->lock);
        n = end_wants(end, at_rest);
        pthread_mutex_unlock(&end->owner->lock);
        if (n == 0) {
            return;
        }
        n = peek(end, bytes, &mark);
        if (mark.at == 0) {
            take_mark(end, &mark);
            continue;
        }
        if (end->is_shared && end->client == 0) { /* greeted when its user first turns to it */
            take_mark(end, &(struct monitor_mark){.client = 1});
            pass(end, 1);
            continue;
        }
        used = control_input(end->monitor, bytes, n, at_rest);
        pass(end, used);
        return;
    }
}

void monitors_work(struct monitors *m, bool at_rest)
{
    if (m->control == NULL || !atomic_exchange(&m->has_some, false)) {
        return;
    }
    for (unsigned i = 0; i < m->count; i++) {
        work(&m->ends[i], at_rest);
    }
    for (unsigned i = 0; i < m->count; i++) { /* what could not be done now is looked at again */
        const struct monitor_end *end = &m->ends[i];

        pthread_mutex_lock(&m->lock);
        if (end->waiting.length > 0 || end->marks.count > 0 || control_is_held(end->monitor)) {
            atomic_store(&m->has_some, true);
        }
        pthread_mutex_unlock(&m->lock);
    }
}

void monitors_wait(struct monitors *m, int fd, int other, int timeout_ms)
{
    struct pollfd p[3] = {{.fd = m->is_open ? m->wake_fd : -1, .events = POLLIN},
                          {.fd = fd, .events = POLLIN},
                          {.fd = other, .events = POLLIN}};

    if (poll(p, 3, timeout_ms) > 0 && p[0].revents != 0) {
        uint64_t count;
        ssize_t n = read(m->wake_fd, &count, sizeof(count));

        (void)n;
    }
}

void monitors_list(struct monitors *m, void *to,
                   void (*add)(void *to, const struct control_chardev *c))
{
    for (unsigned i = 0; i < m->count; i++) {
        const char *socket = serial_socket(m->ends[i].serial);
        struct text name = {0};
        struct control_chardev c = {.label = m->ends[i].label, .is_open = m->ends[i].client != 0};

        if (m->ends[i].is_shared) {
            continue;
        }
        text_add(&name, "%s%s%s", socket != NULL ? "unix:" : "", socket != NULL ? socket : "fd",
                 socket != NULL ? ",server=on" : "");
        c.filename = name.data;
        add(to, &c);
        text_fini(&name);
    }
}

void monitors_close(struct monitors *m)
{
    if (!m->is_open) {
        return;
    }
    for (unsigned i = 0; i < m->count; i++) {
        if (!m->ends[i].is_shared) {
            serial_close(m->ends[i].serial);
        }
    }
    m->is_open = false;
    close(m->wake_fd);
    for (unsigned i = 0; i < m->count; i++) {
        text_fini(&m->ends[i].waiting);
        vec_fini(&m->ends[i].marks);
    }
    pthread_mutex_destroy(&m->lock);
}
