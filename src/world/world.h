/* SPDX-License-Identifier: GPL-2.0-or-later
 * world: the untidy outside: the host's clock and chance, the terminal, files and sockets behind
 * serial ports. Nothing in here sees a machine; what it has goes to callbacks, which post it to a
 * journal. The only threads are the readers of serial.c.
 */
#ifndef WORLD_WORLD_H
#define WORLD_WORLD_H

#include <stdatomic.h>
#include <termios.h>

#include "base/base.h"
#include "journal/journal.h"

/* ---- wallclock.c ----------------------------------------------------------------------------- */

/* The host's time, and a wait that can be cut short from any thread or signal handler. */
struct wallclock {
    int wake_fd;
    atomic_bool called; /* since the last wait: another call says nothing more */
};
int wallclock_init(struct wallclock *w, struct error *e);
void wallclock_fini(struct wallclock *w);
/* For a journal; the clock outlives it. `sleeps` false: -icount sleep=off. */
struct pace wallclock_pace(struct wallclock *w, bool sleeps);
uint64_t wallclock_now_ns(void);        /* monotonic */
uint64_t wallclock_epoch_ns(void);      /* since 1970: for a machine's configuration */
uint64_t wallclock_cpu_ns(void);        /* processor time of this process, all threads */
uint64_t wallclock_thread_cpu_ns(void); /* and of the thread that asks, since it began */

/* ---- entropy.c ------------------------------------------------------------------------------- */

uint64_t entropy_seed(void); /* for a machine's configuration */

/* ---- userkey.c ------------------------------------------------------------------------------- */

#define USERKEY_BYTES 32
/* The user's own secret, made when first asked for. -1 and a sentence if it cannot be kept, or what
 * is there could be somebody else's. */
int userkey_get(uint8_t key[USERKEY_BYTES], struct error *e);
void userkey_by_chance(uint8_t key[USERKEY_BYTES]); /* another one each time */

/* ---- tty.c ----------------------------------------------------------------------------------- */

/* A terminal in raw mode: each key goes to the guest at once. */
struct tty {
    int fd;
    volatile bool raw;
    struct termios saved;
};
/* Does nothing if fd is no terminal. `signals` keeps Ctrl-C, Ctrl-Z and Ctrl-\ as signals; output
 * is still processed (newlines). */
void tty_make_raw(struct tty *t, int fd, bool signals);
/* Puts it back; may be called twice, and in a signal handler. */
void tty_restore(struct tty *t);

/* Ctrl-A is the prefix of commands, as in QEMU; Ctrl-A Ctrl-A sends one. */
enum tty_command { TTY_NONE, TTY_QUIT /* x */, TTY_HELP /* h, ? */, TTY_MONITOR /* c */ };
struct tty_keys {
    bool prefixed;
};
/* Takes the next run of `in`: bytes for the guest go to `out` (room for `count`), *out_count of
 * them; stops after a command. Returns how many bytes of `in` were used. */
size_t tty_keys_take(struct tty_keys *k, const uint8_t *in, size_t count, uint8_t *out,
                     size_t *out_count, enum tty_command *command);
extern const char tty_help[]; /* the text for Ctrl-A h */

/* ---- serial_spec.c: -serial and -chardev ------------------------------------------------------ */

enum serial_kind {
    SERIAL_NULL,
    SERIAL_STDIO,
    SERIAL_FILE,
    SERIAL_PIPE, /* PATH.in and PATH.out, or PATH for both */
    SERIAL_PTY,
    SERIAL_UNIX,
    SERIAL_TCP,
    SERIAL_FD /* a socket that is open already: its number is in `port` */
};
struct serial_spec {
    enum serial_kind kind;
    char path[1024];       /* file, pipe, unix; for tcp the host */
    char port[32];         /* tcp */
    bool is_server, waits; /* waits: for the first client, before the machine starts */
    bool keys;             /* Ctrl-A commands, and of a terminal no signals (mon:stdio, mux=on) */
    bool appends;          /* file */
};
/* "stdio", "mon:stdio", "null", "none", "pty", "file:PATH", "pipe:PATH",
 * "unix:PATH[,server[=on|off]][,nowait|wait=..]", "tcp:HOST:PORT[,...]". "chardev:ID" is the caller's to look up. */
int serial_spec_parse(struct serial_spec *s, const char *text, struct error *e);
/* "socket,id=ID,path=PATH,server=on,wait=off", "file,id=ID,path=PATH", "pipe,id=ID,path=PATH", "pty,id=ID",
 * "socket,id=ID,fd=N", "stdio,id=ID", "null,id=ID", "ringbuf,id=ID,size=BYTES" (which nobody reads) */
int serial_spec_parse_chardev(struct serial_spec *s, char *id, size_t id_room, const char *text,
                              struct error *e);

/* ---- serial.c -------------------------------------------------------------------------------- */

struct serial;
/* Called on the port's own thread. */
struct serial_events {
    void *opaque;
    /* Bytes for the guest; returns how many were taken. The rest is offered again a little later,
     * and nothing more is read meanwhile. */
    size_t (*post)(void *opaque, const uint8_t *bytes, size_t count);
    void (*command)(void *opaque, enum tty_command command); /* may be NULL */
    /* On the machine's thread: for a second now it has waited for somebody to read what it writes. Once; may
     * be NULL. */
    void (*waits)(void *opaque);
    /* There is somebody at the other end, the `number`th who ever was; or, 0, nobody any more. Before what it
     * says is posted, and in serial_start() if it is there already. May be NULL. */
    void (*client)(void *opaque, uint64_t number);
};
/* Opens, connects, listens, waits for a client if it should. `tty` is made raw for stdio. */
struct serial *serial_open(const struct serial_spec *spec, struct tty *tty, struct error *e);
/* The terminal that was made for it, "/dev/pts/3"; NULL: none was. */
const char *serial_terminal(const struct serial *s);
/* The name of the socket that was made for it, as long as the port is open; NULL: none was. */
const char *serial_socket(const struct serial *s);
/* From now on input is posted. The end of input (EOF on stdin) ends nothing else. */
int serial_start(struct serial *s, const struct serial_events *events, struct error *e);
/* From the machine's thread. Files, and what stdout is, may wait, and say so; sockets, pseudo-terminals and named
 * pipes never do: what exceeds 1 MiB, and what comes while nobody is connected, is dropped and counted. Bytes may
 * stay in a buffer until serial_flush(). */
void serial_output(struct serial *s, const uint8_t *bytes, size_t count);
/* For that client only: if it is gone, so are the bytes. */
void serial_output_to(struct serial *s, uint64_t client, const uint8_t *bytes, size_t count);
/* How many bytes would be taken now without dropping any; SIZE_MAX where output waits instead. */
size_t serial_room(struct serial *s);
void serial_flush(struct serial *s);
uint64_t serial_dropped(const struct serial *s); /* bytes */
/* Why a file, a pipe or a terminal did not take some of them, an errno; 0: it took all. */
int serial_problem(const struct serial *s);
/* Flushes (sockets: at most two seconds), stops the thread, closes. */
void serial_close(struct serial *s);

/* ---- listen.c: one client at a time, read and written by its owner's thread ------------------- */

/* A number up to 65535 or something else to look up. */
bool tcp_port_is_valid(const char *port);

struct listener {
    int listen_fd, client_fd; /* -1: none */
    int refused_fd;           /* of a client that was told why; 0: none */
    char path[108];           /* of a unix socket, unlinked at the end; empty for tcp */
};
/* "tcp:[HOST]:PORT[,...]", "[HOST]:PORT", "unix:PATH": QEMU's forms for -gdb; loopback if no host
 * is named. */
int listener_open(struct listener *l, const char *address, struct error *e);
/* The same in two steps: the address is ours, and whoever connects is refused; until there is
 * somebody to answer. -1 and a sentence. */
int listener_bind(struct listener *l, const char *address, struct error *e);
int listener_start(struct listener *l, struct error *e);
void listener_close(struct listener *l);
/* Whoever has come beside the client there is gets these bytes and the end of the stream. */
void listener_refuse_others(struct listener *l, const void *bytes, size_t count);
/* Waits for a client, at most timeout_ms (-1: for ever, 0: look only) or until a signal: true if
 * there is one now. */
bool listener_wait(struct listener *l, int timeout_ms);
void listener_drop(struct listener *l); /* the client */
/* As poll and read: bytes, 0 when the time is over or a signal came, -1 when the client is gone. */
int listener_read(struct listener *l, void *bytes, size_t room, int timeout_ms);
int listener_write(struct listener *l, const void *bytes, size_t count); /* all, or -1 */

#endif
