/* SPDX-License-Identifier: GPL-2.0-or-later
 * world_serial: serial ports' outsides: specifications, files, sockets both ways, what happens when
 * nobody reads or the guest takes nothing; the keys of a terminal; the clock that can be woken.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/host.h"
#include "world/world.h"

static char path[200];

static int setup(void **state)
{
    const char *dir = getenv("TMPDIR");

    (void)state;
    snprintf(path, sizeof(path), "%s/reprise-serial-%d", dir != NULL ? dir : "/tmp", (int)getpid());
    remove(path);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    remove(path);
    return 0;
}

/* ---- specifications -------------------------------------------------------------------------- */

static void test_specs(void **state)
{
    struct serial_spec s;
    struct error e;
    char id[32];

    (void)state;
    assert_int_equal(serial_spec_parse(&s, "stdio", &e), 0);
    assert_true(s.kind == SERIAL_STDIO && !s.keys);
    assert_int_equal(serial_spec_parse(&s, "mon:stdio", &e), 0);
    assert_true(s.kind == SERIAL_STDIO && s.keys);
    assert_int_equal(serial_spec_parse(&s, "null", &e), 0);
    assert_int_equal(serial_spec_parse(&s, "file:a,,b", &e), 0);
    assert_string_equal(s.path, "a,b");
    assert_int_equal(serial_spec_parse(&s, "unix:/x/y,server,nowait", &e), 0);
    assert_true(s.kind == SERIAL_UNIX && s.is_server && !s.waits);
    assert_string_equal(s.path, "/x/y");
    assert_int_equal(serial_spec_parse(&s, "unix:/x/y,server=on,wait=off", &e), 0);
    assert_true(s.is_server && !s.waits);
    assert_int_equal(serial_spec_parse(&s, "tcp:localhost:4444", &e), 0);
    assert_true(s.kind == SERIAL_TCP && !s.is_server && s.waits);
    assert_string_equal(s.path, "localhost");
    assert_string_equal(s.port, "4444");
    assert_int_equal(serial_spec_parse(&s, "tcp:[::1]:5,server", &e), 0);
    assert_string_equal(s.path, "::1");
    assert_int_equal(serial_spec_parse(&s, "tcp::5,server=on", &e), 0);
    assert_string_equal(s.path, "");

    const char *bad[] = {"",         "stdi",       "stdiox",          "file:",
                         "unix:",    "tcp:host",   "tcp:host:",       "pty:",
                         "null,x=1", "unix:a,wat", "unix:a,server=3", "tcp:a:5,append=on",
                         "stdio,x",  "mon:",       "unix:a,nowait=1", "file:a,server",
                         "mon:null", "pipe:",      "ringbuf"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_int_equal(serial_spec_parse(&s, bad[i], &e), -1);
        assert_memory_equal(e.text, "-serial ", 8);
    }
    assert_int_equal(serial_spec_parse_chardev(&s, id, sizeof(id),
                                               "socket,id=c0,path=/p,server=on,wait=off", &e),
                     0);
    assert_true(s.kind == SERIAL_UNIX && s.is_server && !s.waits);
    assert_string_equal(id, "c0");
    assert_int_equal(
        serial_spec_parse_chardev(&s, id, sizeof(id), "socket,host=h,port=9,id=c1,server=off", &e),
        0);
    assert_true(s.kind == SERIAL_TCP && !s.is_server);
    assert_int_equal(serial_spec_parse_chardev(&s, id, sizeof(id), "file,path=f,id=o", &e), 0);
    assert_int_equal(
        serial_spec_parse_chardev(&s, id, sizeof(id), "stdio,mux=on,id=m,signal=off", &e), 0);
    assert_true(s.keys);
    assert_int_equal(serial_spec_parse_chardev(&s, id, sizeof(id), "pipe,path=f,id=o", &e), 0);
    assert_true(s.kind == SERIAL_PIPE);
    assert_int_equal(serial_spec_parse_chardev(&s, id, sizeof(id), "pty,id=o", &e), 0);
    assert_true(s.kind == SERIAL_PTY);
    assert_int_equal(serial_spec_parse_chardev(&s, id, sizeof(id), "ringbuf,id=o,size=4K", &e), 0);
    const char *bad_chardev[] = {
        "",           "socket",          "file,id=x",        "null", "pty", "socket,id=x,host=h",
        "file,path=", "null,id=,path=x", "stdio,id=x,path=y"};
    for (size_t i = 0; i < ARRAY_LEN(bad_chardev); i++) {
        assert_int_equal(serial_spec_parse_chardev(&s, id, sizeof(id), bad_chardev[i], &e), -1);
    }
    char *long_path = base_alloc(4000, 1);
    memset(long_path, 'x', 3999);
    memcpy(long_path, "unix:", 5);
    assert_int_equal(serial_spec_parse(&s, long_path, &e), -1);
    free(long_path);
}

static void test_keys(void **state)
{
    struct tty_keys k = {false};
    enum tty_command command;
    uint8_t out[16];
    size_t n;

    (void)state;
    assert_int_equal(tty_keys_take(&k, (const uint8_t *)"ab\001", 3, out, &n, &command), 3);
    assert_true(n == 2 && command == TTY_NONE);
    assert_int_equal(tty_keys_take(&k, (const uint8_t *)"xcd", 3, out, &n, &command), 1);
    assert_true(n == 0 && command == TTY_QUIT); /* across two reads */
    assert_int_equal(tty_keys_take(&k, (const uint8_t *)"cd\001\001e\001zf", 8, out, &n, &command),
                     8);
    assert_true(command == TTY_NONE);
    assert_int_equal(n, 5);
    assert_memory_equal(out, "cd\001ef", 5);
    assert_int_equal(tty_keys_take(&k, (const uint8_t *)"\001h", 2, out, &n, &command), 2);
    assert_true(command == TTY_HELP);
}

/* ---- ports ----------------------------------------------------------------------------------- */

/* A guest that takes so many bytes. */
struct taker {
    atomic_size_t room, taken;
    atomic_int command;
    uint8_t bytes[1 << 20];
};
static size_t take(void *opaque, const uint8_t *bytes, size_t count)
{
    struct taker *t = opaque;
    size_t room = atomic_load(&t->room), at = atomic_load(&t->taken);
    size_t n = count < room - at ? count : room - at;

    memcpy(t->bytes + at, bytes, n);
    atomic_store(&t->taken, at + n);
    return n;
}
static void obey(void *opaque, enum tty_command command)
{
    atomic_store(&((struct taker *)opaque)->command, (int)command);
}
static struct taker *taker_new(size_t room)
{
    struct taker *t = base_alloc(1, sizeof(*t));

    atomic_store(&t->room, room);
    return t;
}
static void wait_taken(struct taker *t, size_t count)
{
    while (atomic_load(&t->taken) < count) {
        sched_yield(); /* meson's timeout is the limit */
    }
}

static struct serial *open_port(const char *text, struct taker *t)
{
    struct serial_spec spec;
    struct serial_events events = {.opaque = t, .post = take, .command = obey};
    struct error e;
    struct serial *s;

    assert_int_equal(serial_spec_parse(&spec, text, &e), 0);
    s = serial_open(&spec, NULL, &e);
    assert_non_null(s);
    assert_int_equal(serial_start(s, &events, &e), 0);
    return s;
}

static int dial(void)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    snprintf(a.sun_path, sizeof(a.sun_path), "%.100s", path);
    assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
    return fd;
}

static void read_exactly(int fd, void *bytes, size_t count)
{
    for (size_t at = 0; at < count;) {
        ssize_t n = read(fd, (uint8_t *)bytes + at, count - at);
        assert_true(n > 0);
        at += (size_t)n;
    }
}

static void test_file(void **state)
{
    char text[220], back[64];
    struct serial *s;
    struct error e;
    struct serial_spec spec;

    (void)state;
    snprintf(text, sizeof(text), "file:%s", path);
    s = open_port(text, NULL);
    serial_output(s, (const uint8_t *)"hello ", 6);
    serial_flush(s);
    uint8_t *much = base_alloc(10000, 1);
    serial_output(s, much, 10000);
    serial_output(s, (const uint8_t *)"end", 3);
    serial_close(s);
    free(much);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    assert_int_equal(fread(back, 1, 6, f), 6);
    assert_memory_equal(back, "hello ", 6);
    assert_int_equal(fseek(f, 10006, SEEK_SET), 0);
    assert_int_equal(fread(back, 1, 10, f), 3);
    fclose(f);
    assert_int_equal(serial_spec_parse(&spec, "file:/nonexistent/x", &e), 0);
    assert_null(serial_open(&spec, NULL, &e));
    assert_non_null(strstr(e.text, "/nonexistent/x"));
    assert_int_equal(serial_spec_parse(&spec, "unix:/nonexistent/x", &e), 0);
    assert_null(serial_open(&spec, NULL, &e));
    assert_int_equal(serial_spec_parse(&spec, "unix:/nonexistent/x,server,nowait", &e), 0);
    assert_null(serial_open(&spec, NULL, &e));
    s = open_port("null", NULL);
    serial_output(s, (const uint8_t *)"x", 1);
    serial_close(s);
}

static void test_unix_server(void **state)
{
    char text[240], back[16];
    struct taker *t = taker_new(1 << 20);
    struct serial *s;
    int fd;

    (void)state;
    snprintf(text, sizeof(text), "unix:%s,server=on,wait=off", path);
    s = open_port(text, t);
    serial_output(s, (const uint8_t *)"nobody", 6); /* nobody is there: dropped */
    serial_flush(s);
    assert_int_equal(serial_dropped(s), 6);
    for (unsigned round = 0; round < 3; round++) { /* one client after the other */
        fd = dial();
        assert_int_equal(write(fd, "input", 5), 5);
        wait_taken(t, 5 * (round + 1));
        serial_output(s, (const uint8_t *)"output", 6);
        serial_flush(s);
        read_exactly(fd, back, 6);
        assert_memory_equal(back, "output", 6);
        close(fd);
    }
    fd = dial();
    assert_int_equal(write(fd, "x", 1), 1);
    wait_taken(t, 16);
    serial_output(s, (const uint8_t *)"last words", 10);
    serial_close(s); /* without a flush */
    read_exactly(fd, back, 10);
    assert_memory_equal(back, "last words", 10);
    assert_int_equal(read(fd, back, 1), 0);
    close(fd);
    assert_int_not_equal(access(path, F_OK), 0); /* cleaned up */
    free(t);
}

/* A client that does not read: at most 1 MiB and what the host buffers, then drops. */
static void test_slow_reader(void **state)
{
    char text[240];
    struct taker *t = taker_new(100);
    uint8_t *block = base_alloc(65536, 1);
    struct serial *s;
    uint64_t received = 0;
    int fd;

    (void)state;
    snprintf(text, sizeof(text), "unix:%s,server=on,wait=off", path);
    s = open_port(text, t);
    fd = dial();
    assert_int_equal(write(fd, "x", 1), 1);
    wait_taken(t, 1);
    for (unsigned i = 0; i < 64; i++) {
        serial_output(s, block, 65536);
        serial_flush(s);
    }
    assert_true(serial_dropped(s) > 2 * MIB && serial_dropped(s) <= 3 * MIB);
    while (received < 4 * MIB - serial_dropped(s)) {
        ssize_t n = read(fd, block, 65536);
        assert_true(n > 0);
        received += (uint64_t)n;
    }
    serial_close(s);
    assert_int_equal(read(fd, block, 1), 0); /* and not a byte more */
    close(fd);
    free(block);
    free(t);
}

/* A guest that takes nothing stops the reading, and loses nothing. */
static void test_back_pressure(void **state)
{
    char text[240];
    struct taker *t = taker_new(10);
    struct serial *s;
    uint8_t bytes[5000];
    int fd;

    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (uint8_t)(i * 7);
    }
    snprintf(text, sizeof(text), "unix:%s,server=on,wait=off", path);
    s = open_port(text, t);
    fd = dial();
    assert_int_equal(write(fd, bytes, sizeof(bytes)), sizeof(bytes));
    wait_taken(t, 10);
    for (size_t room = 10; room <= sizeof(bytes); room += 499) {
        atomic_store(&t->room, room);
        wait_taken(t, room);
    }
    atomic_store(&t->room, sizeof(bytes) + 100);
    wait_taken(t, sizeof(bytes));
    assert_memory_equal(t->bytes, bytes, sizeof(bytes));
    serial_close(s);
    close(fd);
    free(t);
}

/* stdin: pipes; Ctrl-A x works while the guest takes nothing; the end of it ends nothing. */
static void test_stdio(void **state)
{
    struct taker *t = taker_new(3);
    int in[2], out[2], saved_in = dup(0), saved_out = dup(1);
    char back[8];
    struct serial *s;

    (void)state;
    fflush(stdout);
    assert_int_equal(pipe(in), 0);
    assert_int_equal(pipe(out), 0);
    dup2(in[0], 0);
    dup2(out[1], 1);
    s = open_port("mon:stdio", t);
    serial_output(s, (const uint8_t *)"hi", 2);
    serial_flush(s);
    read_exactly(out[0], back, 2);
    assert_int_equal(write(in[1], "abcdef", 6), 6);
    wait_taken(t, 3);
    assert_int_equal(write(in[1], "\001x", 2), 2);
    while (atomic_load(&t->command) != TTY_QUIT) {
        sched_yield();
    }
    atomic_store(&t->room, 6);
    wait_taken(t, 6);
    assert_memory_equal(t->bytes, "abcdef", 6);
    close(in[1]); /* EOF */
    serial_output(s, (const uint8_t *)"on", 2);
    serial_flush(s);
    read_exactly(out[0], back, 2);
    close(out[0]); /* nobody reads any more: the guest goes on */
    serial_output(s, (const uint8_t *)"lost", 4);
    serial_flush(s);
    assert_int_equal(serial_dropped(s), 4);
    serial_close(s);
    dup2(saved_in, 0);
    dup2(saved_out, 1);
    close(saved_in);
    close(saved_out);
    close(in[0]);
    close(out[1]);
    free(t);
}

/* A reader that is slow makes the machine wait, which is said once, and nothing is lost. */
struct waiter {
    atomic_int waits;
    int fd;
    size_t received;
};
static void say_it_waits(void *opaque)
{
    atomic_fetch_add(&((struct waiter *)opaque)->waits, 1);
}
static size_t take_nothing(void *opaque, const uint8_t *bytes, size_t count)
{
    (void)opaque;
    (void)bytes;
    (void)count;
    return 0;
}
/* Reads when it has been said that somebody waits. */
static void *read_late(void *opaque)
{
    struct waiter *w = opaque;
    uint8_t bytes[4096];
    ssize_t n;

    while (atomic_load(&w->waits) == 0) {
        sched_yield();
    }
    while ((n = read(w->fd, bytes, sizeof(bytes))) > 0) {
        w->received += (size_t)n;
    }
    return NULL;
}

static void test_waits_for_reader(void **state)
{
    struct waiter w = {.fd = -1};
    struct serial_events events = {.opaque = &w, .post = take_nothing, .waits = say_it_waits};
    struct serial_spec spec = {.kind = SERIAL_FILE};
    uint8_t *block = base_alloc(300000, 1);
    struct host_thread *reader;
    struct serial *s;
    struct error e;

    (void)state;
    assert_int_equal(mkfifo(path, 0600), 0);
    w.fd = open(path, O_RDONLY | O_NONBLOCK);
    assert_true(w.fd >= 0);
    assert_int_equal(fcntl(w.fd, F_SETFL, 0), 0);
    snprintf(spec.path, sizeof(spec.path), "%s", path);
    s = serial_open(&spec, NULL, &e);
    assert_non_null(s);
    assert_int_equal(serial_start(s, &events, &e), 0);
    reader = host_thread_start(read_late, &w, &e);
    serial_output(s, block, 300000);
    assert_int_equal(serial_dropped(s), 0);
    serial_close(s);
    (void)host_thread_join(reader);
    assert_int_equal(w.received, 300000);
    assert_int_equal(atomic_load(&w.waits), 1);
    close(w.fd);
    free(block);
}

/* Named pipes: both ways; nobody who reads is nobody who is waited for. */
static void test_pipe(void **state)
{
    struct taker *t = taker_new(100);
    uint8_t *block = base_alloc(65536, 1);
    char name[2][220], text[220], back[8];
    struct serial *s;
    int in, out;

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        snprintf(name[i], sizeof(name[i]), "%s.%s", path, i == 0 ? "in" : "out");
        remove(name[i]);
        assert_int_equal(mkfifo(name[i], 0600), 0);
    }
    snprintf(text, sizeof(text), "pipe:%s", path);
    s = open_port(text, t);
    in = open(name[0], O_WRONLY);
    out = open(name[1], O_RDONLY);
    assert_int_equal(write(in, "in", 2), 2);
    wait_taken(t, 2);
    serial_output(s, (const uint8_t *)"out", 3);
    serial_flush(s);
    read_exactly(out, back, 3);
    assert_memory_equal(back, "out", 3);
    close(in); /* and somebody else comes */
    in = open(name[0], O_WRONLY);
    assert_int_equal(write(in, "again", 5), 5);
    wait_taken(t, 7);
    for (unsigned i = 0; i < 32; i++) {
        serial_output(s, block, 65536);
        serial_flush(s);
    }
    assert_true(serial_dropped(s) > 0);
    close(out);
    close(in);
    serial_close(s);
    remove(name[0]);
    remove(name[1]);
    free(block);
    free(t);
}

/* A pseudo-terminal: dropped while nobody has it open, both ways while somebody has, again and again. */
static void test_pty(void **state)
{
    struct taker *t = taker_new(100);
    struct serial *s = open_port("pty", t);
    char back[8];

    (void)state;
    assert_non_null(serial_terminal(s));
    serial_output(s, (const uint8_t *)"nobody", 6);
    serial_flush(s);
    assert_int_equal(serial_dropped(s), 6);
    for (unsigned round = 0; round < 2; round++) {
        int fd = open(serial_terminal(s), O_RDWR | O_NOCTTY);

        assert_true(fd >= 0);
        assert_int_equal(write(fd, "in", 2), 2);
        wait_taken(t, 2 * (round + 1));
        serial_output(s, (const uint8_t *)"out\n", 4);
        serial_flush(s);
        read_exactly(fd, back, 4);
        assert_memory_equal(back, "out\n", 4); /* raw: as it is */
        close(fd);
    }
    serial_close(s);
    free(t);
}

/* ---- the clock ------------------------------------------------------------------------------- */

static void *wake_it(void *argument)
{
    const struct pace *p = argument;

    p->wake(p->opaque);
    return NULL;
}

static void test_wallclock(void **state)
{
    struct wallclock w;
    struct error e;
    struct pace p;
    struct host_thread *t;
    uint64_t start;

    (void)state;
    assert_int_equal(wallclock_init(&w, &e), 0);
    p = wallclock_pace(&w, true);
    start = p.now_ns(p.opaque);
    p.wait(p.opaque, start + 20000000);
    assert_true(p.now_ns(p.opaque) - start >= 20000000);
    p.wake(p.opaque); /* before the wait: not lost, or this takes for ever */
    p.wait(p.opaque, UINT64_MAX);
    t = host_thread_start(wake_it, &p, &e);
    p.park(p.opaque);
    (void)host_thread_join(t);
    p.wait(p.opaque, 0); /* the past */
    assert_null(wallclock_pace(&w, false).wait);
    assert_true(entropy_seed() != entropy_seed());
    assert_true(wallclock_epoch_ns() > UINT64_C(1600000000000000000));
    wallclock_fini(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
        TEST(test_specs),       TEST(test_keys),        TEST(test_file),
        TEST(test_unix_server), TEST(test_slow_reader), TEST(test_back_pressure),
        TEST(test_stdio),       TEST(test_wallclock),   TEST(test_waits_for_reader),
        TEST(test_pipe),        TEST(test_pty),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
